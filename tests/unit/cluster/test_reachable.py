"""A cluster that is not ours: what its nodes say about our images, and what the user is told to set."""

import json
from typing import Any

import pytest

from e2e.cluster.reachable import ImageNotAvailableError, await_images, daemonset, refusals, rolled_out, waiting


def pod(*states: dict[str, Any]) -> dict[str, Any]:
    """A pod on node-1 whose containers are in these states."""
    statuses = [{"image": f"team/relay:{n}", "state": state} for n, state in enumerate(states)]
    return {
        "metadata": {"name": "images-x"},
        "spec": {"nodeName": "node-1"},
        "status": {"phase": "Pending", "containerStatuses": statuses},
    }


def held(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


RUNNING: dict[str, Any] = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}


@pytest.mark.parametrize(
    ("name", "given", "refused", "waits"),
    [
        ("all run", pod(RUNNING, RUNNING), [], []),
        ("one is made", pod(RUNNING, held("ContainerCreating")), [], ["node node-1: team/relay:1: ContainerCreating"]),
        (
            "one cannot be pulled",
            pod(RUNNING, held("ErrImagePull", "no such host")),
            ["node node-1: team/relay:1: ErrImagePull no such host"],
            ["node node-1: team/relay:1: ErrImagePull no such host"],
        ),
        ("no node yet", {"metadata": {"name": "images-x"}, "spec": {}}, [], ["pod images-x is new"]),
    ],
)
def test_what_a_pod_says(name: str, given: dict[str, Any], refused: list[str], waits: list[str]) -> None:
    assert (refusals(given), waiting(given)) == (refused, waits), name


@pytest.mark.parametrize(
    ("wanted", "updated", "ready", "expected"),
    [(2, 2, 2, True), (2, 2, 1, False), (2, 1, 2, False), (0, 0, 0, False)],
    ids=["all", "one not ready", "one of an earlier set", "not counted yet"],
)
def test_rolled_out(wanted: int, updated: int, ready: int, *, expected: bool) -> None:
    status = {"desiredNumberScheduled": wanted, "updatedNumberScheduled": updated, "numberReady": ready}
    assert rolled_out(status) is expected


def test_every_image_is_started() -> None:
    spec = daemonset(["a:1", "b:2"], namespace="mailnet")["spec"]["template"]["spec"]
    assert [container["image"] for container in spec["containers"]] == ["a:1", "b:2"]


def test_the_error_names_the_image_and_the_variable_and_nothing_stays() -> None:
    said: list[tuple[str, ...]] = []

    def kubectl(*argv: str, stdin: str | None = None) -> str:
        said.append(argv)
        return json.dumps({"items": [pod(held("ImagePullBackOff", "not found"))]})

    with pytest.raises(ImageNotAvailableError, match=r"node-1: team/relay:0: ImagePullBackOff(?s:.*)SMTPPOOL_REGISTRY"):
        await_images(kubectl, ["team/relay:0"], namespace="mailnet")
    assert said[-1][:3] == ("delete", "daemonset", "images")
