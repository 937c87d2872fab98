"""Which packages a way to a cluster needs: little beside Docker, more the less a machine has."""

import pytest

from e2e.cluster.detect import Choice, EngineName, NodeImage
from e2e.cluster.packages import missing, needs
from e2e.cluster.toolchain import new_enough


def programs(engine: EngineName, node_image: NodeImage) -> set[str]:
    return {need.program for need in needs(Choice(engine=engine, node_image=node_image, reason=""))}


def test_each_step_away_from_stock_needs_more() -> None:
    assert programs("docker", "stock") < programs("docker", "built") < programs("private", "built")
    assert "dockerd" not in programs("docker", "built")
    assert {"nft", "ip", "conntrack"} <= programs("docker", "stock"), "contract tests run the node program"
    assert {"dockerd", "containerd", "buildah", "mmdebstrap"} <= programs("private", "built")


def test_missing_is_what_is_not_found() -> None:
    wanted = needs(Choice(engine="docker", node_image="stock", reason=""))
    assert [need.program for need in missing(wanted, lambda program: program != "openssl")] == ["openssl"]


@pytest.mark.parametrize(
    ("version", "expected"),
    [("go1.25.0", True), ("go1.26.8", True), ("go1.27rc1", True), ("go1.24.9", False), ("devel", False), ("", False)],
)
def test_go_version(version: str, expected: bool) -> None:
    assert new_enough(version) is expected
