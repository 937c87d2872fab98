"""One Postfix log line of a delivery agent -> one delivery. Pure; recipient and reply are whatever strangers wrote.

The recipient is matched with its quoting and the reply last, so that neither can pass for another field. Bytes stay
bytes until somebody reads the event: most lines are only counted.
"""

import re
from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from typing import Final, NamedTuple, TypeVar

from smtppool.policy import profiles

Value = TypeVar("Value")
Learn = Callable[[str, str], None]  # domain, provider

SENT: Final = b"sent"
BOUNCED: Final = b"bounced"
DEFERRED: Final = b"deferred"
EXPIRED: Final = b"expired"
FINAL: Final = frozenset({SENT, BOUNCED, EXPIRED})
MAX_REPLY: Final = 1000
MAX_CACHED: Final = 8192
# qmgr puts mail off without having tried: not an attempt (QSHAPE_README).
SUSPENDED: Final = b"delivery temporarily suspended"
# No connection came about: the receiver's host is named here, and `relay=none`.
_CONNECT: Final = re.compile(rb"connect to ([^\[\s]+)\[")

# `"..."` may hold anything, also what looks like the next field.
ADDRESS: Final = rb'[^"<>]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"<>]*+)*+'
_NUMBER: Final = rb"(\d{1,9}(?:\.\d{1,9})?)"
_LINE: Final = re.compile(
    rb"(\w{6,40}): to=<(" + ADDRESS + rb")>, (?:orig_to=<" + ADDRESS + rb">, )?"
    rb"relay=([^, ]+), (?:conn_use=(\d{1,9}), )?delay=" + _NUMBER + rb", delays=" + b"/".join([_NUMBER] * 4) + rb", "
    rb"(?:tls=[^, ]+, )?dsn=(\d\.\d+\.\d+), status=(\w+) \((.*)\)$",
    re.DOTALL,
)
_RELAY: Final = re.compile(rb"([^\[]+)\[([^\]]+)\](?::\d+)?$")


class Relay(NamedTuple):
    """`relay=host[address]:port`; `host` None: no receiver answered. `provider` by the host alone."""

    text: bytes
    host: bytes | None
    address: bytes | None
    provider: str | None

    @property
    def name(self) -> bytes:
        """The host, or what stands in its place."""
        return self.host or self.text


class Delivery(NamedTuple):
    """One line for one recipient. Delays in seconds, as Postfix has them; see `delays` in postconf(5)."""

    queue_id: bytes
    recipient: bytes
    relay: Relay
    connection_use: bytes | None
    delay: bytes
    delays: tuple[float, float, float, float]  # before the queue manager, in it, connection, transmission
    dsn: bytes
    status: bytes
    reply: bytes
    attempt: bool
    provider: str

    @property
    def response_time(self) -> float:
        """What the receiver took: connect, TLS, EHLO and transmission, without our own queueing."""
        return round(self.delays[2] + self.delays[3], 3)

    @property
    def suspended(self) -> bool:
        """Put off by qmgr untried, because the destination did not answer before."""
        return self.reply.startswith(SUSPENDED)

    def event(self, *, time: str, service: bytes, bounce_class: str | None, outcome: bool) -> str:
        """The members of the event's JSON object; `outcome`: the first final status of this recipient of this message.

        Put together by hand: the encoder's own way takes three times as long, and every delivery takes it.
        """
        return (
            f'"event": "delivery", "time": "{time}", "queueId": {_quoted(self.queue_id)}, '
            f'"recipient": {_quoted(self.recipient)}, "status": {_quoted(self.status)}, '
            f'"class": {_quoted(bounce_class.encode() if bounce_class else None)}, "dsn": "{self.dsn.decode()}", '
            f'"provider": "{self.provider}", "relay": {_quoted(self.relay.name)}, '
            f'"relayAddress": {_quoted(self.relay.address)}, '
            f'"lane": {_quoted(b"postfix/" + service)}, "delaySeconds": {float(self.delay)}, '
            f'"responseSeconds": {self.response_time}, "connectionUse": {int(self.connection_use or 1)}, '
            f'"attempt": {"true" if self.attempt else "false"}, "outcome": {"true" if outcome else "false"}, '
            f'"reply": {_quoted(self.reply[:MAX_REPLY])}'
        )


class Parser:
    """Remembers the hosts and domains that it saw: there are few, and each is in thousands of lines.

    `learn` is told of each domain for which a host of a known provider answered.
    """

    def __init__(self, learn: Learn | None = None) -> None:
        self._relays: dict[bytes, Relay] = {}
        self._domains: dict[bytes, str] = {}
        self._by_host: dict[bytes, str] = {}
        self._learn = learn

    def parse(self, line: bytes, start: int = 0) -> Delivery | None:
        """The delivery that a line tells of from `start` (behind `postfix/...[pid]: `), if it does."""
        match = _LINE.match(line, start)
        if match is None:
            return None
        queue_id, recipient, relay_text, use, delay, a, b, c, d, dsn, status, reply = match.groups()
        relay = self._relays.get(relay_text) or self._relay(relay_text)
        domain = recipient.rpartition(b"@")[2]
        attempt, by_host = relay.host is not None, relay.provider
        if not attempt and (refused := _CONNECT.match(reply)) is not None:
            attempt, by_host = True, profiles.of_host(refused[1].decode("ascii", "replace"))
        elif attempt and reply.startswith(SUSPENDED):
            attempt = False
        if by_host is None:
            provider = self._domains.get(domain) or self._domain(domain)
        else:
            provider = by_host
            if self._by_host.get(domain) is not by_host:
                self._tell(domain, by_host)
        delays = (float(a), float(b), float(c), float(d))
        return Delivery(queue_id, recipient, relay, use, delay, delays, dsn, status, reply, attempt, provider)

    def _relay(self, text: bytes) -> Relay:
        found = _RELAY.match(text)
        host, address = (found[1], found[2]) if found else (None, None)
        relay = Relay(text, host, address, profiles.of_host(host.decode("ascii", "replace")) if host else None)
        return _remember(self._relays, text, relay)

    def _domain(self, domain: bytes) -> str:
        return _remember(self._domains, domain, profiles.provider(None, domain.decode("ascii", "replace")))

    def _tell(self, domain: bytes, provider: str) -> None:
        _remember(self._by_host, domain, provider)
        if self._learn is not None:
            self._learn(domain.decode("ascii", "replace"), provider)


def _quoted(text: bytes | None) -> str:
    return "null" if text is None else encode_basestring_ascii(text.decode(errors="replace"))


def _remember(cache: dict[bytes, Value], key: bytes, value: Value) -> Value:
    if len(cache) >= MAX_CACHED:
        cache.clear()
    cache[key] = value
    return value
