"""Servers and pools that rendering is tested with, from the ordinary one to the one that sets every knob."""

from typing import Any

from smtppool.api.documents import EgressCheckOrder, Grant, Member, Routing, SubmissionRule
from smtppool.api.names import Key
from smtppool.api.smtppool import SmtpPoolSpec
from smtppool.api.smtpserver import SmtpServerSpec
from smtppool.policy.placement import ANYWHERE, Placement
from smtppool.policy.verdict import Verdict
from smtppool.render import documents, pdb, service
from smtppool.render.children import children
from smtppool.render.identity import Image, Manifest, PoolObject, ServerObject

NAMESPACE = "mail"
IMAGE = Image(reference="smtppool/relay:test")
ON_WORKER = Placement(ready=True, node="worker-1", verdict=Verdict("True", "Placed", "worker-1 holds 198.51.100.11"))
NOWHERE = Placement(ready=False, node=None, verdict=Verdict("False", "NodeWithoutAddress", "no node holds it"))
Json = dict[str, Any]

EVERY_KNOB: Json = {
    "labels": {"team": "mail", "smtppool.io/server": "forged", "smtppool.io/entry": "true"},
    "annotations": {"example.com/note": "hello", "smtppool.io/owner-uid": "forged"},
    "resources": {"postfix": {"requests": {"cpu": "0.5", "memory": "1Gi"}}},
    "nodeSelector": {"pool": "mail"},
    "tolerations": [{"key": "mail", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]
            }
        }
    },
    "topologySpreadConstraints": [
        {
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {"team": "mail"}},
        }
    ],
    "priorityClassName": "system-cluster-critical",
    "imagePullSecrets": ["registry"],
    "dnsConfig": {"nameservers": ["192.0.2.53"], "searches": ["mail.example.com"]},
}


def pool(**spec: Any) -> PoolObject:
    """A pool with these parts of a spec."""
    base: Json = {
        "egressCheck": {"endpoint": "smtp://echo.example.net:25"},
        "submission": {"allowedNetworks": ["10.20.0.0/16"]},
    }
    return PoolObject(key=Key(NAMESPACE, "marketing"), uid="pool-uid", spec=SmtpPoolSpec.model_validate(base | spec))


def relay(*, provider: str = "preprovisioned", **spec: Any) -> ServerObject:
    """A server of type relay."""
    egress = {"address": "198.51.100.11", "provider": provider}
    return _server(relay={"hostname": "mx11.example.com", "egress": egress}, **spec)


def smarthost(**smarthost: Any) -> ServerObject:
    """A server of type smarthost."""
    return _server(smarthost={"host": "smtp.example.com"} | smarthost)


def grant(server: ServerObject) -> Grant:
    """A closed grant."""
    return Grant(server=server.key.name, reason="not yet verified", egress_check=EgressCheckOrder())


def routing() -> Routing:
    """One member."""
    rule = SubmissionRule(allowed_networks=("10.20.0.0/16",), max_message_size=25 * 2**20, max_recipients=1000)
    return Routing(pool="marketing", members=(Member(name="mx11", address="10.244.0.7", weight=50),), submission=rule)


def scenes() -> dict[str, tuple[Manifest, ...]]:
    """All manifests of each scene, in the order in which they are applied."""
    knobs = pool(pod=EVERY_KNOB, queue={"storageClassName": "fast", "accessMode": "ReadWriteOncePod", "size": "20Gi"})
    balancer = {"service": {"type": "LoadBalancer", "annotations": {"example.com/lb": "internal"}}}
    credentials = {"credentialsSecretRef": {"name": "ses"}}
    return {
        "relay": _children(relay(), pool()),
        "relay-on-node": _children(relay(provider="node"), pool(), ON_WORKER),
        "relay-without-node": _children(relay(provider="node"), pool(), NOWHERE),
        "relay-host-network": _children(relay(provider="hostNetwork"), pool(), ON_WORKER),
        "relay-every-knob": _children(relay(provider="node"), knobs, ON_WORKER),
        "relay-released": _children(relay(), pool(), released=True),
        "smarthost": _children(smarthost(**credentials), pool()),
        "pool": _pool_children(pool(), members=3),
        "pool-load-balancer": _pool_children(pool(entry=balancer), members=1),
    }


def _children(
    server: ServerObject, of: PoolObject, placement: Placement = ANYWHERE, *, released: bool = False
) -> tuple[Manifest, ...]:
    return children(server, of, grant=grant(server), placement=placement, image=IMAGE, released=released)


def _pool_children(of: PoolObject, *, members: int) -> tuple[Manifest, ...]:
    return documents.routing(of, routing()), pdb.manifest(of, members=members), service.entry(of)


def _server(**spec: Any) -> ServerObject:
    base: Json = {"poolRef": {"name": "marketing"}, "warmup": {"mode": "Warm"}}
    return ServerObject(key=Key(NAMESPACE, "mx11"), uid="server-uid", spec=SmtpServerSpec.model_validate(base | spec))
