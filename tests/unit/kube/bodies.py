"""Objects as the API server would send them."""

from typing import Any

from smtppool.kube.kinds import CONFIG_MAP, SMTP_SERVER, Body, Kind


def body(
    name: str,
    *,
    kind: Kind = CONFIG_MAP,
    version: int = 1,
    namespace: str = "mail",
    labels: dict[str, str] | None = None,
    **fields: Any,
) -> Body:
    """An object at a resourceVersion; `fields` are further fields of its metadata."""
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-{name}",
        "resourceVersion": str(version),
        "labels": labels or {},
        **fields,
    }
    return {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata}


def server(name: str, *, pool: str, address: str = "198.51.100.11", **fields: Any) -> Body:
    """An SmtpServer."""
    spec = {"poolRef": {"name": pool}, "relay": {"egress": {"address": address}}}
    return body(name, kind=SMTP_SERVER, **fields) | {"spec": spec}
