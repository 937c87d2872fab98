"""Settings come from the environment, and what is wrong is named."""

import pytest

from smtppool.control.settings import SettingsError, from_environment

GOOD = {"POD_NAMESPACE": "system", "RELAY_IMAGE": "registry.example/relay:1"}


def test_defaults() -> None:
    settings = from_environment(GOOD)
    assert settings.metrics_port == 9153
    assert settings.log_level == "INFO"
    assert settings.lease_name is None
    assert settings.relay_image.reference == "registry.example/relay:1"


def test_networks() -> None:
    assert from_environment(GOOD | {"CLUSTER_NETWORKS": "10.0.0.0/8, 172.16.0.0/12"}).cluster_networks == (
        "10.0.0.0/8",
        "172.16.0.0/12",
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"POD_NAMESPACE": ""}, "POD_NAMESPACE"),
        ({"RELAY_IMAGE": ""}, "RELAY_IMAGE"),
        ({"CLUSTER_NETWORKS": "10.0.0.0/40"}, "CLUSTER_NETWORKS"),
        ({"METRICS_PORT": "many"}, "METRICS_PORT"),
        ({"METRICS_PORT": "70000"}, "METRICS_PORT"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        from_environment(GOOD | change)
