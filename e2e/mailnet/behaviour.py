"""Judges each step of a dialogue by a provider's rules and keeps what they must remember: counts, rates, triplets.

Pure but for its memory: the clock is passed in. The first rule that strikes decides; delays add up on the way there.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b
from ipaddress import IPv4Address
from typing import NamedTuple

from e2e.mailnet.replies import OCCASIONS, text_for
from e2e.mailnet.script import Above, Deed, Greylist, Rule, Share, Stage


class Attempt(NamedTuple):
    """What is known of the dialogue at the step that is judged."""

    source: str
    sender: str = ""
    recipients: tuple[str, ...] = ()
    message_id: str = ""


class Verdict(NamedTuple):
    """What the sink must do; without a deed the step is answered as usual, after the delay."""

    deed: Deed | None
    reply: str = ""
    delay: float = 0.0


PASS = Verdict(deed=None)


@dataclass(slots=True)
class _Memory:
    """What one rule remembers between attempts."""

    seen: int = 0
    admitted: dict[str, deque[float]] = field(default_factory=dict)
    first_seen: dict[tuple[str, str, str], float] = field(default_factory=dict)


class Behaviour:
    """The rules in force at one provider, with their memory; replaced as a whole when the script changes."""

    def __init__(self, *, provider: str, rules: tuple[Rule, ...], clock: Callable[[], float]) -> None:
        self.rules = rules
        self._provider = provider
        self._clock = clock
        self._at = {stage: [(rule, _Memory()) for rule in rules if rule.at is stage] for stage in Stage}

    def judge(self, stage: Stage, attempt: Attempt) -> Verdict:
        """The first rule of this stage that strikes decides."""
        if not (candidates := self._at[stage]):
            return PASS
        delay = 0.0
        for rule, memory in candidates:
            if not _concerns(rule, attempt) or not self._strikes(rule, memory, attempt):
                continue
            if rule.deed is not Deed.DELAY:
                return Verdict(rule.deed, self._reply(rule, attempt), delay)
            delay += rule.delay
        return Verdict(None, "", delay)

    def _strikes(self, rule: Rule, memory: _Memory, attempt: Attempt) -> bool:
        match rule.gate:
            case None:
                return True
            case Share() as share:
                return _in_share(share, memory, attempt)
            case Above() as above:
                return _is_above(above, memory, attempt, self._clock())
            case Greylist() as greylist:
                return _is_fresh(greylist, memory, attempt, self._clock())

    def _reply(self, rule: Rule, attempt: Attempt) -> str:
        text = text_for(self._provider, rule.reply) if rule.reply in OCCASIONS else rule.reply
        recipient = attempt.recipients[0] if attempt.recipients else ""
        return text.replace("{source}", attempt.source).replace("{recipient}", recipient)


def _concerns(rule: Rule, attempt: Attempt) -> bool:
    if rule.sources and not any(IPv4Address(attempt.source) in network for network in rule.sources):
        return False
    return rule.recipients is None or any(rule.recipients.search(recipient) for recipient in attempt.recipients)


def _in_share(share: Share, memory: _Memory, attempt: Attempt) -> bool:
    if share.pick == "hash":
        key = "\0".join((share.seed, attempt.sender, *attempt.recipients))
        digest = int.from_bytes(blake2b(key.encode(), digest_size=8).digest())
        return Fraction(digest, 2**64) < share.part
    before = memory.seen * share.part // 1
    memory.seen += 1
    return memory.seen * share.part // 1 > before


def _is_above(above: Above, memory: _Memory, attempt: Attempt, now: float) -> bool:
    """A sliding window over what was let through: never more than the limit in any window."""
    key = attempt.source if above.per == "source" else ""
    admitted = memory.admitted.setdefault(key, deque())
    while admitted and admitted[0] <= now - above.rate.window:
        admitted.popleft()
    if len(admitted) >= above.rate.limit:
        return True
    admitted.append(now)
    return False


def _is_fresh(greylist: Greylist, memory: _Memory, attempt: Attempt, now: float) -> bool:
    keys = [(attempt.source, attempt.sender, recipient) for recipient in attempt.recipients]
    return any(now < memory.first_seen.setdefault(key, now) + greylist.seconds for key in keys)
