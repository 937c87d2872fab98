"""What may not change stays, also when it is taken away first and given back as something else."""

import pytest

from smtppool.kube.client import Api
from smtppool.kube.errors import RefusedError
from smtppool.kube.kinds import Body, key_of, kind_of
from tests.unit.api.table import GOOD, REMOVED, SMARTHOST, changed, document

EGRESS = "egress.address is immutable: delete and create the SmtpServer"
LOCAL = "egress.localAddress is immutable: delete and create the SmtpServer"
POOL = "poolRef is immutable: delete and create the SmtpServer"
KIND = "a relay cannot become a smarthost, nor the reverse: delete and create the SmtpServer"
WITH_LOCAL = changed(GOOD["SmtpServer"], "relay.egress.localAddress", "10.0.0.5")
AS_SMARTHOST = changed(changed(GOOD["SmtpServer"], "relay", REMOVED), "smarthost", SMARTHOST)


async def replace(api: Api, live: Body, spec: Body) -> Body:
    """A full replacement, as `kubectl replace` and `kubectl edit` send it."""
    kind, key = kind_of(live), key_of(live)
    return await api._request("replace", "put", api.path(kind, key), body={**live, "spec": spec})


@pytest.mark.parametrize(
    ("before", "path", "value", "says"),
    [
        (GOOD["SmtpServer"], "relay.egress.address", "198.51.100.12", EGRESS),
        (GOOD["SmtpServer"], "relay.egress.address", REMOVED, "spec.relay.egress.address: Required value"),
        (GOOD["SmtpServer"], "relay.egress", REMOVED, "spec.relay.egress: Required value"),
        (GOOD["SmtpServer"], "relay.egress.localAddress", "10.0.0.5", LOCAL),
        (WITH_LOCAL, "relay.egress.localAddress", "10.0.0.6", LOCAL),
        (WITH_LOCAL, "relay.egress.localAddress", REMOVED, LOCAL),
        (GOOD["SmtpServer"], "poolRef.name", "other", POOL),
        (GOOD["SmtpServer"], "poolRef", REMOVED, "spec.poolRef: Required value"),
        (GOOD["SmtpServer"], "relay", REMOVED, "exactly one of relay and smarthost"),
        (AS_SMARTHOST, "smarthost", REMOVED, "exactly one of relay and smarthost"),
    ],
)
async def test_refused(api: Api, namespace: str, before: Body, path: str, value: object, says: str) -> None:
    live = await api.create(document("SmtpServer", before, namespace=namespace), manager="tests")
    with pytest.raises(RefusedError) as caught:
        await replace(api, live, changed(before, path, value))
    assert says in str(caught.value)


@pytest.mark.parametrize(("before", "after"), [(GOOD["SmtpServer"], AS_SMARTHOST), (AS_SMARTHOST, GOOD["SmtpServer"])])
async def test_relay_and_smarthost_do_not_become_each_other(
    api: Api, namespace: str, before: Body, after: Body
) -> None:
    live = await api.create(document("SmtpServer", before, namespace=namespace), manager="tests")
    with pytest.raises(RefusedError, match=KIND):
        await replace(api, live, after)


@pytest.mark.parametrize(
    ("path", "value"),
    [("weight", 7), ("desiredState", "Drained"), ("relay.hostname", "mx99.example.com"), ("warmup.mode", "Plan"),
     ("relay.egress.provider", "preprovisioned")],
)  # fmt: skip
async def test_changeable(api: Api, namespace: str, path: str, value: object) -> None:
    live = await api.create(document("SmtpServer", GOOD["SmtpServer"], namespace=namespace), manager="tests")
    after = await replace(api, live, changed(GOOD["SmtpServer"], path, value))
    assert after["metadata"]["generation"] == 2


async def test_applied_objects_refuse_unknown_fields_too(api: Api, namespace: str) -> None:
    body = document("SmtpServer", changed(GOOD["SmtpServer"], "wieght", 3), namespace=namespace)
    with pytest.raises(RefusedError, match="wieght: field not declared in schema"):
        await api.apply(body, manager="tests")
