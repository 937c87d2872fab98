"""Log lines as Postfix writes them, for the tests of the log pipeline."""

from datetime import UTC, datetime

NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
ID = "4gZq1x2Y3Zz9"
GMAIL = "gmail-smtp-in.l.google.com[142.250.1.26]:25"


def line(service: str, text: str, *, at: str = "Nov 21 15:59:01", pid: int = 77) -> bytes:
    """`service`: `lane-default/smtp`, `qmgr`, ..."""
    return f"{at} mx1 postfix/{service}[{pid}]: {text}".encode()


def delivery(
    status: str = "sent",
    reply: str = "250 2.0.0 OK 1763 x - gsmtp",
    *,
    service: str = "lane-default/smtp",
    queue_id: str = ID,
    to: str = "bob@gmail.com",
    relay: str = GMAIL,
    delays: str = "0.1/0/0.6/0.5",
    dsn: str = "2.0.0",
    more: str = "",
    at: str = "Nov 21 15:59:01",
    pid: int = 77,
) -> bytes:
    """A delivery line."""
    text = (
        f"{queue_id}: to=<{to}>, relay={relay}, {more}delay=1.2, delays={delays}, dsn={dsn}, status={status} ({reply})"
    )
    return line(service, text, at=at, pid=pid)


def queued(queue_id: str = ID, sender: str = "app@example.com", *, size: int = 1000, recipients: int = 1) -> bytes:
    """qmgr takes a message into the active queue."""
    return line("qmgr", f"{queue_id}: from=<{sender}>, size={size}, nrcpt={recipients} (queue active)")


def removed(queue_id: str = ID) -> bytes:
    return line("qmgr", f"{queue_id}: removed")


def expired(queue_id: str = ID, sender: str = "app@example.com") -> bytes:
    return line("qmgr", f"{queue_id}: from=<{sender}>, status=expired, returned to sender")


SENT = delivery(more="conn_use=3, ")
DEFERRED = delivery("deferred", f"host {GMAIL[:-3]} said: 421 4.7.0 slow down (in reply to MAIL FROM)", dsn="4.7.0")
BOUNCED = delivery("bounced", f"host {GMAIL[:-3]} said: 550 5.1.1 no such user (in reply to RCPT TO)", dsn="5.1.1")
HELD = delivery("deferred", "not yet allowed to send", service="retry", relay="none", dsn="4.7.1")
SUSPENDED = delivery(
    "deferred",
    "delivery temporarily suspended: connect to mx[192.0.2.1]: refused",
    service="error",
    relay="none",
    dsn="4.4.1",
)
REFUSED = delivery(
    "deferred",
    "connect to mta5.am0.yahoodns.net[203.0.113.13]:25: Connection refused",
    to="bob@shop.example",
    relay="none",
    dsn="4.4.1",
)
UNRESOLVED = delivery(
    "deferred",
    "Host or domain name not found. Name service error for name=shop.example type=MX: Host not found, try again",
    to="bob@shop.example",
    relay="none",
    dsn="4.4.3",
)
