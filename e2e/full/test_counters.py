"""What the agents count is what the sinks recorded: by provider, each fate and bounce class, and each deferral.

Who defers has one MX host a domain: of several, Postfix tries the next one at once, and the log has one line for both.
"""

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from e2e.mailnet.client import Selection
from e2e.stand.kubectl import get
from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.queues import PATIENT
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import equal, until
from smtppool.api.documents import Report
from smtppool.api.names import REPORT_KEY, report_name
from smtppool.api.outcomes import OTHER, WindowName

MESSAGES = 1200
ANSWERS = {
    "google": {"at": "eom", "share": "10%", "reply": "550 5.1.1 no such user"},
    "comcast": {"at": "eom", "share": "25%", "reply": "552 5.2.2 mailbox full"},
    "orange": {"at": "eom", "share": "25%", "reply": "554 5.7.1 your address is on a block list"},
    "microsoft": {"at": "eom", "share": "20%", "reply": "451 4.7.1 try again later"},
}
DEFERRED = "deferred"
COUNTED = {"250": "delivered", "451": DEFERRED, "550": "InvalidRecipient", "552": "QuotaIssues", "554": "SpamBlock"}


@pytest.fixture
def answering(stand: Stand) -> Iterator[None]:
    """Providers refuse and put off a part of the mail."""
    for provider, answer in ANSWERS.items():
        stand.mailnet.set(provider, [answer])
    yield
    stand.mailnet.reset()


@pytest.mark.node_addresses
@pytest.mark.usefixtures("answering")
def test_agents_and_sinks_count_the_same(stand: Stand, namespace: str) -> None:
    servers = tuple(ServerPlan(name=f"mx{n}", address=f"198.51.100.{140 + n}", weight=100) for n in range(3))
    plan = PoolPlan(name="counted", namespace=namespace, servers=servers, spec={"health": PATIENT})
    stand.create(plan)
    sent = stand.sender(namespace).send(target(plan), "-n", str(MESSAGES), "-p", "20")
    until(lambda: settled(stand, plan, sent.prefix), what="each message has a fate", timeout=300, interval=10)
    wanted = recorded(stand, sent.prefix)
    equal(lambda: counted(plan), wanted, what="the agents' counts", timeout=30)
    print(f"{MESSAGES} messages, {len(wanted)} counts by provider and outcome, 0 different: {dict(wanted)}")
    assert set(COUNTED.values()) == {outcome for _, outcome in wanted}, "each was seen"


def settled(stand: Stand, plan: PoolPlan, prefix: str) -> bool:
    """Whether all is delivered or refused; what was put off is tried again now."""
    for server in plan.servers:
        RelayPod(cluster=stand.cluster, namespace=plan.namespace, server=server.name).flush()
    fates = Counter({key: count for key, count in recorded(stand, prefix).items() if key[1] != DEFERRED})
    return fates.total() == MESSAGES


def recorded(stand: Stand, prefix: str) -> Counter[tuple[str, str]]:
    """Recipients by provider and fate, and attempts that were put off, as the sinks saw them."""
    groups = stand.mailnet.counts(("provider", "code"), Selection(message_id_prefix=prefix)).groups
    return Counter(
        {
            (OTHER if provider == "selfhosted" else provider, COUNTED.get(code, f"unexpected {code}")): count
            for (provider, code), count in groups.items()
            if code
        }
    )


def counted(plan: PoolPlan) -> Counter[tuple[str, str]]:
    """The same, as all agents of the pool report it for the last day."""
    total: Counter[tuple[str, str]] = Counter()
    for server in plan.servers:
        body = get("configmap", report_name(server.name), namespace=plan.namespace)
        report = Report.model_validate(json.loads(body["data"][REPORT_KEY]))
        for one in report.outcomes:
            counts = one.windows.get(WindowName.DAY)
            if counts is not None:
                found = {"delivered": counts.delivered, DEFERRED: counts.deferred, **counts.bounced}
                total.update({(one.provider, outcome): count for outcome, count in found.items()})
    return +total
