"""What the providers really say when they refuse: reply texts by provider and occasion.

A script may name an occasion (`"reply": "rate"`) instead of a text. `{source}` and `{recipient}` are filled in. The
texts carry the words that reply rules look for.
"""

from collections.abc import Mapping

OCCASIONS = ("rate", "reputation", "block", "greylist", "unknown", "full")

_COMMON: Mapping[str, str] = {
    "rate": "421 4.7.0 Too many messages from {source}, try again later",
    "reputation": "421 4.7.0 Messages from {source} temporarily deferred due to poor reputation",
    "block": "554 5.7.1 Service unavailable; client host [{source}] blocked",
    "greylist": "451 4.7.1 <{recipient}>: Greylisted, please try again later",
    "unknown": "550 5.1.1 <{recipient}>: User unknown",
    "full": "452 4.2.2 <{recipient}>: Mailbox full",
}

_BY_PROVIDER: Mapping[str, Mapping[str, str]] = {
    "google": {
        "rate": "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating\n"
        "421-4.7.28 from your IP address [{source}]. To protect our users from spam, mail sent\n"
        "421 4.7.28 from your IP address has been temporarily rate limited. - gsmtp",
        "block": "550-5.7.1 [{source}] Our system has detected that this message is\n"
        "550 5.7.1 likely unsolicited mail, it has been blocked. - gsmtp",
        "unknown": "550-5.1.1 The email account that you tried to reach does not exist.\n"
        "550 5.1.1 Please try double-checking the recipient's address. - gsmtp",
        "full": "452 4.2.2 The recipient's inbox is out of storage space. - gsmtp",
    },
    "microsoft": {
        "rate": "421 RP-001 Unfortunately, some messages from {source} weren't sent: rate limit exceeded",
        "reputation": "451 4.7.650 The mail server [{source}] has been temporarily rate limited due to IP reputation.",
        "block": "550 5.7.1 Unfortunately, messages from [{source}] weren't sent. Please contact your Internet service "
        "provider since part of their network is on our block list (S3150).",
        "unknown": "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).",
    },
    "microsoft365": {
        "rate": "451 4.7.500 Server busy. Please try again later from [{source}]. (S77719)",
        "reputation": "451 4.7.650 The mail server [{source}] has been temporarily rate limited due to IP reputation.",
        "block": "550 5.7.606 Access denied, banned sending IP [{source}]",
        "unknown": "550 5.4.1 Recipient address rejected: Access denied.",
    },
    "yahoo": {
        "rate": "421 4.7.0 [TSS04] Messages from {source} temporarily deferred due to unexpected volume or user "
        "complaints - 4.16.55.1",
        "reputation": "421 4.7.1 [TS03] All messages from {source} will be permanently deferred",
        "block": "553 5.7.1 [BL21] Connections will not be accepted from {source}, because the ip is in "
        "Spamhaus's list",
        "unknown": "552 1 Requested mail action aborted, mailbox not found",
    },
    "apple": {
        "rate": "450 4.2.0 [HCM1] Too many messages from {source}, please try again later",
        "block": "550 5.7.1 [CS01] Message rejected due to local policy.",
    },
    "comcast": {
        "rate": "421 4.1.0 {source} Throttled - try again later. Please see RL0000",
        "block": "554 5.7.1 resimta {source} Comcast block for spam. BL000000",
    },
    "orange": {
        "rate": "421 4.7.0 Trop de connexions, veuillez verifier votre configuration. Too many connections. OFR004_104",
        "block": "550 5.7.1 Service refuse. Veuillez essayer plus tard. Service refused, please try later. OFR_506",
    },
    "gmx": {
        "rate": "421 4.7.0 Too many connections from {source}. Please try again later",
        "block": "554 5.7.1 Transaction failed. Reject due to policy restrictions for {source}",
    },
}


def text_for(provider: str, occasion: str) -> str:
    """The provider's reply for an occasion, or the common one where the provider says nothing special."""
    return _BY_PROVIDER.get(provider, {}).get(occasion, _COMMON[occasion])
