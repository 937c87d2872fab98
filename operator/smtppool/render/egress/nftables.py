"""The nftables table of a node, as one transaction for `nft -f -`, and nothing outside that table.

Two independent statements keep mail off wrong addresses. `translate` gives a relay pod its source address, before the
CNI's masquerade at priority 100 can. `wire` looks at packets after all translation: port 25 of a relay pod leaves with
the pod's own source address or not at all. So a lost map entry, a masquerade and a flow older than its rule all end
in a drop, never on the node's address.

Sets are declared by `typeof`: nft 1.1 stores a set declared by `type` in a form on which nft 1.0.6 crashes at any
listing, and other programs of the node (kube-proxy in nftables mode) run nft of their own version.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, collapse_addresses

from smtppool.api.documents import EgressRule, NodeEgress

TABLE = "smtppool"
TRANSLATE_PRIORITY = 90  # CNI plugins masquerade at srcnat = 100
WIRE_PRIORITY = 300  # after all translation
SMTP_PORT = 25

REMOVAL = f"table ip {TABLE}\ndelete table ip {TABLE}\n"  # the first line makes the second one valid always

_CHAINS = f"""\
\tchain translate {{
\t\ttype nat hook postrouting priority {TRANSLATE_PRIORITY}; policy accept;
\t\tip daddr @cluster return
\t\tsnat to ip saddr map @sources
\t}}
\tchain forward {{
\t\ttype filter hook forward priority 0; policy accept;
\t\tip saddr @relays ip daddr != @cluster tcp dport {SMTP_PORT} ct state invalid,untracked drop
\t}}
\tchain wire {{
\t\ttype filter hook postrouting priority {WIRE_PRIORITY}; policy accept;
\t\tct direction original ct original ip saddr @relays ip daddr != @cluster tcp dport {SMTP_PORT} \
ct original ip saddr . ip saddr != @allowed drop
\t}}
"""


def ruleset(egress: NodeEgress) -> str:
    """Replaces the whole table atomically; packets see the old table or the new one."""
    sources = translations(egress.rules)
    objects = (
        _object("set cluster", "typeof ip daddr; flags interval;", _networks(egress.cluster_networks)),
        _object("set relays", "typeof ip saddr;", sorted({rule.pod_address for rule in egress.rules})),
        _object("map sources", "typeof ip saddr : ip daddr;", [f"{pod} : {src}" for pod, src in sources.items()]),
        _object("set allowed", "typeof ip saddr . ip daddr;", [f"{pod} . {src}" for pod, src in sources.items()]),
    )
    return f"{REMOVAL}table ip {TABLE} {{\n{''.join(objects)}{_CHAINS}}}\n"


def translations(rules: Iterable[EgressRule]) -> Mapping[str, str]:
    """Pod address -> source, sorted. A pod address with two different sources gets none: its port 25 stays shut."""
    wanted: dict[str, set[str]] = {}
    for rule in rules:
        if rule.source is not None:
            wanted.setdefault(rule.pod_address, set()).add(rule.source)
    return {pod: next(iter(sources)) for pod, sources in sorted(wanted.items()) if len(sources) == 1}


def effective_rules(rules: Iterable[EgressRule]) -> tuple[EgressRule, ...]:
    """The rules as the table holds them: one per pod address, sorted."""
    given = tuple(rules)
    sources = translations(given)
    pods = sorted({rule.pod_address for rule in given})
    return tuple(EgressRule(pod_address=pod, source=sources.get(pod)) for pod in pods)


def _networks(networks: Iterable[str]) -> list[str]:
    """Overlaps collapsed: an interval set refuses them."""
    return [str(network) for network in collapse_addresses(IPv4Network(text) for text in networks)]


def _object(head: str, declaration: str, elements: list[str]) -> str:
    content = f" elements = {{ {', '.join(elements)} }}" if elements else ""
    return f"\t{head} {{ {declaration}{content} }}\n"
