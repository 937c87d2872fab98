"""Facts about a way out, and what must follow from them: (name, facts, lanes, status, reason)."""

from datetime import timedelta
from typing import Any

from smtppool.api.documents import Lanes
from smtppool.api.names import Key
from smtppool.api.smtppool import EgressCheckMode
from smtppool.policy.egress import GRACE, Rule
from tests.unit.policy.facts import NOW, OTHER_ADDRESS, ago, observation, report

NEW_ADDRESS = "10.244.1.9"
FAILED = "connection refused"
LONG_AGO = ago(minutes=16)
MINUTE = timedelta(minutes=1)

CASES: list[tuple[str, dict[str, Any], Lanes, str, str]] = [
    ("verified", {}, Lanes.OPEN, "True", "Verified"),
    ("verified for the first time", {"granted": False}, Lanes.OPEN, "True", "Verified"),
    ("no pod", {"pod_uid": None}, Lanes.CLOSED, "Unknown", "NoPod"),
    ("no address yet", {"pod_address": None}, Lanes.CLOSED, "Unknown", "NoPod"),
    ("smarthost", {"smarthost": True, "report": None}, Lanes.OPEN, "True", "NotRequired"),
    ("smarthost without pod", {"smarthost": True, "pod_uid": None}, Lanes.CLOSED, "Unknown", "NoPod"),
    ("smarthost without address", {"smarthost": True, "pod_address": None}, Lanes.CLOSED, "Unknown", "NoPod"),
    ("another relay still sends", {"rival": Key("b", "mx1")}, Lanes.CLOSED, "False", "AddressInUse"),
    ("rule missing", {"rule": Rule.ABSENT}, Lanes.CLOSED, "False", "RuleNotApplied"),
    (
        "rule missing, check off",
        {"rule": Rule.ABSENT, "mode": EgressCheckMode.OFF},
        Lanes.CLOSED,
        "False",
        "RuleNotApplied",
    ),
    ("node silent, never open", {"rule": Rule.UNKNOWN, "granted": False}, Lanes.CLOSED, "Unknown", "NodeNotReporting"),
    ("node silent, was open", {"rule": Rule.UNKNOWN}, Lanes.OPEN, "True", "Verified"),
    ("check off", {"mode": EgressCheckMode.OFF, "report": None, "granted": False}, Lanes.OPEN, "Unknown", "Disabled"),
    ("mismatch", {"report": report(egress=observation(OTHER_ADDRESS))}, Lanes.CLOSED, "False", "Mismatch"),
    (
        "mismatch, then unreachable",
        {"report": report(egress=observation(OTHER_ADDRESS, error=FAILED))},
        Lanes.CLOSED,
        "False",
        "Mismatch",
    ),
    ("unreachable", {"report": report(egress=observation(error=FAILED))}, Lanes.OPEN, "Unknown", "Unreachable"),
    (
        "unreachable for too long",
        {"report": report(egress=observation(at=LONG_AGO, error=FAILED))},
        Lanes.CLOSED,
        "Unknown",
        "GraceExpired",
    ),
    (
        "silent for too long",
        {"report": report(egress=observation(at=LONG_AGO))},
        Lanes.CLOSED,
        "Unknown",
        "GraceExpired",
    ),
    (
        "silent, but the API server was away",
        {"report": report(egress=observation(at=LONG_AGO)), "settled_at": NOW + MINUTE},
        Lanes.OPEN,
        "True",
        "Verified",
    ),
    (
        "an hour between checks",
        {"report": report(egress=observation(at=ago(minutes=90))), "interval": timedelta(hours=1)},
        Lanes.OPEN,
        "True",
        "Verified",
    ),
    (
        "another pod's confirmation",
        {"report": report(pod_uid="pod-0"), "granted": False},
        Lanes.CLOSED,
        "Unknown",
        "NoReport",
    ),
    (
        "a confirmation from the address before",
        {"pod_address": NEW_ADDRESS, "granted": False},
        Lanes.CLOSED,
        "Unknown",
        "NoReport",
    ),
    (
        "a confirmation from no stated address",
        {"report": report(pod_address=None), "granted": False},
        Lanes.CLOSED,
        "Unknown",
        "NoReport",
    ),
    (
        "a mismatch at the address before",
        {"report": report(pod_address=NEW_ADDRESS, egress=observation(OTHER_ADDRESS)), "granted": False},
        Lanes.CLOSED,
        "Unknown",
        "NoReport",
    ),
    ("never reported", {"report": None, "granted": False}, Lanes.CLOSED, "Unknown", "NoReport"),
    (
        "never reached the check",
        {"report": report(egress=observation(None, error=FAILED)), "granted": False},
        Lanes.CLOSED,
        "Unknown",
        "NotVerified",
    ),
    (
        "garbage, never open",
        {"report": None, "report_invalid": True, "granted": False},
        Lanes.CLOSED,
        "Unknown",
        "ReportInvalid",
    ),
    ("garbage, was open", {"report": None, "report_invalid": True}, Lanes.OPEN, "Unknown", "ReportInvalid"),
    (
        "garbage for too long",
        {"report": None, "report_invalid": True, "unknown_since": NOW - GRACE},
        Lanes.CLOSED,
        "Unknown",
        "ReportInvalid",
    ),
    (
        "a time that is none",
        {"report": report(egress=observation(at="2025-13-45T99:99:99Z")), "granted": False},
        Lanes.CLOSED,
        "Unknown",
        "NotVerified",
    ),
]
