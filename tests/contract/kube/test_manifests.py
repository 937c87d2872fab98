"""The API server takes every manifest in a namespace that enforces `baseline`, and a second apply writes nothing."""

import secrets

import pytest

from smtppool.kube.apply import Applied, Unchanged, Writer
from smtppool.kube.cache import Cache
from smtppool.kube.client import Api
from smtppool.kube.errors import RefusedError
from smtppool.render.identity import Manifest
from tests.unit.render.subjects import scenes

SCENES = scenes()
HOST_NETWORK = "relay-host-network"  # host ports are what `baseline` forbids


def placed(manifest: Manifest, namespace: str) -> Manifest:
    moved = {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}
    if manifest["kind"] == "RoleBinding":
        moved["subjects"] = [{**subject, "namespace": namespace} for subject in manifest["subjects"]]
    return moved


@pytest.mark.parametrize("scene", SCENES)
async def test_applied_once_and_never_again(api: Api, namespace: str, scene: str) -> None:
    """Three programs apply the same: the one that made the objects, itself again, and its successor."""
    manifests = [placed(manifest, namespace) for manifest in SCENES[scene]]
    cache = Cache()
    writer = Writer(api=api, cache=cache)
    made = [await writer.apply(manifest, owner="owner-uid") for manifest in manifests]
    assert all(isinstance(outcome, Applied) and outcome.created for outcome in made)
    again = [await writer.apply(manifest, owner="owner-uid") for manifest in manifests]
    assert all(isinstance(outcome, Unchanged) for outcome in again)
    successor = Writer(api=api, cache=Cache())
    after_restart = [await successor.apply(manifest, owner="owner-uid") for manifest in manifests]
    assert [type(outcome) for outcome in after_restart] == [Unchanged] * len(manifests)


def pod(template: Manifest, namespace: str) -> Manifest:
    metadata = {**template["metadata"], "name": f"pod-{secrets.token_hex(3)}", "namespace": namespace}
    spec = {name: value for name, value in template["spec"].items() if name != "serviceAccountName"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


PODS = {
    scene: manifests[-1]["spec"]["template"]
    for scene, manifests in SCENES.items()
    if manifests[-1]["kind"] == "StatefulSet"
}


@pytest.mark.parametrize("scene", [scene for scene in PODS if scene != HOST_NETWORK])
async def test_baseline_admits_the_pod(api: Api, namespace: str, scene: str) -> None:
    await api.create(pod(PODS[scene], namespace), manager="tests", dry_run=True)


async def test_baseline_refuses_host_ports(api: Api, namespace: str) -> None:
    with pytest.raises(RefusedError, match="hostPort"):
        await api.create(pod(PODS[HOST_NETWORK], namespace), manager="tests", dry_run=True)
