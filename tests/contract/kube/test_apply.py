"""Server-side apply with ownership: ours is repaired, a stranger's is left alone, and sameness costs no write."""

import json
from collections.abc import Callable

import pytest

from e2e.cluster.controlplane import ControlPlane
from smtppool.api.names import FIELD_MANAGER, OWNER_UID, Key
from smtppool.kube.apply import Absent, Applied, Conflict, Outcome, Terminating, Unchanged, Writer
from smtppool.kube.cache import Cache
from smtppool.kube.client import Api
from smtppool.kube.errors import ApiError, StaleError, WebhookError
from smtppool.kube.kinds import CONFIG_MAP, Body, key_of, kind_of
from smtppool.render import rbac
from smtppool.render.identity import ServerObject
from tests.contract.kube.objects import config_map, version
from tests.contract.operator.waiting import until
from tests.unit.render.subjects import relay


def fresh(api: Api) -> tuple[Writer, Cache]:
    cache = Cache()
    return Writer(api=api, cache=cache), cache


def body_of(outcome: Outcome) -> Body:
    assert isinstance(outcome, Applied | Unchanged)
    return outcome.body


async def live(api: Api, manifest: Body) -> Body:
    body = await api.get(CONFIG_MAP, key_of(manifest))
    assert body is not None
    return body


async def test_the_second_time_nothing_is_written(api: Api, namespace: str) -> None:
    writer, _ = fresh(api)
    manifest = config_map(namespace)
    made = await writer.apply(manifest, owner="u1")
    assert isinstance(made, Applied)
    assert made.created
    assert isinstance(await writer.apply(manifest, owner="u1"), Unchanged)
    successor, _ = fresh(api)
    assert isinstance(await successor.apply(manifest, owner="u1"), Unchanged)
    assert version(await live(api, manifest)) == version(made.body)


async def test_drift_is_repaired(api: Api, namespace: str) -> None:
    writer, cache = fresh(api)
    manifest = config_map(namespace)
    await writer.apply(manifest, owner="u1")
    cache.store(await api.merge_patch(CONFIG_MAP, key_of(manifest), {"data": {"k": "edited"}}, manager="kubectl"))
    repaired = await writer.apply(manifest, owner="u1")
    assert isinstance(repaired, Applied)
    assert not repaired.created
    assert body_of(repaired)["data"] == {"k": "v"}


async def test_what_others_add_stays_and_costs_nothing(api: Api, namespace: str) -> None:
    writer, cache = fresh(api)
    manifest = config_map(namespace)
    await writer.apply(manifest, owner="u1")
    cache.store(await api.merge_patch(CONFIG_MAP, key_of(manifest), {"data": {"more": "x"}}, manager="kubectl"))
    assert isinstance(await writer.apply(manifest, owner="u1"), Unchanged)
    assert (await live(api, manifest))["data"] == {"k": "v", "more": "x"}


@pytest.mark.parametrize(
    ("render", "field", "surplus"),
    [
        (rbac.role_binding, "subjects", {"kind": "ServiceAccount", "name": "guest", "namespace": "default"}),
        (rbac.role, "rules", {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}),
    ],
    ids=["a subject", "a rule"],
)
async def test_rights_that_others_add_are_taken_away(
    api: Api, namespace: str, render: Callable[[ServerObject], Body], field: str, surplus: Body
) -> None:
    writer, cache = fresh(api)
    manifest = render(relay())
    manifest["metadata"]["namespace"] = namespace
    for subject in manifest.get("subjects", []):
        subject["namespace"] = namespace
    wanted = manifest[field]
    await writer.apply(manifest, owner="u1")
    patch = {field: [*wanted, surplus]}
    edited = await api.merge_patch(kind_of(manifest), key_of(manifest), patch, manager="kubectl")
    assert edited[field] == [*wanted, surplus], "it was there"
    cache.store(edited)
    repaired = await writer.apply(manifest, owner="u1")
    assert isinstance(repaired, Applied)
    assert repaired.body[field] == wanted
    successor, _ = fresh(api)
    assert isinstance(await successor.apply(manifest, owner="u1"), Unchanged), "what the server stores is what we say"


async def test_a_field_that_is_no_longer_wanted_goes(api: Api, namespace: str) -> None:
    writer, _ = fresh(api)
    await writer.apply(config_map(namespace, data={"k": "v", "old": "x"}), owner="u1")
    successor, _ = fresh(api)
    changed = await successor.apply(config_map(namespace), owner="u1")
    assert isinstance(changed, Applied)
    assert changed.body["data"] == {"k": "v"}


@pytest.mark.parametrize("annotations", [{}, {OWNER_UID: "another"}], ids=["no owner", "another owner"])
async def test_a_foreign_object_is_not_touched(api: Api, namespace: str, annotations: dict[str, str]) -> None:
    foreign = config_map(namespace, data={"theirs": "x"})
    foreign["metadata"]["annotations"] = annotations
    before = await api.create(foreign, manager="someone")
    writer, _ = fresh(api)
    outcome = await writer.apply(config_map(namespace), owner="u1")
    assert isinstance(outcome, Conflict)
    assert outcome.message == "ConfigMap a exists and is not ours: rename or delete it"
    assert isinstance(await writer.delete(CONFIG_MAP, key_of(foreign), owner="u1"), Conflict)
    assert await live(api, foreign) == before


async def test_one_that_lost_its_labels_is_found_and_repaired(api: Api, namespace: str) -> None:
    """The watch, which selects by label, tells of a deletion then."""
    writer, _ = fresh(api)
    manifest = config_map(namespace)
    await writer.apply(manifest, owner="u1")
    await api.merge_patch(CONFIG_MAP, key_of(manifest), {"metadata": {"labels": None}}, manager="kubectl")
    blind, _ = fresh(api)
    repaired = await blind.apply(manifest, owner="u1")
    assert body_of(repaired)["metadata"]["labels"] == manifest["metadata"]["labels"]


async def test_an_object_that_was_made_anew_meanwhile_is_not_taken_over(api: Api, namespace: str) -> None:
    writer, _ = fresh(api)
    manifest = config_map(namespace)
    made = body_of(await writer.apply(manifest, owner="u1"))
    await api.delete(CONFIG_MAP, key_of(manifest), uid=made["metadata"]["uid"])
    before = await api.create(config_map(namespace, data={"theirs": "x"}), manager="someone")
    with pytest.raises(StaleError):
        await writer.apply(config_map(namespace, data={"k": "new"}), owner="u1")
    with pytest.raises(StaleError):
        await writer.delete(CONFIG_MAP, key_of(manifest), owner="u1")
    assert await live(api, manifest) == before


async def test_a_name_taken_at_the_last_moment_is_a_conflict(api: Api, namespace: str) -> None:
    """Between the look and the write: nothing is forced on an object that was not there."""
    await api.create(config_map(namespace, data={"k": "theirs"}), manager="someone")
    with pytest.raises(StaleError, match="conflict"):
        await api.apply(config_map(namespace), manager=FIELD_MANAGER, force=False)


async def test_deletion(api: Api, namespace: str) -> None:
    writer, cache = fresh(api)
    manifest = config_map(namespace)
    manifest["metadata"]["finalizers"] = ["smtppool.io/queue"]
    await writer.apply(manifest, owner="u1")
    assert isinstance(await writer.delete(CONFIG_MAP, key_of(manifest), owner="u1"), Terminating)
    cache.store(await live(api, manifest))
    assert isinstance(await writer.delete(CONFIG_MAP, key_of(manifest), owner="u1"), Terminating)
    assert isinstance(await writer.apply(manifest, owner="u1"), Terminating), "not before it is gone"
    assert isinstance(await writer.delete(CONFIG_MAP, Key(namespace, "never"), owner="u1"), Absent)


async def test_a_webhook_that_is_away_is_told_from_a_server_that_is(
    api: Api, plane: ControlPlane, namespace: str
) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE"]}
    hook = {
        "name": "away.example.com", "clientConfig": {"url": "https://127.0.0.1:1/"}, "rules": [rule],
        "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
    }  # fmt: skip
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    plane.kubectl("create", "-f", "-", stdin=json.dumps(kind | {"metadata": {"name": namespace}, "webhooks": [hook]}))

    async def refused() -> ApiError | None:
        try:
            await api.create(config_map(namespace), manager="tests", dry_run=True)
        except ApiError as error:
            return error
        return None

    error = await until(refused, what="the API server has taken notice of the webhook", within=20)
    plane.kubectl("delete", "validatingwebhookconfiguration", namespace)
    assert isinstance(error, WebhookError)
