"""haproxy.cfg for each balance algorithm, as text to read in a review and as input that HAProxy itself accepts."""

import os
import subprocess
from pathlib import Path

import pytest

from smtppool.api.smtppool import Balance
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
def test_haproxy_accepts_the_golden_file_without_a_warning(balance: Balance) -> None:
    check = [*command(), "-c", "-V", "-f", str(GOLDEN / f"{balance.value}.cfg")]
    answer = subprocess.run(check, env={"POD_IP": "127.0.0.1"}, capture_output=True, text=True, timeout=30, check=False)
    assert (answer.returncode, answer.stdout.strip(), answer.stderr) == (0, "Configuration file is valid", "")


def test_haproxy_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(render(balance=Balance.ROUND_ROBIN).replace("option redispatch 1", "option redespatch 1"))
    check = [*command(), "-c", "-f", str(file)]
    answer = subprocess.run(check, env={"POD_IP": "127.0.0.1"}, capture_output=True, text=True, timeout=30, check=False)
    assert answer.returncode == 1
    assert "redespatch" in answer.stderr
