"""haproxy.cfg: what must stand in which section, and that it reads back as it was meant."""

import pytest

from smtppool.api import names
from smtppool.api.smtppool import MAX_SERVERS, Balance
from smtppool.render import haproxy

SECTIONS = {section.head: section.lines for section in haproxy.parse(haproxy.render(balance=Balance.ROUND_ROBIN))}


def test_sections() -> None:
    assert list(SECTIONS) == [
        "global",
        "defaults",
        "frontend entry",
        "frontend relay",
        "frontend handover_in",
        "frontend handover_out",
        "frontend rotation",
        "backend members",
        "backend peers",
        "backend smtpd",
        "backend health",
        "backend handover_smtpd",
    ]


@pytest.mark.parametrize("frontend", ["relay", "handover_in"])
def test_the_source_acl_comes_before_the_proxy_header(frontend: str) -> None:
    lines = SECTIONS[f"frontend {frontend}"]
    reject = "tcp-request connection reject unless { src -f opt@/run/smtppool/members.acl }"
    assert lines.index(reject) < lines.index("tcp-request connection expect-proxy layer4")


@pytest.mark.parametrize(
    ("frontend", "bind"),
    [
        ("entry", f'bind "${{POD_IP}}":{names.ENTRY_PORT}'),
        ("relay", f'bind "${{POD_IP}}":{names.RELAY_PORT}'),
        ("handover_in", f'bind "${{POD_IP}}":{names.HANDOVER_IN_PORT}'),
        ("handover_out", f"bind 127.0.0.1:{names.HANDOVER_OUT_PORT}"),
        ("rotation", "bind unix@/run/smtppool/rotation.sock mode 660"),
    ],
)
def test_each_frontend_listens_in_one_place(frontend: str, bind: str) -> None:
    assert [line for line in SECTIONS[f"frontend {frontend}"] if line.startswith("bind")] == [bind]


@pytest.mark.parametrize("backend", ["members", "peers"])
def test_slots_start_disabled_and_without_weight(backend: str) -> None:
    assert f"server-template slot 1-{MAX_SERVERS} 127.0.0.1:1 disabled weight 0" in SECTIONS[f"backend {backend}"]


def test_nothing_is_closed_on_a_client() -> None:
    assert "server busy unix@/run/smtppool/busy.sock backup no-check no-send-proxy-v2" in SECTIONS["backend members"]
    assert "server busy unix@/run/smtppool/busy.sock backup no-check" in SECTIONS["backend smtpd"]
    assert {"option redispatch 1", "retries 3", "timeout connect 1s"} <= set(SECTIONS["defaults"])
    assert not [line for lines in SECTIONS.values() for line in lines if "shutdown-sessions" in line]
    assert not [line for lines in SECTIONS.values() for line in lines if "inspect-delay" in line]


@pytest.mark.parametrize(
    ("balance", "lines"),
    [
        (Balance.ROUND_ROBIN, ("balance roundrobin",)),
        (Balance.LEAST_CONN, ("balance leastconn",)),
        (Balance.SOURCE, ("balance source", "hash-type consistent")),
        (Balance.RANDOM, ("balance random(1)",)),
    ],
)
def test_balance(balance: Balance, lines: tuple[str, ...]) -> None:
    sections = {section.head: section.lines for section in haproxy.parse(haproxy.render(balance=balance))}
    for backend in ("members", "peers"):
        assert sections[f"backend {backend}"][: len(lines)] == lines


def test_text_that_would_not_read_back_is_refused() -> None:
    with pytest.raises((haproxy.RenderError, ValueError)):
        haproxy.render(balance=Balance.ROUND_ROBIN, maxconn="1\nglobal")  # type: ignore[arg-type]
