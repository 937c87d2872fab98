"""Small objects for tests of the Kubernetes layer."""

from typing import Any

from smtppool.kube.client import Api
from smtppool.kube.kinds import Body
from tests.unit.api.table import GOOD, document


def config_map(namespace: str, name: str = "a", **fields: Any) -> Body:
    """A manifest as the renderer gives it."""
    metadata = {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/part-of": "smtppool"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": "v"}, **fields}


async def smtp_server(api: Api, namespace: str) -> Body:
    """An SmtpServer that exists."""
    return await api.create(document("SmtpServer", GOOD["SmtpServer"], namespace=namespace), manager="tests")


def version(body: Body) -> str:
    """Its resourceVersion."""
    return str(body["metadata"]["resourceVersion"])
