"""Which way a recipient goes, and whether a lane may open a session: the answers of the two socketmaps.

`OK :` leaves the choice to main.cf (lane of the default transport, lane of bounces, smarthost); closed lanes answer
`retry:`, so mail stays in the queue. Keys that are no full address get no answer: nothing may match all mail.
"""

from smtppool.api.documents import Lanes
from smtppool.api.names import HANDOVER_LANE, HANDOVER_OUT_PORT
from smtppool.gate.table import NoRules, Rules

OPEN = "OK :"
HANDOVER = f"OK {HANDOVER_LANE}:[127.0.0.1]:{HANDOVER_OUT_PORT}"
NOT_FOUND = "NOTFOUND "
NO_TABLE = "relay is not ready: no permission table"
HANDING_OVER = "mail goes to another relay"
UNKNOWN_MAP = "TEMP no such map"


def answer(name: str, key: str, rules: Rules | NoRules) -> str:
    """Reply to a socketmap request for `key` in map `name`."""
    match name:
        case "transport":
            return transport(key, rules)
        case "tls":
            return tls(rules)
        case _:
            return UNKNOWN_MAP


def transport(key: str, rules: Rules | NoRules) -> str:
    """transport(5) result for a recipient."""
    local_part, at, domain = key.rpartition("@")
    if not (local_part and at and domain):
        return NOT_FOUND
    if isinstance(rules, NoRules):
        return f"OK retry:4.7.1 {NO_TABLE}"
    match rules.lanes:
        case Lanes.OPEN:
            return HANDOVER if domain.lower() in rules.handed_over else OPEN
        case Lanes.HANDOVER:
            return HANDOVER
        case Lanes.CLOSED:
            return f"OK retry:4.7.1 {rules.reason}"


def tls(rules: Rules | NoRules) -> str:
    """TLS policy of any destination: none of our own when open, else an error that keeps the message queued."""
    if isinstance(rules, NoRules):
        return f"TEMP {NO_TABLE}"
    match rules.lanes:
        case Lanes.OPEN:
            return NOT_FOUND
        case Lanes.HANDOVER:
            return f"TEMP {HANDING_OVER}"
        case Lanes.CLOSED:
            return f"TEMP {rules.reason}"
