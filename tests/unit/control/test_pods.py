"""What the operator takes from a pod's status."""

from typing import Any

import pytest

from smtppool.control.pods import pod_address, pod_view


def pod(phase: str, address: str = "10.244.1.7") -> dict[str, Any]:
    """A pod on a node."""
    metadata = {"name": "mx1-relay-0", "namespace": "mail", "uid": "uid-1"}
    return {"metadata": metadata, "spec": {"nodeName": "worker-1"}, "status": {"phase": phase, "podIP": address}}


@pytest.mark.parametrize("phase", ["Pending", "Running"])
def test_a_pod_has_its_address(phase: str) -> None:
    assert pod_view(pod(phase)).address == "10.244.1.7"


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_the_address_of_a_pod_that_has_ended_is_nobodys(phase: str) -> None:
    """It may belong to a stranger's pod by now: that is no member, and gets no egress address."""
    assert pod_view(pod(phase)).address is None
    assert pod_address(pod(phase)) == "10.244.1.7", "its reports are still known by it"


def test_an_ipv6_address_is_none() -> None:
    assert pod_view(pod("Running", "fd00::7")).address is None
