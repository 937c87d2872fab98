"""Weights that stay as they are (mode Observe, unreadable specs), kept beside the routing that they came from.

The routing alone does not do: a member that is at 0 for a while because its pod restarts must get its weight back.
"""

import json
from collections.abc import Collection, Mapping
from functools import lru_cache

from smtppool.api.base import GROUP
from smtppool.api.documents import Routing
from smtppool.api.names import Key, routing_name
from smtppool.kube.cache import Cache
from smtppool.kube.kinds import CONFIG_MAP, Body, annotation

FROZEN = f"{GROUP}/frozen-weights"  # on the routing ConfigMap: {"mx1": 10}


def frozen_weights(cache: Cache, pool: Key) -> Mapping[str, int]:
    """As kept."""
    body = cache.get(CONFIG_MAP, Key(pool.namespace, routing_name(pool.name)))
    return _parse(annotation(body, FROZEN) or "{}") if body is not None else {}


def freeze(names: Collection[str], *, kept: Mapping[str, int], routing: Routing | None) -> dict[str, int]:
    """Weights to keep for these members: as kept before, else as routed now."""
    routed = {member.name: member.weight for member in routing.members} if routing else {}
    return {name: kept.get(name, routed.get(name, 0)) for name in sorted(names)}


def freezing(manifest: Body, weights: Mapping[str, int]) -> Body:
    """The routing's manifest with the kept weights; without any, without the annotation."""
    if not weights:
        return manifest
    metadata = manifest["metadata"]
    annotations = {**metadata.get("annotations", {}), FROZEN: json.dumps(weights, sort_keys=True)}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


@lru_cache(maxsize=256)
def _parse(text: str) -> Mapping[str, int]:
    """What somebody else wrote there is not kept."""
    try:
        weights = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(weights, dict):
        return {}
    return {name: weight for name, weight in weights.items() if isinstance(weight, int) and 0 <= weight <= 256}
