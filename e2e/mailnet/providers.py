"""The mailbox providers that mailnet plays: one table from which sinks, zones and load mixes are made.

Names, MX hosts and preferences follow the real providers; hosted customer domains are under `.example`. All
addresses are from the documentation ranges of RFC 5737.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

NAMESERVER_ADDRESS = "203.0.113.53"
ECHO_ADDRESS = "203.0.113.25"
ECHO_NAME = "echo.mailnet.test"
EGRESS_PREFIX = "198.51.100"  # a /24: the addresses that relays send from
SENDER_DOMAIN = "example.com"  # mx<n>.example.com is the name of egress address 198.51.100.<n>


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One mailbox provider: its sink's address and names, and the domains that it hosts with their MX hosts."""

    name: str
    address: str
    greeting: str
    domains: Mapping[str, tuple[str, ...]]  # mail domain -> MX hosts, most preferred first
    starttls: bool = False
    max_size: int = 35 * 1024 * 1024


_GMAIL = ("gmail-smtp-in.l.google.com", *(f"alt{n}.gmail-smtp-in.l.google.com" for n in (1, 2, 3, 4)))
_GOOGLE_HOSTED = ("aspmx.l.google.com", *(f"alt{n}.aspmx.l.google.com" for n in (1, 2, 3, 4)))
_YAHOO = tuple(f"mta{n}.am0.yahoodns.net" for n in (5, 6, 7))

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        name="google",
        address="203.0.113.10",
        greeting="mx.google.com",
        domains={"gmail.com": _GMAIL, "brightpath.example": _GOOGLE_HOSTED, "northwind.example": _GOOGLE_HOSTED},
        starttls=True,
    ),
    Provider(
        name="microsoft",
        address="203.0.113.11",
        greeting="am0eur02ft012.mail.protection.outlook.com",
        domains={
            "outlook.com": ("outlook-com.olc.protection.outlook.com",),
            "hotmail.com": ("hotmail-com.olc.protection.outlook.com",),
        },
        starttls=True,
    ),
    Provider(
        name="microsoft365",
        address="203.0.113.12",
        greeting="db5eur01ft044.mail.protection.outlook.com",
        domains={
            "contoso.example": ("contoso-example.mail.protection.outlook.com",),
            "fabrikam.example": ("fabrikam-example.mail.protection.outlook.com",),
        },
        starttls=True,
    ),
    Provider(
        name="yahoo",
        address="203.0.113.13",
        greeting="mtaproxy513.free.mail.bf1.yahoo.com",
        domains={"yahoo.com": _YAHOO, "aol.com": ("mx-aol.mail.gm0.yahoodns.net",)},
        starttls=True,
    ),
    Provider(
        name="apple",
        address="203.0.113.14",
        greeting="p00-icloudmta-asmtp-us-east-1a.p00.mail.icloud.com",
        domains={"icloud.com": ("mx01.mail.icloud.com", "mx02.mail.icloud.com")},
        starttls=True,
    ),
    Provider(
        name="comcast",
        address="203.0.113.15",
        greeting="resimta-h1p.sys.comcast.net",
        domains={"comcast.net": ("mx1h1.comcast.net", "mx2h1.comcast.net")},
    ),
    Provider(
        name="orange",
        address="203.0.113.16",
        greeting="mwinf5c04.orange.fr",
        domains={"orange.fr": ("smtp-in.orange.fr",)},
    ),
    Provider(
        name="gmx",
        address="203.0.113.17",
        greeting="gmx.net",
        domains={"gmx.de": ("mx00.emig.gmx.net", "mx01.emig.gmx.net")},
        starttls=True,
    ),
    Provider(
        name="mimecast",
        address="203.0.113.18",
        greeting="eu-smtp-inbound-1.mimecast.com",
        domains={"globex.example": ("eu-smtp-inbound-1.mimecast.com", "eu-smtp-inbound-2.mimecast.com")},
    ),
    Provider(
        name="selfhosted",
        address="203.0.113.19",
        greeting="mail.tinyshop.example",
        domains={"tinyshop.example": ("mail.tinyshop.example",)},
    ),
    Provider(  # where bounces go: the senders of all load have addresses in this domain
        name="senders",
        address="203.0.113.20",
        greeting="inbound.example.com",
        domains={SENDER_DOMAIN: ("inbound.example.com",)},
    ),
)

BY_NAME: Mapping[str, Provider] = MappingProxyType({provider.name: provider for provider in PROVIDERS})
BY_DOMAIN: Mapping[str, Provider] = MappingProxyType(
    {domain: provider for provider in PROVIDERS for domain in provider.domains}
)

# In pod mode all providers share one address: until a recipient is named, a session belongs to this one.
ANY = Provider(name="any", address="", greeting="mailnet.test", domains={}, starttls=True)
