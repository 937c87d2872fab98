"""haproxy.cfg with the members in it: what a HAProxy that was killed starts with, before its agent has said a word.

The text is the pod's own haproxy.cfg; only the empty slots are written out. HAProxy's own state file cannot do this:
it gives no address back to a server that has none by name (HAProxy 3.0, `server-state-file`, `init-addr`).
"""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from smtppool.render.haproxy import SLOT, RenderError, Section, parse

_TEMPLATE: Final = f"server-template {SLOT} "


class WarmSlot(NamedTuple):
    """One slot of a backend. `weight` 0..256; a slot that is not `used` starts as the template has it."""

    name: str
    used: bool
    address: str = ""
    port: int = 0
    weight: int = 0


def warm(text: str, backends: Mapping[str, Sequence[WarmSlot]]) -> str:
    """`text`, a haproxy.cfg, with the slots of each backend as given. ValueError for what is no slot or no address."""
    sections = tuple(_filled(section, backends) for section in parse(text))
    result = "\n".join("\n    ".join((section.head, *section.lines)) + "\n" for section in sections)
    if parse(result) != sections:
        raise RenderError("haproxy.cfg with its members does not read back as it was meant")
    return result


def _filled(section: Section, backends: Mapping[str, Sequence[WarmSlot]]) -> Section:
    slots = backends.get(section.head.removeprefix("backend "), ())
    lines: list[str] = []
    for line in section.lines:
        lines += [_server(slot) for slot in slots] if slots and line.startswith(_TEMPLATE) else [line]
    return section._replace(lines=tuple(lines))


def _server(slot: WarmSlot) -> str:
    if not slot.name.removeprefix(SLOT).isdecimal():
        raise RenderError(f"no name of a slot: {slot.name!r}")
    if not slot.used:
        return f"server {slot.name} 127.0.0.1:1 disabled weight 0"
    return f"server {slot.name} {ipaddress.IPv4Address(slot.address)}:{slot.port:d} weight {slot.weight:d}"
