"""What the pool refuses, and that it always says so in SMTP."""

from collections.abc import Mapping

import pytest

from e2e.stand.ground import SILENT
from e2e.stand.kubectl import apply, kubectl, patch
from e2e.stand.pools import POD_NETWORK, PoolPlan, ServerPlan
from e2e.stand.sender import Sender
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import until

# Sends bytes to a port and prints what comes back until the peer closes or nothing comes for 2 s.
TALK = """
import socket, sys
try:
    s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)
    s.settimeout(2)
    s.sendall(sys.argv[3].encode().decode('unicode_escape').encode('latin-1'))
    while part := s.recv(4096):
        sys.stdout.write(part.decode('latin-1'))
except (TimeoutError, ConnectionResetError, BrokenPipeError):
    pass
"""
FORGED_V1 = r"PROXY TCP4 10.244.0.9 10.244.0.10 4000 25\r\nEHLO x\r\n"
FORGED_V2 = r"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x0a\xf4\x00\x09\x0a\xf4\x00\x0a\x0f\xa0\x00\x19EHLO x\r\n"


def pod_address(pod: str, namespace: str) -> str:
    return kubectl("get", "pod", pod, "-n", namespace, "-o", "jsonpath={.status.podIP}")


def only_reply(sender: Sender, plan: PoolPlan) -> str:
    """The text of the one kind of refusal that a short send meets, '' if there was none."""
    sent = sender.send(target(plan), "-n", "6", "-p", "2")
    assert sent.report["connection_errors"] == [], "never a closed connection"
    return " | ".join(sorted({error["reply"] for error in sent.report["errors"]}))


def test_a_client_outside_the_networks_is_refused(pool: PoolPlan, sender: Sender) -> None:
    allowed = {"spec": {"submission": {"allowedNetworks": [POD_NETWORK]}}}
    patch(
        "smtppool", pool.name, {"spec": {"submission": {"allowedNetworks": ["192.0.2.0/24"]}}}, namespace=pool.namespace
    )
    try:
        reply = until(lambda: only_reply(sender, pool), what="refusal of a client outside", timeout=20)
        assert reply.startswith("554 5.7.1")
        assert "allowedNetworks" in reply
    finally:
        patch("smtppool", pool.name, allowed, namespace=pool.namespace)
    until(lambda: only_reply(sender, pool) == "", what="the client is let in again", timeout=20)


@pytest.mark.parametrize("port", [10024, 10026])
@pytest.mark.parametrize("opening", [r"EHLO x\r\n", FORGED_V1, FORGED_V2], ids=["plain", "proxy-v1", "proxy-v2"])
def test_inner_ports_answer_members_only(pool: PoolPlan, sender: Sender, port: int, opening: str) -> None:
    address = pod_address("primary-relay-0", pool.namespace)
    answer = sender.run("python3", "-c", TALK, address, str(port), opening)
    assert answer == ""


@pytest.mark.parametrize("port", [10025, 10027, 10028])
def test_loopback_ports_are_not_reachable(pool: PoolPlan, sender: Sender, port: int) -> None:
    address = pod_address("primary-relay-0", pool.namespace)
    probe = f"import socket; s = socket.socket(); s.settimeout(3); print(s.connect_ex(('{address}', {port})))"
    assert sender.run("python3", "-c", probe).strip() == "111"  # ECONNREFUSED


NOBODY_TAKES: dict[str, dict[str, object]] = {"ZeroWeight": {"weight": 0}, "Cordoned": {"desiredState": "Cordoned"}}


@pytest.mark.parametrize("state", NOBODY_TAKES)
def test_when_nobody_takes_mail_it_is_a_proper_450(stand: Stand, pool: PoolPlan, sender: Sender, state: str) -> None:
    want(pool, {server.name: NOBODY_TAKES[state] for server in pool.servers})
    try:
        until(lambda: states(stand, pool) == {(0, state)}, what=f"all are {state}", timeout=30)
        reply = only_reply(sender, pool)
        print(reply)
        assert all(text.startswith("450 4.3.2") for text in reply.split(" | "))
    finally:
        want(pool, {server.name: {"weight": server.weight, "desiredState": "Active"} for server in pool.servers})


def want(pool: PoolPlan, specs: Mapping[str, Mapping[str, object]]) -> None:
    """PATCH of each member's spec."""
    for name, spec in specs.items():
        patch("smtpserver", name, {"spec": dict(spec)}, namespace=pool.namespace)


def states(stand: Stand, pool: PoolPlan) -> set[tuple[int, str]]:
    """Weight in force and state of the members."""
    servers = [stand.server(server.name, namespace=pool.namespace) for server in pool.servers]
    return {(server.status("weight"), server.status("state")) for server in servers}


def test_unverified_servers_refuse_with_a_4xx(stand: Stand, namespace: str) -> None:
    """An echo that never answers: lanes closed, weight 0, and clients hear a 450."""
    plan = PoolPlan(
        name="blind", namespace=namespace,
        servers=(ServerPlan(name="blind-1", address="198.51.100.61"),),
        spec={"egressCheck": {"endpoint": SILENT, "interval": "5s"}},
    )  # fmt: skip
    stand.place(plan)
    apply(plan.manifests())
    sender = stand.sender(namespace)
    until(lambda: stand.entry_ready(plan), what="entry pod ready", timeout=90)
    assert only_reply(sender, plan).startswith("450 4.3.2")
    until(lambda: told_unverified(stand, namespace), what="the check that fails is told", timeout=30)
    assert stand.server("blind-1", namespace=namespace).status("weight") == 0


def told_unverified(stand: Stand, namespace: str) -> bool:
    """The condition names the check and what it waits for."""
    server = stand.server("blind-1", namespace=namespace)
    told = server.condition("EgressVerified").get("message", "")
    named = f"the check fails ({SILENT}" in told and "closed until 198.51.100.61 is observed" in told
    return server.says("EgressVerified") == "Unknown/NotVerified" and named
