"""main.cf and master.cf as text to read in a review, and as input that Postfix itself takes as it was meant."""

import os
import re
from pathlib import Path

import pytest

from smtppool.api.names import CONFIG_DIR, SASL_PASSWORDS
from smtppool.render import postfix
from smtppool.render.postfix_syntax import parse_main, parse_master
from tests.golden.postfix.relay_image import RelayImage
from tests.golden.postfix.servers import SERVERS, Server

GOLDEN = Path(__file__).parent
MASTER = GOLDEN / "master.cf"
# Debian's postfix copies files for a chroot into the queue directory; nothing of ours runs in one.
COPIES = re.compile(r"updating /etc/\S+ => \S+/etc/\S+")
every_server = pytest.mark.parametrize("server", SERVERS, ids=[server.name for server in SERVERS])


def is_golden(file: Path, text: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text)
    assert text == file.read_text(), "to accept the change: UPDATE_GOLDEN=1 pytest tests/golden/postfix"


def golden(server: Server) -> Path:
    return GOLDEN / f"{server.name}.main.cf"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("smtppool", "smtppool-credentials"):
        (tmp_path / name).mkdir()
    (tmp_path / "smtppool-credentials" / "username").write_text("user@example.com")
    (tmp_path / "smtppool-credentials" / "password").write_text("pass word:#1")
    return tmp_path


def place(files: Path, server: Server) -> None:
    (files / "smtppool" / "main.cf").write_text(golden(server).read_text())
    (files / "smtppool" / "master.cf").write_text(MASTER.read_text())


@every_server
def test_main_cf_is_the_golden_file(server: Server) -> None:
    is_golden(golden(server), server.main_cf)


def test_master_cf_is_the_golden_file() -> None:
    is_golden(MASTER, postfix.master_cf())


@every_server
def test_postconf_reads_every_parameter_as_it_was_meant(image: RelayImage, files: Path, server: Server) -> None:
    place(files, server)
    answer = image.run(files, "sh", "-c", f"postconf -n -c {CONFIG_DIR} 2>&1")
    assert parse_main(answer) == parse_main(server.main_cf), "an unused or unknown parameter is a line more or less"


def test_postconf_reads_every_service_as_it_was_meant(image: RelayImage, files: Path) -> None:
    place(files, SERVERS[0])
    answer = image.run(files, "sh", "-c", f"postconf -M -c {CONFIG_DIR} 2>&1")
    lines = [re.sub(r"[ \t]+", " ", line) for line in re.sub(r"\n\s+", " ", answer).splitlines()]
    assert parse_master("\n".join(lines)) == parse_master(postfix.master_cf())


@every_server
def test_postfix_check_has_nothing_to_say(image: RelayImage, files: Path, server: Server) -> None:
    place(files, server)
    said = image.run(files, "sh", "-c", "/opt/smtppool/bin/postfix-entrypoint check 2>&1").splitlines()
    assert [line for line in said if not COPIES.fullmatch(line)] == []


def test_credentials_reach_the_password_map_unchanged(image: RelayImage, files: Path) -> None:
    place(files, SERVERS[2])
    query = f"postmap -q '[smtp.example.net]:587' texthash:{SASL_PASSWORDS} && stat -c '%a %u' {SASL_PASSWORDS}"
    said = image.run(files, "sh", "-c", f"/opt/smtppool/bin/postfix-entrypoint check >/dev/null 2>&1 && {query}")
    assert said.splitlines() == ["user@example.com:pass word:#1", "600 0"]


@pytest.mark.parametrize(
    ("key", "content", "reason"),
    [
        ("password", "two\nlines", "holds a control character"),
        ("password", "space at the end ", "begins or ends with a space"),
        ("password", "", "is empty"),
        ("username", "user:name", "holds a colon"),
    ],
)
def test_credentials_that_would_read_differently_are_refused(
    image: RelayImage, files: Path, key: str, content: str, reason: str
) -> None:
    place(files, SERVERS[2])
    (files / "smtppool-credentials" / key).write_text(content)
    said = image.run(files, "sh", "-c", "! /opt/smtppool/bin/postfix-entrypoint check 2>&1")
    assert f"the Secret's key {key} {reason}" in said
