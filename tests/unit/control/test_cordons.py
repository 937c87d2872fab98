"""A relay whose node is cordoned, by the objects in the cache: who asks, where it goes, what is told."""

from dataclasses import replace
from typing import Any

import pytest

from smtppool.api.documents import Intake, Lanes, NodeEgressReport, QueueDepth
from smtppool.api.names import COMPONENT, REPORT_KEY, Key, node_egress_report_name
from smtppool.control.assess import placement_of
from smtppool.control.conditions.draining import draining
from smtppool.control.conditions.ready import ready
from smtppool.control.cordons import cordons
from smtppool.control.scoring import observation
from smtppool.control.vitals import Vitals
from smtppool.kube.kinds import Body
from smtppool.policy.drain import Phase
from smtppool.policy.drain_facts import AskedBy
from smtppool.render.statefulset import RELEASED
from tests.unit.control.bodies import ADDRESS, Cluster, body
from tests.unit.control.test_drains import OWN, PEER, handing_over, routing

LEAVES = {"server": "mx1", "node": "n1", "decision": "Leaves"}


def node(name: str, **spec: Any) -> Body:
    """A node with the label that volumes go by."""
    metadata = {"namespace": "", "labels": {"kubernetes.io/hostname": name}, "annotations": {}}
    return body("Node", name, f"{name}-uid", spec=spec, metadata=metadata)


def volume(*nodes: str) -> Body:
    """The claim's volume, which can be attached on these nodes."""
    expressions = [{"key": "kubernetes.io/hostname", "operator": "In", "values": list(nodes)}]
    affinity = {"required": {"nodeSelectorTerms": [{"matchExpressions": expressions}]}}
    return body("PersistentVolume", "pv-1", "pv-uid", spec={"nodeAffinity": affinity}, metadata={"namespace": ""})


def cordoned(*others: Body, decided: dict[str, str] | None = None, **report: Any) -> Cluster:
    """mx1 runs on n1, which is cordoned, and hands over if the pool has decided so."""
    made = handing_over(PEER, **report)
    del made.server["spec"]["desiredState"]
    assert made.pool is not None
    made.pool["status"] = {"onCordonedNodes": [LEAVES if decided is None else decided]}
    made.others += [node("n1", unschedulable=True), *others]
    return made


def attached(made: Cluster, *nodes: str, seen: bool = True) -> Cluster:
    """Its claim is bound; `seen`: somebody has looked at the volume."""
    assert made.claim is not None
    made.claim["spec"]["volumeName"] = "pv-1"
    made.others += [volume(*nodes)] if seen else []
    return made


def held_by(*names: str) -> list[Body]:
    """Reports of nodes that hold the address."""
    labels = {COMPONENT: "egress-report"}
    return [
        body(
            "ConfigMap",
            node_egress_report_name(name),
            f"{name}-report",
            metadata={"namespace": "system", "labels": labels, "annotations": {}},
            data={REPORT_KEY: NodeEgressReport(node=name, held=(ADDRESS,)).model_dump_json(by_alias=True)},
        )
        for name in names
    ]


def test_it_hands_over_when_the_pool_lets_it_go() -> None:
    _, assessment, _ = cordoned(node("n2"), queue=QueueDepth(deferred=2)).look()
    assert assessment.asked_by is AskedBy.NODE
    assert (assessment.grant.lanes, assessment.grant.intake) == (Lanes.HANDOVER, Intake.CLOSED)


@pytest.mark.parametrize(("decision", "leaves"), [("Leaves", True), ("MinAvailable", False)])
def test_its_health_knows_that_the_pool_would_call_it_back(decision: str, leaves: bool) -> None:
    view, assessment, _ = cordoned(decided=LEAVES | {"decision": decision}).look()
    seen = observation(view, assessment, Vitals())
    assert (seen.leaving, seen.usable) == (leaves, False)


@pytest.mark.parametrize(
    ("name", "made", "phase"),
    [
        ("another node takes it", cordoned(node("n2"), queue=QueueDepth()), Phase.RELEASED),
        ("nobody does", cordoned(queue=QueueDepth()), Phase.EMPTY),
        ("its volume goes along", attached(cordoned(node("n2"), queue=QueueDepth()), "n1", "n2"), Phase.RELEASED),
        ("its volume is local", attached(cordoned(node("n2"), queue=QueueDepth()), "n1"), Phase.EMPTY),
        ("nobody has looked", attached(cordoned(node("n2"), queue=QueueDepth()), "n1", "n2", seen=False), Phase.EMPTY),
    ],
)
def test_an_empty_relay_moves_if_it_can(name: str, made: Cluster, phase: Phase) -> None:
    assert made.look()[1].drain.phase is phase, name


def test_uncordoned_it_comes_back_whatever_the_status_still_says() -> None:
    made = cordoned()
    made.others[-1] = node("n1")
    _, assessment, _ = made.look()
    assert (assessment.drain.phase, assessment.grant.intake) == (Phase.RUNNING, Intake.OPEN)


def test_on_another_node_nothing_holds_it() -> None:
    """Its pod is gone, or is a new one: the StatefulSet gets its replica back."""
    made = cordoned(node("n2"), queue=QueueDepth())
    made.pod = None
    workload = body("StatefulSet", "mx1-relay", "w", api="apps/v1", spec={"replicas": 0, "template": {}})
    workload["metadata"]["annotations"][RELEASED] = "true"
    made.others.append(workload)
    assert made.look()[1].drain.phase is Phase.RUNNING


def test_a_relay_that_ignores_cordons_stays() -> None:
    made = cordoned(node("n2"))
    assert made.pool is not None
    made.pool["spec"]["pod"] = {"tolerations": [{"operator": "Exists"}]}
    assert made.look()[1].asked_by is None


def test_a_relay_that_the_pool_cannot_spare_says_why() -> None:
    decided = {**LEAVES, "decision": "LastMember", "message": "no other member would be in traffic"}
    told = draining(cordoned(decided=decided).observed())
    assert told[:2] == ("False", "LastMember")
    for text in ("n1 is cordoned", "no other member", "no other node takes pods"):
        assert text in told.message


def test_a_relay_without_another_node_is_not_ready_and_says_what_to_do() -> None:
    made = cordoned(node("n2"), queue=QueueDepth())
    made.server["spec"]["relay"]["egress"]["provider"] = "hostNetwork"
    made.others += held_by("n1")
    told = ready(made.observed())
    assert told[:2] == ("False", "NodeCordoned")
    for text in (ADDRESS, "n1 is cordoned", "kubectl uncordon n1"):
        assert text in told.message


def pending(*others: Body) -> Cluster:
    """Its pod was evicted; the new one has no node."""
    made = Cluster(others=[node("n1", unschedulable=True), *held_by("n1"), *others])
    made.server["spec"]["relay"]["egress"]["provider"] = "node"
    assert made.pod is not None
    made.pod |= {"spec": {}, "status": {"phase": "Pending"}}
    affinity = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [affinity]}}
    template = {"spec": {"affinity": {"nodeAffinity": required}}}
    made.others.append(body("StatefulSet", "mx1-relay", "w", api="apps/v1", spec={"template": template}))
    return made


def test_an_evicted_relay_names_the_node_that_it_waits_for() -> None:
    told = ready(pending(node("n2")).observed())
    assert told[:2] == ("False", "NodeCordoned")
    assert told.message.startswith(f"no other node that takes pods reports {ADDRESS}: add the address to one; n1 could")
    assert ready(pending(node("n2"), *held_by("n2")).observed()).reason == "PodStarting"


def test_an_evicted_relay_starts_where_its_address_is_held_too() -> None:
    made = pending(node("n2"), *held_by("n2"))
    view, _, neighbours = made.look()
    assert placement_of(view, neighbours).node == "n2"
    assert made.pod is not None
    made.pod["spec"] = {"nodeName": "n1"}
    view, _, neighbours = made.look()
    assert placement_of(view, neighbours).node == "n1", "a changed template would replace a pod that has a queue"


def test_what_the_pool_writes_down() -> None:
    made = cordoned(node("n2"), queue=QueueDepth(deferred=1))
    view, assessment, neighbours = made.look()
    assert view.pool is not None
    assert cordons(view.pool, [(view, assessment)], neighbours, rolling=None) == [
        {**LEAVES, "decision": "LastMember", "message": "no other member would be in traffic"}
    ]
    made.server["spec"]["weight"] = 0
    view, assessment, neighbours = made.look()
    assert view.pool is not None
    assert cordons(view.pool, [(view, assessment)], neighbours, rolling=None) == [LEAVES]
    made.pool["spec"] = {"mode": "nonsense"}  # type: ignore[index]
    view, assessment, neighbours = made.look()
    assert view.pool is not None
    assert cordons(view.pool, [(view, assessment)], neighbours, rolling=None) == [LEAVES], "as it was"


def test_a_member_that_the_same_pass_begins_to_roll_is_not_counted_upon() -> None:
    """Both begin with a new version of the operator: its template is new, and so is what it does about cordons."""
    made = Cluster(others=[node("n1", unschedulable=True), node("n2"), routing(OWN, PEER)])
    view, assessment, neighbours = made.look()
    assert view.pool is not None
    assert view.pod is not None
    other = replace(view, key=Key("mail", "mx2"), pod=replace(view.pod, node="n2"))
    both = [(view, assessment), (other, assessment)]
    assert cordons(view.pool, both, neighbours, rolling=None) == [LEAVES]
    assert cordons(view.pool, both, neighbours, rolling="mx2")[0]["decision"] == "LastMember"
