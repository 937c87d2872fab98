"""Learned domains outlive the agent; a copy that is not what it must be costs no more than itself."""

import asyncio
import json
from pathlib import Path

import pytest

from smtppool.agent import domaincopy
from smtppool.agent.domaincopy import MAX_SIZE, DomainCopy
from smtppool.agent.domains import DomainBook
from smtppool.kube import files


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "domains.json"


def restored(path: Path, *, limit: int = 100) -> dict[str, str]:
    book = DomainBook(limit=limit)
    DomainCopy(book, path).restore()
    return book.all()


def test_what_was_learned_outlives_the_agent(path: Path) -> None:
    path.parent.mkdir()
    book = DomainBook()
    copy = DomainCopy(book, path)
    copy.restore()
    for domain, provider in (("a.example", "google"), ("b.example", "yahoo"), ("a.example", "google")):
        book.learn(domain, provider)
    copy.save()
    assert restored(path) == {"b.example": "yahoo", "a.example": "google"}
    assert restored(path, limit=1) == {"a.example": "google"}, "what was seen longest ago is forgotten first"


def test_nothing_new_is_not_written(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"a.example": "google"}')
    before = path.stat().st_ino
    book = DomainBook()
    copy = DomainCopy(book, path)
    copy.restore()
    book.learn("a.example", "google")
    copy.save()
    assert path.stat().st_ino == before
    book.learn("a.example", "yahoo")
    copy.save()
    assert restored(path) == {"a.example": "yahoo"}


async def test_a_volume_without_its_directory_is_tried_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domaincopy, "INTERVAL", 0.01)
    book = DomainBook()
    saved = asyncio.Event()
    copy = DomainCopy(book, path)
    book.learn("a.example", "google")
    replace_durable = files.replace_durable

    def write(target: Path, content: str) -> None:
        try:
            replace_durable(target, content)
            loop.call_soon_threadsafe(saved.set)
        except OSError:
            target.parent.mkdir()
            raise

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(files, "replace_durable", write)
    task = asyncio.create_task(copy.keep())
    async with asyncio.timeout(5):
        await saved.wait()
    task.cancel()
    assert restored(path) == {"a.example": "google"}


@pytest.mark.parametrize(
    "content", [b"", b"null", b"[]", b'{"a.example": "goo', b"\xff\xfe", b"[" * 100_000, b" " * (MAX_SIZE + 1)]
)
def test_garbage_is_left_out(path: Path, caplog: pytest.LogCaptureFixture, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert restored(path) == {}
    assert "not read" in caplog.text


def test_what_is_no_domain_or_no_provider_is_counted(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    wrong = {"-": "google", "A.example": "google", "b.example": "nobody", "c.example": 1, "d.example": ["google"]}
    path.write_text(json.dumps(wrong | {"good.example": "google"}))
    assert restored(path) == {"good.example": "google"}
    assert [record.__dict__["refused"] for record in caplog.records if "refused" in record.__dict__] == [5]


def test_the_first_start_has_no_copy(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert restored(path) == {}
    assert not caplog.text
