"""What a node is told to translate, and which addresses it is asked about."""

from types import SimpleNamespace
from typing import Any

import pytest

from smtppool.api.base import API_VERSION
from smtppool.api.documents import MAX_WANTED, EgressRule, NodeEgress, NodeEgressReport
from smtppool.api.names import COMPONENT, EGRESS, OWNER_UID, REPORT_KEY, SERVER, Key, node_egress_report_name
from smtppool.control import egress
from smtppool.control.neighbours import INDEXES, Neighbours
from smtppool.control.reading import Reader
from smtppool.control.view import Gatherer
from smtppool.kube.cache import Cache

SILENT = {Key("mail", "one"): frozenset({"10.244.2.9"}), Key("mail", "two"): frozenset({"10.244.1.8"})}
HOME, NODE, ADDRESS, POD_ADDRESS = "smtppool-system", "worker-1", "198.51.100.11", "10.244.1.7"
Body = dict[str, Any]


def server(name: str, address: str, *, provider: str = "node", created: str = "2026-01-01T00:00:00Z") -> Body:
    """An SmtpServer as the API server has it."""
    spec = {
        "poolRef": {"name": "marketing"},
        "relay": {"hostname": "mx.example.com", "egress": {"address": address, "provider": provider}},
        "warmup": {"mode": "Warm"},
    }
    metadata = {"name": name, "namespace": "mail", "uid": f"uid-{name}", "creationTimestamp": created}
    return {"apiVersion": API_VERSION, "kind": "SmtpServer", "metadata": metadata | version(), "spec": spec}


def pod(name: str, *, provider: str) -> Body:
    """Its relay pod, made when the egress provider was this one."""
    labels = {SERVER: name, EGRESS: provider}
    metadata = {"name": f"{name}-relay-0", "namespace": "mail", "uid": f"pod-{name}", "labels": labels} | version()
    metadata["annotations"] = {OWNER_UID: f"uid-{name}"}
    status = {"phase": "Running", "podIP": POD_ADDRESS}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": NODE}, "status": status}


def report() -> Body:
    """The node holds the address."""
    document = NodeEgressReport(node=NODE, held=(ADDRESS,)).model_dump_json(by_alias=True)
    metadata = {"name": node_egress_report_name(NODE), "namespace": HOME, "uid": "report"} | version()
    metadata["labels"] = {COMPONENT: "egress-report"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {REPORT_KEY: document}}


def version() -> dict[str, Any]:
    return {"resourceVersion": "1", "generation": 1}


def order(*bodies: Body) -> NodeEgress:
    """The document of a node, when the cache holds these."""
    cache, reader = Cache(indexes=INDEXES), Reader()
    for body in bodies:
        cache.store(body)
    gatherer = Gatherer(cache=cache, reader=reader)
    neighbours = Neighbours(cache=cache, reader=reader, gatherer=gatherer, operator_namespace=HOME)
    settings = SimpleNamespace(cluster_networks=("10.0.0.0/8",))
    context: Any = SimpleNamespace(
        cache=cache, gatherer=gatherer, neighbours=neighbours, settings=settings, silent=SILENT
    )
    return egress.order(context, NODE)


@pytest.mark.parametrize("stated", ["node", "preprovisioned", "hostNetwork"])
def test_a_running_pod_keeps_its_translation_whatever_is_stated_since(stated: str) -> None:
    """Without it, verified mail would leave by the node's address until the next check."""
    found = order(server("mx1", ADDRESS, provider=stated), pod("mx1", provider="node"), report())
    assert found.rules == (EgressRule(pod_address=POD_ADDRESS, source=ADDRESS),)
    assert found.wanted == (ADDRESS,), "else the node would no longer report it as held"


def test_a_pod_in_the_nodes_network_is_never_translated() -> None:
    """Its address is the node's own, and all that the node sends would be."""
    assert order(server("mx1", ADDRESS), pod("mx1", provider="hostNetwork"), report()).rules == ()


def test_any_number_of_servers_leaves_a_node_its_order() -> None:
    flood = [server(f"x{n}", f"10.{n // 250}.{n % 250}.1", created="2026-02-02T00:00:00Z") for n in range(MAX_WANTED)]
    found = order(*flood, server("mx1", ADDRESS), pod("mx1", provider="node"), report())
    assert found.rules == (EgressRule(pod_address=POD_ADDRESS, source=ADDRESS),)
    assert len(found.wanted) == MAX_WANTED
    assert ADDRESS in found.wanted, "older objects come first"


def test_every_node_is_told_of_all_pods_that_answer_nobody() -> None:
    assert order().silent == ("10.244.1.8", "10.244.2.9")
