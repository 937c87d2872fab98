"""What holds for all manifests: order, identity, ownership, and which change makes another pod."""

from collections.abc import Callable

import pytest

from smtppool.api import names
from smtppool.api.base import Model
from smtppool.render import configmap
from smtppool.render.documents import canonical
from smtppool.render.identity import PoolObject, ServerObject
from smtppool.render.pdb import min_available
from tests.unit.render.subjects import NAMESPACE, pool, relay, routing, scenes

SCENES = scenes()
ORDER = [
    "ServiceAccount mx11-relay", "Role mx11-relay", "RoleBinding mx11-relay", "ConfigMap mx11-config",
    "ConfigMap mx11-grant", "ConfigMap mx11-report", "PersistentVolumeClaim mx11-queue", "NetworkPolicy mx11-relay",
    "Service mx11-relay", "StatefulSet mx11-relay",
]  # fmt: skip


def order(scene: str) -> list[str]:
    return [f"{manifest['kind']} {manifest['metadata']['name']}" for manifest in SCENES[scene]]


def test_order_of_a_server() -> None:
    assert order("relay") == ORDER


def test_no_stateful_set_before_a_node_is_known() -> None:
    assert order("relay-without-node") == ORDER[:-1]


def test_order_of_a_pool() -> None:
    assert order("pool") == ["ConfigMap marketing-routing", "PodDisruptionBudget marketing", "Service marketing"]


@pytest.mark.parametrize("scene", SCENES)
def test_identity(scene: str) -> None:
    for manifest in SCENES[scene]:
        metadata = manifest["metadata"]
        assert metadata["namespace"] == NAMESPACE
        assert metadata["labels"][names.PART_OF] == names.PART_OF_VALUE
        assert metadata["labels"][names.POOL] == "marketing"
        assert (names.SERVER in metadata["labels"]) == (not scene.startswith("pool"))
        assert "ownerReferences" not in metadata


@pytest.mark.parametrize("scene", [scene for scene in SCENES if not scene.startswith("pool")])
def test_what_holds_mail_is_held_by_a_finalizer(scene: str) -> None:
    held = {
        manifest["kind"] for manifest in SCENES[scene] if names.FINALIZER in manifest["metadata"].get("finalizers", [])
    }
    kinds = {manifest["kind"] for manifest in SCENES[scene]}
    assert held == {"StatefulSet", "PersistentVolumeClaim"} & kinds


@pytest.mark.parametrize(
    ("title", "server", "of", "another_pod"),
    [
        ("nothing", relay, pool, False),
        ("weight", lambda: relay(weight=3), pool, False),
        ("desired state", lambda: relay(desiredState="Cordoned"), pool, False),
        ("allowed networks", relay, lambda: pool(submission={"allowedNetworks": ["10.0.0.0/8"]}), False),
        ("availability", relay, lambda: pool(availability={"minAvailable": 2}), False),
        ("message size", relay, lambda: pool(submission={"maxMessageSize": "5Mi"}), True),
        ("queue lifetime", relay, lambda: pool(queue={"lifetime": "24h"}), True),
        ("balance", relay, lambda: pool(balance="LeastConn"), True),
        ("egress provider", lambda: relay(provider="hostNetwork"), pool, True),
    ],
)
def test_which_change_makes_another_pod(
    title: str, server: Callable[[], ServerObject], of: Callable[[], PoolObject], another_pod: bool
) -> None:
    before = configmap.digest(configmap.content(relay(), pool()))
    after = configmap.digest(configmap.content(server(), of()))
    assert (before != after) == another_pod


@pytest.mark.parametrize(
    ("stated", "members", "wanted"), [(1, 3, 1), (2, 3, 2), (3, 3, 2), (200, 3, 2), (0, 3, 0), (1, 1, 0), (1, 0, 0)]
)
def test_a_budget_never_blocks_for_ever(stated: int, members: int, wanted: int) -> None:
    assert min_available(stated, members=members) == wanted


def test_equal_documents_are_equal_text() -> None:
    class Pair(Model):
        second_word: int
        first: dict[str, int]

    one = Pair(second_word=2, first={"b": 1, "a": 2})
    other = Pair(first={"a": 2, "b": 1}, second_word=2)
    assert canonical(one) == canonical(other) == '{"first":{"a":2,"b":1},"secondWord":2}'


def test_routing_text_reads_back() -> None:
    document = routing()
    assert type(document).model_validate_json(canonical(document)) == document


def test_the_role_names_every_object() -> None:
    role = next(manifest for manifest in SCENES["relay"] if manifest["kind"] == "Role")
    assert role["rules"] == [
        {
            "apiGroups": [""],
            "resources": ["configmaps"],
            "resourceNames": ["mx11-grant", "marketing-routing"],
            "verbs": ["get", "list", "watch"],
        },
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["mx11-report"], "verbs": ["get", "patch"]},
    ]
