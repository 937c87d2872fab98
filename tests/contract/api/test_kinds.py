"""What users see of the kinds: defaults, `kubectl get smtp`, `kubectl explain`, field selectors."""

from datetime import UTC, datetime

import pytest

from e2e.cluster.controlplane import ControlPlane
from smtppool.kube.cache import Cache
from smtppool.kube.client import Api
from smtppool.kube.status import StatusWriter
from tests.unit.api.table import GOOD, SPECS, document

READY = {
    "type": "Ready",
    "status": "True",
    "reason": "InTraffic",
    "message": "takes 1 of 1 shares",
    "observedGeneration": 1,
}
ACCEPTED = {**READY, "type": "Accepted", "reason": "Valid"}
STATUS = {
    "SmtpPool": {
        "observedGeneration": 1, "servers": "3/3", "queued": 12, "entry": "marketing.mail:25", "conditions": [READY],
    },
    "SmtpServer": {
        "observedGeneration": 1, "address": "198.51.100.11", "weight": 50, "state": "Active", "score": 97,
        "queue": {"incoming": 0, "active": 4, "deferred": 3, "hold": 0, "corrupt": 0, "messages": 7}, "node": "worker",
        "conditions": [READY],
    },
    "IpWarmupPlan": {"observedGeneration": 1, "servers": 2, "conditions": [ACCEPTED]},
}  # fmt: skip
COLUMNS = {
    "SmtpPool": ["NAME", "READY", "SERVERS", "QUEUED", "ENTRY", "AGE"],
    "SmtpServer": ["NAME", "POOL", "ADDRESS", "WEIGHT", "STATE", "SCORE", "QUEUE", "READY", "REASON", "AGE"],
    "IpWarmupPlan": ["NAME", "ACCEPTED", "SERVERS", "AGE"],
}
VALUES = {
    "SmtpPool": ["case", "True", "3/3", "12", "marketing.mail:25"],
    "SmtpServer": ["case", "marketing", "198.51.100.11", "50", "Active", "97", "7", "True", "InTraffic"],
    "IpWarmupPlan": ["case", "True", "2"],
}


@pytest.mark.parametrize("kind", GOOD)
async def test_the_server_fills_in_the_defaults_of_the_model(api: Api, kind: str) -> None:
    model = SPECS[kind]
    stored = await api.create(document(kind, GOOD[kind]), manager="tests", dry_run=True)
    assert model.model_validate(stored["spec"]) == model.model_validate(GOOD[kind])


async def test_get_smtp_tells_the_story(api: Api, plane: ControlPlane, namespace: str) -> None:
    writer = StatusWriter(api=api, cache=Cache())
    for kind, spec in GOOD.items():
        live = await api.create(document(kind, spec, namespace=namespace), manager="tests")
        await writer.write(live, STATUS[kind], now=datetime.now(UTC))
    for kind, columns in COLUMNS.items():
        header, row = plane.kubectl("get", kind, "-n", namespace).splitlines()
        assert header.split() == columns
        assert row.split()[: len(VALUES[kind])] == VALUES[kind]
    names = plane.kubectl("get", "smtp", "-n", namespace, "-o", "name").split()
    assert sorted(name.split(".")[0] for name in names) == ["ipwarmupplan", "smtppool", "smtpserver"]


@pytest.mark.parametrize("short", ["smtpp", "smtps", "warmup"])
def test_short_names(plane: ControlPlane, short: str) -> None:
    assert plane.kubectl("get", short, "-n", "default", "-o", "name") == ""


def test_explain_describes_fields(plane: ControlPlane) -> None:
    text = plane.kubectl("explain", "smtpserver.spec.relay.hostname")
    assert "Lower-case DNS name without a trailing dot" in text


async def test_servers_of_a_pool_by_field_selector(api: Api, plane: ControlPlane, namespace: str) -> None:
    await api.create(document("SmtpServer", GOOD["SmtpServer"], namespace=namespace), manager="tests")
    select = ("get", "smtps", "-n", namespace, "-o", "name", "--field-selector")
    assert plane.kubectl(*select, "spec.poolRef.name=marketing").split() == ["smtpserver.smtppool.io/case"]
    assert plane.kubectl(*select, "spec.poolRef.name=other") == ""
