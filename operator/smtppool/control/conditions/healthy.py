"""Healthy: what the delivery outcomes say, and what a rule of the pool kept from being done about it."""

from collections.abc import Sequence

from smtppool.api.outcomes import Standing
from smtppool.control.scored import Scored
from smtppool.policy.health.decision import Health, MemberHealth, Refusal
from smtppool.policy.health.telling import HEALTHY, NOT_EVALUATED
from smtppool.policy.verdict import Verdict, listed

_NOT_YET = Verdict("Unknown", NOT_EVALUATED, "no relay has counted outcomes yet")
_NAMED = 5


def healthy(scored: Scored | None, server: str) -> Verdict:
    """Of one server; True as long as nothing is known against it and it is at its full weight."""
    member = scored.member(server) if scored else None
    if scored is None or member is None:
        return _NOT_YET
    verdict = _standing(member.relay, server)
    if verdict.status == "True" and member.unevaluated:
        verdict = verdict._replace(message=f"{verdict.message}; not evaluated: {', '.join(member.unevaluated)}")
    if verdict.status != "False" and (told := _providers(member)):
        verdict = Verdict("False", _reason(_worst(member)), told)
    refused = [one for one in scored.decision.refusals if one.subject.server == server]
    return verdict._replace(message=f"{verdict.message}; {_kept(refused)}") if refused else verdict


def pool_healthy(scored: Scored | None) -> Verdict:
    """Of a pool: False when a member is out or on probation, or is bad and stays because the pool needs it."""
    if scored is None or not scored.decision.members:
        return _NOT_YET
    if scored.decision.refusals:
        first = scored.decision.refusals[0]
        return Verdict("False", first.rule.value, _listed([one.message for one in scored.decision.refusals]))
    verdicts = {member.name: healthy(scored, member.name) for member in scored.decision.members}
    bad = [f"{name}: {verdict.message}" for name, verdict in verdicts.items() if verdict.status == "False"]
    if bad:
        return Verdict("False", "MembersUnhealthy", _listed(bad))
    if all(verdict.status == "Unknown" for verdict in verdicts.values()):
        return Verdict("Unknown", NOT_EVALUATED, "too few samples at every member")
    return Verdict("True", HEALTHY, "no member breaks a limit")


def _standing(relay: Health, server: str) -> Verdict:
    if relay.standing is Standing.OUT:
        return Verdict("False", relay.reason, relay.message)
    if relay.standing is Standing.PROBATION:
        return Verdict("False", _reason(relay), relay.message or f"{server} is on probation")
    if relay.reason == NOT_EVALUATED:
        return Verdict("Unknown", NOT_EVALUATED, relay.message)
    if relay.reason == HEALTHY:
        return Verdict("True", HEALTHY, f"score {relay.score}")
    return Verdict("False", relay.reason, relay.message)


def _providers(member: MemberHealth) -> str:
    return _listed([health.message for name, health in sorted(member.providers.items()) if _is_bad(health)])


def _worst(member: MemberHealth) -> Health:
    """The first by name that breaks a limit, or else that is on probation."""
    bad = [health for _, health in sorted(member.providers.items()) if _is_bad(health)]
    return min(bad, key=lambda health: health.standing is Standing.PROBATION)


def _reason(health: Health) -> str:
    """On probation, whichever way it came back, that is what matters; the message tells the rest."""
    return "Probation" if health.standing is Standing.PROBATION else health.reason


def _is_bad(health: Health) -> bool:
    return health.standing is not Standing.ACTIVE or health.reason not in {HEALTHY, NOT_EVALUATED}


def _kept(refused: Sequence[Refusal]) -> str:
    return "it stays: " + ", ".join(sorted({one.rule.value for one in refused}))


def _listed(told: list[str]) -> str:
    return listed(told, most=_NAMED, between="; ")
