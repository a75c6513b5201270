"""The schemas of Gemini's clients as JSON Schema: the OpenAPI subset of `parameters` and
`responseSchema` (https://ai.google.dev/api/caching#Schema).
"""

from __future__ import annotations

from uniapi.canonical import Json

from .request_encode_schema import MAX_DEPTH
from .request_encode_schema_types import COUNTS
from .vocabulary import camel


def decode_openapi(schema: Json, depth: int = 0) -> dict[str, Json]:
    """A client's OpenAPI-subset schema as JSON Schema: types in lower case, `nullable` as a type,
    64-bit counts as numbers, members in camelCase.
    """
    if not isinstance(schema, dict) or depth > MAX_DEPTH:
        return {}
    found: dict[str, Json] = {}
    for key, value in schema.items():
        name = {"defs": "$defs", "ref": "$ref"}.get(key, camel(key))
        if name == "type":
            found["type"] = value.lower() if isinstance(value, str) else value
        elif name in ("properties", "$defs") and isinstance(value, dict):
            found[name] = {each: decode_openapi(inner, depth + 1) for each, inner in value.items()}
        elif name in ("items", "additionalProperties") and isinstance(value, dict):
            found[name] = decode_openapi(value, depth + 1)
        elif name in ("anyOf", "prefixItems") and isinstance(value, list):
            found[name] = [decode_openapi(inner, depth + 1) for inner in value]
        elif name in COUNTS and isinstance(value, str) and value.isdecimal() and len(value) < 20:
            found[name] = int(value)
        else:
            found[name] = value
    if found.get("type") == "type_unspecified":
        del found["type"]
    order = found.pop("propertyOrdering", None)
    properties = found.get("properties")
    if isinstance(order, list) and isinstance(properties, dict):
        # The order of the members says the same, and is no keyword that others refuse.
        listed = [name for name in order if isinstance(name, str) and name in properties]
        found["properties"] = {
            name: properties[name] for name in dict.fromkeys([*listed, *properties])
        }
    if found.pop("nullable", None) is True:
        if isinstance(found.get("enum"), list) and None not in found["enum"]:
            found["enum"] = [*found["enum"], None]
        if isinstance(found.get("type"), str):
            found["type"] = [found["type"], "null"]
        elif isinstance(found.get("anyOf"), list):
            found["anyOf"] = [*found["anyOf"], {"type": "null"}]
    return found
