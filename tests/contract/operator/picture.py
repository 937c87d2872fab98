"""What a pool has come to: all that the operator decided about it, without times, addresses and its name.

Also without scores: those of a relay that is out are of the look that put it out, and the next look drops them.
"""

import json
import re
from typing import Any

from smtppool.api.health_record import HealthRecord
from smtppool.api.names import ENTRY, HEALTH_KEY, health_name
from smtppool.kube.kinds import CONFIG_MAP, POD, SMTP_POOL, SMTP_SERVER, STATEFUL_SET, Body, annotation
from smtppool.render.statefulset import RELEASED
from tests.contract.operator.world import World

_PASSING = frozenset({"lastTransitionTime", "observedGeneration", "score", "providers"})
_ADDRESS = re.compile(r"(10\.244|198\.18)(\.\d+){2}")
Picture = dict[str, Any]


async def picture(world: World, *, pool: str = "marketing") -> Picture:
    """Of one pool and its servers, by name."""
    servers = [body for body in await _all(world, SMTP_SERVER) if body["spec"]["poolRef"]["name"] == pool]
    names = sorted(body["metadata"]["name"] for body in servers)
    routing = await world.routing(pool)
    found = {
        "pool": _lasting((await world.must(SMTP_POOL, pool))["status"]),
        "servers": {body["metadata"]["name"]: _lasting(body["status"]) for body in servers},
        "members": [one.model_dump(mode="json", exclude={"address"}) for one in routing.members] if routing else None,
        "grants": {name: await _grant(world, name) for name in names},
        "workloads": {name: await _workload(world, name) for name in names},
        "pods": {name: await _pod(world, name) for name in names},
        "standings": await _standings(world, pool),
        "children": sorted(one for one in await world.children() if one.partition("/")[2].startswith((pool, *names))),
    }
    alike: Picture = json.loads(_ADDRESS.sub("ADDRESS", json.dumps(found)).replace(pool, "POOL"))
    return alike


async def record_of(world: World, pool: str) -> HealthRecord:
    """What the operator remembers of their health."""
    body = await world.get(CONFIG_MAP, health_name(pool))
    return HealthRecord.model_validate_json(body["data"][HEALTH_KEY]) if body else HealthRecord()


async def _standings(world: World, pool: str) -> dict[str, str | None]:
    known = (await record_of(world, pool)).servers
    return {name: one.relay.standing.value if one.relay else None for name, one in known.items()}


async def _grant(world: World, name: str) -> Picture | None:
    grant = await world.grant(name)
    return grant.model_dump(mode="json", exclude={"pod_uid", "pod_address"}) if grant else None


async def _workload(world: World, name: str) -> tuple[int, str | None]:
    body = await world.must(STATEFUL_SET, f"{name}-relay")
    return body["spec"]["replicas"], annotation(body, RELEASED)


async def _pod(world: World, name: str) -> str | None:
    """Whether it is there, and an entry."""
    body = await world.get(POD, f"{name}-relay-0")
    return None if body is None else f"entry {body['metadata']['labels'].get(ENTRY)}"


def _lasting(value: Any) -> Any:
    match value:
        case dict():
            return {name: _lasting(one) for name, one in value.items() if name not in _PASSING}
        case list():
            return [_lasting(one) for one in value]
    return value


async def _all(world: World, kind: Any) -> list[Body]:
    bodies, _ = await world.api.list(kind, namespace=world.namespace)
    return bodies
