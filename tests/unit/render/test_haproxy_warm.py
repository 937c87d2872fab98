"""haproxy.cfg with the members in it: which lines change, and what is refused."""

import ipaddress

import pytest

from smtppool.api.smtppool import MAX_SERVERS, Balance
from smtppool.render.haproxy import RenderError, parse, render
from smtppool.render.haproxy_warm import WarmSlot, warm

COLD = render(balance=Balance.ROUND_ROBIN)
SLOTS = (
    WarmSlot("slot1", True, "10.0.0.1", 2525, 10),
    WarmSlot("slot2", False),
    WarmSlot("slot3", True, "10.0.0.3", 9, 0),
)
LINES = (
    "server slot1 10.0.0.1:2525 weight 10",
    "server slot2 127.0.0.1:1 disabled weight 0",
    "server slot3 10.0.0.3:9 weight 0",
)


def test_only_the_slots_of_the_backend_change() -> None:
    before, after = parse(COLD), parse(warm(COLD, {"members": SLOTS}))
    for old, new in zip(before, after, strict=True):
        if old.head != "backend members":
            assert new == old
            continue
        place = next(number for number, line in enumerate(old.lines) if line.startswith("server-template slot "))
        assert new.lines == (*old.lines[:place], *LINES, *old.lines[place + 1 :])


def test_without_slots_the_text_stays() -> None:
    assert warm(COLD, {}) == COLD


def test_it_is_warmed_again_from_the_cold_text_only() -> None:
    once = warm(COLD, {"members": SLOTS})
    assert warm(once, {"members": ()}) == once


@pytest.mark.parametrize("name", ["slot", "slot1 disabled", "slot1\nserver x 1.2.3.4:25", "members"])
def test_no_other_name_than_a_slots(name: str) -> None:
    with pytest.raises(RenderError, match="no name of a slot"):
        warm(COLD, {"members": (WarmSlot(name, False),)})


@pytest.mark.parametrize("address", ["", "10.0.0.1:1 weight 5", "example.com", "10.0.0.1\n"])
def test_no_other_address_than_ipv4(address: str) -> None:
    with pytest.raises(ipaddress.AddressValueError):
        warm(COLD, {"members": (WarmSlot("slot1", True, address, 25, 1),)})


def test_every_slot_is_written_out() -> None:
    slots = [WarmSlot(f"slot{number}", False) for number in range(1, MAX_SERVERS + 1)]
    section = next(one for one in parse(warm(COLD, {"peers": slots})) if one.head == "backend peers")
    assert sum(line.startswith("server slot") for line in section.lines) == MAX_SERVERS
