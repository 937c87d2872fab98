"""Where the weighted rotation begins after a start of HAProxy: commands, and nothing else.

Left alone, HAProxy begins every rotation with the heavy members: the weight 1 of 151 gets connection 77, in every
entry pod alike, and no mail at all on a quiet day. HAProxy places a server that comes up at `total weight / own
weight` connections from now, once a rotation runs. So: one connection goes to the busy responder, on the server
`rotor`; then members come up in the order of a place drawn for each, with the rotor's weight filling up the total to
what gives that place. The shares stay exact from the first full turn.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from smtppool.render import haproxy

SMALL: Final = 8  # connections between two turns of a member; below, every start is close enough to a spread one
FULL: Final = 256

_ROTOR: Final = f"{haproxy.MEMBERS}/{haproxy.ROTOR}"


def begin() -> list[str]:
    """Commands that let exactly the rotor answer the next connection, before any member is up."""
    return [f"set server {_ROTOR} weight {FULL}", f"set server {_ROTOR} state ready"]


def end() -> list[str]:
    """Commands that take the rotor out again."""
    return [f"set server {_ROTOR} state maint"]


def needed(weights: Mapping[str, int]) -> bool:
    """Whether some member's turn comes so seldom that its first one matters. `weights`: address -> weight."""
    present = [weight for weight in weights.values() if weight]
    return bool(present) and sum(present) >= SMALL * min(present)


def place(address: str, *, seed: str) -> float:
    """A number in [0, 1) that differs between pods and members and is the same after a restart."""
    digest = hashlib.sha256(f"{seed} {address}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def spread(weights: Mapping[str, int], slots: Mapping[str, str], *, seed: str) -> list[str]:
    """Commands that bring up members, all at weight 0 and ready, each at its own place. `slots`: address -> slot."""
    total = sum(weights.values())
    commands: list[str] = []
    up = 0
    for part, address in sorted((place(address, seed=seed), address) for address, weight in weights.items() if weight):
        up += weights[address]
        filler = min(FULL, max(1, round(part * total) - up))
        commands.append(f"set server {_ROTOR} weight {filler}")
        commands.append(f"set server {haproxy.MEMBERS}/{slots[address]} weight {weights[address]}")
    return commands
