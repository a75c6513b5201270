"""JSON Schema in Moonshot's flavour, made from a copy, for tools and for structured output.

Its validator refuses the whole request for one node that it cannot read: a type that is not
declared, or beside alternatives, or unknown; a reference that does not point into `$defs` at the
root; values of an `enum` that are not of the type; a list for `items`; a member named like a
keyword. Its newer versions mend some of these themselves; what is written here is taken by older
ones too.

Sources: github.com/MoonshotAI/walle (docs/mfjs-spec.md, walle.md, validation-principles.md,
validator.go), MoonshotAI/kimi-cli#1595, MoonshotAI/kimi-code#792, #1720, #2661,
pydantic/logfire#2191, NousResearch/hermes-agent#14804, #18177, #66835 (2026-11-30).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from uniapi.canonical import Json

from .object_schema import MAX_DEPTH, input_schema, pointed

_TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")
_KEYWORDS = frozenset({"$defs", "$ref", "anyOf", "required", "additionalProperties"})
"""No member of an object may be called so."""
_MOST_MOVED = 64
"""Parts of a schema that are named elsewhere than among the definitions, and become one."""
_TOLD = ("description", "title")
"""What may stand beside alternatives."""
_AT_ROOT = ("$defs", "$id")
_BETRAYED = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "items": "array",
    "minItems": "array",
    "maxItems": "array",
    "pattern": "string",
    "format": "string",
    "minLength": "string",
    "maxLength": "string",
    "minimum": "number",
    "maximum": "number",
}
"""The type of a node that declares none, by what else it says."""
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (str, "string"),
    (int, "integer"),
    (float, "number"),
    (dict, "object"),
    (list, "array"),
    (type(None), "null"),
)


def moonshot_parameters(parameters: Mapping[str, Json]) -> dict[str, Json]:
    """A tool's parameters: the root is an object, and alternatives there are folded into it, as
    `type` may not stand beside them (MoonshotAI/kimi-code#2662, 2026-11-30).
    """
    has_alternatives = "anyOf" in parameters or "oneOf" in parameters
    return moonshot_schema(input_schema(parameters) if has_alternatives else parameters)


def moonshot_schema(schema: Mapping[str, Json]) -> dict[str, Json]:
    """`schema` in Moonshot's flavour: equal to it where nothing had to change."""
    return _Flavour(schema).root()


class _Flavour:
    """One schema. Definitions are told once, by their names; what else a reference names becomes
    one, so that the walk is as long as the schema.
    """

    def __init__(self, schema: Mapping[str, Json]) -> None:
        self._schema = schema
        self._names: dict[str, str] = {}
        self._waiting: list[tuple[str, Json]] = []
        self._nested: dict[str, Json] | None = None

    def root(self) -> dict[str, Json]:
        schema = {key: value for key, value in self._schema.items() if key != "definitions"}
        own = schema.pop("$defs", None)
        for name in own if isinstance(own, dict) else ():
            self._name_of(f"#/$defs/{name.replace('~', '~0').replace('/', '~1')}")
        changed = self._node(schema, 0)
        definitions: dict[str, Json] = {}
        while self._waiting:
            name, value = self._waiting.pop(0)
            definitions[name] = self._typed(value, 1)
        return {**changed, "$defs": definitions} if definitions else changed

    def _name_of(self, pointer: str) -> str | None:
        """What a reference is called among the definitions; None: it leads nowhere."""
        if pointer in self._names:
            return self._names[pointer]
        step = pointer.rpartition("/")[2]
        value = pointed(self._schema, pointer)
        is_own = pointer in (f"#/$defs/{step}", f"#/definitions/{step}")
        if value is None:
            value, is_own = self._defined_below(step), True
        if value is None or (not is_own and len(self._names) >= _MOST_MOVED):
            return None
        name = self._free(step.replace("~1", "_").replace("~0", "~"))
        self._names[pointer] = name
        self._waiting.append((name, value))
        return name

    def _free(self, name: str) -> str:
        name, taken = name or "root", set(self._names.values())
        return name if name not in taken else f"{name}_{len(taken)}"

    def _defined_below(self, name: str) -> Json:
        """A definition that stands below the root, where none may."""
        if self._nested is None:
            self._nested = {}
            for definitions in _nested_definitions(self._schema):
                self._nested = {**definitions, **self._nested}
        return self._nested.get(name)

    def _typed(self, schema: Json, depth: int) -> dict[str, Json]:
        """A node that must say of which type it is."""
        node = self._node(schema, depth) if isinstance(schema, dict) else {}
        if any(word in node for word in ("type", "anyOf", "$ref")):
            return node
        betrayed = next((kind for word, kind in _BETRAYED.items() if word in node), None)
        if betrayed is None and "default" in node:
            betrayed = _kind_of(node["default"])
        if betrayed is not None:
            return {"type": betrayed, **node}
        return {"type": list(_TYPES), **_words_of(node)}

    def _node(self, schema: Mapping[str, Json], depth: int) -> dict[str, Json]:
        if depth > MAX_DEPTH:
            return {}
        node = {
            key: value for key, value in schema.items() if value is not None or key == "default"
        }
        if "$ref" in node:
            name = self._reference(node.pop("$ref"))
            if name is not None:
                return {"$ref": name}
        node = _with_alternatives(_without_slips(node))
        if isinstance(node.get("properties"), dict):
            node["properties"] = {
                name: self._typed(value, depth + 1)
                for name, value in node["properties"].items()
                if name not in _KEYWORDS
            }
        self._keep_known_required(node)
        for word in ("items", "additionalProperties"):
            if isinstance(node.get(word), dict) and node[word]:
                node[word] = self._typed(node[word], depth + 1)
        node = _with_enum(node)
        if isinstance(node.get("anyOf"), list):
            node["anyOf"] = [self._typed(one, depth + 1) for one in node["anyOf"]]
        return node

    def _reference(self, told: Json) -> str | None:
        if not isinstance(told, str) or told == "#":
            return told if told == "#" else None
        name = self._name_of(told)
        return None if name is None else f"#/$defs/{name}"

    def _keep_known_required(self, node: dict[str, Json]) -> None:
        if "required" not in node:
            return
        required, properties = node["required"], node.get("properties")
        if not isinstance(required, list):
            del node["required"]
        elif isinstance(properties, dict) and any(name not in properties for name in required):
            node["required"] = [
                name for name in required if isinstance(name, str) and name in properties
            ]


def _nested_definitions(
    schema: Mapping[str, Json] | list[Json], depth: int = 0
) -> Iterator[dict[str, Json]]:
    """Those of every node below the root, in order."""
    if depth > MAX_DEPTH:
        return
    for value in schema.values() if isinstance(schema, Mapping) else schema:
        if isinstance(value, dict):
            found = (value.get(word) for word in ("$defs", "definitions"))
            yield from (definitions for definitions in found if isinstance(definitions, dict))
        if isinstance(value, dict | list):
            yield from _nested_definitions(value, depth + 1)


def _without_slips(node: dict[str, Json]) -> dict[str, Json]:
    """Keywords with a value of the wrong kind say nothing; those that Moonshot does not know say
    what they mean with one that it does.
    """
    if isinstance(node.get("oneOf"), list) and "anyOf" not in node:
        node["anyOf"] = node.pop("oneOf")
    items = node.get("items")
    if isinstance(items, list):
        different = [one for at, one in enumerate(items) if one not in items[:at]]
        node["items"] = different[0] if len(different) == 1 else {"anyOf": different}
    for word, kinds in (
        ("type", (str, list)),
        ("properties", dict),
        ("items", dict),
        ("anyOf", list),
        ("enum", list),
        ("description", str),
        ("pattern", str),
        ("additionalProperties", (bool, dict)),
    ):
        if word in node and (not isinstance(node[word], kinds) or node[word] == []):
            del node[word]
    if node.get("items") == {"anyOf": []}:
        del node["items"]
    for word in _AT_ROOT:
        node.pop(word, None)
    node.pop("definitions", None)
    return _with_known_types(node)


def _with_known_types(node: dict[str, Json]) -> dict[str, Json]:
    told = node.get("type")
    if isinstance(told, str) and told not in _TYPES:
        del node["type"]
    if isinstance(told, list) and any(kind not in _TYPES for kind in told):
        node["type"] = [kind for kind in told if kind in _TYPES]
        if not node["type"]:
            del node["type"]
    return node


def _with_enum(node: dict[str, Json]) -> dict[str, Json]:
    """The values of an `enum` are of the declared type; where none is, or several are, of their
    own, each kind an alternative.
    """
    if "enum" not in node and type(node.get("const")) in (str, int, float):
        node["enum"] = [node.pop("const")]
    if "enum" not in node:
        return node
    declared = node.get("type")
    kinds = [declared] if isinstance(declared, str) else declared or list(_TYPES)
    values = [one for one in node["enum"] if any(_is(one, kind) for kind in kinds)]
    if not values:
        del node["enum"]
        return node
    if len([kind for kind in kinds if kind != "null"]) < 2:
        return {**node, "enum": values}
    of_kinds = _by_kind(values)
    if len(of_kinds) == 1:
        return {**node, **of_kinds[0]}
    return {**_words_of(node), "anyOf": of_kinds}


def _words_of(node: Mapping[str, Json]) -> dict[str, Json]:
    return {key: node[key] for key in _TOLD if key in node}


def _by_kind(values: list[Json]) -> list[Json]:
    """Each kind of value as a node of its own; whole numbers among others are numbers."""
    kinds = [_kind_of(value) for value in values]
    if "number" in kinds:
        kinds = ["number" if kind == "integer" else kind for kind in kinds]
    of_kinds: dict[str, list[Json]] = {kind: [] for kind in kinds}
    for value, kind in zip(values, kinds, strict=True):
        of_kinds[kind].append(value)
    return [{"type": kind, "enum": of} for kind, of in of_kinds.items()]


def _with_alternatives(node: dict[str, Json]) -> dict[str, Json]:
    """`type`, and what both say, stands in the alternatives and not beside them."""
    alternatives = node.get("anyOf")
    if not isinstance(alternatives, list):
        return node
    said = {"type"}.union(*(one for one in alternatives if isinstance(one, dict)))
    said -= {"anyOf", *_TOLD}
    above = {key: node[key] for key in node if key in said}
    if not above:
        return node
    kept = {key: value for key, value in node.items() if key not in above}
    return {**kept, "anyOf": [_told_within(above, one) for one in alternatives]}


def _told_within(above: Mapping[str, Json], one: Json) -> Json:
    """An alternative with what stood above all of them, where it means it."""
    if not isinstance(one, dict) or "$ref" in one:
        return one
    if "type" in one and one["type"] != above.get("type", one["type"]):
        return one
    return {**above, **one}


def _kind_of(value: Json) -> str:
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "string")


def _is(value: Json, kind: str) -> bool:
    found = _kind_of(value)
    is_whole = found == "number" and isinstance(value, float) and value.is_integer()
    return (
        found == kind
        or (kind == "number" and found == "integer")
        or (kind == "integer" and is_whole)
    )
