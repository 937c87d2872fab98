"""Following a log through what happens to logs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtppool.agent.maillog import CHUNK, LogTail

Tail = Callable[[Path], LogTail]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "maillog"


@pytest.fixture
def tail() -> Iterator[Tail]:
    """Readers of a log, closed after the test."""
    made: list[LogTail] = []

    def reader(log: Path) -> LogTail:
        made.append(LogTail(path=log, place=log.with_name("place.json")))
        return made[-1]

    yield reader
    for one in made:
        one.close()


def everything(reader: LogTail) -> list[str]:
    """All lines until three reads in a row find nothing."""
    lines: list[str] = []
    quiet = 0
    while quiet < 3:
        found = reader.read()
        lines += found
        quiet = 0 if found else quiet + 1
    return lines


def append(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_a_log_that_is_not_there_yet(log: Path, tail: Tail) -> None:
    reader = tail(log)
    assert reader.read() == []
    append(log, "one\n")
    assert everything(reader) == ["one"]


def test_half_lines_wait_for_their_end(log: Path, tail: Tail) -> None:
    reader = tail(log)
    append(log, "one\ntw")
    assert everything(reader) == ["one"]
    append(log, "o\n")
    assert everything(reader) == ["two"]


def test_lines_across_chunks_and_in_any_encoding(log: Path, tail: Tail) -> None:
    lines = [f"line {number} " + "x" * 90 for number in range(2 * CHUNK // 90)]
    log.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\n")
    assert everything(tail(log)) == [*lines, "\ufffd\ufffd"]


def test_rotation_loses_nothing_also_what_is_still_written_to_the_old_file(log: Path, tail: Tail) -> None:
    reader = tail(log)
    append(log, "one\n")
    assert everything(reader) == ["one"]
    old = log.rename(log.with_name("maillog.1"))
    append(old, "two\n")
    assert everything(reader) == ["two"]
    append(old, "three\n")
    append(log, "four\n")
    assert everything(reader) == ["three", "four"]


def test_truncation_begins_again(log: Path, tail: Tail) -> None:
    reader = tail(log)
    append(log, "one\ntwo\n")
    assert everything(reader) == ["one", "two"]
    log.write_text("new\n")
    assert everything(reader) == ["new"]


def test_a_new_reader_goes_on_where_the_last_one_stopped(log: Path, tail: Tail) -> None:
    first = tail(log)
    append(log, "one\ntwo\nhal")
    assert everything(first) == ["one", "two"]
    first.keep_place()
    append(log, "f\nthree\n")
    assert everything(tail(log)) == ["half", "three"]


def test_a_new_reader_finds_the_rest_in_the_rotated_file(log: Path, tail: Tail) -> None:
    first = tail(log)
    append(log, "one\n")
    assert everything(first) == ["one"]
    first.keep_place()
    append(log, "two\n")
    log.rename(log.with_name("maillog.1"))
    append(log, "three\n")
    assert everything(tail(log)) == ["two", "three"]


def test_a_place_in_another_file_is_no_place(log: Path, tail: Tail) -> None:
    append(log, "one\n")
    log.with_name("place.json").write_text('{"inode": 1, "offset": 3}')
    assert everything(tail(log)) == ["one"]
    log.with_name("place.json").write_text("not json")
    assert everything(tail(log)) == ["one"]


def test_a_line_without_end_is_given_up(log: Path, tail: Tail) -> None:
    reader = tail(log)
    append(log, "x" * (2 * CHUNK))
    assert everything(reader) == []
    append(log, "\nnext\n")
    assert everything(reader)[-1] == "next"
