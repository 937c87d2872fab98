"""The path of a user with Docker, tested against a daemon that this test starts and that the code must not own.

The daemon reaches no registry, so this is "Docker, node image built". The stock image's own path needs a registry; what
decides for it is tested in tests/unit/cluster.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster import delivery
from e2e.cluster.api import Cluster
from e2e.cluster.private_engine import PrivateEngine
from e2e.cluster.settings import REPOSITORY, Settings, from_environment
from e2e.cluster.shell import run, succeeds

CLUSTER = "userdocker"
NODE = f"{CLUSTER}-control-plane"
CONTAINERFILE = """
ARG BASE_IMAGE=docker.io/library/debian:trixie-slim
FROM ${BASE_IMAGE}
COPY greeting /greeting
CMD ["sleep", "3600"]
"""


@pytest.fixture
def daemon() -> Iterator[PrivateEngine]:
    """Somebody's Docker daemon."""
    settings = Settings(prefix=f"{CLUSTER}-daemon", cache=from_environment().cache)
    engine = PrivateEngine(settings)
    engine.start()
    yield engine
    engine.stop()
    for directory in (settings.run, settings.engine_root):
        shutil.rmtree(directory)


def test_a_users_daemon_carries_the_cluster_and_outlives_it(daemon: PrivateEngine, tmp_path: Path) -> None:
    environment = {**os.environ, **daemon.environment, "SMTPPOOL_CLUSTER": CLUSTER}
    assert verb("detect", environment=environment).startswith("engine: docker, node image: built (docker info works")
    verb("up", "--only-cluster", "--workers=0", environment=environment)
    try:
        cluster = Cluster.attach(from_environment(environment))
        check_node(cluster, daemon)
        check_image(cluster, tmp_path)
    finally:
        verb("down", environment=environment)
    assert succeeds("docker", "info", env=daemon.environment)
    assert run("docker", "ps", "--all", "--quiet", env=daemon.environment) == ""
    assert not cluster.settings.run.exists()


def check_node(cluster: Cluster, daemon: PrivateEngine) -> None:
    """The node is Ready, and the port that kind published answers where that daemon publishes."""
    assert [(node.name, node.ready) for node in cluster.nodes()] == [(NODE, True)]
    kubectl = (cluster.binaries / "kubectl", "--kubeconfig", cluster.kubeconfig)
    assert run(*daemon.inside, *kubectl, "get", "--raw", "/readyz") == "ok"


def check_image(cluster: Cluster, context: Path) -> None:
    """An image is built by the daemon, loaded onto the node, and a pod of it runs."""
    (context / "Containerfile").write_text(CONTAINERFILE)
    (context / "greeting").write_text("hello")
    reference = "smtppool/greeting:1"
    store = delivery.store(cluster.settings)
    store.build(context, reference)
    store.load_into_nodes([reference], [NODE])
    kubectl = cluster.node_set.kubectl
    kubectl("run", "greeting", f"--image={reference}", "--image-pull-policy=Never")
    kubectl("wait", "--for=condition=Ready", "pod/greeting", "--timeout=60s", timeout=90)
    assert kubectl("exec", "greeting", "--", "cat", "/greeting") == "hello"


def verb(*argv: str, environment: dict[str, str]) -> str:
    """Output of one verb of the command line, which must succeed."""
    words = [sys.executable, "-m", "e2e.cluster", *argv]
    done = subprocess.run(
        words, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
