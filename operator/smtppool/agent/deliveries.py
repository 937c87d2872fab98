"""One Postfix log line -> one delivery event. Pure; recipient and reply text are whatever strangers wrote.

The recipient is matched with its quoting and the reply last, so that neither can pass for another field.
"""

import re
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

FINAL: Final = frozenset({"sent", "bounced", "expired"})
# qmgr puts mail off without having tried: not an attempt (QSHAPE_README).
_SUSPENDED: Final = "delivery temporarily suspended"

_LINE: Final = re.compile(
    r"(?P<time>\w{3} [ \d]\d \d\d:\d\d:\d\d) \S+ (?P<service>[\w/.-]+)\[\d+\]: (?P<queue_id>\w{6,40}): "
    r'to=<(?P<recipient>(?:"(?:[^"\\]|\\.)*"|[^"<>])*)>, (?:orig_to=<(?:"(?:[^"\\]|\\.)*"|[^"<>])*>, )?'
    r"relay=(?P<relay>[^, ]+), (?:conn_use=(?P<conn_use>\d+), )?delay=(?P<delay>[\d.]+), "
    r"delays=(?P<delays>[\d./]+), dsn=(?P<dsn>\d\.\d+\.\d+), status=(?P<status>\w+) \((?P<reply>.*)\)$"
)
_REMOVED: Final = re.compile(r"/qmgr\[\d+\]: (?P<queue_id>\w{6,40}): removed$")
_RELAY: Final = re.compile(r"(?P<host>[^\[]+)\[(?P<address>[^\]]+)\](?::(?P<port>\d+))?$")


class Delivery(NamedTuple):
    """One attempt for one recipient. `response_time` in seconds: connect, TLS, EHLO and transmission."""

    time: str
    service: str
    queue_id: str
    recipient: str
    relay: str
    relay_address: str | None
    delay: float
    response_time: float
    connection_use: int
    dsn: str
    status: str
    reply: str
    attempt: bool

    def event(self, *, outcome: bool) -> dict[str, Any]:
        """The event's fields; `outcome`: the first final status of this recipient of this message."""
        return {
            "event": "delivery",
            "time": self.time,
            "queueId": self.queue_id,
            "recipient": self.recipient,
            "status": self.status,
            "dsn": self.dsn,
            "relay": self.relay,
            "relayAddress": self.relay_address,
            "lane": self.service,
            "delaySeconds": self.delay,
            "responseSeconds": self.response_time,
            "connectionUse": self.connection_use,
            "attempt": self.attempt,
            "outcome": outcome,
            "reply": self.reply,
        }


def parse(line: str, *, now: datetime) -> Delivery | None:
    """The delivery that a log line tells of, if it does."""
    if ", status=" not in line:
        return None
    match = _LINE.match(line)
    if match is None:
        return None
    found = match.groupdict()
    relay = _RELAY.match(found["relay"])
    return Delivery(
        time=_time(found["time"], now),
        service=found["service"],
        queue_id=found["queue_id"],
        recipient=found["recipient"],
        relay=relay["host"] if relay else found["relay"],
        relay_address=relay["address"] if relay else None,
        delay=float(found["delay"]),
        response_time=_response_time(found["delays"]),
        connection_use=int(found["conn_use"] or 1),
        dsn=found["dsn"],
        status=found["status"],
        reply=found["reply"][:1000],
        attempt=relay is not None and not found["reply"].startswith(_SUSPENDED),
    )


def removed(line: str) -> str | None:
    """Queue id of a message that has left the queue."""
    match = _REMOVED.search(line) if line.endswith(": removed") else None
    return match["queue_id"] if match else None


def _time(text: str, now: datetime) -> str:
    """The log's time, which has no year and is UTC in the pod: the latest such time that is not in the future."""
    moment = datetime.strptime(f"{now.year} {text}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
    if moment > now + timedelta(days=1):
        moment = moment.replace(year=now.year - 1)
    return moment.isoformat().replace("+00:00", "Z")


def _response_time(delays: str) -> float:
    """c + d of `delays=a/b/c/d`: what the receiver took, without our own queueing."""
    parts = [float(part) for part in delays.split("/")]
    return round(sum(parts[2:4]), 3)


class Outcomes:
    """Says once per recipient of a message that its fate is final; forgets a message when it leaves the queue."""

    def __init__(self, *, limit: int = 20_000) -> None:
        self._limit = limit
        self._known: OrderedDict[str, set[int]] = OrderedDict()

    def first(self, delivery: Delivery) -> bool:
        """Whether this is the first final status of this recipient of this message."""
        if delivery.status not in FINAL:
            return False
        known = self._known.setdefault(delivery.queue_id, set())
        key = hash(delivery.recipient)
        if key in known:
            return False
        known.add(key)
        if len(self._known) > self._limit:
            self._known.popitem(last=False)
        return True

    def forget(self, queue_id: str) -> None:
        """The message has left the queue: there will be no more lines."""
        self._known.pop(queue_id, None)
