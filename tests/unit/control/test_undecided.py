"""A member at which a decision fails has no weight, keeps its lanes, and stops nobody else."""

import logging
from copy import deepcopy
from dataclasses import replace

import pytest

from smtppool.api.documents import Intake, Lanes
from smtppool.control.assess import Assessment
from smtppool.control.roll import is_kept
from smtppool.control.undecided import assess_each, undecided
from smtppool.control.view import ServerView
from smtppool.policy.drain import Phase
from smtppool.policy.weights import routed
from tests.unit.control.bodies import GRANT, POD_ADDRESS, Cluster

VIEW, GOOD, NEIGHBOURS = Cluster().look()


def named(name: str) -> ServerView:
    body = deepcopy(VIEW.body)
    body["metadata"] |= {"name": name, "uid": f"uid-{name}"}
    return replace(VIEW, key=VIEW.key._replace(name=name), body=body)


def assess(view: ServerView) -> Assessment:
    if view.key.name == "bad":
        raise OverflowError("date value out of range")
    return GOOD


def test_the_others_go_on() -> None:
    (first, bad, last) = assess_each([named("a"), named("bad"), named("z")], assess, failing={})
    assert (first[1], last[1]) == (GOOD, GOOD)
    assert (bad[1].weight.weight, bad[1].weight.reason, bad[1].weight.barred) == (0, "Undecided", "Undecided")


def test_a_failure_is_logged_once_with_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    failing: dict[str, str] = {}
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assess_each([named("a"), named("bad")], assess, failing=failing)
    assert [record.exc_info is not None for record in caplog.records] == [True]
    assess_each([named("bad")], lambda _: GOOD, failing=failing)
    assert failing == {}, "the next failure of it is news"


def test_where_all_fail_nothing_changes() -> None:
    with pytest.raises(OverflowError):
        assess_each([named("bad")], assess, failing={})


def test_it_keeps_its_grant_and_its_place_and_takes_no_mail() -> None:
    found = undecided(VIEW)
    assert found.in_force
    assert found.grant == GRANT
    assert found.egress.lanes is Lanes.OPEN
    member = routed(found.member, found.weight, entry=True)
    assert member is not None
    assert (member.address, member.weight, member.takes_over, member.handover) == (POD_ADDRESS, 0, False, False)


@pytest.mark.parametrize(("intake", "phase"), [(Intake.OPEN, Phase.RUNNING), (Intake.CLOSED, Phase.DELIVERY)])
def test_who_refuses_mail_is_no_entry(intake: Intake, phase: Phase) -> None:
    view = replace(VIEW, grant=GRANT.model_copy(update={"intake": intake}))
    assert undecided(view).drain.phase is phase


def test_without_a_grant_it_was_never_in_force() -> None:
    assert not undecided(replace(VIEW, grant=None)).in_force


def test_its_pod_is_not_replaced() -> None:
    """A new one would need a grant."""
    assert not is_kept(VIEW, GOOD, NEIGHBOURS)
    assert is_kept(VIEW, undecided(VIEW), NEIGHBOURS)
