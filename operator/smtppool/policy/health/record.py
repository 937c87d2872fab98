"""Between what the decision remembers and what is written down of it."""

from smtppool.api.health_record import HealthRecord, ServerRecord, TrackRecord
from smtppool.api.outcomes import Standing
from smtppool.policy.health.decision import PoolState
from smtppool.policy.health.examine import ServerState
from smtppool.policy.health.telling import SHARES
from smtppool.policy.health.track import Track
from smtppool.policy.verdict import format_time, parse_time, quoted

_LONGEST_MESSAGE = 512


def remember(state: PoolState) -> HealthRecord:
    """What must survive a restart: whoever was cut, and when somebody was last acted on."""
    servers = {name: _server(known) for name, known in sorted(state.servers.items())}
    return HealthRecord(
        servers={name: record for name, record in servers.items() if record.relay or record.providers},
        acted_at=format_time(state.acted_at) if state.acted_at else None,
        acted_on=state.acted_on,
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
    providers = {name: _record(track) for name, track in sorted(state.providers.items())}
    return ServerRecord(
        relay=_record(state.relay),
        providers={name: record for name, record in providers.items() if record is not None},
    )


def _record(track: Track) -> TrackRecord | None:
    if track.since is None or (track.standing is Standing.ACTIVE and not track.cuts):
        return None
    return TrackRecord(
        standing=track.standing,
        since=format_time(track.since),
        judged_from=format_time(track.judged_from) if track.judged_from else None,
        cuts=min(track.cuts, 1000),
        reason=track.reason,
        message=quoted(track.message, limit=_LONGEST_MESSAGE),
    )


def _track(record: TrackRecord) -> Track:
    return Track(
        standing=record.standing,
        since=parse_time(record.since),
        judged_from=parse_time(record.judged_from),
        cuts=record.cuts,
        reason=record.reason,
        message=record.message,
    )
