"""When a live object says all that is wanted: defaults and others' fields are no difference, a changed value is."""

from typing import Any

import pytest

from smtppool.kube.compare import digest, satisfies

LIVE = {
    "metadata": {"labels": {"a": "1", "other": "x"}, "finalizers": ["theirs", "ours"]},
    "spec": {
        "replicas": 1,
        "podManagementPolicy": "OrderedReady",
        "template": {
            "containers": [
                {"name": "one", "image": "i", "env": [{"name": "A", "value": "1"}]},
                {"name": "injected", "image": "mesh"},
            ],
            "args": ["x", "y"],
            "volume": {"emptyDir": {}},
        },
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("title", "desired", "same"),
    [
        ("a part", {"spec": {"replicas": 1}}, True),
        ("another value", {"spec": {"replicas": 2}}, False),
        ("a missing field", {"spec": {"paused": True}}, False),
        ("a label among others", {"metadata": {"labels": {"a": "1"}}}, True),
        ("another label", {"metadata": {"labels": {"a": "2"}}}, False),
        ("a finalizer among others", {"metadata": {"finalizers": ["ours"]}}, True),
        ("a missing finalizer", {"metadata": {"finalizers": ["lost"]}}, False),
        ("a container by name", {"spec": {"template": {"containers": [{"name": "one", "image": "i"}]}}}, True),
        ("another image", {"spec": {"template": {"containers": [{"name": "one", "image": "j"}]}}}, False),
        ("a missing container", {"spec": {"template": {"containers": [{"name": "two"}]}}}, False),
        ("a list", {"spec": {"template": {"args": ["x", "y"]}}}, True),
        ("a shorter list", {"spec": {"template": {"args": ["x"]}}}, False),
        ("a list in another order", {"spec": {"template": {"args": ["y", "x"]}}}, False),
        ("an empty object that is there", {"spec": {"template": {"volume": {"emptyDir": {}}}}}, True),
        ("an empty object that is not there", {"spec": {"template": {"nothing": {}}}}, True),
        ("an empty list that is not there", {"spec": {"template": {"nothing": []}}}, True),
        ("a dict where a list is", {"spec": {"template": {"args": {"x": 1}}}}, False),
        ("a list where a dict is", {"spec": [1]}, False),
    ],
)
def test_satisfies(title: str, desired: dict[str, Any], same: bool) -> None:
    assert satisfies(LIVE, desired) is same


@pytest.mark.parametrize(
    ("live", "desired", "same"),
    [
        ("500m", "0.5", True), ("1Gi", "1024Mi", True), ("1", 1, True), ("2k", "2000", True), ("1Gi", "1G", False),
        ("500m", "0.6", False), ("lots", "0.6", False), (None, "1", False),
    ],
)  # fmt: skip
def test_quantities(live: Any, desired: Any, same: bool) -> None:
    assert satisfies({"resources": {"limits": {"x": live}}}, {"resources": {"limits": {"x": desired}}}) is same


AGENT = {"kind": "ServiceAccount", "name": "mx1-relay", "namespace": "mail"}
GUEST = AGENT | {"name": "guest"}
READ = {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["mx1-grant"], "verbs": ["get"]}
MINE = {"matchLabels": {"pool": "p"}}
PORT = {"port": 10024, "protocol": "TCP"}
PEERS = {"from": [{"podSelector": MINE}], "ports": [PORT]}
ALL_BUT_SOME = MINE | {"matchExpressions": [{"key": "x", "operator": "Exists"}]}


@pytest.mark.parametrize(
    ("field", "live", "desired", "same"),
    [
        ("subjects", [AGENT], [AGENT], True),
        ("subjects", [AGENT, GUEST], [AGENT], False),
        ("subjects", [GUEST], [AGENT], False),
        ("rules", [READ], [READ], True),
        ("rules", [READ, READ | {"resourceNames": ["mx2-grant"]}], [READ], False),
        ("rules", [READ | {"verbs": ["get", "update"]}], [READ], False),
        ("rules", [READ | {"nonResourceURLs": ["/metrics"]}], [READ], False),
        ("ingress", [PEERS], [PEERS], True),
        ("ingress", [PEERS, {}], [PEERS], False),
        ("ingress", [PEERS | {"from": [{"podSelector": MINE, "namespaceSelector": {}}]}], [PEERS], False),
        ("ingress", [PEERS | {"ports": [PORT | {"endPort": 65535}]}], [PEERS], False),
        ("podSelector", MINE, MINE, True),
        ("podSelector", ALL_BUT_SOME, MINE, False),
        ("imagePullSecrets", [{"name": "ours"}, {"name": "added by an admission plug-in"}], [{"name": "ours"}], True),
    ],
)
def test_nobody_gets_more_rights(field: str, live: Any, desired: Any, same: bool) -> None:
    assert satisfies({field: live}, {field: desired}) is same


def test_pull_secrets_that_others_add_to_an_account_are_no_difference() -> None:
    account = {"automountServiceAccountToken": False}
    assert satisfies(account | {"imagePullSecrets": [{"name": "theirs"}]}, account)


def test_elsewhere_quantities_are_just_text() -> None:
    assert not satisfies({"data": {"x": "1000m"}}, {"data": {"x": "1"}})


def test_digest_knows_a_removed_field() -> None:
    assert digest({"a": 1, "b": {"c": 2}}) == digest({"b": {"c": 2}, "a": 1})
    assert digest({"a": 1}) != digest({"a": 1, "b": {}})
