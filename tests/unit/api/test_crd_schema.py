"""The converter is strict: what a structural schema cannot say, or what has no cap, is an error with its path."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from smtppool.api.crd import definition, render
from smtppool.api.crd_kinds import KINDS
from smtppool.api.crd_schema import SchemaError, structural

Short = Annotated[str, Field(max_length=8)]


class Inner(BaseModel):
    size: Annotated[int, Field(ge=1)] = 5
    name: Short | None = None


class Unbounded(BaseModel):
    name: str


class UnboundedList(BaseModel):
    names: list[Short]


class UnboundedMap(BaseModel):
    names: dict[Short, Short]


class Union(BaseModel):
    either: int | Short


class Float(BaseModel):
    share: float


class Exclusive(BaseModel):
    size: Annotated[int, Field(gt=3)]


class Recursive(BaseModel):
    again: "Recursive | None" = None


class Anything(BaseModel):
    what: Any


class Deep(BaseModel):
    what: Annotated[dict[str, Any], Field(json_schema_extra={"x-kubernetes-preserve-unknown-fields": True})]


EITHER: dict[str, Any] = {"x-kubernetes-int-or-string": True}


class AnyText(BaseModel):
    size: Annotated[str, Field(json_schema_extra=EITHER)]


class AnyNumber(BaseModel):
    size: Annotated[str, Field(max_length=8, pattern="^[0-9]+$", json_schema_extra=EITHER)]


class Outer(BaseModel):
    inner: Inner = Field(default_factory=Inner)
    many: Annotated[list[Inner], Field(max_length=3)] = []
    perhaps: Inner | None = None
    keyed: Annotated[dict[Annotated[str, Field(pattern="^[a-z]+$", max_length=4)], Short], Field(max_length=2)] = {}


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (Unbounded, "Unbounded.name: no maxLength"),
        (UnboundedList, "UnboundedList.names: no maxItems"),
        (UnboundedMap, "UnboundedMap.names: no maxProperties"),
        (Union, "Union.either: a union"),
        (Float, "Float.share: type 'number' is not supported"),
        (Exclusive, "Exclusive.size: not in a structural schema: exclusiveMinimum"),
        (Recursive, "Recursive.again: Recursive contains itself"),
        (Anything, "Anything.what: type None is not supported"),
        (Deep, "Deep.what: not in a structural schema: x-kubernetes-preserve-unknown-fields"),
        (AnyText, "AnyText.size: int or string without maxLength, pattern, minimum, maximum"),
        (AnyNumber, "AnyNumber.size: int or string without minimum, maximum"),
    ],
)
def test_refused(model: type[BaseModel], says: str) -> None:
    with pytest.raises(SchemaError, match=says.replace(".", r"\.")):
        structural(model, defaults=True)


def test_defaults_of_nested_objects_are_written_out() -> None:
    properties = structural(Outer, defaults=True)["properties"]
    assert properties["inner"]["default"] == {"size": 5}
    assert "default" not in properties["many"]
    assert "default" not in properties["perhaps"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_int_or_string_says_what_it_takes(kind: Any) -> None:
    either = [node for node in _nodes(definition(kind)) if "x-kubernetes-int-or-string" in node]
    assert [node for node in either if not {"maxLength", "pattern", "minimum", "maximum"} <= node.keys()] == []
    assert bool(either) == (kind.name == "SmtpPool")


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(child)


def test_a_status_has_no_defaults() -> None:
    assert "default" not in str(structural(Outer, defaults=False))


def test_rules_for_keys_become_cel() -> None:
    keyed = structural(Outer, defaults=True)["properties"]["keyed"]
    assert [rule["rule"] for rule in keyed["x-kubernetes-validations"]] == [
        "self.all(key, size(key) <= 4)",
        "self.all(key, key.matches(r'^[a-z]+$'))",
    ]


def test_text_is_stable() -> None:
    assert [render(kind) for kind in KINDS] == [render(kind) for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_size_leaves_room_for_client_side_apply(kind: Any) -> None:
    # The last-applied annotation holds the whole object and may have 256 KiB with all other annotations.
    assert len(str(definition(kind))) < 128 * 1024
