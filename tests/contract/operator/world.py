"""One namespace as a test sees it: objects made, conditions and documents read."""

from dataclasses import dataclass
from typing import Any

from smtppool.api.documents import Grant, Routing
from smtppool.api.names import (
    FIELD_MANAGER,
    GRANT_KEY,
    PART_OF,
    PART_OF_VALUE,
    ROUTING_KEY,
    Key,
    grant_name,
    routing_name,
)
from smtppool.kube.client import Api
from smtppool.kube.kinds import (
    CONFIG_MAP,
    EVENT,
    IP_WARMUP_PLAN,
    NETWORK_POLICY,
    PERSISTENT_VOLUME_CLAIM,
    POD,
    POD_DISRUPTION_BUDGET,
    ROLE,
    ROLE_BINDING,
    SERVICE,
    SERVICE_ACCOUNT,
    SMTP_POOL,
    SMTP_SERVER,
    STATEFUL_SET,
    Body,
    Kind,
    kind_of,
    uid_of,
)
from tests.contract.operator.relays import Relays
from tests.contract.operator.waiting import PATIENCE, equals, until

CHILDREN = (
    CONFIG_MAP,
    NETWORK_POLICY,
    PERSISTENT_VOLUME_CLAIM,
    POD,
    POD_DISRUPTION_BUDGET,
    ROLE,
    ROLE_BINDING,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
)


@dataclass(frozen=True)
class World:
    """What a test has."""

    api: Api
    namespace: str
    relays: Relays

    async def create(self, *bodies: Body) -> None:
        """Make objects."""
        for body in bodies:
            await self.api.create(body, manager="tests")

    async def get(self, kind: Kind, name: str) -> Body | None:
        """An object of this namespace."""
        return await self.api.get(kind, Key(self.namespace, name))

    async def must(self, kind: Kind, name: str) -> Body:
        """An object that must exist."""
        body = await self.get(kind, name)
        assert body is not None, f"no {kind.name} {name}"
        return body

    async def patch(self, kind: Kind, name: str, patch: dict[str, Any]) -> Body:
        """Merge patch."""
        return await self.api.merge_patch(kind, Key(self.namespace, name), patch, manager="tests")

    async def put(self, kind: Kind, name: str, patch: dict[str, Any]) -> None:
        """Merge patch of a spec, and the operator has seen it: what is put after it into another kind comes later."""
        generation = (await self.patch(kind, name, patch))["metadata"]["generation"]

        async def seen() -> bool:
            return bool((await self.must(kind, name)).get("status", {}).get("observedGeneration") == generation)

        await until(seen, what=f"generation {generation} of {name} is in its status")

    async def annotate(self, kind: Kind, name: str, **annotations: str | None) -> None:
        """Annotations of our group."""
        marks = {f"smtppool.io/{mark.replace('_', '-')}": value for mark, value in annotations.items()}
        await self.patch(kind, name, {"metadata": {"annotations": marks}})

    async def delete(self, kind: Kind, name: str) -> None:
        """Ask for a deletion."""
        body = await self.must(kind, name)
        await self.api.delete(kind, Key(self.namespace, name), uid=uid_of(body))

    async def gone(self, kind: Kind, name: str, *, within: float = PATIENCE) -> None:
        """Wait until it does not exist."""

        async def look() -> bool:
            return await self.get(kind, name) is None

        await until(look, what=f"{kind.name} {name} is gone", within=within)

    async def weights(self, pool: str = "marketing") -> dict[str, int]:
        """Weights in the routing."""
        routing = await self.routing(pool)
        return {member.name: member.weight for member in routing.members} if routing else {}

    async def routed(self, wanted: dict[str, int], *, pool: str = "marketing", within: float = PATIENCE) -> None:
        """Wait for these weights."""
        await equals(lambda: self.weights(pool), wanted, what="weights in the routing", within=within)

    async def routing(self, pool: str = "marketing") -> Routing | None:
        """The routing in force."""
        body = await self.get(CONFIG_MAP, routing_name(pool))
        return Routing.model_validate_json(body["data"][ROUTING_KEY]) if body else None

    async def grant(self, server: str) -> Grant | None:
        """The grant in force."""
        body = await self.get(CONFIG_MAP, grant_name(server))
        return Grant.model_validate_json(body["data"][GRANT_KEY]) if body else None

    async def condition(self, kind: Kind, name: str, condition: str) -> dict[str, Any]:
        """A condition, or nothing."""
        body = await self.get(kind, name) or {}
        found = (one for one in body.get("status", {}).get("conditions", ()) if one["type"] == condition)
        return next(found, {})

    async def says(
        self, name: str, condition: str, wanted: str, *, kind: Kind = SMTP_SERVER, within: float = 30
    ) -> str:
        """Wait for `status/reason`; the message."""

        async def look() -> str:
            found = await self.condition(kind, name, condition)
            return f"{found.get('status')}/{found.get('reason')}"

        await equals(look, wanted, what=f"{condition} of {name}", within=within)
        return str((await self.condition(kind, name, condition))["message"])

    async def children(self) -> set[str]:
        """Everything of ours but the three kinds."""
        found = set()
        for kind in CHILDREN:
            bodies, _ = await self.api.list(kind, namespace=self.namespace, label_selector=f"{PART_OF}={PART_OF_VALUE}")
            found |= {f"{kind.name}/{body['metadata']['name']}" for body in bodies}
        return found

    async def versions(self) -> dict[str, str]:
        """A version of everything that the operator may write, and of its Events; others' statuses do not count."""
        found: dict[str, str] = {}
        for kind in (*CHILDREN, SMTP_POOL, SMTP_SERVER, IP_WARMUP_PLAN, EVENT):
            bodies, _ = await self.api.list(kind, namespace=self.namespace)
            own = [body for body in bodies if kind is not EVENT or body.get("reportingComponent") == FIELD_MANAGER]
            found |= {f"{kind_of(body).name}/{body['metadata']['name']}": _version(body) for body in own}
        return found


def _version(body: Body) -> str:
    """The status of these two is their controller's, which may be late with it."""
    metadata = body["metadata"]
    if kind_of(body) not in {STATEFUL_SET, POD_DISRUPTION_BUDGET}:
        return str(metadata["resourceVersion"])
    return repr({name: value for name, value in metadata.items() if name not in {"resourceVersion", "managedFields"}})
