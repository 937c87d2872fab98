"""One real etcd + kube-apiserver + kube-controller-manager for all tests; each has a namespace of its own."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from e2e.cluster.controlplane import ControlPlane
from smtppool.api.names import Key
from smtppool.kube.client import Api, connect
from smtppool.kube.kinds import NAMESPACE, uid_of
from tests.contract.plane import with_definitions

# Directories whose tests stay in one of the processes side by side: they share one control plane, and take turns at the
# ports of a relay pod; or have a network for each file. The operator's tests go wherever there is room.
TOGETHER = {"agent": "plane", "api": "plane", "cli": "plane", "kube": "plane", "node": "node"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For `--dist=loadgroup`."""
    here = Path(__file__).parent
    for item in items:
        group = TOGETHER.get(item.path.relative_to(here).parts[0]) if item.path.is_relative_to(here) else None
        if group is not None:
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """The control plane with our CRDs in force; the operator's own tests have another one."""
    with with_definitions(tmp_path_factory.mktemp("plane")) as plane:
        yield plane


@pytest_asyncio.fixture
async def api(plane: ControlPlane) -> AsyncIterator[Api]:
    """The admin's connection."""
    async with connect(kubeconfig=plane.kubeconfig) as api:
        yield api


@pytest_asyncio.fixture
async def namespace(api: Api) -> AsyncIterator[str]:
    """A fresh namespace that admits what relay pods need; deleted in the background afterwards."""
    name = f"test-{secrets.token_hex(4)}"
    labels = {"pod-security.kubernetes.io/enforce": "baseline"}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    made = await api.create(body, manager="tests")
    yield name
    await api.delete(NAMESPACE, Key("", name), uid=uid_of(made))
