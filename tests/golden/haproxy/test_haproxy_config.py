"""haproxy.cfg for each balance algorithm, as text to read in a review and as input that HAProxy itself accepts."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from smtppool.api import names
from smtppool.api.smtppool import Balance
from smtppool.render import haproxy_state
from smtppool.render.haproxy import render
from tests.golden.haproxy.program import command

GOLDEN = Path(__file__).parent


@pytest.mark.parametrize("balance", Balance)
def test_rendered_text_is_the_golden_file(balance: Balance) -> None:
    file = GOLDEN / f"{balance.value}.cfg"
    text = render(balance=balance)
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text)
    assert text == file.read_text(), f"to accept the change: UPDATE_GOLDEN=1 pytest {Path(__file__).name}"


@pytest.mark.parametrize("balance", Balance)
def test_haproxy_accepts_the_golden_file_and_takes_its_own_postfix_for_down(balance: Balance, tmp_path: Path) -> None:
    """It warns of nothing but the state that it was given."""
    state, config = tmp_path / "haproxy.state", tmp_path / "haproxy.cfg"
    state.write_text(haproxy_state.render())
    config.write_text((GOLDEN / f"{balance.value}.cfg").read_text().replace(names.HAPROXY_STATE, str(state)))
    check = [*command(), "-c", "-V", "-f", str(config)]
    answer = subprocess.run(check, env={"POD_IP": "127.0.0.1"}, capture_output=True, text=True, timeout=30, check=False)
    assert (answer.returncode, answer.stdout) == (0, "Warnings were found.\nConfiguration file is valid\n")
    warnings = [line for line in answer.stderr.splitlines() if "[NOTICE]" not in line]
    down = [re.search(r"Server (\S+) is DOWN", line) for line in warnings]
    assert [found and found[1] for found in down] == ["smtpd/smtpd", "handover_smtpd/smtpd", "health/busy"]


def test_haproxy_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(render(balance=Balance.ROUND_ROBIN).replace("option redispatch 1", "option redespatch 1"))
    check = [*command(), "-c", "-f", str(file)]
    answer = subprocess.run(check, env={"POD_IP": "127.0.0.1"}, capture_output=True, text=True, timeout=30, check=False)
    assert answer.returncode == 1
    assert "redespatch" in answer.stderr
