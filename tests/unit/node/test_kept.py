"""The copy of the last order: when it is refused, and what it may bring about."""

import logging
from pathlib import Path

import pytest

from smtppool.api.documents import EgressRule, NodeEgress
from smtppool.api.names import EGRESS_KEY
from smtppool.node.kept import KeptOrder, forget, recall
from smtppool.node.settings import Settings
from smtppool.render.egress.listing import Listing

POD, OTHER_POD, SOURCE, OTHER = "10.1.0.5", "10.1.0.6", "198.51.100.11", "198.51.100.12"
TRANSLATED, HELD_BACK = EgressRule(pod_address=POD, source=SOURCE), EgressRule(pod_address=POD)
EGRESS = NodeEgress(node="node-a", rules=(TRANSLATED,), cluster_networks=("10.0.0.0/8",), wanted=(SOURCE,))
TWO = EGRESS.model_copy(update={"rules": (TRANSLATED, EgressRule(pod_address=OTHER_POD, source=OTHER))})


def kept(directory: Path, *, node: str = "node-a") -> KeptOrder:
    return KeptOrder(directory=directory, node=node)


def table(*rules: EgressRule) -> Listing:
    return Listing(rules=rules, cluster_networks=(), text="")


def test_what_was_kept_is_read_by_the_next_run(tmp_path: Path) -> None:
    for egress in (EGRESS, TWO, EGRESS):
        kept(tmp_path).replace(egress)
        assert kept(tmp_path).read() == egress
    assert [path.name for path in tmp_path.iterdir()] == [EGRESS_KEY]
    assert (tmp_path / EGRESS_KEY).stat().st_mode & 0o777 == 0o600


def test_an_order_that_is_kept_is_not_written_again(tmp_path: Path) -> None:
    order, file = kept(tmp_path), tmp_path / EGRESS_KEY
    order.replace(EGRESS)
    before = file.stat().st_ino
    order.replace(EGRESS.model_copy())
    assert file.stat().st_ino == before
    order.replace(TWO)
    assert file.stat().st_ino != before


def test_a_write_that_fails_leaves_the_last_copy_and_is_made_again(tmp_path: Path) -> None:
    order, obstacle = kept(tmp_path), tmp_path / f".{EGRESS_KEY}.new"
    order.replace(EGRESS)
    obstacle.mkdir()
    with pytest.raises(IsADirectoryError):
        order.replace(TWO)
    assert kept(tmp_path).read() == EGRESS
    obstacle.rmdir()
    order.replace(TWO)
    assert kept(tmp_path).read() == TWO


TEXT = EGRESS.model_dump_json(by_alias=True)
REFUSED = {
    "cut off": (TEXT[:-20].encode(), "egress.json: "),
    "empty": (b"", "egress.json: "),
    "no text": (b"\xff\xfe", "utf-8"),
    "of another version": (TEXT.replace('"version":1', '"version":2').encode(), "egress.json: version: "),
    "of another node": (TEXT.replace("node-a", "node-b").encode(), "egress.json is for node node-b"),
    "no address": (TEXT.replace(POD, "10.1.0.5; drop").encode(), "egress.json: rules.0.podAddress: "),
}


@pytest.mark.parametrize(("content", "why"), REFUSED.values(), ids=REFUSED)
def test_a_bad_copy_is_refused_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes, why: str
) -> None:
    (tmp_path / EGRESS_KEY).write_bytes(content)
    assert kept(tmp_path).read() is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "kept order refused: " in caplog.text
    assert why in caplog.text
    order = kept(tmp_path)
    order.replace(EGRESS)
    assert kept(tmp_path).read() == EGRESS


def test_no_copy_is_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert kept(tmp_path / "absent").read() is None
    assert not caplog.records
    forget(tmp_path / "absent")
    kept(tmp_path).replace(EGRESS)
    forget(tmp_path)
    assert kept(tmp_path).read() is None
    assert not caplog.records


RECALLED = {
    "no copy, no table": (None, None, None),
    "no copy, a table": (None, table(TRANSLATED), None),
    "no table: shut, not translated": ((TRANSLATED,), None, (HELD_BACK,)),
    "no table, nothing to shut": ((), None, ()),
    "no table, two that disagree": ((TRANSLATED, EgressRule(pod_address=POD, source=OTHER)), None, (HELD_BACK,) * 2),
    "the table of the copy": ((TRANSLATED,), table(TRANSLATED), (TRANSLATED,)),
    "a table that was shut": ((TRANSLATED,), table(HELD_BACK), None),
    "a table with another source": ((TRANSLATED,), table(EgressRule(pod_address=POD, source=OTHER)), None),
    "a table with more": ((TRANSLATED,), table(TRANSLATED, EgressRule(pod_address=OTHER_POD)), None),
    "an empty table": ((TRANSLATED,), table(), None),
}


@pytest.mark.parametrize(("rules", "current", "enforced"), RECALLED.values(), ids=RECALLED)
def test_recall(
    rules: tuple[EgressRule, ...] | None, current: Listing | None, enforced: tuple[EgressRule, ...] | None
) -> None:
    copy = None if rules is None else EGRESS.model_copy(update={"rules": rules})
    recalled = recall(copy, current=current)
    assert (None if recalled is None else recalled.rules) == enforced
    if recalled is not None:
        assert (recalled.cluster_networks, recalled.wanted) == (EGRESS.cluster_networks, EGRESS.wanted)


def test_the_directory_is_the_charts_to_choose(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NODE_NAME", "node-a")
    monkeypatch.setenv("POD_NAMESPACE", "smtp-system")
    assert Settings.from_environment().state_dir == Path("/var/lib/smtppool-egress")
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    assert Settings.from_environment().state_dir == tmp_path
