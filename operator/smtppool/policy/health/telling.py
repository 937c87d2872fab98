"""A member's health in the form in which status and routing take it."""

from smtppool.api.outcomes import Standing
from smtppool.policy.health.counters import Observation
from smtppool.policy.health.decision import Health, MemberHealth
from smtppool.policy.health.examine import Examined
from smtppool.policy.health.gates import Look
from smtppool.policy.health.settings import PROBATION_SHARE, Settings
from smtppool.policy.health.track import Track

SHARES = {Standing.ACTIVE: 1.0, Standing.PROBATION: PROBATION_SHARE, Standing.OUT: 0.0}
NOT_EVALUATED = "NotEvaluated"
HEALTHY = "Healthy"


def member_health(found: Examined, settings: Settings) -> MemberHealth:
    """Barred members get nothing; in mode Observe the others keep their weight."""
    barred = found.observation.barred is not None
    decided = 0.0 if barred else SHARES[found.state.relay.standing]
    out = frozenset(name for name, track in found.state.providers.items() if track.standing is Standing.OUT)
    observed = 0.0 if barred else 1.0
    return MemberHealth(
        name=found.observation.name,
        share=observed if settings.observe else decided,
        decided=decided,
        relay=_health(found.state.relay, found.looks.get(None, Look())),
        providers={
            name: _health(track, found.looks.get(name, Look())) for name, track in sorted(found.state.providers.items())
        },
        excluded=frozenset() if settings.observe else out,
        unevaluated=_unevaluated(found.observation),
    )


def _unevaluated(seen: Observation) -> tuple[str, ...]:
    """Uptime is none of them: it comes with time, and would change every status an hour after each restart."""
    inputs = {
        "complaints": seen.complaints,
        "block lists": seen.serious_listings,
        "PTR record": seen.ptr_matches,
    }
    return tuple(name for name, value in inputs.items() if value is None)


def _health(track: Track, look: Look) -> Health:
    reason, message = track.reason, track.message
    if not reason and look.findings:
        reason, message = look.findings[0].cause.value, look.findings[0].message
    elif not reason:
        reason = NOT_EVALUATED if look.score is None else HEALTHY
        message = "too few samples" if look.score is None else f"score {look.score.shown}: {look.score.parts}"
    return Health(
        score=None if look.score is None else look.score.shown,
        standing=track.standing,
        since=track.since,
        reason=reason,
        message=message,
    )
