"""Why a receiver refused: one bounce class for a reply, by its words first and by its codes after that.

The names are those of KumoMTA's IANA-based set; `health.counters.LIST_QUALITY` names the ones that tell of a list of
recipients and not of the relay. The words come first because the codes lie: `550 5.7.1` is reputation at one provider
and authentication at another. What nothing tells is `Uncategorized`, and so charged to the relay.
"""

import re
from typing import Final

UNKNOWN: Final = "Uncategorized"
EXPIRED: Final = "MessageExpired"

# In this order: the first class with a match. A block list is named in many a reply that also says "user"
# or "mailbox", so reputation comes first; expressions are matched against lower-case text.
_WORDS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "SpamBlock",
        (
            r"spamhaus|spamcop|barracudacentral|sorbs|uceprotect|cloudmark|senderscore",
            r"\bblock(?:ed)? ?list|\bblack ?list|\bdnsbl\b|\brbl\b|\blisted (?:at|in|on|by) ",
            r"\bs3140\b|\bs3150\b|banned sending ip|\[bl\d\d\]|\bbl0{3,}|\bofr_?\d|\[tss?\d\d\]|\[cs0[12]\]",
            r"\b(?:poor|bad|low|ip|sender|domain|server) reputation|\breputation (?:of|is|too)",
            r"(?:\bclient host|\bip\b|\byour (?:server|host|network)|\[[\d.]+\])[^.]{0,40}\b(?:block|bann|reject)ed",
            r"block for spam|service refused, please try later|permanently deferred",
        ),
    ),
    (
        "SpamContent",
        (
            r"unsolicited|\bspam\b|\bspammy\b|junk ?mail|phish|content (?:rejected|blocked|filter)",
            r"message (?:contains|content)|\bvirus|malware|suspicious (?:content|url|link)|\bsurbl\b|\buribl\b",
        ),
    ),
    (
        "QuotaIssues",
        (
            r"(?:mail ?box|inbox|account|user|recipient)(?:'s)?[^.]{0,30}\b(?:full|over ?quota|out of storage)",
            r"quota (?:exceeded|full)|(?:over|exceeded|exceeds)[^.]{0,20} quota",
            r"(?:insufficient|not enough) (?:(?:disk|system) )?(?:space|storage)|storage (?:limit|allocation)",
        ),
    ),
    ("InvalidSender", (r"sender (?:address )?(?:rejected|invalid|unknown|verify failed)|\bdomain of sender",)),
    (
        "InactiveMailbox",
        (
            r"(?:account|mail ?box|user|recipient|address)[^.]{0,30}\b(?:disabled|inactive|suspended|locked|closed)",
            r"deactivated",
            r"no longer (?:available|active|in use|valid|accept)",
        ),
    ),
    (
        "InvalidRecipient",
        (
            r"(?:user|recipient|mail ?box|address|account)[^.]{0,30}\b(?:unknown|not found|invalid|unavailable)",
            r"(?:unknown|no such|invalid|non-?existent) (?:local )?(?:user|recipient|mail ?box|address|account)",
            r"does(?: not|n't) (?:exist|have an?)|(?:not|isn't) a (?:valid|known) (?:user|recipient|mail ?box|address)",
            r"no mail ?box|recipient (?:address )?rejected: access denied|not our customer|undeliverable address",
        ),
    ),
    ("BadDomain", (r"\bdomain (?:name )?(?:not found|does not exist)|nullmx|does not accept mail|no such domain",)),
    ("DNSFailure", (r"name service error",)),
    (
        "RoutingErrors",
        (r"relay(?:ing)? (?:access )?denied|not permitted to relay|unable to relay|loops back|too many hops",),
    ),
    (
        "AuthenticationFailed",
        (r"\bspf\b|\bdkim\b|\bdmarc\b|unauthenticated|authentication (?:required|failed)|\breverse dns\b|\bptr\b",),
    ),
    ("TooManyRecipients", (r"too many recipients",)),
    ("PolicyRelated", (r"\bpolic(?:y|ies)\b|too many (?:messages|connections|errors)|rate limit|throttl",)),
)
# Said by others or by ourselves, so no word of the receiver's: addresses, and what Postfix puts before a reply.
_NOT_SAID: Final = re.compile(r"<[^<>]*>|^host \S+ said: |^host \S+ refused to talk to me: ")
_CLASSES: Final = tuple((name, re.compile("|".join(words))) for name, words in _WORDS)

# By subject.detail of RFC 3463; the registry of IANA, as KumoMTA reads it. A bare subject: every other detail.
_CODES: Final[dict[str, str]] = {
    **dict.fromkeys(("1.1", "1.2", "1.3", "1.4", "2.4", "7.17"), "InvalidRecipient"),
    **dict.fromkeys(("1.10", "7.18"), "BadDomain"),
    **dict.fromkeys(("1.6", "2.1", "7.13"), "InactiveMailbox"),
    **dict.fromkeys(("1.7", "1.8", "7.27"), "InvalidSender"),
    **dict.fromkeys(("2.2", "2.3", "3.1", "3.4"), "QuotaIssues"),
    "4.1": "NoAnswerFromHost",
    "4.2": "BadConnection",
    "4.3": "DNSFailure",
    **dict.fromkeys(("4.4", "4.6"), "RoutingErrors"),
    "4.5": "TransientFailure",
    "4.7": EXPIRED,
    "5.3": "TooManyRecipients",
    **dict.fromkeys(("5", "6"), "ProtocolErrors"),
    **dict.fromkeys(("7.16", "7.28", "7.38"), "PolicyRelated"),  # .28: Google's limit of rates
    **dict.fromkeys(("7.606", "7.511", "7.650"), "SpamBlock"),  # Microsoft's own
    "7": "AuthenticationFailed",
}
CLASSES: Final = frozenset({name for name, _ in _WORDS} | set(_CODES.values()) | {UNKNOWN})


def classify(dsn: str, reply: str) -> str:
    """`dsn`: as Postfix logs it (5.1.1); `reply`: what the receiver said, with or without Postfix' words before it."""
    text = _NOT_SAID.sub("", reply.lower())
    for name, words in _CLASSES:
        if words.search(text):
            return name
    _, _, detail = dsn.partition(".")
    return _CODES.get(detail) or _CODES.get(detail.partition(".")[0], UNKNOWN)
