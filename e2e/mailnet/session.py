"""What is known of one session so far, and the one place where a provider's verdict becomes an answer and a record."""

from enum import Enum, auto
from typing import NamedTuple

from e2e.mailnet.behaviour import Attempt
from e2e.mailnet.events import Details, Outcome
from e2e.mailnet.script import Deed, Stage
from e2e.mailnet.sink import Sink


class Then(Enum):
    """What follows the answer."""

    CONTINUE = auto()
    COLLECT = auto()
    TLS = auto()
    CLOSE = auto()
    STALL = auto()


class Step(NamedTuple):
    """One answer: wait, write, go on."""

    reply: str
    then: Then = Then.CONTINUE
    delay: float = 0.0

    @property
    def wire(self) -> bytes:
        """The reply as it is sent; a script may state several lines."""
        return (self.reply.replace("\n", "\r\n") + "\r\n").encode("ascii", "replace") if self.reply else b""

    @property
    def positive(self) -> bool:
        """Whether the step was granted."""
        return self.reply[:1] in {"2", "3"}


class Concerning(NamedTuple):
    """Which recipients, and once it is known which message, a step is about."""

    recipients: tuple[str, ...] = ()
    message_id: str = ""
    size: int = 0


_NOTHING_YET = Concerning()


class Session:
    """The envelope under way and the answers to it."""

    def __init__(self, *, sink: Sink, source: str, number: int) -> None:
        self.sink = sink
        self.source = source
        self.number = number
        self.tls = False
        self.helo = ""
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.over = False  # we stalled or hung up; what the client does then is no outcome
        self._home = sink

    def forget_envelope(self) -> None:
        """The transaction is over or was reset."""
        self.sender = None
        self.recipients = []
        self.sink = self._home

    def judge(self, stage: Stage, usual: str, about: Concerning = _NOTHING_YET) -> Step:
        """Put a step to the provider's rules; `usual` is the answer when none of them strikes."""
        verdict = self.sink.judge(stage, Attempt(self.source, self.sender or "", about.recipients, about.message_id))
        self.over = verdict.deed in {Deed.STALL, Deed.CLOSE}
        match verdict.deed:
            case Deed.STALL:
                self.record(Outcome.STALLED, "", about)
                return Step("", Then.STALL, verdict.delay)
            case Deed.CLOSE:
                self.record(Outcome.CLOSED, "", about)
                return Step("", Then.CLOSE, verdict.delay)
            case Deed.REPLY:
                return self.refuse(stage, verdict.reply, about)._replace(delay=verdict.delay)
        if stage is Stage.EOM:
            self.record(Outcome.ACCEPTED, usual, about)
        return Step(usual, delay=verdict.delay)

    def refuse(self, stage: Stage, reply: str, about: Concerning = _NOTHING_YET) -> Step:
        """A 4xx or 5xx; before the banner, and with 421 (RFC 5321, 3.8), it ends the session."""
        self.record(Outcome.DEFERRED if reply.startswith("4") else Outcome.REJECTED, reply, about)
        self.over = stage is Stage.CONNECT or reply.startswith("421")
        return Step(reply, Then.CLOSE if self.over else Then.CONTINUE)

    def record(self, outcome: Outcome, reply: str, about: Concerning) -> None:
        """One event per recipient, or one without where none is named."""
        for recipient in about.recipients or ("",):
            self.sink.log.add(
                Details(
                    provider=self.sink.provider.name,
                    source=self.source,
                    session=self.number,
                    helo=self.helo,
                    sender=self.sender or "",
                    recipient=recipient,
                    message_id=about.message_id,
                    outcome=outcome,
                    reply=reply,
                    size=about.size,
                    tls=self.tls,
                )
            )
