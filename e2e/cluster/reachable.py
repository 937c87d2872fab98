"""Can every node of a cluster that is not ours start our images? Asked before the tests, and answered with what to set.

A DaemonSet runs one container of each image on every node that takes ordinary pods. The kubelet's own words are told.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from e2e.cluster.errors import ClusterError
from e2e.cluster.shell import NotReadyError, wait_until

NAME = "images"
PULL_TIMEOUT = 300
UNOBTAINABLE = {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"}
ADVICE = (
    "set SMTPPOOL_REGISTRY to a registry that this machine may push to and the nodes pull from, such as "
    "registry.example.com/team, or load the images of `python -m e2e.cluster images` onto every node"
)
Kubectl = Callable[..., str]


class ImageNotAvailableError(ClusterError):
    """A node cannot get an image; the message names both and SMTPPOOL_REGISTRY."""


def await_images(kubectl: Kubectl, references: Sequence[str], *, namespace: str) -> None:
    """Return when every node has started every image. The namespace must exist; nothing stays in it."""
    kubectl("apply", "--server-side", "--filename", "-", stdin=json.dumps(daemonset(references, namespace=namespace)))
    where = ("--namespace", namespace)
    last: list[str] = []

    def everywhere() -> bool:
        pods = json.loads(kubectl("get", "pods", "--selector", f"app={NAME}", *where, "--output", "json"))["items"]
        if refused := [text for pod in pods for text in refusals(pod)]:
            raise ImageNotAvailableError("\n".join([*refused, ADVICE]))
        last[:] = [text for pod in pods for text in waiting(pod)]
        status = json.loads(kubectl("get", "daemonset", NAME, *where, "--output", "json")).get("status", {})
        return rolled_out(status)

    try:
        wait_until(everywhere, reason="the images on every node", timeout=PULL_TIMEOUT, every=1)
    except NotReadyError as late:
        raise ImageNotAvailableError("\n".join([str(late), *last, ADVICE])) from late
    finally:
        kubectl("delete", "daemonset", NAME, *where, "--wait=false")


def daemonset(references: Sequence[str], *, namespace: str) -> dict[str, Any]:
    """Containers that do nothing, in images that all have python3; one per image, by its place in the list."""
    containers = [
        {
            "name": f"image-{number}",
            "image": reference,
            "imagePullPolicy": "IfNotPresent",
            "command": ["python3", "-c", "import signal; signal.pause()"],
        }
        for number, reference in enumerate(references)
    ]
    template = {
        "metadata": {"labels": {"app": NAME}},
        "spec": {"containers": containers, "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {"selector": {"matchLabels": {"app": NAME}}, "template": template},
    }


def rolled_out(status: Mapping[str, Any]) -> bool:
    """Whether a DaemonSet of this status runs on every node that it wants; with no node there is nothing to run on."""
    wanted = status.get("desiredNumberScheduled", 0)
    counts = (status.get("updatedNumberScheduled", 0), status.get("numberReady", 0))
    return wanted > 0 and counts == (wanted, wanted)


def refusals(pod: Mapping[str, Any]) -> list[str]:
    """One line per container whose image the node cannot get."""
    return [_line(pod, container) for container in _waiting(pod) if _reason(container) in UNOBTAINABLE]


def waiting(pod: Mapping[str, Any]) -> list[str]:
    """One line per container that does not run yet, or one for a pod that has none."""
    if not pod.get("status", {}).get("containerStatuses"):
        return [f"pod {pod['metadata']['name']} is {pod.get('status', {}).get('phase', 'new')}"]
    return [_line(pod, container) for container in _waiting(pod)]


def _waiting(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    statuses = pod.get("status", {}).get("containerStatuses", [])
    return [status for status in statuses if status.get("state", {}).get("waiting")]


def _reason(container: Mapping[str, Any]) -> str:
    return str(container["state"]["waiting"].get("reason", ""))


def _line(pod: Mapping[str, Any], container: Mapping[str, Any]) -> str:
    said = container["state"]["waiting"].get("message", "")
    return f"node {pod['spec'].get('nodeName', '?')}: {container['image']}: {_reason(container)} {said}".rstrip()
