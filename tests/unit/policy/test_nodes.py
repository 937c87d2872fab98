"""Where a relay could run, as a table of nodes and needs."""

from typing import Any, NamedTuple

import pytest

from smtppool.api.scheduling import NodeSelectorTerm, Toleration
from smtppool.policy.nodes import UNSCHEDULABLE, Needs, Node, Taint, homes, ignores_cordons

HOST = "kubernetes.io/hostname"
LEFT = Node(name="n1", cordoned=True, labels={HOST: "n1"})
OTHER = Node(name="n2", labels={HOST: "n2", "disk": "fast", "cpus": "8"})
THIRD = Node(name="n3", labels={HOST: "n3"})


def term(key: str, operator: str, *values: str) -> NodeSelectorTerm:
    return NodeSelectorTerm.model_validate({"matchExpressions": [{"key": key, "operator": operator, "values": values}]})


def by_name(*names: str) -> NodeSelectorTerm:
    field = {"key": "metadata.name", "operator": "In", "values": names}
    return NodeSelectorTerm.model_validate({"matchFields": [field]})


class Case(NamedTuple):
    """`needs` of a relay on n1, which is cordoned; `found`: nodes that take it."""

    name: str
    needs: dict[str, Any]
    found: tuple[str, ...]
    said: str = ""
    nodes: tuple[Node, ...] = (LEFT, OTHER, THIRD)


SOURCE = "198.51.100.11"
ON_N1 = frozenset({"n1"})
AVOIDED = Node(name="n2", taints=(Taint("team", "web", "PreferNoSchedule"),))
TAINTED = Node(name="n2", taints=(Taint("team", "web", "NoSchedule"),))

CASES = (
    Case("the scheduler decides", {}, ("n2", "n3")),
    Case("no other node", {}, (), "no other node takes pods", nodes=(LEFT,)),
    Case("all are cordoned", {}, (), "no other node takes pods", nodes=(LEFT, Node(name="n2", cordoned=True))),
    Case("its address is there", {"source": SOURCE, "holders": frozenset({"n1", "n3"})}, ("n3",)),
    Case("its address is here alone", {"source": SOURCE, "holders": ON_N1}, (), SOURCE),
    Case("its volume can move", {"volume": (term(HOST, "In", "n1", "n2"),)}, ("n2",)),
    Case("its volume is local", {"volume": (term(HOST, "In", "n1"),)}, (), "volume"),
    Case("nobody has looked at its volume", {"volume": None}, (), "not known yet"),
    Case("a volume of an old driver, by name", {"volume": (by_name("n3"),)}, ("n3",)),
    Case("the address there, the volume elsewhere", {
        "source": SOURCE, "holders": frozenset({"n3"}), "volume": (term(HOST, "In", "n2"),),
    }, (), "all of"),
    Case("both are here alone", {"source": SOURCE, "holders": ON_N1, "volume": (term(HOST, "In", "n1"),)}, (), "; its"),
    Case("a nodeSelector", {"selector": {"disk": "fast"}}, ("n2",)),
    Case("a nodeSelector that only this one has", {"selector": {HOST: "n1"}}, (), "nodeSelector"),
    Case("one of two terms", {"terms": (term("disk", "Exists"), term(HOST, "In", "n1"))}, ("n2",)),
    Case("not there", {"terms": (term("disk", "DoesNotExist"),)}, ("n3",)),
    Case("not in", {"terms": (term("disk", "NotIn", "fast"),)}, ("n3",)),
    Case("more than", {"terms": (term("cpus", "Gt", "4"),)}, ("n2",)),
    Case("less than", {"terms": (term("cpus", "Lt", "4"),)}, (), "affinity"),
    Case("a number that is none", {"terms": (term(HOST, "Gt", "4"),)}, (), "affinity"),
    Case("an operator that nobody knows", {"terms": (term(HOST, "Like", "n2"),)}, (), "affinity"),
    Case("an empty term holds nowhere", {"terms": (NodeSelectorTerm(),)}, (), "affinity"),
    Case("a taint", {}, (), "taints", nodes=(LEFT, TAINTED)),
    Case(
        "a taint that it tolerates",
        {"tolerations": (Toleration(key="team", value="web"),)},
        ("n2",),
        nodes=(LEFT, TAINTED),
    ),
    Case(
        "another effect is tolerated",
        {"tolerations": (Toleration(key="team", value="web", effect="NoExecute"),)},
        (),
        "taints",
        nodes=(LEFT, TAINTED),
    ),
    Case("a preference is no taint", {}, ("n2",), nodes=(LEFT, AVOIDED)),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_table(case: Case) -> None:
    found = homes(Needs(**case.needs), case.nodes)
    assert found.open == case.found
    assert case.said in found.why_not
    assert bool(found.why_not) is not bool(found.open)


def test_a_cordoned_node_that_fits_is_named() -> None:
    """What to uncordon for a pod that has no node."""
    assert homes(Needs(source=SOURCE, holders=ON_N1), (LEFT, OTHER)).cordoned == ("n1",)
    marked = Node(name="n1", cordoned=True, taints=(Taint(UNSCHEDULABLE, "", "NoSchedule"),))
    assert homes(Needs(), (marked,)).cordoned == ("n1",)


@pytest.mark.parametrize(
    ("tolerations", "ignores"),
    [
        ((), False),
        ((Toleration(key="team", operator="Exists"),), False),
        ((Toleration(operator="Exists"),), True),
        ((Toleration(key=UNSCHEDULABLE, operator="Exists"),), True),
        ((Toleration(key=UNSCHEDULABLE, operator="Exists", effect="NoExecute"),), False),
    ],
)
def test_who_is_put_on_cordoned_nodes_too_has_nowhere_to_go(tolerations: tuple[Toleration, ...], ignores: bool) -> None:
    assert ignores_cordons(tolerations) is ignores
