"""What the kubelet and a scrape are told, and the web server that tells them."""

import io
import json
import logging
import re
import time
from pathlib import Path
from typing import Any

import pytest

from smtppool.agent import http, jsonlog, settings
from smtppool.agent.agent import Agent
from smtppool.agent.facts import Board
from smtppool.agent.probes import LOG_READER, STEERING, STUCK_AFTER, Probes
from smtppool.agent.settings import Paths
from smtppool.agent.supervisor import Beats
from smtppool.api import names


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    (tmp_path / "run/smtppool").mkdir(parents=True)
    return Paths(root=tmp_path)


TASKS = (*STEERING, LOG_READER)


def probes(paths: Paths, *, silent: str = "", seconds: float = 0, **facts: Any) -> Probes:
    """All tasks have just turned, but for the `silent` one: its last turn was some seconds ago."""
    now = 1000.0
    board, beats = Board(), Beats(clock=lambda: now)
    board.update(**facts)
    for task in TASKS:
        beats.begin(task)
        beats.beat(task)
    now += seconds
    for task in TASKS:
        if task != silent:
            beats.beat(task)
    return Probes(board=board, beats=beats, paths=paths)


READY: dict[str, Any] = {"haproxy_up": True, "gate_up": True, "applied_hash": "x", "checks_done": True}


def test_ready(paths: Paths) -> None:
    assert probes(paths, **READY).readyz().ok


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ({"haproxy_up": False}, "haproxy"),
        ({"gate_up": False}, "gate"),
        ({"silent": "gate", "seconds": 31}, "gate"),
        ({"applied_hash": None}, "routing applied"),
        ({"checks_done": False}, "members checked"),
        ({"silent": "log", "seconds": 31}, "log reader"),
    ],
)
def test_not_ready(paths: Paths, missing: dict[str, Any], said: str) -> None:
    verdict = probes(paths, **(READY | missing)).readyz()
    assert not verdict.ok
    assert verdict.text.startswith(f"missing: {said};")


def test_an_old_routing_is_told_and_not_judged(paths: Paths) -> None:
    """The API server has been away for a day: mail flows on."""
    now = time.time()
    asked = probes(paths, **READY, routing_at=now - 86400, grant_at=now - 86401)
    ready = asked.readyz()
    assert ready.ok
    found = re.fullmatch(r"ok; routing confirmed (\d+) s ago, grant confirmed (\d+) s ago", ready.text)
    assert found, ready.text
    assert [int(age) for age in found.groups()] == [pytest.approx(86400, abs=30)] * 2
    assert asked.livez() == (True, "ok")


def test_what_was_never_told_is_said(paths: Paths) -> None:
    assert probes(paths).readyz().text.endswith("; routing never seen, grant never seen")


@pytest.mark.parametrize("task", STEERING)
@pytest.mark.parametrize(("seconds", "alive"), [(STUCK_AFTER, True), (STUCK_AFTER + 1, False)])
def test_a_task_that_hangs_ends_the_agent(paths: Paths, task: str, seconds: float, alive: bool) -> None:
    verdict = probes(paths, silent=task, seconds=seconds, **READY).livez()
    assert verdict == (alive, "ok" if alive else f"stuck: {task} for {seconds:.0f} s")


def test_the_agent_has_the_tasks_that_are_judged(paths: Paths) -> None:
    own = settings.Settings("mail", "p", "mx1", "mx1.example.com", names.AGENT_PORT, "uid", "10.0.0.1", paths)
    no_api: Any = None
    assert Agent(settings=own, api=no_api)._tasks().keys() >= set(TASKS)


def test_a_log_that_cannot_be_read_does_not(paths: Paths) -> None:
    assert probes(paths, silent=LOG_READER, seconds=86400).livez().ok


def test_a_stopping_pod_is_not_ready_but_alive(paths: Paths) -> None:
    paths.at(names.STOPPING_FLAG).touch()
    stopping = probes(paths, **READY)
    assert not stopping.readyz().ok
    assert stopping.livez().ok
    assert stopping.startupz().ok


def test_postfix_waits_for_haproxy_and_gate_and_for_no_routing(paths: Paths) -> None:
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
