"""Conditions whose input does not exist yet: said as such, never passed silently."""

from smtppool.api.smtpserver import WarmupMode
from smtppool.control.view import ServerView
from smtppool.policy.verdict import Verdict


def identity_verified() -> Verdict:
    """IdentityVerified."""
    return Verdict("Unknown", "NotEvaluated", "host name and PTR record are not compared yet")


def warm(view: ServerView) -> Verdict:
    """Warm: only what the user states."""
    if view.spec is None:
        return Verdict("Unknown", "InvalidSpec", "warmup.mode cannot be read")
    if view.spec.warmup.mode is WarmupMode.WARM:
        return Verdict("True", "Stated", "warmup.mode is Warm: receivers know this address")
    return Verdict("Unknown", "NotEvaluated", "warmup.mode is Plan, and plans are not evaluated yet: the weight is 0")
