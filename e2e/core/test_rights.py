"""What an agent's token can do: its own report, its own grant, its pool's routing, and nothing else."""

import pytest

from e2e.stand.kubectl import KubectlError, kubectl
from e2e.stand.pools import PoolPlan

ALLOWED = [
    ("get", "configmap/marketing-routing"),
    ("get", "configmap/primary-grant"),
    ("get", "configmap/primary-report"),
]
REFUSED = [
    ("get", "configmap/backup-grant"),
    ("get", "configmap/backup-report"),
    ("get", "configmap/primary-config"),
    ("get", "configmaps"),
    ("get", "secrets"),
    ("get", "pods"),
    ("get", "smtpserver/primary"),
    ("delete", "configmap/primary-report"),
    ("delete", "configmap/marketing-routing"),
    ("delete", "pod/primary-relay-0"),
]
CHANGES = [
    ("configmap/marketing-routing", '{"data":{"routing.json":"{}"}}'),
    ("configmap/primary-grant", '{"data":{"grant.json":"{}"}}'),
    ("configmap/backup-report", '{"data":{"report.json":"{}"}}'),
    ("smtpserver/primary", '{"spec":{"weight":256}}'),
    ("statefulset/primary-relay", '{"metadata":{"labels":{"x":"y"}}}'),
]


@pytest.fixture(scope="module")
def token(shared: PoolPlan) -> str:
    """A token of primary's own ServiceAccount."""
    return kubectl("create", "token", "primary-relay", "-n", shared.namespace).strip()


def ask(token: str, namespace: str, *arguments: str) -> str:
    """kubectl with nothing but that token."""
    server = kubectl("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}")
    bare = ("--kubeconfig=/dev/null", f"--server={server}", "--insecure-skip-tls-verify", f"--token={token}")
    return kubectl(*bare, "-n", namespace, *arguments)


@pytest.mark.parametrize(("verb", "what"), ALLOWED)
def test_allowed(shared: PoolPlan, token: str, verb: str, what: str) -> None:
    assert ask(token, shared.namespace, verb, what)


@pytest.mark.parametrize(("verb", "what"), REFUSED)
def test_refused(shared: PoolPlan, token: str, verb: str, what: str) -> None:
    with pytest.raises(KubectlError, match=r"forbidden|Forbidden"):
        ask(token, shared.namespace, verb, what)


@pytest.mark.parametrize(("what", "change"), CHANGES)
def test_changes_refused(shared: PoolPlan, token: str, what: str, change: str) -> None:
    with pytest.raises(KubectlError, match=r"forbidden|Forbidden"):
        ask(token, shared.namespace, "patch", what, "--type=merge", "-p", change)


@pytest.mark.parametrize("subresource", ["smtpservers/primary", "smtppools/marketing"])
def test_status_refused(shared: PoolPlan, token: str, subresource: str) -> None:
    kind, _, name = subresource.partition("/")
    with pytest.raises(KubectlError, match=r"forbidden|Forbidden"):
        ask(token, shared.namespace, "patch", kind, name, "--subresource=status", "--type=merge", "-p", '{"status":{}}')
