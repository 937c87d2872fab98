"""When the table is replaced, and what a failing tool leads to; the tools are played."""

import json
from typing import Any

import pytest

from smtppool.api.documents import EgressRule, NodeEgress
from smtppool.node import addresses, flows, table
from smtppool.node.command import CommandError
from smtppool.node.documents import Order
from smtppool.node.enforcer import Enforcer

POD, SOURCE, OTHER = "10.1.0.5", "198.51.100.11", "198.51.100.12"
MISSING = CommandError("nft -j list table ip smtppool: Error: No such file or directory")


def order(source: str | None = SOURCE, **change: Any) -> Order:
    return Order(NodeEgress(node="node-a", rules=(EgressRule(pod_address=POD, source=source),), **change))


class Tools:
    """Plays nft, ip and conntrack: a kernel that holds one rule, in the form of a listing."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.failing = ""
        self.source: str | None = None
        self.there = False
        self.altered_at_once = False  # somebody takes the entry out before it can be read back

    async def run(self, *argv: str, stdin: str | None = None, accept: frozenset[int] = frozenset({0})) -> str:
        call = " ".join(argv)
        if self.failing and call.startswith(self.failing):
            raise CommandError(f"{call}: played")
        match argv:
            case ("ip", *_):
                return json.dumps([{"addr_info": [{"local": SOURCE}]}])
            case ("nft", "-f", "-"):
                self.calls.append("replace")
                self.there = True
                self.source = next((s for s in (SOURCE, OTHER) if stdin and f"{POD} : {s}" in stdin), None)
                self.source = None if self.altered_at_once else self.source
                return ""
            case ("nft", *_):
                if not self.there:
                    raise MISSING
                return self.listing()
            case _:
                self.calls.append(call)
                return ""

    def listing(self) -> str:
        pairs = [[POD, self.source]] if self.source else []
        objects = [
            {"set": {"name": "relays", "elem": [POD]}},
            {"map": {"name": "sources", "elem": pairs}},
            {"set": {"name": "allowed", "elem": [{"concat": pair} for pair in pairs]}},
        ]
        return json.dumps({"nftables": objects})


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Tools:
    played = Tools()
    for module in (addresses, flows, table):
        monkeypatch.setattr(module, "run", played.run)
    return played


LOOK_FOR_FLOWS = f"conntrack -L -f ipv4 -s {POD}"


async def test_replaces_once_and_on_a_new_order_only(tools: Tools) -> None:
    enforcer = Enforcer()
    for _ in range(3):
        look = await enforcer.look(order())
    assert look.applied == (EgressRule(pod_address=POD, source=SOURCE),)
    assert look.error is None
    assert tools.calls == ["replace", LOOK_FOR_FLOWS]
    await enforcer.look(order(wanted=(SOURCE,)))
    assert tools.calls == ["replace", LOOK_FOR_FLOWS]
    await enforcer.look(order(OTHER))
    assert tools.calls == ["replace", LOOK_FOR_FLOWS] * 2


async def test_alteration_from_outside_is_put_back(tools: Tools) -> None:
    enforcer = Enforcer()
    await enforcer.look(order())
    tools.source = None
    look = await enforcer.look(order())
    assert look.applied == (EgressRule(pod_address=POD, source=SOURCE),)
    assert tools.calls.count("replace") == 2


async def test_alteration_right_after_the_replacement_is_put_back_too(tools: Tools) -> None:
    enforcer = Enforcer()
    tools.altered_at_once = True
    assert (await enforcer.look(order())).error is not None
    tools.altered_at_once = False
    look = await enforcer.look(order())
    assert (look.error, look.applied) == (None, order().egress.rules)  # type: ignore[union-attr]
    assert tools.calls.count("replace") == 2


async def test_without_an_order_nothing_is_changed(tools: Tools) -> None:
    tools.there, tools.source = True, SOURCE
    look = await Enforcer().look(Order())
    assert (look.applied, look.held) == ((EgressRule(pod_address=POD, source=SOURCE),), frozenset({SOURCE}))
    assert tools.calls == []


@pytest.mark.parametrize("failing", ["ip", "nft -j", "nft -f", "conntrack"])
async def test_failing_tool_is_reported_and_tried_again(tools: Tools, failing: str) -> None:
    enforcer, tools.failing = Enforcer(), failing
    assert failing in ((await enforcer.look(order())).error or "")
    tools.failing = ""
    look = await enforcer.look(order())
    assert look.error is None
    assert look.applied == (EgressRule(pod_address=POD, source=SOURCE),)
    assert LOOK_FOR_FLOWS in tools.calls


async def test_failing_conntrack_does_not_replace_the_table_again(tools: Tools) -> None:
    enforcer, tools.failing = Enforcer(), "conntrack"
    for _ in range(3):
        await enforcer.look(order())
    assert tools.calls == ["replace"]
