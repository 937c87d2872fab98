"""How a provider is told to behave: an ordered list of rules, read from JSON.

A rule says at which stage it looks, whom it concerns, how often it strikes and what it then does. Parsing is strict:
a key that is not known or a value that cannot be read is refused with the allowed form, so that a test never runs
with a provider that behaves otherwise than it stated.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from ipaddress import IPv4Network
from typing import Literal, cast

from e2e.mailnet import units
from e2e.mailnet.replies import OCCASIONS

_REPLY_LINE = re.compile(r"[45]\d\d[ -][\x20-\x7e]{0,480}")
_SELECTORS = {"sources", "recipients"}
_GATES = {"share", "above", "greylist"}
_ACTIONS = {"reply", "stall", "close", "delay"}
_DETAILS = {"pick", "seed", "per"}
_KEYS = {"at"} | _SELECTORS | _GATES | _ACTIONS | _DETAILS


class ScriptError(ValueError):
    """A script that cannot be read, with what is allowed."""


class Stage(StrEnum):
    """Where in the dialogue a rule looks: before the answer to this step is given."""

    CONNECT = "connect"
    EHLO = "ehlo"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    EOM = "eom"


class Deed(StrEnum):
    """What a rule does when it strikes."""

    REPLY = "reply"
    STALL = "stall"
    CLOSE = "close"
    DELAY = "delay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Strike for this part of the attempts: exact by counting, or the same attempts each time by a seeded hash."""

    part: Fraction
    pick: Literal["counter", "hash"] = "counter"
    seed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """Strike for what exceeds the rate, counted by source address or over the whole provider."""

    rate: units.Rate
    per: Literal["source", "provider"] = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Greylist:
    """Strike until this many seconds after the triplet (source, sender, recipient) was first seen."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; all selectors must match and the gate, if there is one, must be shut."""

    at: Stage
    deed: Deed
    sources: tuple[IPv4Network, ...] = ()
    recipients: re.Pattern[str] | None = None
    gate: Share | Above | Greylist | None = None
    reply: str = ""
    delay: float = 0.0


def parse(document: object) -> tuple[Rule, ...]:
    """Read `{"behaviour": [rule, ...]}`; an empty list accepts everything."""
    if not isinstance(document, Mapping) or set(document) != {"behaviour"}:
        raise ScriptError('a script is {"behaviour": [rule, ...]}')
    rules = document["behaviour"]
    if not isinstance(rules, Sequence) or isinstance(rules, str):
        raise ScriptError("behaviour is a list of rules; an empty one accepts everything")
    return tuple(_rule(number, rule) for number, rule in enumerate(rules))


def _rule(number: int, raw: object) -> Rule:
    try:
        return _read(_fields(raw))
    except (ValueError, re.error) as error:
        raise ScriptError(f"behaviour[{number}]: {error}") from error


def _fields(raw: object) -> Mapping[str, object]:
    if not isinstance(raw, Mapping):
        raise ScriptError("a rule is an object")
    if unknown := set(raw) - _KEYS:
        raise ScriptError(f"unknown {sorted(unknown)}; known are {sorted(_KEYS)}")
    return raw


def _read(raw: Mapping[str, object]) -> Rule:
    deed = Deed(_one_of(raw, _ACTIONS, what="action"))
    if deed in {Deed.STALL, Deed.CLOSE} and raw[deed] is not True:
        raise ScriptError(f"{deed} is true or absent")
    gate = _gate(raw)
    at = Stage(_text(raw, "at"))
    if at in {Stage.CONNECT, Stage.EHLO, Stage.MAIL} and ("recipients" in raw or isinstance(gate, Greylist)):
        raise ScriptError(f"no recipient is known at {at}: use rcpt, data or eom")
    return Rule(
        at=at,
        deed=deed,
        sources=_networks(raw.get("sources", ())),
        recipients=re.compile(_text(raw, "recipients"), re.IGNORECASE) if "recipients" in raw else None,
        gate=gate,
        reply=_reply(_text(raw, "reply")) if deed is Deed.REPLY else "",
        delay=units.duration(_text(raw, "delay")) if deed is Deed.DELAY else 0.0,
    )


def _gate(raw: Mapping[str, object]) -> Share | Above | Greylist | None:
    present = _GATES & set(raw)
    allowed = {"share": {"pick", "seed"}, "above": {"per"}}.get(next(iter(present), ""), set())
    if len(present) > 1 or _DETAILS & set(raw) - allowed:
        raise ScriptError("at most one of share (pick, seed), above (per), greylist")
    match next(iter(present), None):
        case "share":
            pick = _choice(raw.get("pick", "counter"), ("counter", "hash"))
            part = units.ratio(_text(raw, "share"))
            return Share(part=part, pick=cast('Literal["counter", "hash"]', pick), seed=str(raw.get("seed", "")))
        case "above":
            per = _choice(raw.get("per", "source"), ("source", "provider"))
            return Above(rate=units.rate(_text(raw, "above")), per=cast('Literal["source", "provider"]', per))
        case "greylist":
            return Greylist(seconds=units.duration(_text(raw, "greylist")))
    return None


def _one_of(raw: Mapping[str, object], keys: set[str], *, what: str) -> str:
    present = sorted(keys & set(raw))
    if len(present) != 1:
        raise ScriptError(f"exactly one {what} of {sorted(keys)}, not {present}")
    return present[0]


def _choice(value: object, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ScriptError(f"{value!r} is not one of {allowed}")
    return str(value)


def _text(raw: Mapping[str, object], key: str) -> str:
    if not isinstance(value := raw.get(key), str):
        raise ScriptError(f"{key} is missing or not a text")
    return value


def _networks(value: object) -> tuple[IPv4Network, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ScriptError('sources is a list of addresses or networks: ["198.51.100.11", "198.51.100.0/28"]')
    return tuple(IPv4Network(str(item)) for item in value)


def _reply(text: str) -> str:
    if text not in OCCASIONS and not all(_REPLY_LINE.fullmatch(line) for line in text.split("\n")):
        raise ScriptError(f"reply is one of {OCCASIONS} or lines such as '450 4.7.1 reason', not {text!r}")
    return text
