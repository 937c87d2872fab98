"""The Postfix entrypoint is a shell script and cannot import names: its paths and numbers must be the same."""

import re
import shlex
from pathlib import Path

import pytest

from smtppool.api import names

ENTRYPOINT = Path(__file__).parents[3] / "images" / "relay" / "postfix-entrypoint"


def constants() -> dict[str, str]:
    """What the script's `readonly` lines define, with references to earlier ones resolved."""
    found: dict[str, str] = {}
    for line in ENTRYPOINT.read_text().splitlines():
        if line.startswith("readonly "):
            for word in shlex.split(line)[1:]:
                name, _, value = word.partition("=")
                found[name] = re.sub(r"\$(\w+)", lambda match: found[match[1]], value)
    return found


@pytest.mark.parametrize(
    "name",
    [
        *("CONFIG_DIR", "POSTFIX_DIR", "CREDENTIALS_DIR", "SASL_PASSWORDS", "QUEUE_DIR", "DATA_DIR"),
        *("LOG_DIR", "STATE_DIR", "MAILLOG", "RELOAD_REQUEST", "AGENT_UID"),
    ],
)
def test_same_as_in_names(name: str) -> None:
    assert constants()[name] == str(getattr(names, name))


def test_it_can_be_run() -> None:
    assert ENTRYPOINT.stat().st_mode & 0o111
