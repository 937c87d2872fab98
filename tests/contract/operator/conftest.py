"""One operator for all tests of this directory; each test has a namespace with its own kubelet and agents."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from e2e.cluster.controlplane import ControlPlane
from smtppool.control.permissions import rules
from smtppool.kube.client import Api
from tests.contract.operator.process import OperatorProcess
from tests.contract.operator.relays import NODE_NAME, Relays
from tests.contract.operator.world import World
from tests.contract.plane import with_definitions

OPERATOR_NAMESPACE = "smtppool-system"
ACCOUNT = "operator"


def with_own_rights(plane: ControlPlane) -> Path:
    """A kubeconfig of the operator's own account, which may do what `permissions` says and nothing else."""
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": ACCOUNT}}
    plane.kubectl("create", "-f", "-", stdin=json.dumps(role | {"rules": rules()}))
    plane.kubectl("create", "serviceaccount", ACCOUNT, "-n", OPERATOR_NAMESPACE)
    subject = f"--serviceaccount={OPERATOR_NAMESPACE}:{ACCOUNT}"
    plane.kubectl("create", "clusterrolebinding", ACCOUNT, f"--clusterrole={ACCOUNT}", subject)
    return plane.kubeconfig_for(name=ACCOUNT, token=plane.service_account_token(OPERATOR_NAMESPACE, ACCOUNT))


def without_errors(process: OperatorProcess) -> None:
    """In its log; kopf's watches are torn down with noise of their own."""
    broken = [entry for entry in process.entries() if "error" in entry and entry["logger"].startswith("smtppool")]
    assert broken == [], broken[0]["error"]


@contextmanager
def running(kubeconfig: Path, log: Path) -> Iterator[OperatorProcess]:
    """Started, and stopped without a complaint; a test may kill it and start it again meanwhile."""
    process = OperatorProcess(kubeconfig=kubeconfig, namespace=OPERATOR_NAMESPACE, log=log)
    process.start()
    yield process
    assert process.stop() == 0, log.read_text()[-4000:]
    without_errors(process)


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """One of its own: an operator acts on every object of a control plane, also on those of other tests."""
    with with_definitions(tmp_path_factory.mktemp("operated")) as plane:
        yield plane


@pytest.fixture(scope="session")
def operator_process(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorProcess]:
    """The process, started once."""
    plane.kubectl("create", "namespace", OPERATOR_NAMESPACE)
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE_NAME}}
    plane.kubectl("create", "-f", "-", stdin=json.dumps(node))
    with running(with_own_rights(plane), tmp_path_factory.mktemp("operator") / "operator.log") as process:
        yield process


@pytest.fixture
def operator(operator_process: OperatorProcess) -> Iterator[OperatorProcess]:
    """The process, running before and after the test."""
    if not operator_process.running:
        operator_process.start()
    yield operator_process
    if not operator_process.running:
        operator_process.start()


@pytest_asyncio.fixture
async def world(operator: OperatorProcess, api: Api, namespace: str) -> AsyncIterator[World]:
    """A namespace in which relays start and report."""
    async with Relays(api, namespace) as relays:
        yield World(api, namespace, relays)
