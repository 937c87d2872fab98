"""The receiving side of one SMTP session, without a socket: a command in, what to answer and do next out.

Real enough for Postfix (RFC 5321, PIPELINING, 8BITMIME, SIZE, ENHANCEDSTATUSCODES, STARTTLS); every step is put to
the provider's rules before it is answered, and every outcome is recorded.
"""

import re
from collections.abc import Callable

from e2e.mailnet.content import Collector
from e2e.mailnet.events import Outcome
from e2e.mailnet.script import Stage
from e2e.mailnet.session import Concerning, Session, Step, Then
from e2e.mailnet.sink import Sink

_PATH = re.compile(r"(?:MAIL FROM|RCPT TO): ?<([^<>\s]*)>(?: (.*))?", re.IGNORECASE)
_SIZE = re.compile(r"\bSIZE=(\d+)", re.IGNORECASE)
_TOO_BIG = "552 5.3.4 Message size exceeds fixed limit"

Route = Callable[[str], Sink | None]


class Dialogue:
    """One session with one client, from the banner on; `route` finds the sink that takes mail for a domain."""

    def __init__(self, *, session: Session, route: Route) -> None:
        self.session = session
        self._route = route
        self._commands: dict[str, Callable[[str], Step]] = {
            "EHLO": self._ehlo, "HELO": self._helo, "MAIL": self._mail, "RCPT": self._rcpt, "DATA": self._data,
            "STARTTLS": self._starttls, "RSET": self._rset, "NOOP": self._noop, "QUIT": self._quit,
        }  # fmt: skip

    def opening(self) -> Step:
        """The banner."""
        return self.session.judge(Stage.CONNECT, f"220 {self.session.sink.provider.greeting} ESMTP ready")

    def command(self, line: bytes) -> Step:
        """Answer one command line."""
        text = line.decode("ascii", "replace").rstrip("\r\n")
        handler = self._commands.get(text.partition(" ")[0].upper())
        return handler(text) if handler else Step("500 5.5.1 Command not recognised")

    def message(self, collected: Collector) -> Step:
        """Answer a complete message; the transaction ends here, whatever the answer."""
        session = self.session
        about = Concerning(tuple(session.recipients), collected.message_id, collected.size)
        if collected.size > session.sink.provider.max_size:
            step = session.refuse(Stage.EOM, _TOO_BIG, about)
        else:
            ticket = f"{session.number:x}-{collected.size:x}"
            step = session.judge(Stage.EOM, f"250 2.0.0 OK {ticket} {session.sink.provider.name}", about)
        session.forget_envelope()
        return step

    def abandoned(self) -> None:
        """The client is gone; within a transaction that is an outcome."""
        if self.session.sender is not None and not self.session.over:
            self.session.record(Outcome.DROPPED, "", Concerning(tuple(self.session.recipients)))

    def _helo(self, text: str) -> Step:
        return self._greet(text, [])

    def _ehlo(self, text: str) -> Step:
        provider = self.session.sink.provider
        features = ["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", f"SIZE {provider.max_size}"]
        if provider.starttls and not self.session.tls:
            features.append("STARTTLS")
        return self._greet(text, features)

    def _greet(self, text: str, features: list[str]) -> Step:
        session = self.session
        session.helo = text.partition(" ")[2].strip()
        session.forget_envelope()
        if not session.helo:
            return Step("501 5.5.4 Name yourself")
        lines = [f"{session.sink.provider.greeting} at your service, [{session.source}]", *features]
        usual = "\n".join(f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines)
        return session.judge(Stage.EHLO, usual)

    def _mail(self, text: str) -> Step:
        session, found = self.session, _PATH.fullmatch(text)
        if not found:
            return Step("501 5.5.4 Syntax: MAIL FROM:<address>")
        if not session.helo or session.sender is not None:
            return Step("503 5.5.1 Bad sequence of commands")
        session.sender = found.group(1)
        size = _SIZE.search(found.group(2) or "")
        declared = int(size.group(1)) if size else 0
        if declared > session.sink.provider.max_size:
            step = session.refuse(Stage.MAIL, _TOO_BIG, Concerning(size=declared))
        else:
            step = session.judge(Stage.MAIL, "250 2.1.0 OK")
        if not step.positive:
            session.sender = None
        return step

    def _rcpt(self, text: str) -> Step:
        session, found = self.session, _PATH.fullmatch(text)
        if not found or not found.group(1):
            return Step("501 5.5.4 Syntax: RCPT TO:<address>")
        if session.sender is None:
            return Step("503 5.5.1 Need MAIL before RCPT")
        recipient = found.group(1)
        sink = self._route(recipient.rpartition("@")[2].lower())
        if sink is None:
            return session.refuse(Stage.RCPT, f"550 5.7.1 <{recipient}>: Relaying denied", Concerning((recipient,)))
        session.sink = sink
        step = session.judge(Stage.RCPT, "250 2.1.5 OK", Concerning((recipient,)))
        if step.positive:
            session.recipients.append(recipient)
        return step

    def _data(self, _text: str) -> Step:
        if not self.session.recipients:
            return Step("503 5.5.1 Need RCPT before DATA")
        step = self.session.judge(Stage.DATA, "354 Go ahead", Concerning(tuple(self.session.recipients)))
        return step._replace(then=Then.COLLECT) if step.positive else step

    def _starttls(self, _text: str) -> Step:
        if not self.session.sink.provider.starttls or self.session.tls:
            return Step("502 5.5.1 Not available")
        self.session.helo = ""
        self.session.forget_envelope()
        return Step("220 2.0.0 Ready to start TLS", Then.TLS)

    def _rset(self, _text: str) -> Step:
        self.session.forget_envelope()
        return Step("250 2.0.0 OK")

    def _noop(self, _text: str) -> Step:
        return Step("250 2.0.0 OK")

    def _quit(self, _text: str) -> Step:
        self.session.forget_envelope()
        return Step("221 2.0.0 Bye", Then.CLOSE)
