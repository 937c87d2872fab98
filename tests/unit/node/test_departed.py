"""An address that the order names no longer stays shut for two minutes, and then it is nobody's business any more."""

from smtppool.api.documents import MAX_RULES, EgressRule, NodeEgress
from smtppool.node.departed import SHUT_SECONDS, Departed

OLD, NEW, SOURCE = "10.1.0.5", "10.1.0.6", "198.51.100.11"


class Played:
    """The kernel's table, and the time."""

    def __init__(self, *rules: EgressRule) -> None:
        self.now = 1000.0
        self.rules: tuple[EgressRule, ...] = rules
        self.departed = Departed(lambda: self.now)

    def look(self, *ordered: EgressRule, after: float = 0.0) -> tuple[EgressRule, ...]:
        self.now += after
        self.rules = self.departed.shut(NodeEgress(node="n", rules=ordered), current=self.rules).rules
        return self.rules


def rule(address: str, source: str | None = SOURCE) -> EgressRule:
    return EgressRule(pod_address=address, source=source)


SHUT = rule(OLD, None)


def test_a_pod_that_is_gone_is_shut_and_forgotten() -> None:
    played = Played()
    assert played.look(rule(OLD)) == (rule(OLD),)
    assert played.look() == (SHUT,)
    assert played.look(after=SHUT_SECONDS - 1) == (SHUT,)
    assert played.look(after=1) == ()
    assert played.look(after=1) == ()


def test_its_successor_has_the_source_alone() -> None:
    played = Played(rule(OLD))
    assert played.look(rule(NEW)) == (rule(NEW), SHUT)


def test_an_address_that_is_named_again_is_open_again() -> None:
    played = Played(rule(OLD))
    assert played.look() == (SHUT,)
    assert played.look(rule(OLD), after=60) == (rule(OLD),)
    assert played.look(after=60) == (SHUT,)
    assert played.look(after=SHUT_SECONDS - 1) == (SHUT,), "it is counted anew"


def test_a_restarted_program_learns_it_from_the_kernel() -> None:
    before = Played(rule(OLD))
    left = before.look()
    assert Played(*left).look() == (SHUT,)


def test_what_is_ordered_comes_first() -> None:
    ordered = tuple(rule(f"10.2.{n // 250}.{n % 250 + 1}", None) for n in range(MAX_RULES))
    assert Played(rule(OLD)).look(*ordered) == ordered
