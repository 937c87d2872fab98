"""A node that starts anew while the API server is away: its last order shuts port 25, and translates nothing."""

import time
from pathlib import Path

import pytest

from smtppool.api.documents import EgressRule, NodeEgress
from smtppool.api.names import EGRESS_KEY
from smtppool.node.kept import KeptOrder
from tests.contract.node.conftest import Scene
from tests.contract.node.netns import EGRESS, NODE, OTHER_EGRESS, POD, PROVIDER
from tests.contract.node.programs import node_program
from tests.contract.node.stdio_bus import NODE_NAME
from tests.contract.node.test_translation import HELD_BACK, TRANSLATED, applied, order

SHUT = "failed timed out"


def until_kept(scene: Scene, egress: NodeEgress) -> None:
    """The copy is written beside the rules, not before the report."""
    deadline, kept = time.monotonic() + 10, None
    while time.monotonic() < deadline:
        kept = KeptOrder(directory=scene.state_dir, node=NODE_NAME).read()
        if kept == egress:
            return
        time.sleep(0.05)
    raise AssertionError(f"not kept after 10 s; the copy: {kept}")


def until_table(scene: Scene) -> None:
    """The running program puts back what was taken away."""
    deadline = time.monotonic() + 5
    while "smtppool" not in scene.network.node.run("nft", "list", "tables"):
        assert time.monotonic() < deadline


def end_program(scene: Scene) -> None:
    scene.program.program.kill()
    scene.program.program.wait()


def boot(scene: Scene) -> None:
    """The kernel forgets table and flows; the disk does not."""
    end_program(scene)
    scene.network.node.run("nft", "delete", "table", "ip", "smtppool")
    scene.network.node.run("conntrack", "-F")


def test_after_a_boot_port_25_is_shut_until_an_order_comes(own_scene: Scene) -> None:
    scene = own_scene
    applied(scene, TRANSLATED)
    until_kept(scene, order(TRANSLATED))
    boot(scene)
    assert scene.pod.ask(f"hold {PROVIDER} 25") == NODE  # a relay that was faster than the node program
    with node_program(scene.network.node, scene.state_dir) as again:
        again.report(where=lambda report: report.applied == (HELD_BACK,) and report.error is None)
        assert scene.pod.ask("say").startswith("failed")
        assert scene.pod.ask(f"{PROVIDER} 25 1") == SHUT
        assert scene.pod.ask(f"{PROVIDER} 80 2") == NODE  # whose address it is now, nobody knows: not translated
        scene.network.node.run("nft", "delete", "table", "ip", "smtppool")
        until_table(scene)
        assert scene.pod.ask(f"{PROVIDER} 25 1") == SHUT
        again.tell("{")
        again.report(where=lambda report: report.error is not None and report.applied == (HELD_BACK,))
        again.order(order(TRANSLATED))
        again.report(where=lambda report: report.applied == (TRANSLATED,) and report.error is None)
        assert scene.pod.ask(f"{PROVIDER} 25 2") == EGRESS


def test_after_a_second_boot_it_is_still_shut(own_scene: Scene) -> None:
    scene = own_scene
    applied(scene, TRANSLATED)
    until_kept(scene, order(TRANSLATED))
    boot(scene)
    for _ in range(2):
        with node_program(scene.network.node, scene.state_dir) as again:
            again.report(where=lambda report: report.applied == (HELD_BACK,))
        scene.network.node.run("nft", "delete", "table", "ip", "smtppool")
    with node_program(scene.network.node, scene.state_dir) as again:
        again.report(where=lambda report: report.applied == (HELD_BACK,))
    with node_program(scene.network.node, scene.state_dir) as again:  # the table is there this time
        again.report(where=lambda report: report.applied == (HELD_BACK,))
        assert scene.pod.ask(f"{PROVIDER} 25 1") == SHUT


def test_a_program_that_starts_again_repairs_its_table_by_the_copy(own_scene: Scene) -> None:
    scene = own_scene
    applied(scene, TRANSLATED)
    until_kept(scene, order(TRANSLATED))
    end_program(scene)
    scene.network.node.run("nft", "flush", "chain", "ip", "smtppool", "translate")
    assert scene.pod.ask(f"{PROVIDER} 25 1") == SHUT
    with node_program(scene.network.node, scene.state_dir) as again:
        again.report(where=lambda report: report.applied == (TRANSLATED,))
        assert scene.pod.ask(f"{PROVIDER} 25 2") == EGRESS
        scene.network.node.run("nft", "delete", "table", "ip", "smtppool")
        until_table(scene)
        assert scene.pod.ask(f"{PROVIDER} 25 2") == EGRESS


def test_a_table_that_is_newer_than_the_copy_stays(own_scene: Scene) -> None:
    scene = own_scene
    newer = EgressRule(pod_address=POD, source=OTHER_EGRESS)
    applied(scene, newer)
    until_kept(scene, order(newer))
    end_program(scene)
    KeptOrder(directory=scene.state_dir, node=NODE_NAME).replace(order(TRANSLATED))
    with node_program(scene.network.node, scene.state_dir) as again:
        again.report(where=lambda report: report.applied == (newer,))
        assert scene.pod.ask(f"{PROVIDER} 25 2") == OTHER_EGRESS


BAD_COPIES = {
    "none": None,
    "cut off": order(TRANSLATED).model_dump_json(by_alias=True)[:-20],
    "of another node": order(TRANSLATED).model_copy(update={"node": "node-b"}).model_dump_json(by_alias=True),
}


@pytest.mark.parametrize("content", BAD_COPIES.values(), ids=BAD_COPIES)
def test_without_a_usable_copy_the_kernel_is_left_alone(own_scene: Scene, content: str | None) -> None:
    scene = own_scene
    applied(scene, TRANSLATED)
    until_kept(scene, order(TRANSLATED))
    boot(scene)
    copy: Path = scene.state_dir / EGRESS_KEY
    copy.unlink()
    if content is not None:
        copy.write_text(content)
    with node_program(scene.network.node, scene.state_dir) as again:
        again.report(where=lambda report: not report.applied and report.error is None)
        assert "smtppool" not in scene.network.node.run("nft", "list", "tables")
        again.order(order(TRANSLATED))
        again.report(where=lambda report: report.applied == (TRANSLATED,))
        until_kept(scene, order(TRANSLATED))
