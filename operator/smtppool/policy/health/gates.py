"""One look at one subject (a relay, or a relay at one provider): its score, and which limits it breaks provably.

A gate is broken when the Wilson bound in the relay's favour is past the limit; a wide bound acts at once, a narrow one
after several looks. `suspected` is weaker, the plain rate: it never cuts, it only says whether others show the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from smtppool.policy.health import wilson
from smtppool.policy.health.counters import Observation, Windows
from smtppool.policy.health.score import Score, score
from smtppool.policy.health.settings import (
    AGREEING_DEFERRALS,
    AGREEING_SAMPLES,
    GATE_Z,
    LIKELY_BOUNCES,
    LIKELY_Z,
    MAX_COMPLAINT_RATE,
    MAX_DEFERRAL_RATE,
    SCORE_Z,
    Settings,
)
from smtppool.policy.verdict import quoted


class Cause(StrEnum):
    """Why a relay is cut; the reason of its condition."""

    BOUNCE = "BounceRate"
    COMPLAINT = "ComplaintRate"
    LISTED = "Listed"
    PTR = "PtrMismatch"
    DEFERRAL = "DeferralRate"
    SCORE = "LowScore"


class Finding(NamedTuple):
    """A limit that is broken; `at_once` needs no further look."""

    cause: Cause
    message: str
    at_once: bool


@dataclass(frozen=True)
class Look:
    """What is seen now. `score` None: too few samples."""

    score: Score | None = None
    findings: tuple[Finding, ...] = ()
    suspected: frozenset[Cause] = frozenset()
    likely: frozenset[Cause] = frozenset()  # more than suspected: enough to blame the relay and not one provider


def look(
    windows: Windows, *, provider: str | None, observation: Observation, settings: Settings, now: datetime
) -> Look:
    """`provider` None: the relay as a whole, with what belongs to no provider (listings, PTR)."""
    counted = in_force(windows, settings)
    signals = [signal for signal in observation.signals or () if signal.provider == provider]
    found = score(counted, uptime=observation.uptime, signals=signals, settings=settings, now=now)
    where = f" at {quoted(provider, limit=63)}" if provider else ""
    findings = (
        *_bounces(counted, where, settings),
        *_complaints(observation, provider, where),
        *(_identity(observation) if provider is None else ()),
        *_deferrals(counted, where, settings),
        *_low(found, where, settings),
    )
    causes = {finding.cause for finding in findings}
    suspected, likely = set(_suspected(counted, settings)), set(_likely(counted, settings))
    return Look(found, findings, frozenset(causes | suspected), frozenset(causes | likely))


def in_force(windows: Windows, settings: Settings) -> Windows:
    """Without long windows that a shorter one refutes: what was bad an hour ago and provably is not now, is over."""
    kept = []
    for window in windows:
        kept.append(window)
        if wilson.upper(window.counts.charged, window.counts.judged, SCORE_Z) < settings.max_bounce_rate:
            break
    return tuple(kept)


def percent(share: float) -> str:
    """`4.1 %`; a limit of 0.03 is `3 %`."""
    return f"{share * 100:.1f}".removesuffix(".0") + " %"


def _bounces(windows: Windows, where: str, settings: Settings) -> Iterator[Finding]:
    for least, deviations, at_once in ((1, GATE_Z, True), (LIKELY_BOUNCES, LIKELY_Z, False)):
        for window in windows:
            charged, judged = window.counts.charged, window.counts.judged
            if judged < settings.min_samples or charged < least:
                continue
            if wilson.lower(charged, judged, deviations) > settings.max_bounce_rate:
                told = f"bounce {percent(charged / judged)} of {judged}{where} in {window.name}"
                yield Finding(Cause.BOUNCE, f"{told}, limit {percent(settings.max_bounce_rate)}", at_once)
                return


def _deferrals(windows: Windows, where: str, settings: Settings) -> Iterator[Finding]:
    for window in windows:
        deferred, attempts = window.counts.deferred, window.counts.attempts
        if attempts >= settings.min_samples:
            if wilson.lower(deferred, attempts, SCORE_Z) > MAX_DEFERRAL_RATE:
                told = f"deferral {percent(deferred / attempts)} of {attempts}{where} in {window.name}"
                yield Finding(Cause.DEFERRAL, f"{told}, limit {percent(MAX_DEFERRAL_RATE)}", at_once=False)
            return


def _complaints(observation: Observation, provider: str | None, where: str) -> Iterator[Finding]:
    for complaint in observation.complaints or ():
        samples = complaint.samples
        proven = complaint.rate if samples is None else wilson.lower(complaint.rate * samples, samples, SCORE_Z)
        if complaint.provider == provider and proven >= MAX_COMPLAINT_RATE:
            base = "" if samples is None else f" of {samples}"
            told = f"complaints {complaint.rate * 100:.2f} %{base}{where} from {quoted(complaint.source, limit=60)}"
            yield Finding(Cause.COMPLAINT, f"{told}, limit {percent(MAX_COMPLAINT_RATE)}", at_once=True)


def _identity(observation: Observation) -> Iterator[Finding]:
    if observation.serious_listings:
        zones = ", ".join(quoted(zone, limit=63) for zone in sorted(observation.serious_listings))
        yield Finding(Cause.LISTED, f"the address is listed by {zones}", at_once=True)
    if observation.ptr_matches is False:
        yield Finding(Cause.PTR, "the PTR record of the address does not name the relay", at_once=True)


def _low(found: Score | None, where: str, settings: Settings) -> Iterator[Finding]:
    if found is not None and found.value < settings.remove_below:
        window = f" in {found.window}" if found.window else ""
        told = f"score {found.shown}{where}{window}, limit {settings.remove_below}"
        yield Finding(Cause.SCORE, f"{told}: {found.parts}", at_once=False)


def _suspected(windows: Windows, settings: Settings) -> Iterator[Cause]:
    for window in windows:
        counts = window.counts
        if counts.judged >= AGREEING_SAMPLES and counts.charged > max(1, settings.max_bounce_rate * counts.judged):
            yield Cause.BOUNCE
        if counts.attempts >= AGREEING_SAMPLES and counts.deferred > max(1, AGREEING_DEFERRALS * counts.attempts):
            yield Cause.DEFERRAL


def _likely(windows: Windows, settings: Settings) -> Iterator[Cause]:
    for window in windows:
        counts = window.counts
        if counts.attempts >= settings.min_samples and counts.deferred > MAX_DEFERRAL_RATE * counts.attempts:
            yield Cause.DEFERRAL
        bounced = wilson.lower(counts.charged, counts.judged, LIKELY_Z)
        if counts.judged >= settings.min_samples and bounced > settings.max_bounce_rate:
            yield Cause.BOUNCE
