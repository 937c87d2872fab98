"""A smarthost server: all mail goes to one host, whoever the recipients are; a Secret that is missing is named."""

from typing import Any

import pytest

from e2e.stand.kubectl import apply, kubectl
from e2e.stand.pools import PoolPlan
from e2e.stand.shares import counted
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until
from smtppool.api.base import API_VERSION

HOST = "gmail-smtp-in.l.google.com"  # in the simulated internet it takes mail for everybody
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
    sent = stand.sender(namespace).send(target(plan), "-n", "30")
    stand.all_arrive(sent)
    providers = {provider for row in counted(stand.mailnet, prefix=sent.prefix).values() for provider in row}
    print(f"30 messages to {len(sent.acks)} recipients at", providers)
    assert providers == {"google"}


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
