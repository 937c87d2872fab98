"""Lines of the programs' logs, as whoever collects them reads them."""

import json
import logging
from typing import Any

import pytest

from smtppool.agent.jsonlog import JsonFormatter
from smtppool.kube.jsonlog import JsonLines


def record(message: str, **extra: Any) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": "smtppool.agent.gate", "levelname": "WARNING", "msg": message, "created": 1.5} | extra
    )


@pytest.mark.parametrize(
    ("formatter", "logger", "fields"),
    [(JsonLines(), "smtppool.agent.gate", {}), (JsonFormatter(), "gate", {"cause": "why"})],
    ids=["operator", "agent"],
)
def test_a_line(formatter: JsonLines, logger: str, fields: dict[str, Any]) -> None:
    line = formatter.format(record("said", cause="why"))
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:01.500Z",
        "level": "warning",
        "logger": logger,
        "message": "said",
        **fields,
    }


@pytest.mark.parametrize("formatter", [JsonLines(), JsonFormatter()], ids=["operator", "agent"])
@pytest.mark.parametrize("text", ["two\nlines", "Grüße", "\udcff of a file's name"])
def test_every_text_is_one_line_that_can_be_written(formatter: JsonLines, text: str) -> None:
    line = formatter.format(record(text))
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line)["message"] == text


@pytest.mark.parametrize("formatter", [JsonLines(), JsonFormatter()], ids=["operator", "agent"])
def test_an_error_comes_with_its_traceback(formatter: JsonLines) -> None:
    error = ValueError("broken")
    entry = json.loads(formatter.format(record("failed", exc_info=(type(error), error, None))))
    assert entry["error"] == "ValueError: broken"
