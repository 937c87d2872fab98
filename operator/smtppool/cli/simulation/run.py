"""One run: outcomes of a step, the windows as agents would report them, the operator's decision, the next step.

A decision is in force in the next step; the delay of reports and routing comes on top in a cluster (about a second).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Protocol

from smtppool.cli.simulation.sliding import LENGTHS, Sliding
from smtppool.policy.health.counters import Counts, Observation
from smtppool.policy.health.decision import Action, ActionKind, Decision, PoolState, Refusal, Rule
from smtppool.policy.health.examine import Subject
from smtppool.policy.health.pool import decide
from smtppool.policy.health.settings import Settings

START: Final = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday; only the distance to it matters
BACK: Final = frozenset({ActionKind.RETURN, ActionKind.RESTORE})


class Source(Protocol):
    """Where outcomes come from. `shares`: what each member takes of each provider's mail, 0..1."""

    def outcomes(self, at: timedelta, shares: Mapping[Subject, float]) -> Mapping[Subject, Counts]:
        """Outcomes of the step that begins at `at`."""
        ...


class Sample(NamedTuple):
    """The members at one moment, by name: score (None: not evaluated), standing, share in force."""

    at: timedelta
    members: Mapping[str, tuple[int | None, str, float]]


class Happened(NamedTuple):
    """An action, or the first refusal of a cut."""

    at: timedelta
    what: Action | Refusal


@dataclass
class History:
    """What a run leaves. `sent`: outcomes by member since the fault, or since the start."""

    samples: list[Sample] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)
    judged: dict[str, list[tuple[timedelta, int]]] = field(default_factory=dict)

    @property
    def cuts(self) -> list[Happened]:
        """Actions that took a member, or one of its providers, out of traffic."""
        return [found for found in self.happened if isinstance(found.what, Action) and found.what.kind not in BACK]


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Members and providers of the simulated pool; `sample_every`: of the history, a multiple of the step."""

    servers: Sequence[str]
    providers: Sequence[str]
    settings: Settings
    step: timedelta
    duration: timedelta
    sample_every: timedelta
    lengths: tuple[timedelta, ...] = LENGTHS
    count_from: timedelta = timedelta()
    count_until: timedelta = timedelta.max


def simulate(source: Source, setup: Setup) -> History:
    """Run from the start to the end."""
    subjects = [Subject(server, provider) for server in setup.servers for provider in setup.providers]
    sliding = {subject: Sliding(setup.step, setup.lengths) for subject in subjects}
    shares = dict.fromkeys(subjects, 1.0)
    state, history, refused = PoolState(), History(), frozenset[tuple[Rule, Subject]]()
    for at in _steps(setup):
        found = source.outcomes(at, shares)
        for subject in subjects:
            sliding[subject].push(found.get(subject, Counts()))
        _count(history, found, at, setup)
        end = at + setup.step
        observations = [_observed(server, setup.providers, sliding) for server in setup.servers]
        state, decision = decide(state, observations, setup.settings, START + end)
        history.happened += [Happened(end, action) for action in decision.actions]
        now_refused = {(refusal.rule, refusal.subject): refusal for refusal in decision.refusals}
        history.happened += [Happened(end, refusal) for key, refusal in now_refused.items() if key not in refused]
        refused = frozenset(now_refused)
        shares = _shares(decision, setup.providers)
        if end % setup.sample_every == timedelta() or decision.actions:
            history.samples.append(_sample(end, decision))
    return history


def _steps(setup: Setup) -> Iterator[timedelta]:
    at = timedelta()
    while at < setup.duration:
        yield at
        at += setup.step


def _observed(server: str, providers: Sequence[str], sliding: Mapping[Subject, Sliding]) -> Observation:
    windows = {provider: sliding[Subject(server, provider)].windows() for provider in providers}
    return Observation(name=server, providers=windows, uptime=1.0)


def _shares(decision: Decision, providers: Sequence[str]) -> dict[Subject, float]:
    return {
        Subject(member.name, provider): 0.0 if provider in member.excluded else member.share
        for member in decision.members
        for provider in providers
    }


def _count(history: History, found: Mapping[Subject, Counts], at: timedelta, setup: Setup) -> None:
    if not setup.count_from <= at < setup.count_until:
        return
    judged: dict[str, int] = {}
    for subject, counts in found.items():
        history.sent[subject.server] = history.sent.get(subject.server, 0) + counts.attempts
        judged[subject.server] = judged.get(subject.server, 0) + counts.judged
    for server, count in judged.items():
        known = history.judged.setdefault(server, [])
        known.append((at + setup.step, (known[-1][1] if known else 0) + count))


def _sample(at: timedelta, decision: Decision) -> Sample:
    members = {
        member.name: (member.relay.score, member.relay.standing.value, member.share) for member in decision.members
    }
    return Sample(at, members)
