"""The two ConfigMaps of a node: one followed by its name, one applied. Nothing else of the API is touched."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator
from typing import Final

from smtppool.api import names
from smtppool.api.documents import NodeEgressReport
from smtppool.kube.client import Api
from smtppool.kube.errors import ApiError
from smtppool.kube.kinds import CONFIG_MAP, Body
from smtppool.kube.watch import follow
from smtppool.node.documents import NO_ORDER, Order, read_order
from smtppool.node.settings import Settings

log = logging.getLogger(__name__)

WATCH_SECONDS: Final = 60  # a dead connection may hide an order no longer than this
FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 10.0


class KubernetesBus:
    """Orders from `<node>-egress`, reports to `<node>-egress-report`."""

    def __init__(self, settings: Settings, api: Api) -> None:
        self._settings = settings
        self._api = api

    async def orders(self) -> AsyncGenerator[Order]:
        """Never ends: after an error of the API it begins again, later each time."""
        key = names.Key(self._settings.namespace, names.node_egress_name(self._settings.node))
        delay = FIRST_DELAY
        while True:
            try:
                async for body in follow(self._api, CONFIG_MAP, key, watch_seconds=WATCH_SECONDS):
                    delay = FIRST_DELAY
                    yield self._order(body)
            except ApiError as error:
                log.warning("orders: %s", error)
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
            delay = min(delay * 2, LONGEST_DELAY)

    async def report(self, report: NodeEgressReport) -> None:
        """Applied as a whole; makes the ConfigMap where there is none, so that a new node announces itself."""
        await self._api.apply(report_manifest(report, namespace=self._settings.namespace), manager=names.NODE_MANAGER)

    def _order(self, body: Body | None) -> Order:
        """A missing ConfigMap is no order to remove anything."""
        return NO_ORDER if body is None else read_order(body.get("data") or {}, node=self._settings.node)


def report_manifest(report: NodeEgressReport, *, namespace: str) -> Body:
    """The ConfigMap of a report, labelled so that the operator's watch sees it."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": names.node_egress_report_name(report.node),
            "namespace": namespace,
            "labels": {names.PART_OF: names.PART_OF_VALUE, names.COMPONENT: "egress-report"},
        },
        "data": {names.REPORT_KEY: report.model_dump_json(by_alias=True, exclude_none=True)},
    }
