"""May this object be put in force: is its spec readable, does its pool exist, is its address free.

A refusal never takes away what is in force already: the caller keeps the last good configuration. Messages name fields
and other objects, never values: a status is readable by more people than a spec.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from smtppool.api.base import Model
from smtppool.api.names import MAX_NAME, Key
from smtppool.api.smtppool import MAX_SERVERS
from smtppool.policy.verdict import Verdict, listed

SpecModel = TypeVar("SpecModel", bound=Model)

ACCEPTED = Verdict("True", "Accepted", "the spec is in force")


class Claim(NamedTuple):
    """One address that one object states. Sorts by age, then namespace and name: the smallest claim wins."""

    created: str  # metadata.creationTimestamp; RFC 3339 in UTC sorts as text
    owner: Key
    address: str


def holders(claims: Iterable[Claim]) -> dict[str, Key]:
    """Who keeps each address: the older object, in whatever namespace."""
    winners: dict[str, Claim] = {}
    for claim in claims:
        winners[claim.address] = min(claim, winners.get(claim.address, claim))
    return {address: claim.owner for address, claim in winners.items()}


def claimed_addresses(spec: Mapping[str, Any]) -> frozenset[str]:
    """The addresses of a raw server spec, also of one that cannot be parsed: its relay may be running."""
    relay = spec.get("relay")
    egress = relay.get("egress") if isinstance(relay, Mapping) else None
    if not isinstance(egress, Mapping):
        return frozenset()
    stated = (egress.get("address"), egress.get("localAddress"))
    return frozenset(address for address in stated if isinstance(address, str))


def parse_spec(model: type[SpecModel], raw: object) -> tuple[SpecModel | None, tuple[str, ...]]:
    """The typed spec, or the paths of the fields that are wrong."""
    try:
        return model.model_validate(raw), ()
    except ValidationError as error:
        paths = {".".join(("spec", *map(str, item["loc"]))) for item in error.errors(include_input=False)}
        return None, tuple(sorted(paths))


def accept_spec(errors: tuple[str, ...], *, kind: str) -> Verdict:
    """Readable or not; all that a pool or a plan needs."""
    if not errors:
        return ACCEPTED
    fields = listed(errors, most=8)
    return Verdict(
        "False",
        "InvalidSpec",
        f"cannot read {fields}: correct them (kubectl explain {kind}.spec); the last good configuration stays in force",
    )


def accept_server(
    *, key: Key, errors: tuple[str, ...], pool: str, pool_exists: bool, rivals: Mapping[str, Key], surplus: bool
) -> Verdict:
    """`rivals`: addresses of this server that an older object holds; `surplus`: older servers fill the pool."""
    if len(key.name) > MAX_NAME:
        return Verdict(
            "False",
            "InvalidName",
            f"the name has {len(key.name)} characters, at most {MAX_NAME} fit: recreate it",
        )
    if errors:
        return accept_spec(errors, kind="smtpserver")
    if rivals:
        address, rival = min(rivals.items())
        return Verdict(
            "False",
            "Conflict",
            f"address {address} is held by the older SmtpServer {rival.namespace}/{rival.name}: delete one of the two",
        )
    if not pool_exists:
        return Verdict(
            "False",
            "PoolNotFound",
            f"there is no SmtpPool {key.namespace}/{pool}: create it, or delete this SmtpServer",
        )
    if surplus:
        return Verdict(
            "False",
            "PoolFull",
            f"{MAX_SERVERS} older SmtpServers fill the pool {pool}: delete some, or recreate this one in another pool",
        )
    return ACCEPTED
