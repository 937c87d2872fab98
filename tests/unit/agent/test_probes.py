"""What the kubelet and a scrape are told, and the web server that tells them."""

import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from smtppool.agent import http, jsonlog, settings
from smtppool.agent.facts import Board
from smtppool.agent.probes import LOG_READER, Probes
from smtppool.agent.settings import Paths
from smtppool.agent.supervisor import Beats
from smtppool.api import names


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    (tmp_path / "run/smtppool").mkdir(parents=True)
    return Paths(root=tmp_path)


def probes(paths: Paths, *, log_reader: bool = True, **facts: Any) -> Probes:
    board, beats = Board(), Beats()
    board.update(**facts)
    if log_reader:
        beats.beat(LOG_READER)
    return Probes(board=board, beats=beats, paths=paths)


READY: dict[str, Any] = {"haproxy_up": True, "gate_up": True, "applied_hash": "x", "checks_done": True}


def test_ready(paths: Paths) -> None:
    assert probes(paths, **READY).readyz().ok


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ({"haproxy_up": False}, "haproxy"),
        ({"gate_up": False}, "gate"),
        ({"applied_hash": None}, "routing applied"),
        ({"checks_done": False}, "members checked"),
        ({"log_reader": False}, "log reader"),
    ],
)
def test_not_ready(paths: Paths, missing: dict[str, Any], said: str) -> None:
    verdict = probes(paths, **(READY | missing)).readyz()
    assert (verdict.ok, verdict.text) == (False, f"missing: {said}")


def test_a_stopping_pod_is_not_ready_but_alive(paths: Paths) -> None:
    paths.at(names.STOPPING_FLAG).touch()
    stopping = probes(paths, **READY)
    assert not stopping.readyz().ok
    assert stopping.livez().ok
    assert stopping.startupz().ok


def test_postfix_waits_for_haproxy_and_gate(paths: Paths) -> None:
    assert not probes(paths, haproxy_up=True).startupz().ok
    assert probes(paths, haproxy_up=True, gate_up=True).startupz().ok


ROUTES = {"/livez": lambda: http.Answer(200, b"ok\n")}


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET /livez?verbose HTTP/1.1\r\n\r\n", 200),
        (b"GET /nothing HTTP/1.1\r\n\r\n", 404),
        (b"POST /livez HTTP/1.1\r\n\r\n", 405),
        (b"\xff\xfe\r\n\r\n", 405),
    ],
)
def test_http(head: bytes, status: int) -> None:
    reply = http.answer(head, ROUTES)
    assert reply.status == status
    assert http.render(reply).startswith(f"HTTP/1.1 {status} ".encode())


def test_log_lines_are_json() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(jsonlog.JsonFormatter())
    logger = logging.getLogger("smtppool.agent.gate")
    logger.addHandler(handler)
    logger.warning("gate does not answer", extra={"cause": 'a "quoted"\ncause'})
    logger.removeHandler(handler)
    entry = json.loads(stream.getvalue())
    assert (entry["level"], entry["logger"], entry["message"]) == ("warning", "gate", "gate does not answer")
    assert entry["cause"] == 'a "quoted"\ncause'


def test_settings(paths: Paths) -> None:
    with pytest.raises(settings.MissingSettingError, match="POD_UID, POD_IP"):
        settings.load({}, paths=paths)
    environment = {"POD_UID": "uid", "POD_IP": "10.0.0.1"}
    with pytest.raises(settings.MissingSettingError, match=r"agent\.json"):
        settings.load(environment, paths=paths)
    file = paths.at(names.CONFIG_DIR) / "agent.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"namespace":"mail","pool":"p","server":"mx1","hostname":"mx1.example.com","metricsPort":9154}')
    assert settings.load(environment, paths=paths)[:6] == ("mail", "p", "mx1", "mx1.example.com", 9154, "uid")
