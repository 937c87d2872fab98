"""Following a log through what happens to logs."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smtppool.agent.logplace import Place
from smtppool.agent.maillog import CHUNK, LONGEST_LINE, LogTail

Tail = Callable[..., LogTail]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "maillog"


@pytest.fixture
def tail() -> Iterator[Tail]:
    """Readers of a log, closed after the test."""
    made: list[LogTail] = []

    def reader(log: Path, start: Place | None = None, told: Place | None = None) -> LogTail:
        made.append(LogTail(path=log))
        made[-1].begin_at(start, told=told)
        return made[-1]

    yield reader
    for one in made:
        one.close()


def chunks(reader: LogTail) -> list[tuple[str, bool]]:
    """Lines and whether they were told, until three reads in a row find nothing."""
    lines: list[tuple[str, bool]] = []
    quiet = 0
    while quiet < 3:
        chunk = reader.read()
        lines += [(line.decode(errors="replace"), chunk.told) for line in chunk.lines]
        quiet = 0 if chunk.lines else quiet + 1
    return lines


def everything(reader: LogTail) -> list[str]:
    return [line for line, _ in chunks(reader)]


def append(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_a_log_that_is_not_there_yet(log: Path, tail: Tail) -> None:
    reader = tail(log)
    assert reader.read() == ([], False, True)
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
    assert reader.lost_files == 0


def test_a_deleted_log_is_read_to_its_end_and_the_next_one_from_its_beginning(log: Path, tail: Tail) -> None:
    reader = tail(log)
    append(log, "one\n")
    assert everything(reader) == ["one"]
    for text in ("two", "three"):
        log.unlink()
        assert everything(reader) == []
        append(log, f"{text}\n")
        assert everything(reader) == [text]
    assert (reader.truncations, reader.lost_files) == (0, 2)


def test_a_deletion_is_counted_while_postfix_still_writes_to_the_file(log: Path, tail: Tail) -> None:
    reader = tail(log)
    append(log, "one\n")
    assert everything(reader) == ["one"]
    with log.open("a") as file:
        log.unlink()
        file.write("two\n")
    assert everything(reader) == ["two"]
    assert reader.lost_files == 1


@pytest.mark.parametrize("text", ["new\n", "newer\nlonger than what was read before\n"], ids=["shorter", "longer"])
def test_truncation_begins_again(log: Path, tail: Tail, text: str) -> None:
    reader = tail(log)
    append(log, "one\ntwo\n")
    assert everything(reader) == ["one", "two"]
    log.write_text(text)
    assert everything(reader) == text.splitlines()
    assert (reader.truncations, reader.lost_files) == (1, 0)


@pytest.mark.parametrize(("left", "found"), [(8, ["new"]), (6, [])], ids=["at a line", "in a line"])
def test_a_log_that_lost_its_end_goes_on_there(log: Path, tail: Tail, left: int, found: list[str]) -> None:
    """After a crash of the node: what is left was read before."""
    reader = tail(log)
    append(log, "one\ntwo\nthree\n")
    assert everything(reader) == ["one", "two", "three"]
    os.truncate(log, left)
    assert everything(reader) == []
    append(log, "new\nnext\n")
    assert everything(reader) == [*found, "next"]


def test_a_new_reader_goes_on_where_the_last_one_stopped(log: Path, tail: Tail) -> None:
    first = tail(log)
    append(log, "one\ntwo\nhal")
    assert everything(first) == ["one", "two"]
    append(log, "f\nthree\n")
    assert everything(tail(log, first.place())) == ["half", "three"]


def test_a_new_reader_finds_the_rest_in_the_rotated_file(log: Path, tail: Tail) -> None:
    first = tail(log)
    append(log, "one\n")
    assert everything(first) == ["one"]
    place = first.place()
    append(log, "two\n")
    log.rename(log.with_name("maillog.1"))
    append(log, "three\n")
    second = tail(log, place)
    assert everything(second) == ["two", "three"]
    assert second.lost_files == 0


def test_a_file_that_is_gone_when_a_new_reader_comes_is_counted(log: Path, tail: Tail) -> None:
    first = tail(log)
    append(log, "one, long enough to know the file again by its beginning, which has a time\n")
    assert len(everything(first)) == 1
    log.unlink()
    second = tail(log, first.place())
    assert (everything(second), second.lost_files) == ([], 0)
    append(log, "two\n")
    assert (everything(second), second.lost_files) == (["two"], 1)


def test_an_inode_that_was_given_out_again_is_no_place(log: Path, tail: Tail) -> None:
    append(log, "another\nfile\n")
    inode = log.stat().st_ino
    assert everything(tail(log, Place(inode, 8, 8, 12345))) == ["another", "file"]
    assert everything(tail(log, Place(1, 3))) == ["another", "file"]


def test_files_that_begin_alike_are_told_apart_by_their_inodes(log: Path, tail: Tail) -> None:
    first, head = tail(log), "x" * 300
    append(log, f"{head}\none\n")
    everything(first)
    append(log.rename(log.with_name("maillog.1")), "two\n")
    append(log, f"{head}\nthree\nfour\n")
    assert everything(first) == ["two", head, "three", "four"]
    place = first.place()
    append(log, "five\n")
    assert everything(tail(log, place)) == ["five"]
    assert chunks(tail(log, None, place)) == [
        *((line, True) for line in (head, "one", "two", head, "three", "four")), ("five", False),
    ]  # fmt: skip


def test_a_copy_of_the_volume_is_read_on_though_its_inodes_are_others(log: Path, tail: Tail) -> None:
    first = tail(log)
    append(log, "one, long enough to know the file again by its beginning, which has a time\n")
    everything(first)
    append(log, "two\n")
    copy = log.with_name("copy")
    copy.write_bytes(log.read_bytes())
    copy.rename(log)
    assert chunks(tail(log, first.place(), first.place())) == [("two", False)]


def test_without_a_place_the_oldest_line_is_the_first(log: Path, tail: Tail) -> None:
    append(log.with_name("maillog.1"), "one\n")
    append(log, "two\n")
    assert everything(tail(log)) == ["one", "two"]


def test_lines_that_were_told_are_marked(log: Path, tail: Tail) -> None:
    first = tail(log)
    append(log, "one\n")
    everything(first)
    start = first.place()
    append(log, "two\n")
    log.rename(log.with_name("maillog.1"))
    append(log, "three\nfour\n")
    everything(first)
    told = first.place()
    append(log, "five\n")
    expected = [("two", True), ("three", True), ("four", True), ("five", False)]
    assert chunks(tail(log, start, told)) == expected
    assert chunks(tail(log, None, told)) == [("one", True), *expected]


@pytest.mark.parametrize(
    "fields",
    [None, [], {}, {"inode": "1", "offset": 3}, {"inode": 1, "offset": -3}, {"inode": 1, "offset": 2.5}, "x",
     {"inode": 1, "offset": 1, "head_size": 10**9}],
)  # fmt: skip
def test_a_broken_place_is_none(fields: object) -> None:
    assert Place.of(fields) is None
    assert Place.of(Place(1, 2, 3, 4, skipping=True)._asdict()) == Place(1, 2, 3, 4, skipping=True)
    assert Place.of({"inode": 1, "offset": 2}) == Place(1, 2)


@pytest.mark.parametrize("again", [False, True], ids=["same reader", "new reader"])
def test_a_line_without_end_is_given_up_as_a_whole(log: Path, tail: Tail, again: bool) -> None:
    reader = tail(log)
    append(log, "first\n" + "x" * (4 * CHUNK + LONGEST_LINE))
    assert everything(reader) == ["first"]
    assert reader.long_lines == 1
    append(log, " Nov 21 looks like a line\nnext\n")
    assert everything(tail(log, reader.place()) if again else reader) == ["next"]
