"""Between what the decision remembers and what is written down of it."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from smtppool.api.health_record import MAX_FREEZES, FreezeRecord, HealthRecord, ServerRecord, TrackRecord
from smtppool.api.outcomes import MAX_PROVIDERS, Standing
from smtppool.api.smtppool import MAX_SERVERS
from smtppool.policy.health.decision import Freeze, PoolState
from smtppool.policy.health.examine import ServerState
from smtppool.policy.health.gates import Cause
from smtppool.policy.health.telling import SHARES
from smtppool.policy.health.track import Track
from smtppool.policy.verdict import format_time, parse_time, quoted

_LONGEST_MESSAGE = 512
Record = TypeVar("Record")


def remember(state: PoolState) -> HealthRecord:
    """What must survive a restart: whoever was cut, when somebody was last acted on, since when all are bad.

    It never has more than the document takes: one relay's past must not keep that of the whole pool from being written.
    """
    servers = {name: _server(known) for name, known in state.servers.items()}
    cut = {name: record for name, record in servers.items() if record.relay or record.providers}
    return HealthRecord(
        servers=_most(cut, MAX_SERVERS, lambda record: _rank(record.relay)),
        acted_at=format_time(state.acted_at) if state.acted_at else None,
        acted_on=state.acted_on,
        frozen=tuple(
            FreezeRecord(provider=provider, cause=cause.value, since=format_time(state.frozen[provider, cause].since))
            for provider, cause in sorted(state.frozen, key=lambda scope: (scope[0] or "", scope[1]))[:MAX_FREEZES]
        ),
    )


def recall(record: HealthRecord) -> PoolState:
    """A state that goes on from there."""
    return PoolState(
        servers={
            name: ServerState(
                relay=_track(known.relay) if known.relay else Track(),
                providers={provider: _track(track) for provider, track in known.providers.items()},
            )
            for name, known in record.servers.items()
        },
        acted_at=parse_time(record.acted_at),
        acted_on=record.acted_on,
        frozen={
            (one.provider, Cause(one.cause)): Freeze(since)
            for one in record.frozen
            if one.cause in set(Cause) and (since := parse_time(one.since)) is not None
        },
    )


def share_of(record: HealthRecord, server: str) -> tuple[float, str]:
    """Part of its base weight that the record leaves a member, 0..1, and why."""
    known = record.servers.get(server)
    if known is None or known.relay is None:
        return 1.0, ""
    return SHARES[known.relay.standing], known.relay.message


def is_out(record: HealthRecord, server: str) -> bool:
    """Whether its health took the member out of the traffic."""
    known = record.servers.get(server)
    return known is not None and known.relay is not None and known.relay.standing is Standing.OUT


def excluded_of(record: HealthRecord, server: str) -> tuple[str, ...]:
    """Providers whose mail a member that is otherwise in traffic hands to its peers."""
    known = record.servers.get(server)
    if known is None or is_out(record, server):
        return ()
    return tuple(sorted(name for name, track in known.providers.items() if track.standing is Standing.OUT))


def _server(state: ServerState) -> ServerRecord:
    providers = {name: record for name, track in state.providers.items() if (record := _record(track)) is not None}
    return ServerRecord(relay=_record(state.relay), providers=_most(providers, MAX_PROVIDERS, _rank))


def _most(named: Mapping[str, Record], most: int, rank: Callable[[Record], int]) -> dict[str, Record]:
    """At most so many, the lowest ranks, by name."""
    kept = sorted(named, key=lambda name: (rank(named[name]), name))[:most]
    return {name: named[name] for name in sorted(kept)}


def _rank(record: TrackRecord | None) -> int:
    """Who is out comes first."""
    standings = [Standing.OUT, Standing.PROBATION, Standing.ACTIVE]
    return len(standings) if record is None else standings.index(record.standing)


def _record(track: Track) -> TrackRecord | None:
    if track.since is None or (track.standing is Standing.ACTIVE and not track.cuts):
        return None
    return TrackRecord(
        standing=track.standing,
        since=format_time(track.since),
        judged_from=format_time(track.judged_from) if track.judged_from else None,
        serving_since=format_time(track.serving_since) if track.serving_since else None,
        cuts=min(track.cuts, 1000),
        reason=track.reason,
        message=quoted(track.message, limit=_LONGEST_MESSAGE),
    )


def _track(record: TrackRecord) -> Track:
    return Track(
        standing=record.standing,
        since=parse_time(record.since),
        judged_from=parse_time(record.judged_from),
        serving_since=parse_time(record.serving_since),
        cuts=record.cuts,
        reason=record.reason,
        message=record.message,
    )
