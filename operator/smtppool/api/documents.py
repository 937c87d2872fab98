"""Routing, grant, report and node egress: the JSON documents that travel in ConfigMaps.

Routing and grant go from the operator to agents, reports come back and are untrusted input. All sizes are bounded;
reports ignore unknown fields so that agents may be newer than the operator.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from smtppool.api.base import Endpoint, IPv4, Label, Model, Network, Observed, Timestamp, Weight
from smtppool.api.outcomes import MAX_PROVIDERS, Outcomes
from smtppool.api.queue_details import QueueDetails
from smtppool.api.smtppool import MAX_SERVERS, Balance

MAX_WANTED = 4096  # addresses that nodes are asked about
MAX_RULES = 1024  # relay pods on a node
MAX_SILENT = 256  # relay pods of the cluster to which nobody can connect
MAX_DOMAINS = 10_000  # mail domains in a gate's table

Count = Annotated[int, Field(ge=0, le=10**12)]
Uid = Annotated[str, Field(pattern=r"^[-a-zA-Z0-9]{1,64}$", max_length=64)]
Text = Annotated[str, Field(max_length=512)]
MailDomain = Annotated[str, Field(pattern=r"^[a-z0-9][-a-z0-9.]{0,252}$", max_length=253)]


class MemberState(StrEnum):
    """`Ready` takes connections by weight, `Drain` finishes what it has."""

    READY = "Ready"
    DRAIN = "Drain"


class Member(Model):
    """One relay pod as entry pods see it."""

    name: Label
    address: IPv4
    weight: Weight
    state: MemberState = MemberState.READY
    handover: bool = True  # takes mail from peers on HANDOVER_IN_PORT
    entry: bool = True  # it checks the others, as it balances for the pool or has a vote on who is down

    @property
    def takes_over(self) -> bool:
        """Whether mail of another member may go to it."""
        return self.handover and self.weight > 0 and self.state is MemberState.READY


class SubmissionRule(Model):
    """Who may submit; sizes in bytes."""

    allowed_networks: Annotated[tuple[Network, ...], Field(max_length=64)] = ()
    max_message_size: Count
    max_recipients: Count


class Routing(Model):
    """`<pool>-routing`: the members with address and weight, sorted by name, and the submission rule."""

    version: Annotated[int, Field(ge=1, le=1)] = 1
    pool: Label
    balance: Balance = Balance.ROUND_ROBIN
    members: Annotated[tuple[Member, ...], Field(max_length=MAX_SERVERS)] = ()
    submission: SubmissionRule
    report_interval_seconds: Annotated[int, Field(ge=1, le=60)] = 1


class Lanes(StrEnum):
    """What the socketmap answers: deliver, keep, or give to a peer."""

    OPEN = "Open"
    CLOSED = "Closed"
    HANDOVER = "Handover"


class Intake(StrEnum):
    """`Closed` refuses new mail with a 4xx on every port."""

    OPEN = "Open"
    CLOSED = "Closed"


class EgressCheckOrder(Model):
    """What the agent checks: its own source address as `endpoint` sees it. No endpoint = no check."""

    endpoint: Endpoint | None = None
    interval_seconds: Annotated[int, Field(ge=1, le=86400)] = 300
    expected: IPv4 | None = None


class Grant(Model):
    """`<server>-grant`: what one relay pod may do. Bound to a pod and its address: any other reads it as closed."""

    version: Annotated[int, Field(ge=1, le=1)] = 1
    server: Label
    pod_uid: Uid | None = None
    pod_address: IPv4 | None = None
    lanes: Lanes = Lanes.CLOSED
    intake: Intake = Intake.OPEN
    reason: Text = ""
    excluded: Annotated[tuple[Label, ...], Field(max_length=MAX_PROVIDERS)] = ()  # providers whose mail goes to peers
    egress_check: EgressCheckOrder


class EgressObservation(Observed):
    """Last result of the egress check. `observed_address` is of the last answer, `error` of a later failure."""

    observed_address: IPv4 | None = None
    observed_at: Timestamp | None = None  # when the observed address was last confirmed
    error: Text | None = None
    error_since: Timestamp | None = None


class QueueDepth(QueueDetails):
    """Messages by Postfix queue; `recipients: []` entries are done and not counted."""

    incoming: Count = 0
    active: Count = 0
    deferred: Count = 0
    hold: Count = 0
    corrupt: Count = 0

    @property
    def messages(self) -> int:
        """All messages that a deletion would lose."""
        return self.incoming + self.active + self.deferred + self.hold + self.corrupt


class Report(Observed):
    """`<server>-report`: what one agent observed. Written by the agent, validated by the operator."""

    version: Annotated[int, Field(ge=1, le=1)] = 1
    server: Label
    pod_uid: Uid
    pod_address: IPv4 | None = None
    egress: EgressObservation = Field(default_factory=EgressObservation)
    queue: QueueDepth | None = None  # None: could not be read
    queue_error: Text | None = None
    sessions: Count = 0  # open SMTP sessions of this pod: entry, relay and handover ports
    entry_sessions: Count = 0  # those of the entry port among them: they bring no mail to this relay's queue
    lanes: Lanes = Lanes.CLOSED  # in force at the gate
    intake: Intake = Intake.OPEN  # in force at the gate and HAProxy
    routing_hash: Annotated[str, Field(max_length=64)] | None = None  # sha256 hex of the applied routing.json
    outcomes: Outcomes = ()
    down: Annotated[tuple[Label, ...], Field(max_length=MAX_SERVERS)] = ()  # members that its HAProxy's checks see down

    @property
    def own_sessions(self) -> int:
        """Those that can bring mail to this relay's queue: a client may keep one through its entry to another relay."""
        return max(0, self.sessions - self.entry_sessions)


def is_of_pod(document: Grant | Report, *, uid: str | None, address: str | None) -> bool:
    """Whether it is of this pod as it runs now: a sandbox that is made anew keeps the uid and gets another address."""
    return None not in {uid, address} and (document.pod_uid, document.pod_address) == (uid, address)


class GateTable(Model):
    """GATE_TABLE: all that the gate knows, written by the agent by rename. No file = closed."""

    version: Annotated[int, Field(ge=1, le=1)] = 1
    lanes: Lanes = Lanes.CLOSED
    intake: Intake = Intake.OPEN
    reason: Text = "not yet allowed to send"
    handed_over: Annotated[tuple[MailDomain, ...], Field(max_length=MAX_DOMAINS)] = ()  # whose mail goes to peers
    submission: SubmissionRule


class EgressRule(Model):
    """One relay pod on a node: translate its traffic to `source`; without `source`, only hold back port 25."""

    pod_address: IPv4
    source: IPv4 | None = None


class NodeEgress(Model):
    """`<node>-egress`: what the node program must apply, and which addresses it is asked about."""

    version: Annotated[int, Field(ge=1, le=1)] = 1
    node: Annotated[str, Field(max_length=253)]
    rules: Annotated[tuple[EgressRule, ...], Field(max_length=MAX_RULES)] = ()
    cluster_networks: Annotated[tuple[Network, ...], Field(max_length=16)] = ()
    wanted: Annotated[tuple[IPv4, ...], Field(max_length=MAX_WANTED)] = ()
    silent: Annotated[tuple[IPv4, ...], Field(max_length=MAX_SILENT)] = ()  # relay pods that answer nobody


class NodeEgressReport(Observed):
    """`<node>-egress-report`: which wanted addresses the node holds, and which rules are in force."""

    version: Annotated[int, Field(ge=1, le=1)] = 1
    node: Annotated[str, Field(max_length=253)]
    held: Annotated[tuple[IPv4, ...], Field(max_length=MAX_WANTED)] = ()
    applied: Annotated[tuple[EgressRule, ...], Field(max_length=MAX_RULES)] = ()
    error: Text | None = None
