"""The HAProxy entrypoint is a shell script and cannot import names: its paths are the same; which text it takes."""

import subprocess
from pathlib import Path

import pytest

from smtppool.api import names

ENTRYPOINT = Path(__file__).parents[3] / "images" / "relay" / "haproxy-entrypoint"


def test_paths_are_those_of_names() -> None:
    lines = ENTRYPOINT.read_text().splitlines()
    assert f"cold_config={names.HAPROXY_CONFIG}" in lines
    assert f"warm_config={names.HAPROXY_WARM_CONFIG}" in lines


@pytest.mark.parametrize(
    ("warm_text", "taken"), [(None, "cold"), ("not valid", "cold"), ("valid", "warm")], ids=["none", "invalid", "valid"]
)
def test_a_valid_warm_text_is_taken(tmp_path: Path, warm_text: str | None, taken: str) -> None:
    warm, cold, program = tmp_path / "warm", tmp_path / "cold", tmp_path / "haproxy"
    if warm_text is not None:
        warm.write_text(warm_text)
    program.write_text('#!/bin/sh\nif [ "$1" = -c ]; then exec grep -qx valid "$4"; fi\nprintf "%s" "$4"\n')
    program.chmod(0o755)
    script = (
        ENTRYPOINT.read_text().replace(names.HAPROXY_WARM_CONFIG, str(warm)).replace(names.HAPROXY_CONFIG, str(cold))
    )
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONPATH": str(ENTRYPOINT.parents[2] / "operator")}
    said = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=10)
    assert said.stdout == str(cold if taken == "cold" else warm)
