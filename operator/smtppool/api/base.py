"""Typed values shared by all models.

Every string that may reach a configuration file has an anchored pattern and a length here; the same pattern stands in
the CRD, so the API server and the loop refuse the same values.
"""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from smtppool.api import group
from smtppool.api.units import parse_duration, parse_size

GROUP = group.GROUP
VERSION = group.VERSION
API_VERSION = group.API_VERSION

LABEL_PATTERN = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
HOSTNAME_PATTERN = r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$"
_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4_PATTERN = rf"^{_OCTET}(\.{_OCTET}){{3}}$"
# A relay open to more than a /8 is an open relay by accident: shorter prefixes are refused.
NETWORK_PATTERN = rf"^{_OCTET}(\.{_OCTET}){{3}}/([89]|[12][0-9]|3[0-2])$"
DURATION_PATTERN = r"^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$"
RATIO_PATTERN = r"^(100(\.0{1,3})?|[0-9]{1,2}(\.[0-9]{1,3})?)%$"
SIZE_PATTERN = r"^[1-9][0-9]{0,8}(Ki|Mi|Gi|Ti)?$"
COUNT_OR_RATIO_PATTERN = r"^([0-9]{1,3}|(100|[0-9]{1,2})%)$"
_PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
ENDPOINT_PATTERN = rf"^(smtp|http)://[a-z0-9]([-a-z0-9.]{{0,251}}[a-z0-9])?(:{_PORT})?(/[A-Za-z0-9._~/-]{{0,200}})?$"


class Model(BaseModel):
    """Base of all spec and document models: camelCase on the wire, frozen, unknown fields refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")

    def dump(self) -> dict[str, Any]:
        """The wire form: camelCase, unset optionals left out, JSON types only."""
        return self.model_dump(by_alias=True, exclude_none=True, mode="json")


class Observed(Model):
    """Base of models that read what others wrote: unknown fields are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")


def cel(*rules: tuple[str, str] | tuple[str, str, str]) -> dict[str, Any]:
    """`json_schema_extra` with CEL rules: (rule, message[, fieldPath])."""
    keys = ("rule", "message", "fieldPath")
    return {"x-kubernetes-validations": [dict(zip(keys, rule, strict=False)) for rule in rules]}


def int_or_string(least: int, most: int) -> dict[str, Any]:
    """`json_schema_extra` of a string that may be written as a number: the model's own limits are those of its text."""
    return {"x-kubernetes-int-or-string": True, "minimum": least, "maximum": most}


def number_as_text(value: object) -> object:
    """A whole number in the form in which the pattern judges it; anything else unchanged."""
    return str(value) if type(value) is int else value


def _unicast(text: str) -> str:
    address = IPv4Address(text)
    special = (address.is_unspecified, address.is_loopback, address.is_link_local, address.is_multicast)
    if any(special) or text == "255.255.255.255":
        raise ValueError(_UNICAST)
    return text


def _network(text: str) -> str:
    try:
        IPv4Network(text)
    except ValueError as error:
        raise ValueError(_HOST_BITS) from error
    return text


def _within(shortest: str, longest: str) -> Callable[[str], str]:
    """Check of a duration, bounds included; the same as `_duration_rule` in the CRD."""

    def check(text: str) -> str:
        if not parse_duration(shortest) <= parse_duration(text) <= parse_duration(longest):
            raise ValueError(f"must be a duration from {shortest} to {longest}")
        return text

    return check


def _duration_rule(shortest: str, longest: str) -> dict[str, Any]:
    rule = f"duration(self) >= duration('{shortest}') && duration(self) <= duration('{longest}')"
    return cel((rule, f"must be a duration from {shortest} to {longest}"))


def _message_size(text: str) -> str:
    if parse_size(text) > 2**30:
        raise ValueError(_TOO_BIG)
    return text


_TOO_BIG = "must be at most 1Gi"
_UNICAST = "must be a unicast IPv4 address, such as 198.51.100.11"
_HOST_BITS = "must be a network without host bits, such as 10.20.0.0/16"
_DURATION = "Duration in whole hours, minutes and seconds, such as 1h30m."

Label = Annotated[str, Field(pattern=LABEL_PATTERN, max_length=63)]
Timestamp = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z$", max_length=32)]
Hostname = Annotated[
    str, Field(pattern=HOSTNAME_PATTERN, max_length=253, description="Lower-case DNS name without a trailing dot.")
]
IPv4 = Annotated[str, Field(pattern=IPV4_PATTERN, max_length=15)]
UnicastIPv4 = Annotated[
    str,
    Field(
        pattern=IPV4_PATTERN,
        max_length=15,
        description="Unicast IPv4 address.",
        json_schema_extra=cel(("ip(self).isGlobalUnicast()", _UNICAST)),
    ),
    AfterValidator(_unicast),
]
Network = Annotated[
    str,
    Field(
        pattern=NETWORK_PATTERN,
        max_length=18,
        description="IPv4 network of /8 or smaller, such as 10.20.0.0/16.",
        json_schema_extra=cel(("cidr(self) == cidr(self).masked()", _HOST_BITS)),
    ),
    AfterValidator(_network),
]
Duration = Annotated[
    str,
    Field(
        pattern=DURATION_PATTERN,
        min_length=2,
        max_length=21,
        description=f"{_DURATION} At most a year.",
        json_schema_extra=_duration_rule("1s", "8760h"),
    ),
    AfterValidator(_within("1s", "8760h")),
]
CheckInterval = Annotated[
    str,
    Field(
        pattern=DURATION_PATTERN,
        min_length=2,
        max_length=21,
        description=f"{_DURATION} At most a day.",
        json_schema_extra=_duration_rule("1s", "24h"),
    ),
    AfterValidator(_within("1s", "24h")),
]
Ratio = Annotated[str, Field(pattern=RATIO_PATTERN, max_length=8, description='Share in percent, such as "0.3%".')]
Size = Annotated[str, Field(pattern=SIZE_PATTERN, max_length=11, description="Size in bytes, or with Ki, Mi, Gi, Ti.")]
MessageSize = Annotated[
    str,
    Field(
        pattern=SIZE_PATTERN,
        max_length=11,
        description="Size in bytes, or with Ki, Mi, Gi. At most 1Gi.",
        json_schema_extra=cel(("quantity(self).compareTo(quantity('1Gi')) <= 0", _TOO_BIG)),
    ),
    AfterValidator(_message_size),
]
CountOrRatio = Annotated[
    str,
    Field(
        pattern=COUNT_OR_RATIO_PATTERN,
        max_length=4,
        description='Count, or share such as "30%".',
        json_schema_extra=int_or_string(0, 999),
    ),
    BeforeValidator(number_as_text),  # after the field: before it, pydantic's schema has no pattern
]
Endpoint = Annotated[
    str,
    Field(
        pattern=ENDPOINT_PATTERN,
        max_length=470,
        description="Such as smtp://echo.example.net:25 or http://echo.example.net/ip.",
    ),
]
Weight = Annotated[int, Field(ge=0, le=256)]
Score = Annotated[int, Field(ge=0, le=100)]
Port = Annotated[int, Field(ge=1, le=65535)]
