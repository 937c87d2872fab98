"""Puts the simulated internet's addresses on the container's loopback, as if each provider had a machine of its own."""

import asyncio

from e2e.mailnet.providers import ECHO_ADDRESS, NAMESERVER_ADDRESS, PROVIDERS

ADDRESSES = (NAMESERVER_ADDRESS, ECHO_ADDRESS, *(provider.address for provider in PROVIDERS))
_TIMEOUT = 10.0


async def add_to_loopback() -> None:
    """Idempotent; needs CAP_NET_ADMIN."""
    commands = ["link set lo up", *(f"address replace {address}/32 dev lo" for address in ADDRESSES)]
    process = await asyncio.create_subprocess_exec(
        "ip", "-batch", "-", stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await asyncio.wait_for(process.communicate("\n".join(commands).encode()), _TIMEOUT)
    if process.returncode:
        raise RuntimeError(
            f"cannot add addresses to lo: {errors.decode().strip()}; give the container CAP_NET_ADMIN, "
            "or set MAILNET_MODE=pod and MAILNET_POD_ADDRESS"
        )
