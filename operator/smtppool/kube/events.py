"""One Event for each decision: what `kubectl describe` tells the user.

An Event's name follows from what it says, so a restart does not repeat it. A namespace that is being deleted takes no
new Events: they go to `default` then, about the Namespace.
"""

import hashlib
import logging
from collections import OrderedDict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from smtppool.api.names import FIELD_MANAGER, Key
from smtppool.kube.budget import Budget
from smtppool.kube.client import Api
from smtppool.kube.errors import ApiError, NamespaceTerminatingError, StaleError
from smtppool.kube.kinds import EVENT, NAMESPACE, Body, key_of, uid_of
from smtppool.policy.verdict import format_time

logger = logging.getLogger(__name__)
REMEMBERED = 4096
MESSAGE_LIMIT = 1024  # core/v1 Event
BURST = 25  # Events about one object at once, then one per REFILL: a relay that flaps must not fill the API server
REFILL = timedelta(seconds=10)
HOME = "default"  # where Events about cluster-wide objects live


class Severity(StrEnum):
    """`type` of an Event."""

    NORMAL = "Normal"
    WARNING = "Warning"


class Recorder:
    """Emits Events; a lost one is logged, never an error of the pass that made the decision."""

    def __init__(self, *, api: Api) -> None:
        self._api = api
        self._budget = Budget[str](burst=BURST, refill=REFILL)
        self._told: OrderedDict[str, None] = OrderedDict()

    async def emit(
        self, about: Body, *, reason: str, message: str, severity: Severity, now: datetime, occasion: str = ""
    ) -> None:
        """Tell it once; the same words are told again only on another `occasion`, such as a transition time."""
        name = event_name(about, reason, message, occasion)
        if name in self._told:
            self._told.move_to_end(name)
            return
        if not self._budget.spend(uid_of(about), now):
            logger.debug("no Event %s about %s: too many of late", reason, about["metadata"]["name"])
            return
        event = _event(about, name=name, reason=reason, message=message, severity=severity, now=now)
        try:
            await self._create(event, about)
        except ApiError as error:
            logger.warning("no Event %s about %s: %s", reason, about["metadata"]["name"], error)
            return
        self._told[name] = None
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)

    async def _create(self, event: Body, about: Body) -> None:
        try:
            await self._api.create(event, manager=FIELD_MANAGER)
        except StaleError:
            return  # told before a restart
        except NamespaceTerminatingError:
            await self._tell_about_namespace(event, about)

    async def _tell_about_namespace(self, event: Body, about: Body) -> None:
        namespace = about["metadata"]["namespace"]
        live = await self._api.get(NAMESPACE, Key("", namespace))
        regarding = {"apiVersion": "v1", "kind": "Namespace", "name": namespace}
        if live is not None:
            regarding["uid"] = uid_of(live)
        words = f"{about['kind']} {about['metadata']['name']}: {event['message']}"[:MESSAGE_LIMIT]
        moved = {**event, "metadata": {**event["metadata"], "namespace": HOME}, "involvedObject": regarding}
        try:
            await self._api.create({**moved, "message": words}, manager=FIELD_MANAGER)
        except StaleError:
            return


def event_name(about: Body, reason: str, message: str, occasion: str) -> str:
    """Name that follows from what is told about which object."""
    words = "\0".join((uid_of(about), reason, message, occasion))
    return f"{about['metadata']['name']}.{hashlib.sha256(words.encode()).hexdigest()[:16]}"


def _event(about: Body, *, name: str, reason: str, message: str, severity: Severity, now: datetime) -> Body:
    key = key_of(about)
    regarding: dict[str, Any] = {"apiVersion": about["apiVersion"], "kind": about["kind"], "name": key.name}
    regarding |= {"uid": uid_of(about)} | ({"namespace": key.namespace} if key.namespace else {})
    return {
        "apiVersion": EVENT.api_version,
        "kind": EVENT.name,
        "metadata": {"name": name, "namespace": key.namespace or HOME},
        "involvedObject": regarding,
        "type": severity.value,
        "reason": reason,
        "message": message[:MESSAGE_LIMIT],
        "source": {"component": FIELD_MANAGER},
        "reportingComponent": FIELD_MANAGER,
        "count": 1,
        "firstTimestamp": format_time(now),
        "lastTimestamp": format_time(now),
    }
