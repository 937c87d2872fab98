"""Providers by the host that answered, then by the recipient's domain; the simulated internet agrees."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e2e.mailnet.providers import BY_NAME
from e2e.mailnet.providers import PROVIDERS as SIMULATED
from smtppool.api.outcomes import MAX_PROVIDERS, OTHER
from smtppool.policy.profiles import PROFILES, of_domain, of_host, provider

NO_PROFILE = {"selfhosted", "senders"}  # small hosts of their own


@pytest.mark.parametrize(
    ("host", "domain", "expected"),
    [
        ("gmail-smtp-in.l.google.com", "gmail.com", "google"),
        ("ASPMX.L.GOOGLE.COM.", "brightpath.example", "google"),
        ("outlook-com.olc.protection.outlook.com", "outlook.com", "microsoft"),
        ("contoso-example.mail.protection.outlook.com", "contoso.example", "microsoft365"),
        ("contoso.s-v1.mx.microsoft", "contoso.example", "microsoft365"),
        ("mx-aol.mail.gm0.yahoodns.net", "aol.com", "yahoo"),
        ("eu-smtp-inbound-1.mimecast.com", "gmail.com", "mimecast"),
        ("mx.example.net", "gmail.com", "google"),
        ("email-smtp.eu-west-1.amazonaws.com", "gmail.com", "amazonses"),
        (None, "GMX.de", "gmx"),
        (None, "shop.example", OTHER),
        ("notgoogle.com", "shop.example", OTHER),
        ("google.com.evil.example", "shop.example", OTHER),
        ("", "", OTHER),
    ],
)
def test_table(host: str | None, domain: str, expected: str) -> None:
    assert provider(host, domain) == expected


@pytest.mark.parametrize("name", [one.name for one in SIMULATED])
def test_the_simulated_providers_are_known_by_each_of_their_hosts(name: str) -> None:
    domains = BY_NAME[name].domains
    found = {provider(host, domain) for domain, hosts in domains.items() for host in hosts}
    assert found == {OTHER if name in NO_PROFILE else name}


def test_a_report_has_room_for_every_profile_and_no_name_is_there_twice() -> None:
    assert len(PROFILES) < MAX_PROVIDERS
    for names in ("hosts", "domains"):
        counted = Counter(name for one in PROFILES for name in getattr(one, names))
        assert [name for name, times in counted.items() if times > 1] == []
    assert len({one.name for one in PROFILES} | {OTHER}) == len(PROFILES) + 1


@given(st.text())
def test_no_name_is_an_error(text: str) -> None:
    known = {one.name for one in PROFILES} | {None}
    assert {of_host(text), of_domain(text)} <= known
