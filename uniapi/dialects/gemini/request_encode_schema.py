"""JSON Schema as Gemini takes it, and back.

Gemini has two members for a schema: the OpenAPI subset (`parameters`, `responseSchema`), a protobuf
message whose parser refuses the whole request at the first name it does not know, and JSON Schema
proper (`parametersJsonSchema`, `responseJsonSchema`), which is any JSON value but is read for a
documented list of keywords only
(https://ai.google.dev/api/generate-content#FIELDS.response_json_schema). Both are written by
allow-list, from one walk:

1. `$ref` is inlined, as far as the request's budget goes; a schema inside itself, or too deep,
   becomes a plain value of its type.
2. `const` is an `enum` of one, `oneOf` an `anyOf`, `allOf` is merged, draft-4 tuples are
   `prefixItems`.
3. What has no place is said in the description, so that the model still knows it; only identity
   keywords (`$id`, `$schema`, …) go without a word.

Whatever a client sends, something the API takes comes out: one bad tool must not fail a request.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json

from .request_encode_schema_draft import NODE_WEIGHT, Draft, SchemaBudget, Subset, encode_draft
from .request_encode_schema_types import COUNTS, implied_type, is_enum_value, is_type, is_well_typed
from .vocabulary import SCHEMA_TYPES

MAX_DEPTH = 32
_KEPT_ANYWHERE = frozenset(
    {"title", "description", "pattern", "minimum", "maximum", "default", *COUNTS}
)
_SILENT = frozenset(
    {
        "$schema",
        "$id",
        "$anchor",
        "$defs",
        "definitions",
        "$comment",
        "id",
        "$ref",
        "strict",
        "discriminator",
        "examples",
        "example",
        "readOnly",
    }
)
_WALKED = frozenset(
    {
        "type",
        "nullable",
        "enum",
        "const",
        "format",
        "properties",
        "required",
        "propertyOrdering",
        "items",
        "prefixItems",
        "anyOf",
        "oneOf",
        "allOf",
    }
)
_OPENAPI_FORMATS = frozenset({"date-time", "enum", "int32", "int64", "float", "double"})
"""Others are refused: `only 'enum' and 'date-time' are supported for STRING type`."""


def function_parameters(
    schema: Mapping[str, Json] | None, subset: Subset, budget: SchemaBudget | None = None
) -> dict[str, Json] | None:
    """A tool's parameters, an object schema; None when it takes none, for which the member is best
    left out.
    """
    if not isinstance(schema, Mapping) or not schema:
        return None
    cleaned = _Walk(schema, subset, budget).clean(schema)
    if not is_type(cleaned, "object"):
        cleaned = _as_object(cleaned, subset)
    elif isinstance(cleaned.get("type"), list):
        cleaned = {**cleaned, "type": "object"}
    cleaned.pop("nullable", None)
    if cleaned.get("properties"):
        return cleaned
    if subset == "openapi":
        return None
    return {**cleaned, "properties": {}}


def output_schema(
    schema: Mapping[str, Json], subset: Subset, budget: SchemaBudget | None = None
) -> dict[str, Json]:
    """The schema of a structured answer."""
    return _Walk(schema, subset, budget).clean(schema)


class _Walk:
    """One pass over a document; `clean` gives a schema of `subset`."""

    def __init__(
        self, document: Mapping[str, Json], subset: Subset, budget: SchemaBudget | None = None
    ) -> None:
        self._document = document
        self._subset: Subset = subset
        self._inside: list[str] = []
        self._budget = budget or SchemaBudget()

    def clean(self, schema: Json, depth: int = 0) -> dict[str, Json]:
        self._budget.spend(_weight(schema))
        if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
            return self._plain(schema)
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._referred(reference, schema, depth)
        if isinstance(schema.get("allOf"), list):
            return self.clean(self._merged(schema, depth), depth + 1)
        draft = Draft()
        self._types(schema, draft)
        self._alternatives(schema, draft, depth)
        self._values(schema, draft)
        self._structure(schema, draft, depth)
        self._rest(schema, draft, depth)
        self._budget.spend(draft.weight)
        return encode_draft(draft, self._subset)

    def _plain(self, schema: Json) -> dict[str, Json]:
        """A schema that is not looked into, as a value of its type."""
        named = schema.get("type") if isinstance(schema, Mapping) else None
        plain: dict[str, Json] = (
            {"type": named} if isinstance(named, str) and named in SCHEMA_TYPES else {}
        )
        return encode_draft(Draft(written=plain), self._subset)

    def _referred(self, reference: str, schema: Mapping[str, Json], depth: int) -> dict[str, Json]:
        target = self._resolved(reference)
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        if reference in self._inside:
            return self._plain({**target, **beside}) | (
                {"description": beside["description"]}
                if isinstance(beside.get("description"), str)
                else {}
            )
        self._inside.append(reference)
        try:
            return self.clean({**target, **beside}, depth + 1)
        finally:
            self._inside.pop()

    def _resolved(self, reference: str) -> Mapping[str, Json]:
        """What a local JSON pointer names; {} for what is not in the document."""
        if not reference.startswith("#"):
            return {}
        found: Json = self._document
        for step in reference[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if (
                isinstance(found, list)
                and name.isdecimal()
                and len(name) < 6
                and int(name) < len(found)
            ):
                found = found[int(name)]
            elif isinstance(found, Mapping):
                found = found.get(name)
            else:
                return {}
        return found if isinstance(found, Mapping) else {}

    def _merged(self, schema: Mapping[str, Json], depth: int) -> dict[str, Json]:
        """`allOf` and its siblings as one schema: properties and required members of all, of the
        rest the outermost word.
        """
        merged: dict[str, Json] = {}
        properties: dict[str, Json] = {}
        required: list[Json] = []
        beside = {name: value for name, value in schema.items() if name != "allOf"}
        for each in [*schema["allOf"], beside]:
            part = self._followed(each)
            self._budget.spend(_weight(part))
            if isinstance(part.get("allOf"), list) and depth < MAX_DEPTH:
                part = self._merged(part, depth + 1)
            if isinstance(part.get("properties"), Mapping):
                properties.update(part["properties"])
            if isinstance(part.get("required"), list):
                required += part["required"]
            merged.update(
                {
                    name: value
                    for name, value in part.items()
                    if name not in ("properties", "required", "allOf")
                }
            )
        if properties:
            merged["properties"] = properties
        if required:
            merged["required"] = required
        return merged

    def _followed(self, schema: Json) -> Mapping[str, Json]:
        """`schema` with the references at its head replaced by what they name."""
        seen: set[str] = set()
        while (
            isinstance(schema, Mapping)
            and isinstance(reference := schema.get("$ref"), str)
            and reference not in seen
        ):
            seen.add(reference)
            schema = {
                **self._resolved(reference),
                **{name: value for name, value in schema.items() if name != "$ref"},
            }
        return schema if isinstance(schema, Mapping) else {}

    def _types(self, schema: Mapping[str, Json], draft: Draft) -> None:
        """`type`, from what is said or what the other keywords imply."""
        said = schema.get("type")
        names = [
            name.lower()
            for name in (said if isinstance(said, list) else [said])
            if isinstance(name, str) and name.lower() in SCHEMA_TYPES
        ]
        draft.is_nullable = schema.get("nullable") is True or "null" in names
        names = [name for name in dict.fromkeys(names) if name != "null"]
        if not names and not draft.is_nullable:
            implied = implied_type(schema)
            names = [implied] if implied is not None else []
        if len(names) == 1:
            draft.written["type"] = names[0]
        elif names and self._subset == "json_schema":
            draft.written["type"] = names
        elif names:
            draft.written["anyOf"] = [
                encode_draft(Draft(written={"type": name}), self._subset) for name in names
            ]

    def _alternatives(self, schema: Mapping[str, Json], draft: Draft, depth: int) -> None:
        """`anyOf` and `oneOf`: null among them is nullability, one alone is the schema itself, mere
        conditions are a note.
        """
        said = next(
            (schema[name] for name in ("anyOf", "oneOf") if isinstance(schema.get(name), list)),
            None,
        )
        if not said:
            return
        cleaned = [self.clean(each, depth + 1) for each in said]
        if any(
            "type" not in each and "anyOf" not in each and "enum" not in each for each in cleaned
        ) or (
            isinstance(schema.get("properties"), Mapping)
            and any(
                "required" in each and "type" not in each
                for each in said
                if isinstance(each, Mapping)
            )
        ):
            draft.note("any of", said)
            return
        choices = [each for each in cleaned if str(each.get("type")).lower() != "null"]
        draft.is_nullable = draft.is_nullable or len(choices) < len(cleaned)
        if len(choices) == 1:
            only = dict(choices[0])
            draft.is_nullable = bool(only.pop("nullable", False)) or draft.is_nullable
            draft.written = {**draft.written, **only}
            if isinstance(draft.written.get("type"), str):
                draft.written["type"] = draft.written["type"].lower()
        elif choices:
            draft.written.pop("type", None)
            draft.written["anyOf"] = choices

    def _values(self, schema: Mapping[str, Json], draft: Draft) -> None:
        """`enum` and `const`. The OpenAPI subset has only texts, and neither has an empty one."""
        values = [schema["const"]] if "const" in schema else schema.get("enum")
        if not isinstance(values, list) or not values:
            return
        if any(value is None for value in values):
            draft.is_nullable = True
        kept = [value for value in values if is_enum_value(value, self._subset)]
        if kept and (
            self._subset == "json_schema" or draft.written.get("type", "string") == "string"
        ):
            draft.written.setdefault("type", "string" if isinstance(kept[0], str) else "number")
            draft.written["enum"] = list(dict.fromkeys(kept))
            left = [
                value
                for value in values
                if value is not None and not is_enum_value(value, self._subset)
            ]
        else:
            left = values
        if left:
            draft.note("allowed values" if left is values else "also allowed", left)

    def _structure(self, schema: Mapping[str, Json], draft: Draft, depth: int) -> None:
        """Properties and items."""
        properties = schema.get("properties")
        if isinstance(properties, Mapping) and is_type(draft.written, "object"):
            draft.written["properties"] = {
                str(name): self.clean(value, depth + 1) for name, value in properties.items()
            }
            for name in ("required", "propertyOrdering"):
                listed = schema.get(name)
                kept = (
                    [each for each in listed if isinstance(each, str) and each in properties]
                    if isinstance(listed, list)
                    else []
                )
                if kept:
                    draft.written[name] = list(dict.fromkeys(kept))
        if not is_type(draft.written, "array"):
            return
        items, tuple_items = schema.get("items"), schema.get("prefixItems")
        if isinstance(items, list):
            items, tuple_items = None, items
        if isinstance(tuple_items, list) and tuple_items:
            cleaned = [self.clean(each, depth + 1) for each in tuple_items]
            if self._subset == "json_schema":
                draft.written["prefixItems"] = cleaned
            else:
                draft.notes.append(f"{len(cleaned)} items in this order")
                items = items if isinstance(items, Mapping) and items else {"anyOf": tuple_items}
        if isinstance(items, Mapping):
            draft.written["items"] = self.clean(items, depth + 1)
        elif self._subset == "openapi":
            draft.written["items"] = {"type": "STRING"}

    def _rest(self, schema: Mapping[str, Json], draft: Draft, depth: int) -> None:
        """Everything that is copied, noted or left."""
        for name, value in schema.items():
            if name in _WALKED or name in _SILENT:
                continue
            if name == "additionalProperties":
                self._additional(value, draft, depth)
            elif name in _KEPT_ANYWHERE and is_well_typed(name, value):
                draft.written.setdefault(name, value) if name == "title" else draft.written.update(
                    {name: value}
                )
            elif value is not None and value is not False and value != [] and value != {}:
                draft.note(name, value)
        if isinstance(form := schema.get("format"), str):
            if self._subset == "json_schema" or form in _OPENAPI_FORMATS:
                draft.written["format"] = form
            else:
                draft.note("format", form)

    def _additional(self, value: Json, draft: Draft, depth: int) -> None:
        if self._subset == "json_schema":
            if isinstance(value, bool):
                draft.written["additionalProperties"] = value
            elif isinstance(value, Mapping):
                draft.written["additionalProperties"] = self.clean(value, depth + 1)
        elif isinstance(value, Mapping) and value:
            draft.note("further members", value)


def _weight(schema: Json) -> int:
    """What looking at a schema costs, those inside it left out."""
    if not isinstance(schema, Mapping):
        return NODE_WEIGHT
    return NODE_WEIGHT + sum(
        len(value) if isinstance(value, str | list | Mapping) else 1 for value in schema.values()
    )


def _as_object(cleaned: dict[str, Json], subset: Subset) -> dict[str, Json]:
    """An object schema for parameters whose root is none: the union of the alternatives'
    properties, those that all require required.
    """
    choices = [
        each for each in cleaned.get("anyOf", ()) if isinstance(each.get("properties"), dict)
    ]
    properties: dict[str, Json] = {}
    for each in choices:
        properties.update(each["properties"])
    required = [
        name for name in properties if all(name in each.get("required", ()) for each in choices)
    ]
    root: dict[str, Json] = {"type": "OBJECT" if subset == "openapi" else "object"}
    if isinstance(cleaned.get("description"), str):
        root["description"] = cleaned["description"]
    if properties:
        root["properties"] = properties
    if required:
        root["required"] = required
    return root
