"""The rendered zones are valid and lead from every mail domain to its provider's sink."""

from collections.abc import Mapping

import dns.name
import dns.rdatatype
import dns.zone
import pytest

from e2e.mailnet import zones
from e2e.mailnet.providers import BY_DOMAIN, ECHO_ADDRESS, ECHO_NAME, PROVIDERS

Zones = Mapping[str, dns.zone.Zone]


def loaded(*, pod_address: str | None = None) -> Zones:
    return {
        name: dns.zone.from_text(text, origin=f"{name}.", check_origin=True)
        for name, text in zones.render(pod_address=pod_address).items()
    }


def lookup(among: Zones, name: str, kind: str) -> list[str]:
    full = dns.name.from_text(name)
    zone = next(zone for apex, zone in among.items() if full.is_subdomain(dns.name.from_text(apex)))
    rdatas = zone.find_rdataset(full, dns.rdatatype.from_text(kind))
    return [rdata.to_text(origin=zone.origin, relativize=False) for rdata in rdatas]


@pytest.mark.parametrize("domain", BY_DOMAIN)
@pytest.mark.parametrize("pod_address", [None, "10.244.0.7"])
def test_every_domain_leads_to_its_sink(domain: str, pod_address: str | None) -> None:
    among = loaded(pod_address=pod_address)
    hosts = [text.split()[1].rstrip(".") for text in lookup(among, domain, "MX")]
    assert set(hosts) == set(BY_DOMAIN[domain].domains[domain])
    for host in hosts:
        assert lookup(among, host, "A") == [pod_address or BY_DOMAIN[domain].address]


@pytest.mark.parametrize("octet", [1, 11, 254])
def test_egress_names_are_confirmed_both_ways(octet: int) -> None:
    among = loaded()
    name = zones.egress_name(octet)
    assert lookup(among, f"{octet}.100.51.198.in-addr.arpa", "PTR") == [f"{name}."]
    assert lookup(among, name, "A") == [f"198.51.100.{octet}"]


def test_the_echo_has_a_name() -> None:
    assert lookup(loaded(), ECHO_NAME, "A") == [ECHO_ADDRESS]


def test_providers_have_addresses_and_domains_of_their_own() -> None:
    assert len({provider.address for provider in PROVIDERS}) == len(PROVIDERS)
    assert sum(len(provider.domains) for provider in PROVIDERS) == len(BY_DOMAIN)


def test_the_configuration_serves_every_zone_and_denies_the_rest() -> None:
    text = zones.corefile(zones.render(), listen="203.0.113.53", directory="/z")
    for zone in zones.zone_names():
        assert f"{zone}:53 {{\n  bind 203.0.113.53\n  errors\n  file /z/{zone}.zone\n}}" in text
    assert "rcode NXDOMAIN" in text
