"""Strict conversion of a pydantic model into a structural schema of apiextensions/v1.

What a structural schema cannot say, or what has no upper bound on its size, is an error that names the path: the API
server would refuse it late, or accept it and let one object cost the cluster too much.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

KEPT = (
    "type", "format", "description", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems",
    "maxItems", "minProperties", "maxProperties", "x-kubernetes-list-type", "x-kubernetes-list-map-keys",
    "x-kubernetes-int-or-string", "x-kubernetes-validations",
)  # fmt: skip
HANDLED = (
    "title", "default", "properties", "required", "additionalProperties", "items", "propertyNames", "patternProperties",
)  # fmt: skip
CAP = {"string": "maxLength", "array": "maxItems"}
EITHER = ("maxLength", "pattern", "minimum", "maximum")


class SchemaError(Exception):
    """A model says something that a structural schema cannot; the message begins with the path."""


def structural(model: type[BaseModel], *, defaults: bool) -> Schema:
    """The structural schema of a model; `defaults` also writes those that the API server fills in."""
    source = model.model_json_schema(by_alias=True, mode="validation")
    return _Conversion(definitions=source.pop("$defs", {}), defaults=defaults).node(source, model.__name__, ())


class _Conversion:
    """One conversion: the shared definitions and whether defaults are written."""

    def __init__(self, *, definitions: dict[str, Schema], defaults: bool) -> None:
        self._definitions = definitions
        self._defaults = defaults

    def node(self, source: Schema, path: str, seen: tuple[str, ...]) -> Schema:
        """One schema node, its children included."""
        source, seen = self._inlined(source, path, seen)
        unknown = source.keys() - set(KEPT) - set(HANDLED)
        if unknown:
            raise SchemaError(f"{path}: not in a structural schema: {', '.join(sorted(unknown))}")
        target = {key: source[key] for key in KEPT if key in source}
        match source.get("type"):
            case "object":
                target |= self._object(source, path, seen)
            case "array":
                target["items"] = self.node(source.get("items", {}), f"{path}[]", seen)
            case "string" | "integer" | "boolean":
                pass
            case other:
                raise SchemaError(f"{path}: type {other!r} is not supported")
        return _checked(target, path)

    def _inlined(self, source: Schema, path: str, seen: tuple[str, ...]) -> tuple[Schema, tuple[str, ...]]:
        """Without `$ref` and without the null of an optional; what stands beside them wins."""
        source = dict(source)
        if "anyOf" in source:
            members = [member for member in source.pop("anyOf") if member != {"type": "null"}]
            if len(members) != 1:
                raise SchemaError(f"{path}: a union: use one member for each form and a rule over them")
            source = members[0] | source
        if "$ref" in source:
            name = source.pop("$ref").rpartition("/")[2]
            if name in seen:
                raise SchemaError(f"{path}: {name} contains itself")
            return self._inlined(self._definitions[name] | source, path, (*seen, name))
        return source, seen

    def _object(self, source: Schema, path: str, seen: tuple[str, ...]) -> Schema:
        if "properties" in source:
            return self._fields(source, path, seen)
        return self._map(source, path, seen)

    def _fields(self, source: Schema, path: str, seen: tuple[str, ...]) -> Schema:
        required = source.get("required", [])
        properties = {}
        for name, field in source["properties"].items():
            here = f"{path}.{name}"
            properties[name] = self.node(field, here, seen)
            if self._defaults and name not in required:
                properties[name] |= _default(field, properties[name])
        return {"properties": properties} | ({"required": required} if required else {})

    def _map(self, source: Schema, path: str, seen: tuple[str, ...]) -> Schema:
        """A map; rules for its keys become CEL, as a structural schema has none."""
        patterns = source.get("patternProperties", {})
        pattern, values = next(iter(patterns.items()), (None, source.get("additionalProperties")))
        if not isinstance(values, dict) or len(patterns) > 1:
            raise SchemaError(f"{path}: a map needs one schema for its values")
        rules = [*source.get("x-kubernetes-validations", []), *_key_rules(source.get("propertyNames", {}), pattern)]
        content = {"additionalProperties": self.node(values, f"{path}.*", seen)}
        return content | ({"x-kubernetes-validations": rules} if rules else {})


def _key_rules(names: Schema, pattern: str | None) -> Iterator[Schema]:
    pattern = names.get("pattern", pattern)
    if (longest := names.get("maxLength")) is not None:
        yield {"rule": f"self.all(key, size(key) <= {longest})", "message": f"keys have at most {longest} characters"}
    if pattern is not None:
        yield {"rule": f"self.all(key, key.matches(r'{pattern}'))", "message": f"keys must match '{pattern}'"}


def _default(field: Schema, converted: Schema) -> Schema:
    """Objects with the defaults inside them, which rules are checked against; empty lists and maps are as none."""
    value = field.get("default")
    if value not in (None, [], {}):
        return {"default": value}
    made = "default" not in field and "anyOf" not in field
    if not made or "properties" not in converted:
        return {}
    return {"default": {key: node["default"] for key, node in converted["properties"].items() if "default" in node}}


def _checked(target: Schema, path: str) -> Schema:
    if target.get("x-kubernetes-int-or-string"):
        return _either(target, path)
    cap = "maxProperties" if "additionalProperties" in target else CAP.get(target["type"])
    if cap and cap not in target and "enum" not in target:
        raise SchemaError(f"{path}: no {cap}")
    return target


def _either(target: Schema, path: str) -> Schema:
    """An int-or-string, which has no type: the first two of EITHER hold for its strings, the others for its numbers."""
    if missing := [limit for limit in EITHER if limit not in target]:
        raise SchemaError(f"{path}: int or string without {', '.join(missing)}")
    return {key: value for key, value in target.items() if key != "type"}
