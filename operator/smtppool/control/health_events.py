"""One Event for each step that health took with a server: cut, excluded at a provider, on probation, restored.

Made from where the server stands and since when, which the pool's record keeps: so an operator that ends between the
record and the Event tells it after its start, and one that told it tells nothing twice (`Recorder`).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from smtppool.api.outcomes import Standing
from smtppool.api.pool_health import HealthAction
from smtppool.api.smtppool import Mode
from smtppool.control.context import Context
from smtppool.control.scored import Scored
from smtppool.control.view import ServerView
from smtppool.kube.events import Severity
from smtppool.policy.health.decision import ActionKind
from smtppool.policy.health.examine import ServerState, Subject
from smtppool.policy.health.track import Track
from smtppool.policy.verdict import format_time, quoted

NEWS = timedelta(minutes=10)  # afterwards it is none: the API server forgets Events, and it would be told once more
_LONGEST = 512  # as the record keeps it


class Told(NamedTuple):
    """A step, as its Event says it."""

    kind: ActionKind
    message: str
    since: datetime


async def tell_steps(context: Context, view: ServerView, scored: Scored | None) -> None:
    """Those of late. A server that is deleted has no health any more."""
    state = scored.state.servers.get(view.key.name) if scored is not None else None
    spec = view.pool.spec if view.pool is not None else None
    if state is None or spec is None or view.deleted:
        return
    now, prefix = context.clock(), "mode Observe, so not done: " if spec.mode is Mode.OBSERVE else ""
    for told in steps(state, server=view.key.name, action=spec.health.action):
        if now - told.since > NEWS:
            continue
        good = told.kind in {ActionKind.RETURN, ActionKind.RESTORE}
        await context.recorder.emit(
            view.body,
            reason=told.kind.value,
            message=f"{prefix}{told.message}",
            severity=Severity.NORMAL if good else Severity.WARNING,
            now=now,
            occasion=format_time(told.since),
        )


def steps(state: ServerState, *, server: str, action: HealthAction) -> Iterator[Told]:
    """The last step of the relay, and of the relay at each provider."""
    for provider, track in ((None, state.relay), *sorted(state.providers.items())):
        subject = Subject(server, provider)
        if track.since is not None and (told := _told(track, subject, action)) is not None:
            yield Told(told[0], quoted(told[1], limit=_LONGEST), track.since)


def _told(track: Track, subject: Subject, action: HealthAction) -> tuple[ActionKind, str] | None:
    match track.standing:
        case Standing.OUT:
            kind = ActionKind(action.value) if subject.provider is None else ActionKind.EXCLUDE
            return kind, f"{subject}: {track.message}"
        case Standing.PROBATION:
            return ActionKind.RETURN, track.message
        case Standing.ACTIVE if track.cuts:
            return ActionKind.RESTORE, f"{subject} has passed its probation"
    return None
