"""A world with a relay, its mail, a cluster that fails, and an operator that restarts: no mail is ever deleted.

The relay's true queue is known to the world only; the policy sees reports, last words and its own record. Last words
are kept as they were said, also where a later pod came: it is the policy that must tell whose they are.
"""

from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from smtppool.api.documents import Intake, QueueDepth, Report
from smtppool.policy.emptiness import PodState
from smtppool.policy.lifecycle import PROVEN_EMPTY, QueueDecision, Step, decide_lifecycle
from tests.unit.policy.facts import lifecycle_facts, queue_facts, report

_REMOVING = {Step.REMOVE_WORKLOAD, Step.REMOVE_VOLUME, Step.REMOVE_REST, Step.RELEASE}
PATIENCE = 8  # passes before the user decides: a decision allows everything, so it must come late


class Deletion(RuleBasedStateMachine):
    """One server from running to gone."""

    def __init__(self) -> None:
        super().__init__()
        self.queued = 0
        self.sessions = 0
        self.intake = Intake.OPEN
        self.state = PodState.RUNNING
        self.uid = self.address = 1
        self.report: Report | None = None
        self.words: Report | None = None
        self.proven = False
        self.deleted = False
        self.namespace_ends = False
        self.decision = QueueDecision.NONE
        self.step = Step.RUN
        self.workload = self.volume = self.children = True
        self.volume_kept = False
        self.stuck_for = 0

    @property
    def runs(self) -> bool:
        return self.state is PodState.RUNNING

    def _statement(self) -> Report:
        return report(
            pod_uid=f"pod-{self.uid}",
            pod_address=f"10.244.1.{self.address % 256}",
            intake=self.intake,
            sessions=self.sessions,
            queue=QueueDepth(deferred=self.queued),
        )

    @precondition(lambda self: self.runs)
    @rule(opened=st.integers(0, 2), closed=st.integers(0, 2), sent=st.integers(0, 2), delivered=st.integers(0, 2))
    def mail_moves(self, opened: int, closed: int, sent: int, delivered: int) -> None:
        """Sessions that are open may still send when the intake is closed."""
        self.sessions += opened if self.intake is Intake.OPEN else 0
        self.queued += sent if self.sessions else 0
        self.sessions = max(0, self.sessions - closed)
        self.queued = max(0, self.queued - delivered)

    @rule(events=st.lists(st.sampled_from(["report", "delete", "pass", "pass"]), min_size=1, max_size=6))
    def time_passes(self, events: list[str]) -> None:
        for event in events:
            match event:
                case "report" if self.runs and not self.namespace_ends:
                    self._agent_reports()
                case "delete":
                    self.deleted = True
                case "pass":
                    self._operator_passes()

    @precondition(lambda self: not self.namespace_ends)
    @rule(fate=st.sampled_from(["dies", "dies", "node is lost", "starts", "starts", "cannot start", "starts anew"]))
    def pod(self, fate: str) -> None:
        """A new pod starts with its intake open until its agent has read the grant."""
        match fate:
            case "dies" if self.state in {PodState.RUNNING, PodState.STUCK}:
                self.state, self.sessions = PodState.ABSENT, 0
            case "node is lost" if self.runs:
                self.state, self.sessions = PodState.SILENT, 0
            case "starts" | "cannot start" if self.state is PodState.ABSENT and self.step not in _REMOVING:
                self.uid, self.address = self.uid + 1, self.address + 1
                self.state = PodState.RUNNING if fate == "starts" else PodState.STUCK
                self.intake = Intake.OPEN
            case "starts anew" if self.runs:  # its sandbox, as after a reboot of the node
                self.address, self.sessions, self.intake = self.address + 1, 0, Intake.OPEN

    @precondition(lambda self: self.runs and not self.namespace_ends)
    @rule(empty=st.booleans(), taken=st.integers(0, 2))
    def rolled_with_words(self, empty: bool, taken: int) -> None:
        """The pod says at its end how much is left, and the next one of the same relay takes more."""
        self.sessions, self.queued = 0, 0 if empty else self.queued
        self.words = self._statement()
        self.uid, self.address, self.intake = self.uid + 1, self.address + 1, Intake.OPEN
        self.queued += taken

    @precondition(lambda self: self.report is not None)
    @rule(sends=st.booleans(), speaks=st.booleans())
    def namespace_is_deleted(self, sends: bool, speaks: bool) -> None:
        """The pod ends and says how much is left, unless it is killed; no report can be written any more."""
        self.deleted = self.namespace_ends = True
        if self.runs:
            self.queued += sends and self.intake is Intake.OPEN
            self.sessions = 0
            self.state, self.words = PodState.ENDED, self._statement() if speaks else self.words

    @precondition(lambda self: self.namespace_ends)
    @rule()
    def operator_restarts(self) -> None:
        """The report's ConfigMap and the pod are gone with the namespace: only the status is left."""
        if self.state is PodState.ENDED:
            self.state = PodState.ABSENT
        self.report = self.words = None

    @precondition(lambda self: self.stuck_for >= PATIENCE)
    @rule(decision=st.sampled_from([QueueDecision.DROP, QueueDecision.SAVE]))
    def user_decides(self, decision: QueueDecision) -> None:
        self.decision = decision

    def _agent_reports(self) -> None:
        if self.step is Step.EMPTY:
            self.intake = Intake.CLOSED
        self.report = self._statement()

    def _operator_passes(self) -> None:
        decided = decide_lifecycle(self._facts())
        self.step = decided.step
        self.stuck_for += decided.step is Step.EMPTY
        self.proven = self.proven or (decided.draining is not None and decided.draining.reason == PROVEN_EMPTY)
        match decided.step:
            case Step.KEEP_VOLUME:
                self.volume_kept = True
            case Step.REMOVE_WORKLOAD:
                self.workload, self.state, self.sessions = False, PodState.ABSENT, 0
            case Step.REMOVE_VOLUME:
                self.volume = False
            case Step.REMOVE_REST:
                self.children = False
            case Step.RELEASE:
                assert not self.workload
                assert not self.volume
                assert not self.children

    def _facts(self) -> Any:
        queue = queue_facts(
            namespace_terminating=self.namespace_ends,
            ever_reported=True,
            pod=self.state,
            pod_uid=None if self.state is PodState.ABSENT else f"pod-{self.uid}",
            pod_address=None if self.state is PodState.ABSENT else f"10.244.1.{self.address % 256}",
            report=self.report,
            last_words=self.words,
            last_pod_uid=f"pod-{self.uid}",
        )
        return replace(
            lifecycle_facts(queue=queue),
            deleted=self.deleted,
            decision=self.decision,
            proven_empty=self.proven,
            workload_exists=self.workload,
            volume_exists=self.volume,
            volume_kept=self.volume_kept,
            children_exist=self.children,
        )

    @invariant()
    def mail_is_not_deleted_without_a_word(self) -> None:
        if not self.volume:
            kept = self.decision is QueueDecision.SAVE and self.volume_kept
            assert self.queued == 0 or self.decision is not QueueDecision.NONE or kept

    @invariant()
    def nothing_goes_before_a_deletion(self) -> None:
        if not self.deleted:
            assert self.workload
            assert self.volume
            assert self.children


TestDeletion = Deletion.TestCase
TestDeletion.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
