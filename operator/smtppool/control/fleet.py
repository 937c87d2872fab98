"""Keeps the servers of `SmtpPool.spec.addresses`: made, corrected, and deleted with their address."""

from smtppool.api.base import API_VERSION
from smtppool.api.names import FROM_ADDRESS, OWNER_UID, Key
from smtppool.control.attempt import Problem, attempt
from smtppool.control.context import Context
from smtppool.control.view import PoolView
from smtppool.kube.apply import Terminating
from smtppool.kube.kinds import SMTP_SERVER, Body, annotation, label
from smtppool.policy.fleet import WantedServer, surplus, wanted_servers


async def keep_fleet(context: Context, pool: PoolView) -> tuple[Problem, ...]:
    """What stands in the way of single servers is told; the others are made all the same."""
    if pool.spec is None:
        return ()
    wanted = wanted_servers(pool.key.name, pool.spec)
    problems = [await _make(context, pool, server) for server in wanted]
    for name in surplus(_own(context, pool), wanted):
        await context.writer.delete(SMTP_SERVER, Key(pool.key.namespace, name), owner=pool.uid)
    return tuple(problem for problem in problems if problem is not None)


async def _make(context: Context, pool: PoolView, server: WantedServer) -> Problem | None:
    outcome, problem = await attempt(context.writer, manifest(pool.key, server), owner=pool.uid)
    if problem is not None and isinstance(outcome, Terminating):
        return problem._replace(reason="ServerTerminating")
    return problem


def manifest(pool: Key, server: WantedServer) -> Body:
    """The SmtpServer as applied."""
    metadata = {
        "name": server.name,
        "namespace": pool.namespace,
        "labels": dict(server.labels),
        "annotations": dict(server.annotations),
    }
    return {"apiVersion": API_VERSION, "kind": SMTP_SERVER.name, "metadata": metadata, "spec": dict(server.spec)}


def _own(context: Context, pool: PoolView) -> list[str]:
    """Servers that this pool made from addresses."""
    bodies = context.cache.by(SMTP_SERVER, "pool", pool.key.name, namespace=pool.key.namespace)
    return [
        str(body["metadata"]["name"])
        for body in bodies
        if annotation(body, OWNER_UID) == pool.uid and label(body, FROM_ADDRESS) is not None
    ]
