"""The whole program: its real command in a node's network namespace, the real API server, a real kernel."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from e2e.cluster.controlplane import ControlPlane
from smtppool.api import names
from smtppool.api.documents import EgressRule, NodeEgress, NodeEgressReport
from smtppool.node.kept import KeptOrder
from smtppool.render.egress.nftables import ruleset
from tests.contract.node import netns
from tests.contract.node.installation import NAMESPACE, NodeAccess, install, node_access
from tests.contract.node.netns import EGRESS, POD, POD_NETWORK, PROVIDER
from tests.contract.node.programs import ROOT, Conversation, conversation, internet, running, visitor
from tests.contract.node.test_bus import order_manifest

NODE_NAME = "node-whole"
RULE = EgressRule(pod_address=POD, source=EGRESS)


@contextmanager
def api_server_in(node: netns.Namespace, plane: ControlPlane, directory: Path) -> Iterator[None]:
    """The API server's port, also on 127.0.0.1 of the node."""
    port, path = plane.server.rpartition(":")[2], str(directory / "bridge")
    here = [sys.executable, "-m", "tests.contract.node.bridge", f"unix:{path}", f"tcp:{port}"]
    there = ("tests.contract.node.bridge", f"tcp:{port}", f"unix:{path}")
    with conversation(here, Conversation) as outside, running(node, *there) as inside:
        assert (outside.hear(), inside.hear()) == ("listening", "listening")
        yield


@contextmanager
def node_program(node: netns.Namespace, access: NodeAccess, state_dir: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`python -m smtppool.node` as the DaemonSet runs it."""
    environment = {
        "PYTHONPATH": str(ROOT / "operator"),
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "KUBECONFIG": str(access.kubeconfig),
        "NODE_NAME": access.node,
        "POD_NAMESPACE": NAMESPACE,
        "STATE_DIR": str(state_dir),
    }
    with subprocess.Popen(node.command(sys.executable, "-m", "smtppool.node"), env=environment, cwd=ROOT) as program:
        try:
            yield program
        finally:
            program.kill()


def reported(plane: ControlPlane, *, where: Callable[[NodeEgressReport], bool]) -> NodeEgressReport:
    """The node's report, once it says what is asked."""
    name, key = names.node_egress_report_name(NODE_NAME), names.REPORT_KEY.replace(".", "\\.")
    deadline, text = time.monotonic() + 20, ""
    while time.monotonic() < deadline:
        path = f"jsonpath={{.data.{key}}}"
        text = plane.kubectl("get", "configmap", name, "-n", NAMESPACE, "--ignore-not-found", "-o", path)
        if text and where(report := NodeEgressReport.model_validate_json(text)):
            return report
        time.sleep(0.2)
    raise AssertionError(f"no such report in 20 s; the last one: {text}")


def until(holds: Callable[[], bool], *, what: str) -> None:
    """Waits at most 20 s."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, f"not within 20 s: {what}"
        time.sleep(0.1)


def order(plane: ControlPlane, *rules: EgressRule) -> None:
    egress = NodeEgress(node=NODE_NAME, rules=rules, cluster_networks=(POD_NETWORK, "127.0.0.0/8"), wanted=(EGRESS,))
    plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(order_manifest(egress)))


def probe(node: netns.Namespace, path: str) -> str:
    """Body of one of the probes."""
    script = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:9155/{path}', timeout=3).read().decode())"
    return node.run(sys.executable, "-c", script).strip()


@pytest.fixture
def access(plane: ControlPlane) -> NodeAccess:
    """Of a node that has no order yet, whatever ran before on this control plane."""
    install(plane)
    stale = (names.node_egress_name(NODE_NAME), names.node_egress_report_name(NODE_NAME))
    plane.kubectl("delete", "configmap", *stale, "-n", NAMESPACE, "--ignore-not-found")
    return node_access(plane, NODE_NAME)


def test_order_to_kernel_to_report(plane: ControlPlane, access: NodeAccess, tmp_path: Path) -> None:
    with (
        netns.network() as network,
        internet(network.internet, 25),
        visitor(network.pod) as pod,
        api_server_in(network.node, plane, tmp_path),
    ):
        with node_program(network.node, access, tmp_path) as program:
            assert reported(plane, where=lambda report: not report.applied).held == ()
            order(plane, RULE)
            report = reported(plane, where=lambda report: report.applied == (RULE,))
            assert report.held == (EGRESS,)
            assert report.error is None
            assert pod.ask(f"{PROVIDER} 25 2") == EGRESS
            assert (probe(network.node, "livez"), probe(network.node, "readyz")) == ("ok", "ok")
            plane.kubectl("delete", "configmap", names.node_egress_name(NODE_NAME), "-n", NAMESPACE)
            time.sleep(1)
            assert pod.ask(f"{PROVIDER} 25 2") == EGRESS
            program.send_signal(signal.SIGTERM)
            assert program.wait(timeout=10) == 0
        assert pod.ask(f"{PROVIDER} 25 2") == EGRESS
        with node_program(network.node, access, tmp_path) as program:
            order(plane)
            reported(plane, where=lambda report: not report.applied and report.held == (EGRESS,))
            program.send_signal(signal.SIGTERM)
            assert program.wait(timeout=10) == 0
        assert "smtppool" not in network.node.run("nft", "list", "tables")
        assert not (tmp_path / names.EGRESS_KEY).exists()


def test_a_boot_while_the_api_server_is_away(plane: ControlPlane, access: NodeAccess, tmp_path: Path) -> None:
    with netns.network() as network, internet(network.internet, 25), visitor(network.pod) as pod:
        with api_server_in(network.node, plane, tmp_path), node_program(network.node, access, tmp_path):
            order(plane, RULE)
            reported(plane, where=lambda report: report.applied == (RULE,))
            until((tmp_path / names.EGRESS_KEY).exists, what="the order is kept")
        network.node.run("nft", "delete", "table", "ip", "smtppool")
        (tmp_path / "bridge").unlink()
        assert pod.ask(f"{PROVIDER} 25 2") == netns.NODE
        with node_program(network.node, access, tmp_path):
            until(lambda: "smtppool" in network.node.run("nft", "list", "tables"), what="the table is there again")
            assert pod.ask(f"{PROVIDER} 25 1") == "failed timed out"
            assert probe(network.node, "readyz") == "ok"
            with api_server_in(network.node, plane, tmp_path):
                until(lambda: pod.ask(f"{PROVIDER} 25 1") == EGRESS, what="the API server's order is in force")


def test_remove_takes_table_and_copy(tmp_path: Path) -> None:
    with netns.network() as network:
        egress = NodeEgress(node=NODE_NAME, rules=(RULE,))
        KeptOrder(directory=tmp_path, node=NODE_NAME).replace(egress)
        network.node.run("nft", "-f", "-", stdin=ruleset(egress))
        environment = f"PYTHONPATH={ROOT / 'operator'} STATE_DIR={tmp_path}"
        network.node.shell(f"env {environment} {sys.executable} -m smtppool.node remove")
        assert "smtppool" not in network.node.run("nft", "list", "tables")
        assert not list(tmp_path.iterdir())
