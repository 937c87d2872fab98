"""The pod of a relay: its containers, where it may run, and what the user adds. Our labels and annotations win."""

from collections.abc import Mapping
from typing import Any

from smtppool.api import names
from smtppool.api.group import GROUP
from smtppool.api.pod import DnsConfig, PodSettings
from smtppool.render.containers import PRESTOP_SECONDS, postfix, sidecars
from smtppool.render.egress.interface import PodNetwork
from smtppool.render.egress.placement import pinned_affinity
from smtppool.render.egress.table import egress_provider
from smtppool.render.identity import RELAY, Image, Manifest, PoolObject, ServerObject, labels_of, pool_selector
from smtppool.render.volumes import volumes

# preStop, then Postfix's end, then agent, haproxy and gate one after the other.
TERMINATION_SECONDS = PRESTOP_SECONDS + 60
SMARTHOST = "smarthost"  # EGRESS label of a pod without an egress address


def template(server: ServerObject, pool: PoolObject, *, image: Image, node: str | None, config_hash: str) -> Manifest:
    """Pod template; `node` is the one that the egress address binds the pod to."""
    settings = pool.spec.pod
    return {
        "metadata": {
            "labels": {**_not_ours(settings.labels), **_labels(server)},
            "annotations": {
                **_not_ours(settings.annotations),
                names.OWNER_UID: server.uid,
                names.CONFIG_HASH: config_hash,
            },
        },
        "spec": _without_none(
            {
                "serviceAccountName": names.relay_name(server.key.name),
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "terminationGracePeriodSeconds": TERMINATION_SECONDS,
                "initContainers": sidecars(image, settings.resources),
                "containers": [postfix(server, image, settings.resources)],
                "volumes": volumes(server),
                **_network(server, settings.dns_config),
                **_scheduling(server, settings, node),
            }
        ),
    }


def _not_ours(stated: Mapping[str, str]) -> dict[str, str]:
    """Without names of our group: an entry label in the template, for one, would make every pod an entry."""
    return {name: value for name, value in stated.items() if not name.startswith(f"{GROUP}/")}


def _labels(server: ServerObject) -> dict[str, str]:
    egress = SMARTHOST if server.spec.relay is None else server.spec.relay.egress.provider.value
    own = {names.SERVER: server.key.name, names.EGRESS: egress}
    return labels_of(pool=server.spec.pool_ref.name, component=RELAY) | own


def _network(server: ServerObject, dns: DnsConfig | None) -> Manifest:
    relay = server.spec.relay
    network = PodNetwork() if relay is None else egress_provider(relay).pod_network(relay.egress)
    own_resolvers = dns is not None and dns.nameservers
    config = None if dns is None else {"nameservers": list(dns.nameservers), "searches": list(dns.searches)}
    return {
        "hostNetwork": network.host_network or None,
        "dnsPolicy": "None" if own_resolvers else network.dns_policy,
        "dnsConfig": config and {name: values for name, values in config.items() if values},
    }


def _scheduling(server: ServerObject, settings: PodSettings, node: str | None) -> Manifest:
    stated = {} if settings.affinity is None else settings.affinity.dump()
    affinity = {"podAntiAffinity": _apart(server), **stated}
    return {
        "affinity": affinity if node is None else pinned_affinity(affinity, node=node),
        "nodeSelector": dict(settings.node_selector) or None,
        "tolerations": [one.dump() for one in settings.tolerations] or None,
        "topologySpreadConstraints": [one.dump() for one in settings.topology_spread_constraints] or None,
        "priorityClassName": settings.priority_class_name,
        "imagePullSecrets": [{"name": name} for name in settings.image_pull_secrets] or None,
    }


def _apart(server: ServerObject) -> Manifest:
    """Relays of a pool on different nodes where that is possible: one lost node must not be the pool."""
    term = {
        "labelSelector": {"matchLabels": pool_selector(server.spec.pool_ref.name)},
        "topologyKey": "kubernetes.io/hostname",
    }
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}


def _without_none(fields: dict[str, Any]) -> Manifest:
    return {name: value for name, value in fields.items() if value is not None}
