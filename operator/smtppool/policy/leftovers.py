"""Mail that may not hold the end of a relay for ever: bounces, and all else with an empty sender.

Nobody waits for it, and it cannot be returned to anybody. Where a relay delivers by itself, as the last member of a
pool, a bounce to a host that does not answer would hold it for the whole `queue.lifetime`. A drain leaves it in the
volume; a deletion, which takes that as well, leaves it to peers as long as there are any.
"""

from datetime import datetime, timedelta

from smtppool.policy.emptiness import Look, QueueState
from smtppool.policy.verdict import Verdict, format_time, parse_time

# Postfix tries a message at once and after 5, 15 and 35 minutes (minimal_backoff_time, doubled each time); an outage of
# the other side that outlasts the next 40 may as well last for days.
BOUNCE_PATIENCE = timedelta(hours=1)


def ends(look: Look, *, since: datetime | None, now: datetime) -> datetime | None:
    """When mail no longer holds what began `since`: the newest bounce had its time. None: other mail is left, too.

    What is said to lie ahead, by a report or a condition, begins now.
    """
    depth = look.proven
    if look.state is not QueueState.HOLDS_MAIL or depth is None or since is None:
        return None
    newest = parse_time(depth.newest_bounce)
    if newest is None or depth.bounces != depth.messages:
        return None
    return min(max(since, newest), now) + BOUNCE_PATIENCE


def given_up(look: Look, *, since: datetime | None, now: datetime) -> Look:
    """Empty, if nothing but bounces is left and their time is over; `proven` has their number."""
    end = ends(look, since=since, now=now)
    return Look(QueueState.EMPTY, proven=look.proven) if end is not None and now >= end else look


def announced(blocked: Verdict | None, look: Look, *, since: datetime | None, now: datetime) -> Verdict | None:
    """A block by nothing but bounces says until when, and ends then, also where the pod stays and tries on."""
    end = ends(look, since=since, now=now)
    if blocked is None or end is None:
        return blocked
    if now >= end:
        return None
    told = f"all of it is bounces: they hold nothing from {format_time(end)} on"
    return blocked._replace(message=f"{blocked.message}; {told}")


def left(look: Look) -> str:
    """`3 bounces that nobody took within 60 min`; empty if there are none."""
    bounces = look.proven.bounces if look.proven is not None else 0
    return f"{bounces} bounces that nobody took within {BOUNCE_PATIENCE.seconds // 60} min" if bounces else ""
