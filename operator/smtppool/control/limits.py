"""Which servers of a pool count: a routing holds MAX_SERVERS members, and the oldest objects come first.

One more in the document, and no agent could read it: nobody would be taken out of the traffic any more.
"""

from smtppool.api.names import Key
from smtppool.api.smtppool import MAX_SERVERS
from smtppool.kube.kinds import Body, key_of


def within(servers: list[Body]) -> list[Body]:
    """The servers of one pool that it has room for, in the order given."""
    if len(servers) <= MAX_SERVERS:
        return servers
    oldest = {key_of(body) for body in sorted(servers, key=_age)[:MAX_SERVERS]}
    return [body for body in servers if key_of(body) in oldest]


def last_in(servers: list[Body]) -> set[Key]:
    """The server in the last place of a full pool, as it may have had none before; nobody where places are left."""
    return {key_of(body) for body in sorted(servers, key=_age)[MAX_SERVERS - 1 : MAX_SERVERS]}


def _age(body: Body) -> tuple[str, str]:
    return str(body["metadata"]["creationTimestamp"]), str(body["metadata"]["name"])
