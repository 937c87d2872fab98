"""Whether a message may come in: one request of Postfix's policy protocol and the rules in, one access(5) action out.

Ordered checks, the first that objects answers. A question that is not understood raises, and its asker gets a 451: only
a recipient of a client that is known to be allowed is ever answered `OK`.
"""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from smtppool.api.documents import Intake
from smtppool.gate.table import NoRules, Rules, ipv4

Attributes = Mapping[bytes, bytes]

CONFUSED = "451 4.3.5 Permission service did not understand the request"
NOT_READY = "451 4.3.2 Relay is not ready: no permission table"
CLOSED = "450 4.3.2 Relay takes no new mail now, try again later"
SHED = "421 4.3.2 Relay takes no new mail now, reconnect for another one"
TOO_LARGE = "552 5.3.4 Message is larger than {limit} bytes"
TOO_MANY = "452 4.5.3 Message has more than {limit} recipients"
FOREIGN = "554 5.7.1 <{address}>: not in submission.allowedNetworks of this pool"

SHED_AFTER = 10.0  # seconds of closed intake after which an open session is told to go, not only to wait
SUBMISSION, HANDOVER = b"submission", b"handover"
MAIL, RCPT, DATA, END = b"MAIL", b"RCPT", b"DATA", b"END-OF-MESSAGE"


class ConfusedError(ValueError):
    """A request that does not say what it must."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request that has been understood; `state` and `context` are one of the constants above."""

    state: bytes
    context: bytes
    attributes: Attributes

    def number(self, name: bytes) -> int:
        """A count of the request; Postfix sends 0 or nothing while it does not know it."""
        text = self.attributes.get(name, b"") or b"0"
        if not text.isdigit() or len(text) > 18:
            raise ConfusedError(f"{name!r} is {text!r}")
        return int(text)


def verdict(attributes: Attributes, rules: Rules | NoRules, *, now: float) -> str:
    """The action; ConfusedError for a request that must be answered `CONFUSED`."""
    question = understand(attributes)
    if isinstance(rules, NoRules):
        return NOT_READY
    for check in CHECKS[question.context]:
        if (objection := check(question, rules, now)) is not None:
            return objection
    return "OK" if question.state == RCPT else "DUNNO"


def understand(attributes: Attributes) -> Question:
    """Only what our own configuration can ask."""
    question = Question(
        state=attributes.get(b"protocol_state", b""),
        context=attributes.get(b"policy_context", b""),
        attributes=attributes,
    )
    if attributes.get(b"request") != b"smtpd_access_policy":
        raise ConfusedError(f"request is {attributes.get(b'request')!r}")
    if question.state not in {MAIL, RCPT, DATA, END}:
        raise ConfusedError(f"protocol_state is {question.state!r}")
    if question.context not in CHECKS:
        raise ConfusedError(f"policy_context is {question.context!r}")
    return question


def _network(question: Question, rules: Rules, now: float) -> str | None:
    del now
    address = question.attributes.get(b"client_address", b"").decode("ascii", "replace")
    if ":" in address:
        return FOREIGN.format(address=_ipv6(address))
    return None if rules.permit(ipv4(address)) else FOREIGN.format(address=address)


def _intake(question: Question, rules: Rules, now: float) -> str | None:
    """A message whose recipients are accepted already may finish."""
    if rules.intake is Intake.OPEN or question.state not in {MAIL, RCPT}:
        return None
    shed = rules.closed_since is not None and now - rules.closed_since >= SHED_AFTER
    return SHED if shed and question.state == MAIL else CLOSED


def _size(question: Question, rules: Rules, now: float) -> str | None:
    del now
    if question.state not in {MAIL, END} or question.number(b"size") <= rules.max_message_size:
        return None
    return TOO_LARGE.format(limit=rules.max_message_size)


def _recipients(question: Question, rules: Rules, now: float) -> str | None:
    del now
    if question.state not in {DATA, END} or question.number(b"recipient_count") <= rules.max_recipients:
        return None
    return TOO_MANY.format(limit=rules.max_recipients)


def _ipv6(address: str) -> str:
    try:
        return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, address))
    except (OSError, UnicodeEncodeError) as error:
        raise ConfusedError(f"client_address is {address!r}") from error


Check = Callable[[Question, Rules, float], str | None]
# A peer's mail was judged by that peer; HAProxy admits peers only.
CHECKS: dict[bytes, tuple[Check, ...]] = {
    SUBMISSION: (_network, _intake, _size, _recipients),
    HANDOVER: (_intake,),
}
