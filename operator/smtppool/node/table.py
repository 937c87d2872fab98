"""The node's table in the kernel: replace, read back, remove."""

from smtppool.api.documents import NodeEgress
from smtppool.node.command import CommandError, run
from smtppool.render.egress.listing import Listing, parse_listing
from smtppool.render.egress.nftables import REMOVAL, TABLE, ruleset


async def replace(egress: NodeEgress) -> None:
    """One transaction; on an error the table stays as it was."""
    await run("nft", "-f", "-", stdin=ruleset(egress))


async def read() -> Listing | None:
    """What is in force; None without a table, or with one that is not ours to read."""
    try:
        return parse_listing(await run("nft", "-j", "list", "table", "ip", TABLE))
    except CommandError as error:
        if "No such file or directory" in str(error):
            return None
        raise
    except (ValueError, KeyError, TypeError):
        return None


async def remove() -> None:
    """Takes the table away, which also frees port 25: only for an uninstallation."""
    await run("nft", "-f", "-", stdin=REMOVAL)
