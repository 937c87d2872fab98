"""Text that is written is the text that is read: anything Postfix would read differently is an error."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from smtppool.api.base import HOSTNAME_PATTERN, IPV4_PATTERN
from smtppool.render.postfix_syntax import (
    PostfixRenderError,
    Service,
    format_main,
    format_master,
    parse_main,
    parse_master,
    typed,
)


def test_main_reads_back() -> None:
    parameters = {"myhostname": "mx11.example.com", "mydestination": "", "gate": "a { b = c }, $d"}
    assert parse_main(format_main(parameters)) == parameters


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("myhostname", "mx11\nrelayhost = [192.0.2.1]"),
        ("myhostname", "mx11\r\nmynetworks = 0.0.0.0/0"),
        ("myhostname", "mx11\n  continued"),
        ("myhostname", "tab\there"),
        ("myhostname", " leading"),
        ("myhostname", "trailing "),
        ("myhostname", "n\u00efve"),
        ("my=hostname", "mx11"),
        ("#myhostname", "mx11"),
        ("my hostname", "mx11"),
        ("", "mx11"),
    ],
)
def test_main_refuses_what_reads_back_differently(name: str, value: str) -> None:
    with pytest.raises(PostfixRenderError):
        format_main({"mydestination": "", name: value})


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=4))
def test_main_is_exact_or_refused(parameters: dict[str, str]) -> None:
    try:
        text = format_main(parameters)
    except PostfixRenderError:
        return
    assert parse_main(text) == parameters
    assert len([line for line in text.splitlines() if not line.startswith("#")]) == len(parameters)


@pytest.mark.parametrize("text", ["a = 1\na = 2\n", " a = 1\n", "a\n", "a = 1\n\tb\n", "= 1\n", "a = \x7f\n"])
def test_main_parser_knows_no_other_form(text: str) -> None:
    with pytest.raises(PostfixRenderError):
        parse_main(text)


LANE = Service("lane-default", "unix", "smtp", limit=10, options=(("syslog_name", "postfix/lane"), ("x", "")))


def test_master_reads_back() -> None:
    services = [
        Service("127.0.0.1:10025", "inet", "smtpd", private=False),
        Service("q", "unix", "qmgr", wakeup=3),
        LANE,
    ]
    assert parse_master(format_master(services)) == services


@pytest.mark.parametrize(
    "service",
    [
        LANE._replace(options=(("smtp_helo_name", "two words"),)),
        LANE._replace(options=(("a b", "c"),)),
        LANE._replace(options=(("a", "b\nsmtp inet n - n - - smtpd"),)),
        LANE._replace(command="smtp -v"),
        LANE._replace(name="lane default"),
        LANE._replace(name=""),
        LANE._replace(name="#lane"),
        LANE._replace(name="lane\x0bdefault"),
    ],
)
def test_master_refuses_what_reads_back_differently(service: Service) -> None:
    with pytest.raises(PostfixRenderError):
        format_master([service])


def test_master_refuses_a_service_twice() -> None:
    with pytest.raises(PostfixRenderError):
        format_master([LANE, LANE])


@pytest.mark.parametrize(
    "text",
    [
        "lane unix - - n - - smtp -v\n",
        "lane unix - - n - - smtp -o\n",
        "lane unix - - n - - smtp -o name\n",
        "lane unix - - y - - smtp\n",
        "lane unix - - n - - smtp\n  -o a=b\n",
        "lane  unix - - n - - smtp\n",
    ],
)
def test_master_parser_knows_no_other_form(text: str) -> None:
    with pytest.raises(PostfixRenderError):
        parse_master(text)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (HOSTNAME_PATTERN, "mx11.example.com\n"),
        (HOSTNAME_PATTERN, "mx11.example.com\nx"),
        (HOSTNAME_PATTERN, "mx11.$domain"),
        (HOSTNAME_PATTERN, "mx11 .example.com"),
        (HOSTNAME_PATTERN, '"mx11".example.com'),
        (HOSTNAME_PATTERN, "mx11.example.com#"),
        (HOSTNAME_PATTERN, "mx11\\.example.com"),
        (HOSTNAME_PATTERN, ""),
        (IPV4_PATTERN, "192.0.2.1\n"),
        (IPV4_PATTERN, "192.0.2.256"),
        (r"^.*$", "${x}"),
        (r"^.*$", "a b"),
        (r"^.*$", ""),
    ],
)
def test_typed_refuses(pattern: str, value: str) -> None:
    with pytest.raises(PostfixRenderError):
        typed(pattern, value)


@given(st.text(max_size=30))
def test_typed_text_holds_nothing_that_postfix_interprets(value: str) -> None:
    try:
        accepted = typed(r"(?s).*", value)
    except PostfixRenderError:
        assume(True)
        return
    assert accepted == value
    assert not set(accepted) & set("#$\\\"'`{} \t\r\n")
