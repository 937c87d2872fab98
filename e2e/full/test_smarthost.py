"""A smarthost server: all mail goes to one host, whatever the recipients' MX; a Secret that is missing is named."""

import time
from typing import Any

import pytest

from e2e.mailnet.client import Selection
from e2e.stand.kubectl import apply, kubectl
from e2e.stand.pools import PoolPlan
from e2e.stand.shares import counted
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until
from smtppool.api.base import API_VERSION

# Not an MX of these domains, but a host of the same provider, which takes mail for all that it hosts.
HOST, DOMAINS = "alt4.aspmx.l.google.com", "gmail.com=50,brightpath.example=50"
SECRET = "smarthost-login"  # noqa: S105 - a name


def member(namespace: str, **smarthost: Any) -> dict[str, Any]:
    """The only member of the pool `forward`."""
    return {
        "apiVersion": API_VERSION,
        "kind": "SmtpServer",
        "metadata": {"name": "out", "namespace": namespace},
        "spec": {
            "poolRef": {"name": "forward"},
            "smarthost": {"host": HOST, "port": 25, **smarthost},
            "weight": 100,
            "warmup": {"mode": "Warm"},
        },
    }


@pytest.mark.node_addresses
def test_all_mail_goes_to_the_smarthost(stand: Stand, namespace: str) -> None:
    plan = PoolPlan(name="forward", namespace=namespace, servers=())
    apply([plan.pool(), member(namespace)])
    until(lambda: stand.weights(namespace) == {"out": 100}, what="the member is in traffic", timeout=120)
    until(lambda: stand.entry_ready(plan), what="the Service has an endpoint", timeout=60)
    sent = stand.sender(namespace).send(target(plan), "-n", "30", "--mix", DOMAINS)
    assert len(sent.acks) == 30
    stand.all_arrive(sent)
    providers = {provider for row in counted(stand.mailnet, prefix=sent.prefix).values() for provider in row}
    assert providers == {"google"}
    begun = time.time()
    stand.sender(namespace).send(target(plan), "-n", "1", "--mix", "outlook.com=100")
    until(lambda: asked(stand, begun), what="the smarthost is asked for a domain that is not its own", timeout=60)


def asked(stand: Stand, begun: float) -> bool:
    events = stand.mailnet.records(Selection(provider="google", since=begun))
    return any(event.domain == "outlook.com" for event in events)


def test_a_missing_secret_is_said_and_its_coming_is_enough(stand: Stand, namespace: str) -> None:
    apply([PoolPlan(name="forward", namespace=namespace, servers=()).pool()])
    apply([member(namespace, credentialsSecretRef={"name": SECRET})])
    print(until(lambda: missing(stand, namespace), what="Ready names what is missing", timeout=45))
    kubectl(
        "create", "secret", "generic", SECRET, "-n", namespace, "--from-literal=username=u", "--from-literal=password=p"
    )
    until(lambda: stand.weights(namespace) == {"out": 100}, what="the member is in traffic", timeout=240)


def missing(stand: Stand, namespace: str) -> str:
    """What Ready says, if it names the Secret's keys; '' while it says something else."""
    condition = stand.server("out", namespace=namespace).condition("Ready")
    text = f"{condition.get('reason')}: {condition.get('message')}"
    return text if "username" in text else ""
