"""kopf's part: it lists, watches and starts again; every event goes to the dispatcher.

Only `on.event`: kopf writes nothing then, no annotation, no finalizer, no status. Children are selected at the API
server by our label, so that a big cluster's other pods and ConfigMaps never get here.
"""

import asyncio
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

import kopf

from smtppool.api.names import PART_OF, PART_OF_VALUE
from smtppool.kube.kinds import (
    CONFIG_MAP,
    IP_WARMUP_PLAN,
    NETWORK_POLICY,
    NODE,
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
)
from smtppool.kube.prime import PAGE

OWN = (SMTP_POOL, SMTP_SERVER, IP_WARMUP_PLAN)
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
SELECTOR = f"{PART_OF}={PART_OF_VALUE}"
SOURCES: dict[Kind, str | None] = {**dict.fromkeys((*OWN, NODE)), **dict.fromkeys(CHILDREN, SELECTOR)}
Observe = Callable[[str | None, Body], None]


class Forgetful(kopf.DiffBaseStorage):
    """kopf copies each object at each event to find differences for handlers that we do not have: not here."""

    def build(self, *, body: kopf.Body, extra_fields: Any = None) -> kopf.BodyEssence:  # noqa: ARG002 - kopf's signature
        """Nothing."""
        return kopf.BodyEssence()

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:  # noqa: ARG002
        """Nothing."""
        return None

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Nowhere."""


class Patience:
    """Delays between tries to reach the API server: for ever, as giving up would only start this process anew."""

    def __iter__(self) -> Iterator[float]:
        yield from (0.2, 0.5, 1.0, 2.0)
        yield from repeat(3.0)


def settings() -> kopf.OperatorSettings:
    """Quiet, and filtered at the server."""
    chosen = kopf.OperatorSettings()
    chosen.posting.enabled = False
    chosen.scanning.disabled = True
    chosen.peering.standalone = True
    chosen.networking.error_backoffs = Patience()
    chosen.watching.chunk_size = PAGE
    chosen.persistence.diffbase_storage = Forgetful()
    for kind in CHILDREN:
        chosen.watching.label_selectors[kind.group, kind.version, kind.plural] = SELECTOR
    return chosen


def registry(observe: Observe, stop: asyncio.Event) -> kopf.OperatorRegistry:
    """One handler for each kind."""
    made = kopf.OperatorRegistry()
    kopf.on.login(registry=made)(_login)
    kopf.on.cleanup(registry=made)(_told(stop))
    for kind in SOURCES:
        kopf.on.event(kind.group, kind.version, kind.plural, registry=made, id=kind.plural)(_handler(kind, observe))
    return made


async def watch(observe: Observe, *, stop: asyncio.Event) -> None:
    """Until `stop`, or until kopf gives up, which is an error of the process.

    kopf takes the process's signals for itself, and sets `stop` after one. Then it waits five seconds for what runs
    beside it: whoever waits for `stop` should end that.
    """
    await kopf.operator(
        registry=registry(observe, stop), settings=settings(), clusterwide=True, standalone=True, stop_flag=stop
    )


def _handler(kind: Kind, observe: Observe) -> Callable[..., Any]:
    identity = {"apiVersion": kind.api_version, "kind": kind.name}

    async def handle(event: dict[str, Any], **_: Any) -> None:
        observe(event["type"], {**event["object"], **identity})

    return handle


def _told(stop: asyncio.Event) -> Callable[..., Any]:
    async def told(**_: Any) -> None:
        stop.set()

    return told


async def _login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)
