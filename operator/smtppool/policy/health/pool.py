"""The health decision of a pool: a pure state machine, one cut or return at a time.

Order: bring members back if too few serve; else the gravest cut that the pool's rules allow; else one return. Nothing
is done in mode Observe but to tell what would be: the standings are those of a dry run, the traffic stays.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from smtppool.api.outcomes import Standing
from smtppool.policy.health.counters import Observation
from smtppool.policy.health.decision import Action, ActionKind, Decision, Freeze, PoolState, Refusal
from smtppool.policy.health.examine import Examined, ServerState, Subject, examine
from smtppool.policy.health.gates import Cause
from smtppool.policy.health.room import Room, spaced_until
from smtppool.policy.health.settings import LOOK_INTERVAL, Settings
from smtppool.policy.health.telling import member_health
from smtppool.policy.health.track import Step, Track, Wish

TOO_FEW = "TooFewMembers"
PASSED = "Passed"
PAUSE_OVER = "PauseOver"


def decide(
    state: PoolState, observations: Iterable[Observation], settings: Settings, now: datetime, *, held: str | None = None
) -> tuple[PoolState, Decision]:
    """The next state, and what follows from it. Members that are no longer observed are forgotten.

    `held`: why a decision cannot be recorded now. Then nobody changes where he stands, and only looks are counted.
    """
    if state.acted_at is not None and state.acted_at > now:  # the clock was set back
        state = replace(state, acted_at=now)
    members = {
        seen.name: examine(seen, state.servers.get(seen.name, ServerState()), settings, now)
        for seen in sorted(observations, key=lambda seen: seen.name)
    }
    room = Room(members, settings, now, held)
    action, refusals = _cut(room, state)
    if action is None:
        action = _step_back(room, state)
    after = room if action is None else _applied(room, action)
    actions = () if action is None else (action,)
    for forced in _too_few(after):
        after, actions = _applied(after, forced), (*actions, forced)
    acted = state if action is None else replace(state, acted_at=now, acted_on=action.subject.server)
    following = replace(
        acted,
        servers={name: found.state for name, found in after.members.items()},
        frozen=_frozen(room, state),
    )
    decided = Decision(
        members=tuple(member_health(found, settings) for found in after.members.values()),
        actions=actions,
        refusals=refusals,
        next_check=_next_check(after, refusals, now),
    )
    return following, decided


def _cuts(room: Room) -> Iterator[tuple[Subject, Cause, str]]:
    """Wished cuts, whole relays and proven causes first."""
    found = [
        (Subject(name, provider), step.finding)
        for name, member in room.members.items()
        for provider, step in member.wishes.items()
        if step.wish is Wish.CUT and step.finding is not None and room.stands(Subject(name, provider))
    ]
    order = {cause: place for place, cause in enumerate(Cause)}
    found.sort(key=lambda cut: (cut[0].provider is not None, order[cut[1].cause], cut[0].server, cut[0].provider or ""))
    yield from ((subject, finding.cause, finding.message) for subject, finding in found)


def _cut(room: Room, state: PoolState) -> tuple[Action | None, tuple[Refusal, ...]]:
    refusals: list[Refusal] = []
    chosen: Action | None = None
    for subject, cause, message in _cuts(room):
        refusal = room.refusal(subject, cause, state)
        if refusal is not None:
            refusals.append(refusal._replace(message=f"{message}; {refusal.message}"))
        elif chosen is None:
            kind = ActionKind(room.settings.action.value) if subject.provider is None else ActionKind.EXCLUDE
            chosen = Action(kind, subject, cause.value, message)
    return chosen, tuple(refusals)


def _step_back(room: Room, state: PoolState) -> Action | None:
    """The first return or restoration that is due, by name."""
    if room.held is not None:
        return None
    for name, member in room.members.items():
        for provider, step in member.wishes.items():
            if step.wish in {Wish.RETURN, Wish.RESTORE} and spaced_until(state, name, room.now) is None:
                return _way_back(Subject(name, provider), step)
    return None


def _way_back(subject: Subject, step: Step) -> Action:
    if step.wish is Wish.RESTORE:
        return Action(ActionKind.RESTORE, subject, PASSED, f"{subject} passed its probation")
    return Action(
        ActionKind.RETURN, subject, PAUSE_OVER, f"{subject} is on probation; it was out for: {step.track.message}"
    )


def _too_few(room: Room) -> Iterator[Action]:
    """Returns before their time, as many as are missing: at first the members that were cut least."""
    if room.held is not None:
        return
    providers = {name for member in room.members.values() for name in member.state.providers}
    for provider in (None, *sorted(providers)):
        missing = room.floor() - len(room.serving(provider))
        if missing <= 0:
            continue
        subjects = [Subject(name, provider) for name in room.members if _could_serve(room, Subject(name, provider))]
        subjects.sort(key=lambda subject: (room.track(subject).cuts, subject.server))
        for subject in subjects[:missing]:
            told = f"{subject} returns early: {len(room.serving(provider))} in traffic, {room.floor()} are needed"
            yield Action(ActionKind.RETURN, subject, TOO_FEW, told)
            room = _applied(room, Action(ActionKind.RETURN, subject, TOO_FEW, told))


def _could_serve(room: Room, subject: Subject) -> bool:
    if room.stands(subject) or not room.usable(subject.server):
        return False
    return subject.provider is None or room.serves(Subject(subject.server))


def _applied(room: Room, action: Action) -> Room:
    subject, now = action.subject, room.now
    track = room.track(subject)
    match action.kind:
        case ActionKind.RETURN:
            track = track.returned(action.reason, action.message, now)
        case ActionKind.RESTORE:
            track = track.restored(now)
        case _:
            track = track.cut(action.reason, action.message, now)
    member = room.members[subject.server]
    state = _with(member.state, subject.provider, track)
    changed: Mapping[str, Examined] = {**room.members, subject.server: replace(member, state=state)}
    return replace(room, members=changed)


def _with(state: ServerState, provider: str | None, track: Track) -> ServerState:
    if provider is None:  # looks at its providers are interrupted: their streaks end
        return ServerState(track, {name: known.interrupted() for name, known in state.providers.items()})
    return replace(state, providers={**state.providers, provider: track})


def _frozen(room: Room, state: PoolState) -> dict[tuple[str | None, Cause], Freeze]:
    """Since when all are bad; a freeze that has run out stays so until they no longer agree, for a look's time."""
    frozen = {}
    for scope in {(subject.provider, cause) for subject, cause, _ in _cuts(room)} | set(state.frozen):
        known, agree = state.frozen.get(scope), room.all_bad(*scope) > 0
        if known is None and not agree:
            continue
        since, agreed_at = known or Freeze(room.now)
        last = room.now if agree or agreed_at is None else min(agreed_at, room.now)
        if room.now - last < LOOK_INTERVAL:
            frozen[scope] = Freeze(min(since, room.now), last)
    return frozen


def _next_check(room: Room, refusals: Iterable[Refusal], now: datetime) -> datetime | None:
    """When time alone may change something: a pause, freeze or spacing ends, or a streak waits for its next look."""
    moments = [refusal.until for refusal in refusals if refusal.until is not None]
    for member in room.members.values():
        relay = member.state.relay
        providers = () if relay.standing is Standing.OUT else member.state.providers.values()
        for track in (relay, *providers):
            if track.standing is not Standing.ACTIVE or track.bad:
                looked = (track.counted_at or now) + LOOK_INTERVAL
                moments.append(max(looked, track.back_at or looked))
    return max(now, min(moments)) if moments else None
