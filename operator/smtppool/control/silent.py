"""Pods to which nobody can connect, for the egress programs of all nodes: a client may be on any of them.

See `node/attempts.py` for what the nodes do about it.
"""

from collections.abc import Collection
from itertools import islice

from smtppool.api.documents import MAX_SILENT
from smtppool.api.names import Key
from smtppool.control.context import Context
from smtppool.control.entries import Assessed


def note_silent(context: Context, pool: Key, servers: Collection[Assessed], down: frozenset[str]) -> None:
    """Who is down in a pool now; the nodes are told only of a change. `down`: names of servers."""
    silent = frozenset(
        view.pod.address for view, _ in servers if view.key.name in down and view.pod is not None and view.pod.address
    )
    if silent == context.silent.get(pool, frozenset()):
        return
    context.silent = {key: value for key, value in context.silent.items() if key != pool}
    if silent:
        context.silent[pool] = silent
    for node in context.neighbours.nodes().by_node:
        context.queues.nodes.add(node)


def silent_addresses(context: Context) -> tuple[str, ...]:
    """Of all pools."""
    return tuple(islice(sorted(frozenset().union(*context.silent.values())), MAX_SILENT))
