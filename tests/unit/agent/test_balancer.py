"""HAProxy ends at any moment, also between a command and its answer: the next one is made to follow all the same."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from smtppool.agent.balancer import Balancer
from smtppool.agent.facts import Board
from smtppool.agent.runtime import Runtime
from smtppool.agent.settings import Paths, Settings
from smtppool.api.documents import EgressCheckOrder, Grant, Intake, Member, Routing, SubmissionRule
from smtppool.api.smtppool import Balance

OWN, OTHER = "10.0.0.1", "10.0.0.2"
SLOTS = (
    "# srv_name srv_addr srv_port srv_op_state srv_admin_state srv_uweight srv_check_state srv_check_result\n"
    "slot1 127.0.0.1 1 0 1 0 6 0\nslot2 127.0.0.1 1 0 1 0 6 0\n"
)
STATS = (
    "# pxname,svname,scur,act,status\nrelay,FRONTEND,0,,OPEN\nhandover_in,FRONTEND,0,,OPEN\nentry,FRONTEND,0,,OPEN\n"
)
ROUTING = Routing(
    pool="marketing",
    balance=Balance.LEAST_CONN,
    submission=SubmissionRule(max_message_size=1, max_recipients=1),
    members=(Member(name="mx1", address=OWN, weight=5), Member(name="mx2", address=OTHER, weight=5)),
)


SHUT = STATS.replace(",OPEN", ",PAUSED").replace("entry,FRONTEND,0,,PAUSED", "entry,FRONTEND,0,,OPEN")


class Haproxy(Runtime):
    """Each one is new: no slot is in use. `ends`: what the agent notices at the first command that begins like this."""

    def __init__(self, stats: str = STATS) -> None:
        self.stats = stats
        self.ends: tuple[str, Callable[[], None]] | None = None
        self.ended = False
        self.set: list[str] = []

    async def execute(self, commands: Sequence[str]) -> str:
        """Closing the connection looks like an empty answer."""
        if self.ends is not None and commands[0].startswith(self.ends[0]):
            (_, noticed), self.ends, self.set, self.ended = self.ends, None, [], True
            noticed()
            return ""
        self.set += [one for one in commands if one.startswith("set server members")]
        return (
            SLOTS
            if commands[0].startswith("show servers")
            else self.stats
            if commands[0].startswith("show stat")
            else ""
        )


@pytest.mark.parametrize(
    "command", ["set server", "show servers state members", "show servers state peers", "show acl"]
)
async def test_a_haproxy_that_ends_meanwhile_is_followed_by_one_that_knows_all(tmp_path: Path, command: str) -> None:
    settings = Settings("mail", "marketing", "mx1", "mx1.example.com", 9000, "pod", OWN, Paths(root=tmp_path))
    (tmp_path / "run/smtppool").mkdir(parents=True)
    board, haproxy = Board(), Haproxy()
    balancer = Balancer(settings=settings, board=board, connection=haproxy)
    board.update(routing=ROUTING, routing_hash="new")
    haproxy.ends = command, balancer.forget
    for _ in range(3):  # as `follow` does it
        try:
            await balancer.turn()
        except OSError:
            balancer.forget()
    assert haproxy.ended
    placed = {line.split()[4] for line in haproxy.set if " addr " in line}
    assert placed == {OWN, OTHER}


@pytest.mark.parametrize(
    ("entry", "relay", "quiet"), [(0, 0, True), (2, 0, True), (0, 1, False), (2, 1, False)], ids=str
)
async def test_a_client_of_another_relay_leaves_this_one_quiet(
    tmp_path: Path, entry: int, relay: int, quiet: bool
) -> None:
    settings = Settings("mail", "marketing", "mx1", "mx1.example.com", 9000, "pod", OWN, Paths(root=tmp_path))
    (tmp_path / "run/smtppool").mkdir(parents=True)
    board = Board()
    stats = SHUT.replace("entry,FRONTEND,0", f"entry,FRONTEND,{entry}").replace(
        "relay,FRONTEND,0", f"relay,FRONTEND,{relay}"
    )
    balancer = Balancer(settings=settings, board=board, connection=Haproxy(stats))
    grant = Grant(server="mx1", intake=Intake.CLOSED, egress_check=EgressCheckOrder())
    board.update(routing=ROUTING, routing_hash="new", grant=grant)
    await balancer.turn()
    facts = board.facts
    assert facts.intake_shut
    assert (facts.sessions, facts.entry_sessions) == (entry + relay, entry)
    assert (facts.quiet_since is not None) == quiet
