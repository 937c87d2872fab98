"""Gate and Postfix together, from the real image: what a client hears. A syntax that only smtpd would stumble over, and
a lookup that only the queue manager makes, show here.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from smtppool.api.names import CONFIG_DIR
from tests.golden.postfix.relay_image import RelayImage
from tests.golden.postfix.servers import SERVERS

SESSION = Path(__file__).with_name("session.py")


@pytest.fixture(scope="module")
def heard(image: RelayImage, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    files = tmp_path_factory.mktemp("relay")
    for name in ("smtppool", "smtppool-credentials"):
        (files / name).mkdir()
    golden = SESSION.parent
    shutil.copy(SESSION, files / "smtppool" / "session.py")
    shutil.copy(golden / f"{SERVERS[0].name}.main.cf", files / "smtppool" / "main.cf")
    shutil.copy(golden / "master.cf", files / "smtppool" / "master.cf")
    found: dict[str, Any] = json.loads(image.run(files, "python3", f"{CONFIG_DIR}/session.py"))
    return found


@pytest.mark.parametrize(
    ("session", "reply"),
    [
        ("no table", "451 4.3.2 "),
        ("foreign client", "554 5.7.1 "),
        ("too large", "552 5.3.4 "),
        ("too many recipients", "452 4.5.3 "),
        ("peer", "250 2.0.0 "),
        ("peer's message of the largest size", "250 2.0.0 "),
        ("peer's message, often handed over", "250 2.0.0 "),
        ("peer's message, too often handed over", "554 5.4.0 "),
        ("allowed client", "250 2.0.0 "),
        ("closed intake", "450 4.3.2 "),
        ("gate's worker killed", "250 2.0.0 "),
        ("gate killed", "451 4.3.5 "),
    ],
)
def test_reply(heard: dict[str, Any], session: str, reply: str) -> None:
    assert heard[session].startswith(reply), heard[session]


def test_closed_lanes_keep_mail_and_say_why(heard: dict[str, Any]) -> None:
    assert heard["queue"] == ["address not verified"]


def test_without_the_gate_mail_stays_in_the_queue(heard: dict[str, Any]) -> None:
    assert heard["queue, gate killed"] == ["address resolver failure"]


def test_damaged_files_are_counted_where_the_agent_can_read_it(heard: dict[str, Any]) -> None:
    assert heard["damaged files"] == "0"


def test_the_gate_has_another_worker(heard: dict[str, Any]) -> None:
    assert heard["another worker"] is True


def test_postfix_stops_when_told(heard: dict[str, Any]) -> None:
    assert heard["Postfix stopped"] == 0
