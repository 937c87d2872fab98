"""One member: all its looks, and at most one kind of wish: the whole relay's, or else those of its providers.

A relay is out for one provider only when the others are fine: the rolled-up evidence blames the relay only if it is
still there without the worst provider. OTHER is no provider in this sense: nobody knows whose domains these are, so
its mail cannot go to peers, and its evidence is the relay's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import NamedTuple

from smtppool.api.outcomes import MAX_PROVIDERS, OTHER, Standing
from smtppool.policy.health.counters import Observation, Windows, roll_up
from smtppool.policy.health.gates import Cause, Finding, Look, look
from smtppool.policy.health.settings import Settings
from smtppool.policy.health.track import Step, Track, Wish, advance, fresh


@dataclass(frozen=True)
class ServerState:
    """Tracks of one member: the relay, and the relay at each provider."""

    relay: Track = field(default_factory=Track)
    providers: Mapping[str, Track] = field(default_factory=dict)


class Subject(NamedTuple):
    """A member, or with a provider the member at that provider."""

    server: str
    provider: str | None = None

    def __str__(self) -> str:
        return f"{self.server} at {self.provider}" if self.provider else self.server


@dataclass(frozen=True)
class Examined:
    """The tracks after the looks, the looks, and what is wished."""

    observation: Observation
    state: ServerState
    looks: Mapping[str | None, Look]
    wishes: Mapping[str | None, Step]


def examine(observation: Observation, before: ServerState, settings: Settings, now: datetime) -> Examined:
    """Looks at the relay and at each of its providers."""
    relay = before.relay.at(now)
    known = observation.providers or {}
    names = _bounded(before.providers, known)
    tracks = {name: track.at(now) for name, track in before.providers.items() if name in names}
    windows = {
        name: fresh(fresh(known[name], relay.judged_from, now), tracks.get(name, Track()).judged_from, now)
        for name in sorted(known.keys() & names)
    }
    see = partial(look, observation=observation, settings=settings, now=now)
    looks: dict[str | None, Look] = {name: see(found, provider=name) for name, found in windows.items()}
    for name in sorted(tracks.keys() - windows.keys()):  # its counters are gone: nothing bad is known
        looks[name] = see((), provider=name)
    included = {
        name: found
        for name, found in windows.items()
        if name == OTHER or tracks.get(name, Track()).standing is not Standing.OUT
    }
    whole = see(roll_up(included.values()), provider=None)
    looks[None] = _blamed(whole, included, looks, partial(see, provider=None))
    step = advance(relay, looks[None], observation, settings, now)
    wishes: dict[str | None, Step] = {} if step.wish is Wish.NONE else {None: step}
    if relay.standing is not Standing.OUT:
        steps = {
            name: advance(tracks.get(name, Track()), seen, observation, settings, now)
            for name, seen in looks.items()
            if name
        }
        tracks = {name: found.track for name, found in steps.items()}
        if step.wish is not Wish.CUT:
            wishes |= {name: found for name, found in steps.items() if _can_be_done(name, found.wish)}
    tracks = {name: track for name, track in tracks.items() if known.get(name) or not track.forgotten(now)}
    return Examined(observation, ServerState(step.track, tracks), looks, wishes)


def _can_be_done(provider: str, wish: Wish) -> bool:
    return wish is not Wish.NONE and not (wish is Wish.CUT and provider == OTHER)


def _bounded(tracks: Mapping[str, Track], known: Mapping[str, Windows]) -> frozenset[str]:
    """As many providers as record and status have room for, those with a past first."""

    def rank(name: str) -> tuple[bool, bool, str]:
        track = tracks.get(name, Track())
        return track.standing is Standing.ACTIVE, not track.cuts, name

    return frozenset(sorted(tracks.keys() | known.keys(), key=rank)[:MAX_PROVIDERS])


def _blamed(
    whole: Look, included: Mapping[str, Windows], looks: Mapping[str | None, Look], see: Callable[[Windows], Look]
) -> Look:
    """The look at the relay without the findings that are one provider's."""
    kept: list[Finding] = []
    for finding in whole.findings:
        worst = _worst(included, finding.cause)
        if worst not in {None, OTHER} and finding.cause in looks[worst].likely:
            rest = see(roll_up(found for name, found in included.items() if name != worst))
            if finding.cause not in rest.likely:
                continue
        kept.append(finding)
    return replace(whole, findings=tuple(kept))


def _worst(included: Mapping[str, Windows], cause: Cause) -> str | None:
    """Which of several providers the evidence comes from most; None where the evidence is of no provider."""
    if cause not in {Cause.BOUNCE, Cause.DEFERRAL, Cause.SCORE} or len(included) < 2:
        return None

    def hits(name: str) -> tuple[int, str]:
        counts = [window.counts for window in included[name]]
        return max((c.deferred if cause is Cause.DEFERRAL else c.charged for c in counts), default=0), name

    return max(included, key=hits)
