"""Reads `nft -j list table` back: which rules the kernel really holds, and a form in which two listings compare.

Only what the kernel says counts as applied; what was asked of it does not.
"""

import json
from typing import Any, NamedTuple

from smtppool.api.documents import EgressRule

_VOLATILE = frozenset({"handle", "metainfo"})


class Listing(NamedTuple):
    """One reading of the table."""

    rules: tuple[EgressRule, ...]
    cluster_networks: tuple[str, ...]
    text: str  # canonical, without handles: equal text = equal table


def parse_listing(output: str) -> Listing:
    """ValueError (or a subclass) if the text is not a listing of our table."""
    objects = json.loads(output)["nftables"]
    held = {body["name"]: body.get("elem", []) for kind, body in _bodies(objects) if kind in {"set", "map"}}
    return Listing(
        rules=_rules(held),
        cluster_networks=tuple(sorted(_network(element) for element in held.get("cluster", []))),
        text=json.dumps(_sorted_elements(_without_volatile(objects)), sort_keys=True),
    )


def _bodies(objects: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return [item for entry in objects for item in entry.items()]


def _rules(held: dict[str, Any]) -> tuple[EgressRule, ...]:
    """A source counts only where the map translates to it and the wire lets it pass."""
    allowed = {tuple(pair["concat"]) for pair in held.get("allowed", [])}
    sources = {pod: source for pod, source in held.get("sources", []) if (pod, source) in allowed}
    return tuple(EgressRule(pod_address=pod, source=sources.get(pod)) for pod in sorted(held.get("relays", [])))


def _network(element: Any) -> str:
    match element:
        case {"prefix": {"addr": address, "len": length}}:
            return f"{address}/{length}"
        case str(address):
            return f"{address}/32"
        case _:
            raise ValueError(f"not a network: {element!r}")


def _without_volatile(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_volatile(item) for key, item in value.items() if key not in _VOLATILE}
        case list():
            return [_without_volatile(item) for item in value]
        case _:
            return value


def _sorted_elements(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sets keep no order of their own."""
    for _, body in _bodies(objects):
        if "elem" in body:
            body["elem"] = sorted(body["elem"], key=json.dumps)
    return objects
