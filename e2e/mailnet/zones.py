"""Renders the DNS of the simulated internet: zone files and the CoreDNS configuration, from the table of providers.

Pure text. A zone is the last two labels of a name, as all names here are registered directly under a top domain.
"""

from collections import defaultdict
from collections.abc import Mapping

from e2e.mailnet.providers import (
    ECHO_ADDRESS,
    ECHO_NAME,
    EGRESS_PREFIX,
    NAMESERVER_ADDRESS,
    PROVIDERS,
    SENDER_DOMAIN,
)

REVERSE_ZONE = ".".join([*reversed(EGRESS_PREFIX.split(".")), "in-addr.arpa"])
NAMESERVER = "ns.mailnet.test"
READY_PORT = 8181
_TTL = 60
_HEADER = (
    f"$TTL {_TTL}\n@ IN SOA {NAMESERVER}. hostmaster.mailnet.test. 1 3600 600 86400 {_TTL}\n@ IN NS {NAMESERVER}.\n"
)


def render(*, pod_address: str | None = None) -> dict[str, str]:
    """Zone name -> zone file. In pod mode every host has the pod's address."""
    records: defaultdict[str, list[str]] = defaultdict(list)
    for name, text in [*_providers(pod_address), *_infrastructure(pod_address), *_senders()]:
        records[_zone_of(name)].append(f"{name}. IN {text}")
    records[REVERSE_ZONE] = [f"{n} IN PTR {egress_name(n)}." for n in range(1, 255)]
    return {zone: _HEADER + "\n".join(dict.fromkeys(lines)) + "\n" for zone, lines in sorted(records.items())}


def zone_names() -> list[str]:
    """What a resolver must forward to mailnet's name server."""
    return list(render())


def corefile(zones: Mapping[str, str], *, listen: str, directory: str) -> str:
    """One server block per zone; every other name does not exist, so that nothing waits for an outside world."""
    blocks = [f"{zone}:53 {{\n  bind {listen}\n  errors\n  file {directory}/{zone}.zone\n}}\n" for zone in zones]
    rest = (
        f".:53 {{\n  bind {listen}\n  errors\n  ready 127.0.0.1:{READY_PORT}\n"
        "  template ANY ANY . {\n    rcode NXDOMAIN\n"
        f'    authority ". {_TTL} IN SOA {NAMESERVER}. hostmaster.mailnet.test. 1 3600 600 86400 {_TTL}"\n  }}\n}}\n'
    )
    return "".join([*blocks, rest])


def egress_name(host: int) -> str:
    """The name (HELO, A and PTR) of the egress address with this last octet."""
    return f"mx{host}.{SENDER_DOMAIN}"


def _providers(pod_address: str | None) -> list[tuple[str, str]]:
    records = []
    for provider in PROVIDERS:
        for domain, hosts in provider.domains.items():
            for number, host in enumerate(hosts):
                records.append((domain, f"MX {5 + 5 * number} {host}."))
                records.append((host, f"A {pod_address or provider.address}"))
    return records


def _infrastructure(pod_address: str | None) -> list[tuple[str, str]]:
    hosts = {ECHO_NAME: ECHO_ADDRESS, NAMESERVER: NAMESERVER_ADDRESS}
    return [(name, f"A {pod_address or address}") for name, address in hosts.items()]


def _senders() -> list[tuple[str, str]]:
    hosts = [(egress_name(n), f"A {EGRESS_PREFIX}.{n}") for n in range(1, 255)]
    return [(SENDER_DOMAIN, f'TXT "v=spf1 ip4:{EGRESS_PREFIX}.0/24 -all"'), *hosts]


def _zone_of(name: str) -> str:
    return ".".join(name.split(".")[-2:])
