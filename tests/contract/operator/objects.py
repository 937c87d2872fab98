"""Pools and servers as users write them."""

from itertools import count
from typing import Any

from smtppool.api.base import API_VERSION

NETWORKS = ["10.20.0.0/16"]
Body = dict[str, Any]
_numbers = count()


def pool(namespace: str, name: str = "marketing", **spec: Any) -> Body:
    """A pool whose lanes need a verified address."""
    base = {"submission": {"allowedNetworks": NETWORKS}, "egressCheck": {"endpoint": "smtp://echo.example.net:25"}}
    return _object("SmtpPool", namespace, name, base | spec)


def fresh_address() -> str:
    """An address that no other test uses: a server that a test leaves behind holds its address for a while."""
    number = next(_numbers)
    return f"198.18.{number // 250}.{number % 250 + 1}"


def server(
    namespace: str,
    name: str,
    address: str | None = None,
    *,
    pool: str = "marketing",
    weight: int = 100,
    **spec: Any,
) -> Body:
    """A relay for an address that receivers know."""
    base = {
        "poolRef": {"name": pool},
        "relay": {"hostname": f"{name}.example.com", "egress": {"address": address or fresh_address()}},
        "weight": weight,
        "warmup": {"mode": "Warm"},
    }
    return _object("SmtpServer", namespace, name, base | spec)


def plan(namespace: str, name: str = "ramp") -> Body:
    """A warm-up plan."""
    spec = {
        "serverSelector": {"matchLabels": {"batch": "nov"}},
        "schedule": {"preset": "sparkpost", "target": 100000},
    }
    return _object("IpWarmupPlan", namespace, name, spec)


def _object(kind: str, namespace: str, name: str, spec: Body) -> Body:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}
