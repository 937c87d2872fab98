"""What the agents count is what the sinks recorded: by provider, accepted and refused, without a difference."""

import json
from collections import Counter

import pytest

from e2e.mailnet.client import Selection
from e2e.mailnet.events import Outcome
from e2e.stand.kubectl import get
from e2e.stand.pods import RelayPod
from e2e.stand.pools import PoolPlan, ServerPlan
from e2e.stand.stand import Stand, target
from e2e.stand.waiting import equal, until
from smtppool.api.documents import Report
from smtppool.api.names import REPORT_KEY, report_name
from smtppool.api.outcomes import OTHER, WindowName

MESSAGES = 1200
REFUSED = [{"at": "eom", "share": "10%", "reply": "550 5.1.1 no such user"}]
PUT_OFF = [{"at": "eom", "share": "20%", "reply": "451 4.7.1 try again later"}]
COUNTED = {Outcome.ACCEPTED: "delivered", Outcome.REJECTED: "bounced"}


@pytest.mark.node_addresses
def test_agents_and_sinks_count_the_same(stand: Stand, namespace: str) -> None:
    servers = tuple(ServerPlan(name=f"mx{n}", address=f"198.51.100.{140 + n}", weight=100) for n in range(3))
    stand.mailnet.set("google", REFUSED)
    stand.mailnet.set("yahoo", PUT_OFF)
    plan = PoolPlan(name="counted", namespace=namespace, servers=servers)
    stand.create(plan)
    sent = stand.sender(namespace).send(target(plan), "-n", str(MESSAGES), "-p", "20")
    until(lambda: settled(stand, plan, sent.prefix), what="each message has a fate", timeout=300, interval=10)
    wanted = recorded(stand, sent.prefix)
    equal(lambda: counted(plan), wanted, what="the agents' counts", timeout=30)
    print(f"{MESSAGES} messages, {len(wanted)} counts by provider and outcome, 0 different: {dict(wanted)}")
    assert wanted["google", "bounced"] > 0


def settled(stand: Stand, plan: PoolPlan, prefix: str) -> bool:
    """Whether all is delivered or refused; what was put off is tried again now."""
    for server in plan.servers:
        RelayPod(cluster=stand.cluster, namespace=plan.namespace, server=server.name).flush()
    return recorded(stand, prefix).total() == MESSAGES


def recorded(stand: Stand, prefix: str) -> Counter[tuple[str, str]]:
    """Recipients by provider and fate, as the sinks saw them."""
    groups = stand.mailnet.counts(("provider", "outcome"), Selection(message_id_prefix=prefix)).groups
    return Counter(
        {
            (OTHER if provider == "selfhosted" else provider, COUNTED[Outcome(outcome)]): count
            for (provider, outcome), count in groups.items()
            if Outcome(outcome) in COUNTED
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
                total[one.provider, "delivered"] += counts.delivered
                total[one.provider, "bounced"] += sum(counts.bounced.values())
    return +total
