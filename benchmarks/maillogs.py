"""A log file as a busy relay writes it: a million lines of some 130,000 messages, the same for the same seed.

Services have Postfix' own names (`postfix/smtp`, not `postfix/lane-default/smtp`): other readers know no others.
Clients that use TLS or a password, and header checks, are there for the counters that both readers have: no relay of
ours knows them.
"""

import random
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

LINES_PER_SECOND: Final = 6000  # of some 800 messages
HOSTS: Final = (
    ("gmail.com", "gmail-smtp-in.l.google.com[142.250.1.26]:25", 40),
    ("outlook.com", "outlook-com.olc.protection.outlook.com[52.101.8.36]:25", 15),
    ("contoso.example", "contoso-example.mail.protection.outlook.com[52.101.40.2]:25", 12),
    ("yahoo.com", "mta5.am0.yahoodns.net[67.195.228.109]:25", 12),
    ("icloud.com", "mx01.mail.icloud.com[17.57.154.33]:25", 6),
    ("gmx.de", "mx00.emig.gmx.net[212.227.15.9]:25", 5),
    ("orange.fr", "smtp-in.orange.fr[80.12.26.32]:25", 4),
    ("comcast.net", "mx1h1.comcast.net[96.102.18.147]:25", 3),
    *((f"shop{number}.example", f"mail.shop{number}.example[203.0.113.{number}]:25", 0.05) for number in range(60)),
)
WEIGHTS: Final = tuple(weight for _, _, weight in HOSTS)
REFUSALS: Final = (
    (
        "5.1.1",
        "550 5.1.1 The email account that you tried to reach does not exist. - gsmtp (in reply to RCPT TO command)",
    ),
    ("5.7.1", "550 5.7.1 Service unavailable; client host [198.51.100.7] blocked using Spamhaus (in reply to RCPT TO)"),
    ("5.2.2", "552 5.2.2 Mailbox full (in reply to end of DATA command)"),
)
PUT_OFF: Final = (
    "host {host} said: 421 4.7.0 [TSS04] Messages from 198.51.100.7 temporarily deferred due to unexpected volume or "
    "user complaints - 4.16.55.1 (in reply to MAIL FROM command)"
)
TLS: Final = (
    "Trusted TLS connection established to {host}: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) "
    "key-exchange X25519 server-signature ECDSA (prime256v1) server-digest SHA256"
)
INTAKE_TLS: Final = (
    (
        "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) "
        "key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256"
    ),
    "TLSv1.2 with cipher ECDHE-RSA-AES128-GCM-SHA256 (128/128 bits)",
)
SASL_USERS: Final = {"PLAIN": "app", "LOGIN": "printer"}
"""Method -> who uses it. One user each, as one reader counts by the method and the other by the user."""
REJECTED: Final = (
    "reject: header Subject: cheap watches from {client}; from=<app@example.com> to=<user@{domain}> proto=ESMTP "
    "helo=<app-7>: 5.7.1 message content rejected"
)


class Line(NamedTuple):
    """What the time and the host name are put before."""

    service: str
    pid: int
    text: str


def write(path: Path, *, lines: int, seed: int, end: float) -> None:
    """A file of that many lines, the last written at `end`."""
    random_ = random.Random(seed)
    messages = _messages(random_)
    with path.open("w", encoding="utf-8") as file:
        for number in range(lines):
            at = end - (lines - number) // LINES_PER_SECOND
            line = next(messages)
            stamp = time.strftime("%b %e %H:%M:%S", time.gmtime(at))
            file.write(f"{stamp} mx1 postfix/{line.service}[{line.pid}]: {line.text}\n")


def _messages(random_: random.Random) -> Iterator[Line]:
    """Lines of 50 messages at a time, mixed as they are when they are sent at once."""
    while True:
        running = [_message(random_) for _ in range(50)]
        while running:
            one = random_.choice(running)
            line = next(one, None)
            if line is None:
                running.remove(one)
            else:
                yield line


def _message(random_: random.Random) -> Iterator[Line]:
    pid, client = random_.randrange(1000, 1100), f"unknown[10.20.{random_.randrange(4)}.{random_.randrange(250)}]"
    queue_id, size = _queue_id(random_), random_.randrange(800, 90_000)
    encrypted, login = random_.random() < 0.1, ""
    yield Line("smtpd", pid, f"connect from {client}")
    if encrypted:
        session = random_.choice(INTAKE_TLS)
        yield Line("smtpd", pid, f"Anonymous TLS connection established from {client}: {session}")
        login = _login(random_)
    hello = {"ehlo": "2", "starttls": "1"} if encrypted else {"ehlo": "1"}
    hello |= {"auth": "1"} if login else {}
    if random_.random() < 0.02:
        sender = f"user{random_.randrange(999)}@app.example"
        yield Line("smtpd", pid, f"NOQUEUE: reject: RCPT from {client}: 450 4.3.2 Closed; from=<{sender}> proto=ESMTP")
        yield Line("smtpd", pid, f"lost connection after RCPT from {client}")
        yield _disconnect(pid, client, hello | {"mail": "1", "rcpt": "0/1"})
        return
    recipients = random_.choices((1, 2, 5), (90, 8, 2))[0]
    sent = hello | {"mail": "1", "rcpt": str(recipients)}
    yield Line("smtpd", pid, f"{queue_id}: client={client}{login}")
    yield Line("cleanup", pid + 200, f"{queue_id}: message-id=<{queue_id}.{size}@app.example>")
    if random_.random() < 0.01:
        rejected = REJECTED.format(client=client, domain=random_.choice(HOSTS)[0])
        yield Line("cleanup", pid + 200, f"{queue_id}: {rejected}")
        yield _disconnect(pid, client, sent | {"data": "0/1", "quit": "1"})
        return
    yield Line("qmgr", 99, f"{queue_id}: from=<app@example.com>, size={size}, nrcpt={recipients} (queue active)")
    yield _disconnect(pid, client, sent | {"data": "1", "quit": "1"})
    for number in range(recipients):
        yield from _delivery(random_, queue_id, number)
    yield Line("qmgr", 99, f"{queue_id}: removed")


def _login(random_: random.Random) -> str:
    """What smtpd adds of a client with a password; nothing for half of the clients with TLS."""
    if random_.random() < 0.5:
        return ""
    method, user = random_.choice(list(SASL_USERS.items()))
    return f", sasl_method={method}, sasl_username={user}"


def _disconnect(pid: int, client: str, commands: Mapping[str, str]) -> Line:
    """`commands`: how many of each were accepted, `0/1` where that is not all of them."""
    accepted, given = (sum(int(one.split("/")[part]) for one in commands.values()) for part in (0, -1))
    told = " ".join(f"{name}={count}" for name, count in commands.items())
    every = f"{accepted}" if accepted == given else f"{accepted}/{given}"
    return Line("smtpd", pid, f"disconnect from {client} {told} commands={every}")


def _delivery(random_: random.Random, queue_id: str, number: int) -> Iterator[Line]:
    domain, host, _ = random_.choices(HOSTS, WEIGHTS)[0]
    pid, chance = random_.randrange(2000, 2100), random_.random()
    if random_.random() < 0.4:
        yield Line("smtp", pid, TLS.format(host=host))
    to = f"{queue_id}: to=<user{random_.randrange(10**6)}.{number}@{domain}>"
    spent = f"delay={random_.random() * 4:.2f}, delays=0.02/{random_.random():.2f}/{random_.random():.2f}/0.31"
    if chance < 0.02:
        waits = "delays=9/0.01/0/0, dsn=4.4.1"
        reply = f"delivery temporarily suspended: connect to {host}: Connection timed out"
        yield Line("error", 98, f"{to}, relay=none, delay=9, {waits}, status=deferred ({reply})")
    if chance < 0.08:
        reply = PUT_OFF.format(host=host.removesuffix(":25"))
        yield Line("smtp", pid, f"{to}, relay={host}, {spent}, dsn=4.7.0, status=deferred ({reply})")
    if chance > 0.98:
        dsn, said = random_.choice(REFUSALS)
        reply = f"host {host.removesuffix(':25')} said: {said}"
        yield Line("smtp", pid, f"{to}, relay={host}, {spent}, dsn={dsn}, status=bounced ({reply})")
        yield from _notification(random_, queue_id)
        return
    use = f"conn_use={random_.randrange(2, 90)}, " if random_.random() < 0.5 else ""
    reply = f"250 2.0.0 OK  1763740741 d9443c01a7336-{queue_id.lower()}si118 - gsmtp"
    yield Line("smtp", pid, f"{to}, relay={host}, {use}{spent}, dsn=2.0.0, status=sent ({reply})")


def _notification(random_: random.Random, queue_id: str) -> Iterator[Line]:
    notice = _queue_id(random_)
    yield Line("cleanup", 1300, f"{notice}: message-id=<{notice}@mx1.example.com>")
    yield Line("bounce", 97, f"{queue_id}: sender non-delivery notification: {notice}")
    yield Line("qmgr", 99, f"{notice}: from=<>, size=3200, nrcpt=1 (queue active)")
    spent = "delay=0.3, delays=0.01/0.01/0.1/0.18"
    reply = "250 2.0.0 Ok: queued as 4gZq"
    host = "inbound.example.com[203.0.113.20]:25"
    yield Line("smtp", 2101, f"{notice}: to=<app@example.com>, relay={host}, {spent}, dsn=2.0.0, status=sent ({reply})")
    yield Line("qmgr", 99, f"{notice}: removed")


def _queue_id(random_: random.Random) -> str:
    return "".join(random_.choices("BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789", k=12))
