"""Which IPv4 addresses the node's interfaces hold."""

import json

from smtppool.node.command import run


async def held_addresses() -> frozenset[str]:
    """All addresses of the node, loopback included: an egress address may live there."""
    links = json.loads(await run("ip", "-json", "-4", "address", "show") or "[]")
    return frozenset(entry["local"] for link in links for entry in link.get("addr_info", ()) if "local" in entry)
