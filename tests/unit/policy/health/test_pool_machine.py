"""Whatever happens to the members of a pool, health never breaks the pool's rules."""

from datetime import datetime, timedelta

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from smtppool.api.outcomes import Standing
from smtppool.policy.health.counters import Observation, Windows
from smtppool.policy.health.decision import Action, ActionKind, Decision, PoolState
from smtppool.policy.health.examine import Subject
from smtppool.policy.health.pool import TOO_FEW, decide
from smtppool.policy.health.settings import FIRST_PAUSE, LONGEST_PROBATION, SPACING
from smtppool.policy.rolling import allowed_out
from tests.unit.policy.health.facts import BAD, GOOD, NOW, POOR, settings, windows

PROVIDERS = ("google", "yahoo")
BACK = {ActionKind.RETURN, ActionKind.RESTORE}
MAIL = {"good": windows(GOOD), "poor": windows(POOR), "bad": windows(BAD), "none": ()}
BY_WISH, BY_NODE = "Cordoned", "Drained"
SEEN = st.sampled_from(["good", "good", "poor", "bad", "none"])


class Pool(RuleBasedStateMachine):
    """A pool whose members become good, poor, bad or silent at a provider, are barred or die, while time goes on."""

    @initialize(members=st.integers(1, 6), least=st.integers(0, 6), most=st.sampled_from(["1", "2", "30%", "100%"]))
    def start(self, members: int, least: int, most: str) -> None:
        self.settings = settings(min_available=least, max_unavailable=most)
        self.mail = {f"mx{number}": dict.fromkeys(PROVIDERS, "good") for number in range(members)}
        self.barred: dict[str, str] = {}
        self.dead: set[str] = set()
        self.usable_since: dict[str, datetime] = dict.fromkeys(self.mail, NOW)
        self.state, self.now = PoolState(), NOW
        self.decision = Decision(members=())
        self.ill_since: dict[Subject, datetime] = {}
        self.cut_at: dict[Subject, datetime] = {}
        self.acted_at, self.acted_on = NOW - SPACING, ""
        self._decide()

    @rule(data=st.data(), provider=st.sampled_from((*PROVIDERS, None)), seen=SEEN)
    def mail_goes(self, data: st.DataObject, provider: str | None, seen: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.mail)))
        for changed in PROVIDERS if provider is None else (provider,):
            self.mail[name][changed] = seen

    @rule(data=st.data(), reason=st.sampled_from(["LanesClosed", "CapSpent", BY_WISH, BY_NODE]))
    def a_member_is_barred_or_free_again(self, data: st.DataObject, reason: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.mail)))
        if self.barred.pop(name, None) is None:
            self.barred[name] = reason
        self._decide()

    @rule(data=st.data())
    def a_member_dies_or_comes_back(self, data: st.DataObject) -> None:
        self.dead ^= {data.draw(st.sampled_from(sorted(self.mail)))}
        self._decide()

    @rule(seconds=st.sampled_from([1, 10, 60, 60, 1000, 20_000]))
    def time_goes_on(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self._decide()

    @rule(data=st.data(), then=st.sampled_from(["good", "none"]))
    def a_member_has_a_bad_minute(self, data: st.DataObject, then: str) -> None:
        """If the pool can spare it, it is out, and the others show how it comes back."""
        name = data.draw(st.sampled_from(sorted(self.mail)))
        self.mail[name] = dict.fromkeys(PROVIDERS, "bad")
        self._decide()
        self.mail[name] = dict.fromkeys(PROVIDERS, then)
        self.every_minute(16)

    @rule(minutes=st.sampled_from([4, 16]))
    def every_minute(self, minutes: int) -> None:
        for _ in range(minutes):
            self.now += timedelta(minutes=1)
            self._decide()

    def _decide(self) -> None:
        seen = [
            Observation(
                name=name,
                providers={provider: self._windows(name, provider) for provider in PROVIDERS},
                uptime=1.0,
                barred=self.barred.get(name),
                wished_out=self.barred.get(name) == BY_WISH,
                leaving=self.barred.get(name) == BY_NODE,
                alive=name not in self.dead,
            )
            for name in self.mail
        ]
        self._remember_illness()
        self._remember_service()
        self.state, self.decision = decide(self.state, seen, self.settings, self.now)
        self._check_actions()

    def _windows(self, name: str, provider: str) -> Windows:
        return MAIL[self.mail[name][provider]]

    def _remember_illness(self) -> None:
        for name, mail in self.mail.items():
            for subject in (Subject(name), *(Subject(name, provider) for provider in PROVIDERS)):
                states = mail.values() if subject.provider is None else [mail[subject.provider]]
                if {"poor", "bad"}.isdisjoint(states):
                    self.ill_since.pop(subject, None)
                else:
                    self.ill_since.setdefault(subject, self.now)

    def _remember_service(self) -> None:
        """Since when each member can take mail, as far as its health lets it."""
        for name in self.mail:
            if name in self.barred.keys() | self.dead:
                self.usable_since.pop(name, None)
            else:
                self.usable_since.setdefault(name, self.now)

    def _check_actions(self) -> None:
        cuts = [action for action in self.decision.actions if action.kind not in BACK]
        assert len(cuts) <= 1
        assert len([action for action in self.decision.actions if action.reason != TOO_FEW]) <= 1
        for action in self.decision.actions:
            self._check(action)

    def _check(self, action: Action) -> None:
        name = action.subject.server
        if action.reason != TOO_FEW:
            assert self.acted_on == name or self.now - self.acted_at >= SPACING
            self.acted_at, self.acted_on = self.now, name
        if action.kind is ActionKind.RETURN and action.reason != TOO_FEW:
            assert self.now - self.cut_at[action.subject] >= FIRST_PAUSE
        if action.kind is ActionKind.RETURN:
            assert name in self.usable_since or self.barred.get(name) == BY_NODE
        if action.kind is ActionKind.RESTORE:
            assert self.now - self.usable_since.get(name, self.now) >= timedelta(minutes=2)
            if not any(self.mail[name][of] == "good" for of in self._of(action.subject)):
                assert self.now - self.usable_since[name] >= LONGEST_PROBATION
        if action.kind in BACK:
            return
        self.cut_at[action.subject] = self.now
        if "bad" not in {self.mail[name][of] for of in self._of(action.subject)}:
            assert self.now - self.ill_since[action.subject] >= timedelta(minutes=2)
        out = [member for member in self.decision.members if member.share == 0]
        if action.subject.provider is None:
            gone = self.barred.keys() | self.dead | {member.name for member in out}
            wanted = {name for name in self.mail if self.barred.get(name) != BY_WISH}
            assert len(gone & wanted) <= allowed_out(self.settings.max_unavailable, len(wanted))

    def _of(self, subject: Subject) -> tuple[str, ...]:
        return PROVIDERS if subject.provider is None else (subject.provider,)

    @invariant()
    def enough_members_stay_at_every_provider(self) -> None:
        usable = len(self.mail) - len(self.barred.keys() | self.dead)
        needed = min(usable, max(1, self.settings.min_available))
        serving = [member for member in self.decision.members if member.share > 0 and member.name not in self.dead]
        assert len(serving) >= needed
        for provider in PROVIDERS:
            assert len([member for member in serving if provider not in member.excluded]) >= needed

    @invariant()
    def barred_members_get_nothing(self) -> None:
        assert all(member.share == 0 for member in self.decision.members if member.name in self.barred)

    @invariant()
    def who_is_out_says_why(self) -> None:
        for member in self.decision.members:
            if member.relay.standing is Standing.OUT:
                assert member.relay.reason
                assert member.relay.message


TestPool = Pool.TestCase
TestPool.settings = hypothesis_settings(max_examples=150, stateful_step_count=30, deadline=None)
