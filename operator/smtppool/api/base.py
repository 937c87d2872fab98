"""Typed values shared by all models.

Every string that may reach a configuration file has an anchored pattern and a length here; the same pattern stands in
the CRD, so the API server and the loop refuse the same values.
"""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

GROUP = "smtppool.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

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
ENDPOINT_PATTERN = (
    r"^(smtp|http)://[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?(:([1-9][0-9]{0,4}))?(/[A-Za-z0-9._~/-]{0,200})?$"
)
SECRET_KEY_PATTERN = r"^[-._a-zA-Z0-9]{1,253}$"

_SIZE_FACTORS = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_DURATION_FACTORS = {"h": 3600, "m": 60, "s": 1}


class Model(BaseModel):
    """Base of all spec and document models: camelCase on the wire, frozen, unknown fields refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")

    def dump(self) -> dict[str, Any]:
        """The wire form: camelCase, unset optionals left out, JSON types only."""
        return self.model_dump(by_alias=True, exclude_none=True, mode="json")


class Observed(Model):
    """Base of models that read what others wrote: unknown fields are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")


def parse_duration(text: str) -> timedelta:
    """Go duration of whole hours, minutes, seconds (`"1h30m"`); ValueError for anything else."""
    total, digits = 0, ""
    for char in text:
        if char.isdigit():
            digits += char
        else:
            total, digits = total + int(digits) * _DURATION_FACTORS[char], ""
    if digits or not text:
        raise ValueError(f"not a duration: {text!r}")
    return timedelta(seconds=total)


def parse_size(text: str) -> int:
    """Bytes of a size such as `"25Mi"` or `"1000"`."""
    number = text.rstrip("KMGTi")
    return int(number) * _SIZE_FACTORS[text[len(number) :]]


def parse_ratio(text: str) -> float:
    """`"3%"` as 0.03."""
    return float(text.removesuffix("%")) / 100


def _not_empty_duration(text: str) -> str:
    if parse_duration(text) <= timedelta(0):
        raise ValueError("must be longer than 0s")
    return text


Label = Annotated[str, Field(pattern=LABEL_PATTERN, max_length=63)]
Hostname = Annotated[str, Field(pattern=HOSTNAME_PATTERN, max_length=253)]
IPv4 = Annotated[str, Field(pattern=IPV4_PATTERN, max_length=15)]
Network = Annotated[str, Field(pattern=NETWORK_PATTERN, max_length=18)]
Duration = Annotated[
    str, Field(pattern=DURATION_PATTERN, min_length=2, max_length=21), AfterValidator(_not_empty_duration)
]
Ratio = Annotated[str, Field(pattern=RATIO_PATTERN, max_length=8)]
Size = Annotated[str, Field(pattern=SIZE_PATTERN, max_length=11)]
CountOrRatio = Annotated[str, Field(pattern=COUNT_OR_RATIO_PATTERN, max_length=4)]
Endpoint = Annotated[str, Field(pattern=ENDPOINT_PATTERN, max_length=470)]
Weight = Annotated[int, Field(ge=0, le=256)]
Score = Annotated[int, Field(ge=0, le=100)]
Port = Annotated[int, Field(ge=1, le=65535)]


def cel(*rules: tuple[str, str] | tuple[str, str, str]) -> dict[str, Any]:
    """`json_schema_extra` with CEL rules: (rule, message[, fieldPath])."""
    keys = ("rule", "message", "fieldPath")
    return {"x-kubernetes-validations": [dict(zip(keys, rule, strict=False)) for rule in rules]}
