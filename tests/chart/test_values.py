"""Values that the schema refuses, and that every default is a value that it knows."""

from pathlib import Path

import pytest

from tests.chart.conftest import CHART, run_helm


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("operator.replica=1", "replica"),
        ("operator.replicas=-1", "replicas"),
        ("operator.logLevel=chatty", "logLevel"),
        ("image.pullPolicy=Sometimes", "pullPolicy"),
        ("image.repository=", "repository"),
        ("image.tag=a b", "tag"),
        ("cluster.networks={0.0.0.0/0}", "networks"),
        ("cluster.networks={10.0.0.0}", "networks"),
        ("cluster.networks=10.0.0.0/8", "networks"),
        ("metrics.port=80", "port"),
        ("metrics.podMonitor.interval=often", "interval"),
        ("egress.node.enabled=maybe", "enabled"),
        ("cleanup.timeoutSeconds=1", "timeoutSeconds"),
        ("crds.install=true", "install"),
    ],
)
def test_refused(helm: Path, value: str, field: str) -> None:
    done = run_helm(helm, "template", "x", str(CHART), "--set", value)
    assert done.returncode != 0
    assert field in done.stderr
    assert "values don't meet the specifications" in done.stderr
