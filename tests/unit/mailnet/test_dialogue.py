"""The receiving state machine, as transcripts: what is said, what is answered, what is recorded."""

import pytest

from e2e.mailnet.content import Collector
from e2e.mailnet.dialogue import Dialogue
from e2e.mailnet.events import Outcome
from e2e.mailnet.session import Step, Then
from e2e.mailnet.sink import Sink, Sinks
from tests.unit.mailnet.given import script

EHLO, MAIL, RCPT = "EHLO mx11.example.com", "MAIL FROM:<s@example.com> SIZE=100", "RCPT TO:<r@gmail.com>"


def say(dialogue: Dialogue, *lines: str) -> list[str]:
    """The codes of the answers."""
    return [dialogue.command(f"{line}\r\n".encode()).reply[:3] for line in lines]


def message(dialogue: Dialogue, message_id: str = "<m@example.com>") -> Step:
    collector = Collector()
    assert collector.feed(f"Message-ID: {message_id}\r\n\r\nx\r\n.\r\n".encode())[0]
    return dialogue.message(collector)


def outcomes(sink: Sink) -> list[tuple[Outcome, str, str]]:
    return [(event.outcome, event.recipient, event.code) for event in sink.log.events]


TRANSCRIPTS = {
    "usual": ([EHLO, MAIL, RCPT, "DATA"], ["250", "250", "250", "354"]),
    "HELO, lower case, null sender": (["helo x", "mail from:<>", "rcpt to:<r@gmail.com>"], ["250", "250", "250"]),
    "mail before greeting": ([MAIL], ["503"]),
    "nameless greeting": (["EHLO"], ["501"]),
    "recipient before sender": ([EHLO, RCPT], ["250", "503"]),
    "data before recipient": ([EHLO, MAIL, "DATA"], ["250", "250", "503"]),
    "nested transaction": ([EHLO, MAIL, MAIL], ["250", "250", "503"]),
    "reset": ([EHLO, MAIL, "RSET", RCPT, MAIL], ["250", "250", "250", "503", "250"]),
    "greeting again resets": ([EHLO, MAIL, EHLO, RCPT], ["250", "250", "250", "503"]),
    "domain of another provider": ([EHLO, MAIL, "RCPT TO:<r@yahoo.com>"], ["250", "250", "550"]),
    "no address": ([EHLO, MAIL, "RCPT TO:<>", "RCPT TO:r"], ["250", "250", "501", "501"]),
    "declared too big": ([EHLO, "MAIL FROM:<s@example.com> SIZE=99999999"], ["250", "552"]),
    "not spoken here": ([EHLO, "VRFY r", "ETRN x", ""], ["250", "500", "500", "500"]),
    "noop and quit": (["NOOP", "QUIT"], ["250", "221"]),
}


@pytest.mark.parametrize(("lines", "codes"), TRANSCRIPTS.values(), ids=TRANSCRIPTS)
def test_transcripts(dialogue: Dialogue, lines: list[str], codes: list[str]) -> None:
    assert say(dialogue, *lines) == codes


def test_an_accepted_message_is_recorded_with_all_that_was_shown(dialogue: Dialogue, google: Sink) -> None:
    say(dialogue, EHLO, MAIL, RCPT, "RCPT TO:<q@northwind.example>", "DATA")
    assert message(dialogue).reply.startswith("250 2.0.0 OK")
    first, second = google.log.events
    assert first[3:] == (
        "google", "198.51.100.11", 1, "mx11.example.com", "s@example.com", "r@gmail.com", "<m@example.com>",
        Outcome.ACCEPTED, first.reply, 34, False,
    )  # fmt: skip
    assert (second.recipient, second.domain) == ("q@northwind.example", "northwind.example")


def test_several_messages_on_one_connection(dialogue: Dialogue, google: Sink) -> None:
    say(dialogue, EHLO)
    for _ in range(3):
        assert say(dialogue, MAIL, RCPT, "DATA") == ["250", "250", "354"]
        message(dialogue)
    assert len(google.log.events) == 3


@pytest.mark.parametrize(("stage", "spoken"), [("mail", 1), ("rcpt", 2), ("data", 3)])
@pytest.mark.parametrize(("reply", "then", "outcome"), [
    ("421 4.7.0 slow down", Then.CLOSE, Outcome.DEFERRED),
    ("450 4.2.0 later", Then.CONTINUE, Outcome.DEFERRED),
    ("550 5.7.1 no", Then.CONTINUE, Outcome.REJECTED),
])  # fmt: skip
def test_refusals(
    dialogue: Dialogue, google: Sink, stage: str, spoken: int, reply: str, then: Then, outcome: Outcome
) -> None:
    script(google, {"at": stage, "reply": reply})
    lines = [EHLO, MAIL, RCPT, "DATA"]
    say(dialogue, *lines[:spoken])
    step = dialogue.command(lines[spoken].encode())
    assert (step.reply, step.then) == (reply, then)
    assert [event.outcome for event in google.log.events] == [outcome]
    dialogue.abandoned()
    dropped = Outcome.DROPPED in {event.outcome for event in google.log.events}
    assert dropped == (then is Then.CONTINUE and stage != "mail")


def test_a_refused_sender_opens_no_transaction(dialogue: Dialogue, google: Sink) -> None:
    script(google, {"at": "mail", "reply": "450 4.7.1 later"})
    assert say(dialogue, EHLO, MAIL, RCPT, "DATA") == ["250", "450", "503", "503"]


@pytest.mark.parametrize(("deed", "then", "outcome"), [
    ("stall", Then.STALL, Outcome.STALLED), ("close", Then.CLOSE, Outcome.CLOSED),
])  # fmt: skip
def test_misbehaviour_after_the_message_is_recorded_per_recipient(
    dialogue: Dialogue, google: Sink, deed: str, then: Then, outcome: Outcome
) -> None:
    script(google, {"at": "eom", deed: True})
    say(dialogue, EHLO, MAIL, RCPT, "DATA")
    assert message(dialogue) == Step("", then)
    assert outcomes(google) == [(outcome, "r@gmail.com", "")]


def test_the_banner_is_judged_too(dialogue: Dialogue, google: Sink) -> None:
    assert dialogue.opening() == Step("220 mx.google.com ESMTP ready")
    script(google, {"at": "connect", "delay": "2s"}, {"at": "connect", "reply": "554 5.7.1 go away"})
    assert dialogue.opening() == Step("554 5.7.1 go away", Then.CLOSE, 2.0)


def test_a_reply_of_several_lines_is_sent_as_such(google: Sink, dialogue: Dialogue) -> None:
    script(google, {"at": "mail", "reply": "rate"})
    say(dialogue, EHLO)
    lines = dialogue.command(MAIL.encode()).wire.split(b"\r\n")
    assert [line[:4] for line in lines] == [b"421-", b"421-", b"421 ", b""]
    assert b"[198.51.100.11]" in lines[1]


def test_starttls_is_offered_until_it_is_used(dialogue: Dialogue) -> None:
    assert "STARTTLS" in dialogue.command(EHLO.encode()).reply
    assert dialogue.command(b"STARTTLS").then is Then.TLS
    dialogue.session.tls = True
    assert say(dialogue, MAIL) == ["503"]  # the greeting before TLS does not count
    assert "STARTTLS" not in dialogue.command(EHLO.encode()).reply
    assert say(dialogue, "STARTTLS") == ["502"]


def test_one_address_for_all_providers_decides_by_domain(sinks: Sinks, dialogue: Dialogue) -> None:
    dialogue._route = sinks.hosting
    script(sinks.by_name["yahoo"], {"at": "rcpt", "reply": "rate"})
    say(dialogue, EHLO, MAIL, RCPT, "DATA")
    message(dialogue)
    assert say(dialogue, MAIL, "RCPT TO:<r@yahoo.com>") == ["250", "421"]
    assert [event.provider for event in sinks.log.events] == ["google", "yahoo"]
