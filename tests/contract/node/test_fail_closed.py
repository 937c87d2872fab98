"""What happens when rules vanish or the program does: port 25 is shut, and never leaves by the node's address."""

import logging
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from smtppool.api.documents import EgressRule
from tests.contract.node.conftest import Scene
from tests.contract.node.netns import EGRESS, NODE, OTHER_EGRESS, POD, PROVIDER
from tests.contract.node.programs import Conversation, node_program, running
from tests.contract.node.test_translation import HELD_BACK, TRANSLATED, applied, order

log = logging.getLogger(__name__)

LOAD_SECONDS = 2.5
DISTURB_SECONDS = 0.5  # longer than a repair, so that connections are made between disturbances


@contextmanager
def load(scene: Scene) -> Iterator[Conversation]:
    """Connections to port 25 from the pod; the listener heard them when the context ends."""
    with running(scene.network.pod, "tests.contract.node.load", PROVIDER, "25") as loading:
        assert loading.hear() == "loading"
        yield loading


def remove_map_element(scene: Scene) -> None:
    """The entry of the pod, if the node program has not just replaced the table."""
    element = f"{{ {POD} : {EGRESS} }}"
    running_to_end(scene.network.node.command("nft", "delete", "element", "ip", "smtppool", "sources", element))


def flush_translation(scene: Scene) -> None:
    running_to_end(scene.network.node.command("nft", "flush", "chain", "ip", "smtppool", "translate"))


def drop_conntrack(scene: Scene) -> None:
    running_to_end(scene.network.node.command("conntrack", "-D", "-s", POD))


def toggle_order(scene: Scene) -> None:
    scene.program.order(order(HELD_BACK))
    time.sleep(0.1)
    scene.program.order(order(TRANSLATED))


def toggle_source(scene: Scene) -> None:
    scene.program.order(order(EgressRule(pod_address=POD, source=OTHER_EGRESS)))
    time.sleep(0.1)
    scene.program.order(order(TRANSLATED))


def running_to_end(command: list[str]) -> None:
    subprocess.run(command, capture_output=True, timeout=10, check=False)


@pytest.mark.parametrize(
    ("disturb", "addresses"),
    [
        (remove_map_element, {EGRESS}),
        (flush_translation, {EGRESS}),
        (drop_conntrack, {EGRESS}),
        (toggle_order, {EGRESS}),
        (toggle_source, {EGRESS, OTHER_EGRESS}),
    ],
)
def test_never_the_nodes_address_under_load(
    scene: Scene, disturb: Callable[[Scene], None], addresses: set[str]
) -> None:
    applied(scene, TRANSLATED)
    scene.internet.heard()
    disturbed = 0
    with load(scene) as loading:
        deadline = time.monotonic() + LOAD_SECONDS
        while time.monotonic() < deadline:
            disturb(scene)
            disturbed += 1
            time.sleep(DISTURB_SECONDS)
        made, failed = map(int, loading.ask("stop").split())
    seen = [line.split()[1] for line in scene.internet.heard()]
    log.info("%d disturbances; %d connections made, %d failed; seen %s", disturbed, made, failed, sorted(set(seen)))
    assert made > 100
    assert len(seen) >= made
    assert set(seen) == addresses


def flush_all(scene: Scene) -> None:
    running_to_end(scene.network.node.command("nft", "flush", "ruleset"))


@pytest.mark.parametrize("disturb", [remove_map_element, flush_translation, flush_all])
def test_altered_table_is_put_back(scene: Scene, disturb: Callable[[Scene], None]) -> None:
    applied(scene, TRANSLATED)
    disturb(scene)
    began = time.monotonic()
    while (seen := scene.pod.ask(f"{PROVIDER} 25 0.3")) != EGRESS:
        assert seen != NODE
        assert time.monotonic() - began < 5


def test_removed_entry_without_a_program_is_a_drop(own_scene: Scene) -> None:
    scene = own_scene
    applied(scene, TRANSLATED)
    scene.program.program.kill()
    scene.program.program.wait()
    assert scene.pod.ask(f"{PROVIDER} 25 2") == EGRESS  # rules outlive the program
    remove_map_element(scene)
    assert scene.pod.ask(f"{PROVIDER} 25 1").startswith("failed")
    assert scene.pod.ask(f"{PROVIDER} 80 1") == NODE


def test_restarted_program_reports_what_is_in_force_and_keeps_flows(own_scene: Scene) -> None:
    scene = own_scene
    applied(scene, TRANSLATED)
    assert scene.pod.ask(f"hold {PROVIDER} 25") == EGRESS
    scene.program.program.kill()
    scene.program.program.wait()
    with node_program(scene.network.node, scene.state_dir) as again:
        again.report(where=lambda report: report.applied == (TRANSLATED,))  # no order yet
        again.order(order(TRANSLATED))
        again.order(order(TRANSLATED, wanted=(EGRESS, "198.51.100.99")))
        again.report(where=lambda report: report.held == (EGRESS,) and report.applied == (TRANSLATED,))
        assert scene.pod.ask("say") == "echoed"


def test_address_that_comes_and_goes_is_reported(scene: Scene) -> None:
    late = "198.51.100.77"
    scene.program.order(order(wanted=(late, EGRESS)))
    scene.program.report(where=lambda report: report.held == (EGRESS,))
    scene.network.node.run("ip", "address", "add", f"{late}/32", "dev", "up0")
    scene.program.report(where=lambda report: report.held == (EGRESS, late), within=2)
    scene.network.node.run("ip", "address", "delete", f"{late}/32", "dev", "up0")
    scene.program.report(where=lambda report: report.held == (EGRESS,), within=2)


def test_bad_order_changes_nothing_and_is_reported(scene: Scene) -> None:
    applied(scene, TRANSLATED)
    scene.program.tell('{"version": 1, "node": "node-a", "rules": [{"podAddress": "10.0.0.1; flush ruleset"}]}')
    report = scene.program.report(where=lambda report: report.error is not None)
    assert report.applied == (TRANSLATED,)
    assert re.match(r"egress\.json: rules\.0\.podAddress: ", report.error or "")
    assert scene.pod.ask(f"{PROVIDER} 25 2") == EGRESS
