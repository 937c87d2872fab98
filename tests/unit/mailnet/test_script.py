"""A script says exactly what it means, or is refused with what is allowed."""

import pytest

from e2e.mailnet.script import Above, Deed, Greylist, ScriptError, Share, Stage, parse


@pytest.mark.parametrize(
    ("raw", "stage", "deed", "gate"),
    [
        ({"at": "rcpt", "share": "5%", "reply": "unknown"}, Stage.RCPT, Deed.REPLY, Share),
        ({"at": "mail", "above": "30/s", "per": "provider", "reply": "421 4.7.28 slow"}, Stage.MAIL, Deed.REPLY, Above),
        ({"at": "rcpt", "greylist": "60s", "reply": "greylist"}, Stage.RCPT, Deed.REPLY, Greylist),
        ({"at": "connect", "stall": True, "sources": ["198.51.100.0/28"]}, Stage.CONNECT, Deed.STALL, None),
        ({"at": "connect", "delay": "500ms"}, Stage.CONNECT, Deed.DELAY, None),
        ({"at": "eom", "close": True, "recipients": "@gmail"}, Stage.EOM, Deed.CLOSE, None),
    ],
)
def test_rules_are_read(raw: dict[str, object], stage: Stage, deed: Deed, gate: type | None) -> None:
    (rule,) = parse({"behaviour": [raw]})
    assert (rule.at, rule.deed) == (stage, deed)
    assert rule.gate is None if gate is None else isinstance(rule.gate, gate)


REFUSED = {
    "no action": ({"at": "rcpt"}, "exactly one action"),
    "two actions": ({"at": "rcpt", "stall": True, "close": True}, "exactly one action"),
    "two gates": ({"at": "rcpt", "share": "5%", "above": "1/s", "close": True}, "at most one"),
    "detail without its gate": ({"at": "rcpt", "per": "source", "close": True}, "at most one"),
    "unknown key": ({"at": "rcpt", "close": True, "probability": 1}, "unknown"),
    "unknown stage": ({"at": "bdat", "close": True}, "bdat"),
    "untrue action": ({"at": "rcpt", "close": False}, "true or absent"),
    "reply that is none": ({"at": "rcpt", "reply": "no thanks"}, "reply is one of"),
    "reply that grants": ({"at": "rcpt", "reply": "250 OK"}, "reply is one of"),
    "reply with a carriage return": ({"at": "rcpt", "reply": "450 a\r\n250 b"}, "reply is one of"),
    "recipient before it is known": ({"at": "mail", "recipients": "x", "close": True}, "no recipient"),
    "greylist before a recipient": ({"at": "mail", "greylist": "1s", "close": True}, "no recipient"),
    "address that is none": ({"at": "rcpt", "sources": ["here"], "close": True}, "here"),
    "address of another family": ({"at": "rcpt", "sources": ["2001:db8::1"], "close": True}, "2001"),
    "share above all": ({"at": "rcpt", "share": "150%", "close": True}, "ratio"),
    "pattern that is none": ({"at": "rcpt", "recipients": "(", "close": True}, "behaviour"),
}


@pytest.mark.parametrize(("raw", "reason"), REFUSED.values(), ids=REFUSED)
def test_rules_are_refused(raw: dict[str, object], reason: str) -> None:
    with pytest.raises(ScriptError, match=reason):
        parse({"behaviour": [raw]})


@pytest.mark.parametrize(
    "document", [[], {}, {"behaviour": "accept"}, {"behaviour": [], "more": 1}, {"behaviour": [1]}]
)
def test_documents_are_refused(document: object) -> None:
    with pytest.raises(ScriptError):
        parse(document)


def test_the_refusal_names_the_rule() -> None:
    with pytest.raises(ScriptError, match=r"behaviour\[1\]"):
        parse({"behaviour": [{"at": "rcpt", "close": True}, {"at": "rcpt"}]})
