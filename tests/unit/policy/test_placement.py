"""Which node a relay is pinned to."""

import pytest

from smtppool.policy.placement import place

HELD = {"n1": frozenset({"A"}), "n2": frozenset({"A", "B"}), "n3": frozenset[str]()}


@pytest.mark.parametrize(
    ("source", "required", "current", "ready", "node", "reason"),
    [
        ("A", True, None, True, "n1", "Placed"),
        ("A", True, "n2", True, "n2", "Placed"),
        ("B", True, "n1", True, "n2", "Placed"),
        ("C", True, None, False, None, "NodeWithoutAddress"),
        ("C", True, "n1", True, "n1", "NodeWithoutAddress"),
        ("C", False, None, False, None, "NodeWithoutAddress"),
        ("C", False, "n1", True, "n1", "NodeWithoutAddress"),
        ("B", False, None, True, "n2", "Placed"),
    ],
)
def test_table(source: str, required: bool, current: str | None, ready: bool, node: str | None, reason: str) -> None:
    placement = place(source=source, required=required, held=HELD, current=current)
    assert (placement.ready, placement.node, placement.verdict.reason) == (ready, node, reason)


def test_a_cordoned_node_is_left_for_one_that_holds_the_address() -> None:
    placement = place(source="A", required=True, held=HELD, current="n1", elsewhere=("n2",))
    assert (placement.ready, placement.node, placement.verdict.reason) == (True, "n2", "Placed")


def test_no_report_at_all_says_what_to_install() -> None:
    assert "DaemonSet" in place(source="A", required=True, held={}, current=None).verdict.message


@pytest.mark.parametrize("current", [None, "n1"])
def test_without_any_report_only_those_wait_that_must(current: str | None) -> None:
    placement = place(source="A", required=False, held={}, current=current)
    assert (placement.ready, placement.node, placement.verdict.reason) == (True, current, "Anywhere")
