"""Pins a relay pod to the node that holds its egress address, keeping what the user said about affinity.

By the node's name (`matchFields`), not by a label: labels can be changed or missing.
"""

from collections.abc import Mapping
from typing import Any

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def pinned_affinity(affinity: Mapping[str, Any], *, node: str) -> dict[str, Any]:
    """The user's core/v1 Affinity with `node` as a further requirement of each of its node terms."""
    node_affinity = dict(affinity.get("nodeAffinity") or {})
    terms = (node_affinity.get(_REQUIRED) or {}).get("nodeSelectorTerms") or [{}]
    node_affinity[_REQUIRED] = {"nodeSelectorTerms": [_on_node(term, node=node) for term in terms]}
    return {**affinity, "nodeAffinity": node_affinity}


def _on_node(term: Mapping[str, Any], *, node: str) -> dict[str, Any]:
    by_name = {"key": "metadata.name", "operator": "In", "values": [node]}
    return {**term, "matchFields": [*(term.get("matchFields") or []), by_name]}


def pinned_node(template: Mapping[str, Any]) -> str | None:
    """The node that a pod template was pinned to."""
    affinity = (template.get("spec", {}).get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get(_REQUIRED) or {}).get("nodeSelectorTerms") or [{}]
    named = [field for field in terms[0].get("matchFields") or [] if field["key"] == "metadata.name"]
    return str(named[-1]["values"][0]) if named else None
