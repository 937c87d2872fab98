"""When lines were written: backlogs where they belong, fresh lines now, whatever the wall clock does."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.agent.logclock import LogClock, epoch

NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC).timestamp()
LINE = b"Nov 21 15:50:00"  # 10 min old


class Clocks:
    """A wall clock and a steady one."""

    def __init__(self) -> None:
        self.wall, self.steady = NOW, 1000.0
        self.log = LogClock(wall=lambda: self.wall, steady=lambda: self.steady)

    def at(self, text: bytes) -> float:
        """Age of a line."""
        moment = self.log.reader()(text)
        assert moment is not None
        return self.log.now() - moment.at


def test_a_backlog_lies_where_it_was_written() -> None:
    clocks = Clocks()
    assert clocks.at(LINE) == 600
    assert clocks.log.reader()(LINE) == (NOW - 600, "2026-11-21T15:50:00Z")


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 86400.0 * 400])
def test_a_clock_that_jumps_moves_nothing_once_the_end_was_seen(jump: float) -> None:
    clocks = Clocks()
    clocks.log.end_of_log()
    clocks.wall, clocks.steady = NOW + jump, clocks.steady + 2
    assert clocks.log.now() == NOW + 2
    assert 0 <= clocks.at(LINE) <= 2


@pytest.mark.parametrize(("jump", "jumps"), [(3600.0, 1), (-3600.0, 1), (0.5, 0)], ids=["on", "back", "put right"])
def test_a_jump_is_counted_once(jump: float, jumps: int) -> None:
    clocks = Clocks()
    for _ in range(3):
        clocks.at(LINE)
        clocks.wall, clocks.steady = clocks.wall + 10, clocks.steady + 10
    clocks.wall += jump
    clocks.at(LINE)
    clocks.at(LINE)
    assert clocks.log.jumps == jumps


def test_a_line_of_the_future_is_of_now() -> None:
    assert Clocks().at(b"Nov 21 16:30:00") == 0


def test_the_log_clock_does_not_go_back_in_a_restart() -> None:
    clocks = Clocks()
    clocks.log.not_before(int(NOW) + 500)
    assert clocks.log.now() == NOW + 500
    clocks.log.not_before(int(NOW))
    assert clocks.log.now() == NOW + 500
    assert clocks.log.jumps == 1, "the wall clock went back while no agent ran"


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        (b"Dec 31 23:59:59", datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"Nov  1 05:59:03", datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 11, 1, 5, 59, 3, tzinfo=UTC)),
        (b"Jan  1 00:00:01", datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC)),
        (b"Feb 29 00:00:00", datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
    ],
    ids=["new year", "padded", "a minute ahead of the year", "no such day"],
)
def test_the_year(text: bytes, now: datetime, expected: datetime) -> None:
    assert epoch(text, now=now.timestamp()) == expected.timestamp()


@given(st.from_regex(rb"\A\w{3} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}\Z"))
def test_no_time_is_an_error(text: bytes) -> None:
    moment = Clocks().log.reader()(text)
    assert moment is None or moment.at <= NOW
