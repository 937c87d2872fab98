"""When each new weight of a member stood in the routing, as a watcher beside the entry pods sees it."""

import contextlib
import threading
import time
from typing import NamedTuple

import pykube
import requests

from smtppool.api.documents import Routing
from smtppool.api.names import ROUTING_KEY, routing_name

NEVER = float("inf")
OVERTAKEN = 0.2  # seconds


class Seen(NamedTuple):
    """The member has this weight from this moment of the wall clock on."""

    at: float
    weight: int


class RoutingWatch:
    """Watches from its making on, until nothing has come for a while; `seen` in order of time.

    A watch that ends too early costs nothing but the figure: what it has not seen counts as NEVER.
    """

    def __init__(self, api: pykube.HTTPClient, *, pool: str, namespace: str, member: str) -> None:
        self._watched = pykube.ConfigMap.objects(api, namespace=namespace).filter(
            field_selector={"metadata.name": routing_name(pool)}
        )
        self._member = member
        self.seen: list[Seen] = []
        threading.Thread(target=self._follow, name="routing watch", daemon=True).start()

    def _follow(self) -> None:
        with contextlib.suppress(requests.ConnectionError):
            self._take()

    def _take(self) -> None:
        for event in self._watched.watch():
            at = time.time()
            routing = Routing.model_validate_json(event.object.obj["data"][ROUTING_KEY])
            weight = next((member.weight for member in routing.members if member.name == self._member), 0)
            if not self.seen or self.seen[-1].weight != weight:
                self.seen.append(Seen(at, weight))

    def written(self, weight: int, *, after: float) -> float:
        """When `weight` was first seen from a moment before `after` on; NEVER if it was not.

        A watch event can overtake the reply to the edit that caused it, so the time just before the reply counts too.
        """
        return next((seen.at for seen in self.seen if seen.weight == weight and seen.at >= after - OVERTAKEN), NEVER)
