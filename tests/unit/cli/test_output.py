"""The tables as a user sees them."""

import io
from typing import Any

from rich.console import Console

from smtppool.cli.explain import print_explanation
from smtppool.cli.queue import print_queues
from smtppool.cli.status import print_status
from tests.unit.cli.test_facts import BLOCKED, MISMATCH, NOT_EVALUATED, NOT_READY, READY, server


def shown(draw: Any, *args: Any, **keywords: Any) -> str:
    out = io.StringIO()
    draw(Console(file=out, width=200, no_color=True), *args, **keywords)
    return out.getvalue()


def pool(name: str = "marketing") -> dict[str, Any]:
    status = {"servers": "1/2", "queued": 12, "rolling": "mx2", "conditions": [READY]}
    return {"metadata": {"namespace": "mail", "name": name}, "spec": {}, "status": status}


def test_status_lists_members_below_their_pool() -> None:
    good = server(READY, state="Sending", weight=100, node="node-a", queue={"messages": 2})
    bad = server(NOT_READY, MISMATCH, state="Closed", weight=0)
    bad["metadata"]["name"] = "mx2"
    lines = shown(print_status, pools=[pool()], servers=[good, bad]).splitlines()
    assert lines[0] == "mail/marketing  in traffic 1/2  queued 12  rolling mx2"
    assert lines[1].split() == ["MEMBER", "WEIGHT", "STATE", "EGRESS", "NODE", "QUEUED", "REASON"]
    assert lines[2].split() == ["mx1", "100", "Sending", "198.51.100.11", "node-a", "2"]
    assert "0 of 100" in lines[3]
    assert "Mismatch: mail would leave from 192.0.2.66" in lines[3]


def test_status_shows_servers_whose_pool_is_missing() -> None:
    text = shown(print_status, pools=[pool("other")], servers=[server(READY)])
    assert "no members" in text
    assert "without a pool" in text


def test_text_of_others_is_not_markup() -> None:
    odd = dict(NOT_READY, message="[red]no[/red] [/]")
    assert "[red]no[/red] [/]" in shown(print_status, pools=[pool()], servers=[server(odd)])


def test_explain_puts_what_is_wrong_first() -> None:
    lines = shown(print_explanation, server(READY, NOT_EVALUATED, MISMATCH)).splitlines()
    assert lines[2].split()[0] == "EgressVerified"
    assert "nothing to do" in lines[-1]


def test_queue_list_says_what_a_deletion_waits_for() -> None:
    held = server(BLOCKED, metadata={"deletionTimestamp": "x"}, queue={"deferred": 10, "messages": 10})
    text = shown(print_queues, [held, server()])
    assert "DrainBlocked: 10 messages" in text
    assert text.splitlines()[2].split() == ["mail/mx1", *"------"]
