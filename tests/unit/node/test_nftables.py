"""The rendered transaction, and how a listing is read. That the kernel does as meant is for the contract tests."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtppool.api.documents import EgressRule, NodeEgress
from smtppool.render.egress.listing import parse_listing
from smtppool.render.egress.nftables import effective_rules, ruleset, translations

POD, OTHER, SOURCE, SECOND = "10.1.0.5", "10.1.0.6", "198.51.100.11", "198.51.100.12"


def order(*rules: EgressRule, networks: tuple[str, ...] = ("10.0.0.0/8",)) -> NodeEgress:
    return NodeEgress(node="node-a", rules=rules, cluster_networks=networks)


def test_whole_text() -> None:
    text = ruleset(order(EgressRule(pod_address=POD, source=SOURCE), EgressRule(pod_address=OTHER)))
    assert text == (
        "table ip smtppool\n"
        "delete table ip smtppool\n"
        "table ip smtppool {\n"
        "\tset cluster { typeof ip daddr; flags interval; elements = { 10.0.0.0/8 } }\n"
        f"\tset relays {{ typeof ip saddr; elements = {{ {POD}, {OTHER} }} }}\n"
        f"\tmap sources {{ typeof ip saddr : ip daddr; elements = {{ {POD} : {SOURCE} }} }}\n"
        f"\tset allowed {{ typeof ip saddr . ip daddr; elements = {{ {POD} . {SOURCE} }} }}\n"
        "\tchain translate {\n"
        "\t\ttype nat hook postrouting priority 90; policy accept;\n"
        "\t\tip daddr @cluster return\n"
        "\t\tsnat to ip saddr map @sources\n"
        "\t}\n"
        "\tchain forward {\n"
        "\t\ttype filter hook forward priority 0; policy accept;\n"
        "\t\tip saddr @relays ip daddr != @cluster tcp dport 25 ct state invalid,untracked drop\n"
        "\t}\n"
        "\tchain wire {\n"
        "\t\ttype filter hook postrouting priority 300; policy accept;\n"
        "\t\tct direction original ct original ip saddr @relays ip daddr != @cluster tcp dport 25 "
        "ct original ip saddr . ip saddr != @allowed drop\n"
        "\t}\n"
        "}\n"
    )


def test_no_elements_no_braces() -> None:
    assert "\tset relays { typeof ip saddr; }\n" in ruleset(order(networks=()))


@pytest.mark.parametrize(
    ("networks", "elements"),
    [
        (("10.20.0.0/16", "10.0.0.0/8"), "10.0.0.0/8"),
        (("10.0.0.0/9", "10.128.0.0/9"), "10.0.0.0/8"),
        (("192.168.0.0/16", "10.0.0.0/8"), "10.0.0.0/8, 192.168.0.0/16"),
    ],
    ids=["contained", "adjacent", "apart"],
)
def test_cluster_networks_never_overlap(networks: tuple[str, ...], elements: str) -> None:
    assert f"flags interval; elements = {{ {elements} }} }}" in ruleset(order(networks=networks))


addresses = st.sampled_from([POD, OTHER, SOURCE, SECOND])
pairs = st.tuples(addresses, st.none() | addresses)
rules = st.lists(pairs.map(lambda pair: EgressRule(pod_address=pair[0], source=pair[1])), max_size=6)


@given(rules)
def test_order_of_rules_does_not_matter(given_rules: list[EgressRule]) -> None:
    shuffled = sorted(given_rules, key=lambda rule: (rule.source or "", rule.pod_address))
    assert ruleset(order(*given_rules)) == ruleset(order(*shuffled))


@given(rules)
def test_a_pod_has_one_source_or_none(given_rules: list[EgressRule]) -> None:
    for pod, source in translations(given_rules).items():
        stated = {rule.source for rule in given_rules if rule.pod_address == pod} - {None}
        assert stated == {source}
    assert {rule.pod_address for rule in effective_rules(given_rules)} == {rule.pod_address for rule in given_rules}


def listing(*, sources: list[list[str]], allowed: list[list[str]], handle: int = 1) -> str:
    objects = [
        {"metainfo": {"version": "1.0.6"}},
        {"table": {"family": "ip", "name": "smtppool", "handle": handle}},
        {"set": {"name": "cluster", "handle": handle, "elem": [{"prefix": {"addr": "10.0.0.0", "len": 8}}, "9.9.9.9"]}},
        {"set": {"name": "relays", "handle": handle, "elem": [OTHER, POD]}},
        {"map": {"name": "sources", "handle": handle, "elem": sources}},
        {"set": {"name": "allowed", "handle": handle, "elem": [{"concat": pair} for pair in allowed]}},
    ]
    return json.dumps({"nftables": objects})


HELD_BACK = EgressRule(pod_address=POD)
TRANSLATED = EgressRule(pod_address=POD, source=SOURCE)
REST = EgressRule(pod_address=OTHER)


@pytest.mark.parametrize(
    ("sources", "allowed", "rule"),
    [
        ([[POD, SOURCE]], [[POD, SOURCE]], TRANSLATED),
        ([], [[POD, SOURCE]], HELD_BACK),
        ([[POD, SOURCE]], [], HELD_BACK),
        ([[POD, SOURCE]], [[POD, SECOND]], HELD_BACK),
    ],
    ids=["both", "map entry gone", "not let out", "another source let out"],
)
def test_a_source_counts_only_if_it_works(sources: list[list[str]], allowed: list[list[str]], rule: EgressRule) -> None:
    read = parse_listing(listing(sources=sources, allowed=allowed))
    assert read.rules == (rule, REST)
    assert read.cluster_networks == ("10.0.0.0/8", "9.9.9.9/32")


def test_handles_do_not_make_a_difference() -> None:
    texts = {parse_listing(listing(sources=[], allowed=[], handle=number)).text for number in (1, 2)}
    assert len(texts) == 1
