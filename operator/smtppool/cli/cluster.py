"""The cluster as the commands see it: pykube-ng with the user's kubeconfig, or the pod's own account in a job."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pykube
import requests
import typer
from pykube.exceptions import HTTPError, KubernetesError, ObjectDoesNotExist
from urllib3.util import Retry

from smtppool.api.base import API_VERSION

TIMEOUT_SECONDS = 30
# A server that is busy or only just has the kinds says 429 or 503 before it does anything, and when to come again.
_RETRIES = Retry(total=6, backoff_factor=0.3, status_forcelist=(429, 503), allowed_methods=None, raise_on_status=False)


class SmtpPool(pykube.objects.NamespacedAPIObject):  # type: ignore[misc] # pykube-ng has no types
    """smtppool.io SmtpPool."""

    version, endpoint, kind = API_VERSION, "smtppools", "SmtpPool"


class SmtpServer(pykube.objects.NamespacedAPIObject):  # type: ignore[misc] # pykube-ng has no types
    """smtppool.io SmtpServer."""

    version, endpoint, kind = API_VERSION, "smtpservers", "SmtpServer"


class IpWarmupPlan(pykube.objects.NamespacedAPIObject):  # type: ignore[misc] # pykube-ng has no types
    """smtppool.io IpWarmupPlan."""

    version, endpoint, kind = API_VERSION, "ipwarmupplans", "IpWarmupPlan"


class Lease(pykube.objects.NamespacedAPIObject):  # type: ignore[misc] # pykube-ng has no types
    """The operator's lease."""

    version, endpoint, kind = "coordination.k8s.io/v1", "leases", "Lease"


class Cluster(NamedTuple):
    """A connection, and the namespace of the user's context."""

    api: Any
    namespace: str


def connect(context: str | None = None) -> Cluster:
    """The named or current context; in a pod without KUBECONFIG its service account."""
    config = _config()
    if context:
        config.set_current_context(context)
    client = pykube.HTTPClient(config, timeout=TIMEOUT_SECONDS)
    client.session.get_adapter(client.url).max_retries = _RETRIES
    return Cluster(client, config.namespace or "default")


def _config() -> Any:
    if "KUBECONFIG" not in os.environ and "KUBERNETES_SERVICE_HOST" in os.environ:
        return pykube.KubeConfig.from_service_account()
    return pykube.KubeConfig.from_env()


@contextmanager
def explained() -> Iterator[None]:
    """Errors of the API server in one line, and exit status 1."""
    try:
        yield
    except ObjectDoesNotExist as error:
        raise _ended(str(error)) from error
    except (HTTPError, requests.HTTPError) as error:
        if is_absent(error):
            raise _ended("the cluster does not know this kind: are the CustomResourceDefinitions installed?") from error
        raise _ended(f"the API server refused: {error}") from error
    except (KubernetesError, requests.RequestException, OSError) as error:
        raise _ended(f"no answer from a cluster: {error}; is KUBECONFIG right?") from error


def _ended(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)


def is_absent(error: HTTPError | requests.HTTPError) -> bool:
    """404, whether the server said so as a Status (pykube's error) or as plain text (an unknown kind)."""
    if isinstance(error, HTTPError):
        return bool(error.code == 404)
    return error.response is not None and error.response.status_code == 404


def get_server(cluster: Cluster, name: str, namespace: str) -> dict[str, Any]:
    """Body of one SmtpServer."""
    try:
        body: dict[str, Any] = SmtpServer.objects(cluster.api, namespace=namespace).get_by_name(name).obj
    except ObjectDoesNotExist as error:
        raise _ended(f"there is no SmtpServer {name} in namespace {namespace}") from error
    return body


def bodies(kind: Any, cluster: Cluster, *, namespace: str | None, **query: Any) -> list[dict[str, Any]]:
    """All objects of a kind in a namespace (None: in all), by namespace and name."""
    found = kind.objects(cluster.api).filter(namespace=namespace or pykube.all, **query)
    return sorted((item.obj for item in found), key=_name)


def _name(body: dict[str, Any]) -> tuple[str, str]:
    metadata = body["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
