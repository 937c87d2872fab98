"""Which mailbox provider a delivery went to: by the MX host that answered, then by the recipient's domain.

The host comes first because most domains of the large providers are customers' own. Names are those of
`spec.providers`; a host or domain that no profile names is `OTHER`. MX suffixes and domains: the providers' public
DNS, as KumoMTA's published shaping rules have them.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from smtppool.api.outcomes import OTHER


class Profile(NamedTuple):
    """One provider. `hosts`: suffixes of its MX hosts, with a leading dot, or whole names; `domains`: mail domains."""

    name: str
    hosts: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


PROFILES: Final[tuple[Profile, ...]] = (
    Profile("google", (".google.com", ".googlemail.com", ".smtp.goog"), ("gmail.com", "googlemail.com")),
    # Consumer mailboxes and Microsoft 365 refuse for different reasons: two providers.
    Profile(
        "microsoft",
        (".olc.protection.outlook.com", ".hotmail.com"),
        (
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "hotmail.co.uk",
            "hotmail.fr",
            "outlook.fr",
            "outlook.de",
        ),
    ),
    Profile("microsoft365", (".mail.protection.outlook.com", ".mx.microsoft", ".mail.eo.outlook.com")),
    Profile(
        "yahoo",
        (".yahoodns.net",),
        ("yahoo.com", "aol.com", "ymail.com", "rocketmail.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de", "verizon.net"),
    ),
    Profile("yahoojapan", (".yahoo.co.jp",), ("yahoo.co.jp",)),
    Profile("apple", (".mail.icloud.com",), ("icloud.com", "me.com", "mac.com")),
    Profile("comcast", (".comcast.net",), ("comcast.net",)),
    Profile("orange", (".orange.fr", ".wanadoo.fr"), ("orange.fr", "wanadoo.fr")),
    Profile("free", ("mx1.free.fr", "mx2.free.fr"), ("free.fr",)),
    Profile("sfr", (".sfr.fr",), ("sfr.fr", "neuf.fr")),
    Profile("laposte", (".laposte.net",), ("laposte.net",)),
    Profile(
        "gmx",
        (".gmx.net", ".web.de", ".mail.com"),
        ("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "web.de", "mail.com"),
    ),
    Profile("telekom", (".t-online.de",), ("t-online.de", "magenta.de")),
    Profile("ionos", (".kundenserver.de", ".ionos.com", ".ionos.de", ".1and1.com")),
    Profile("libero", (".libero.it",), ("libero.it", "virgilio.it")),
    Profile("mailru", (".mail.ru",), ("mail.ru", "bk.ru", "inbox.ru", "list.ru")),
    Profile("yandex", (".yandex.net", ".yandex.ru"), ("yandex.ru", "yandex.com", "ya.ru")),
    Profile("qq", (".qq.com",), ("qq.com", "foxmail.com")),
    Profile("netease", (".netease.com",), ("163.com", "126.com", "yeah.net")),
    Profile("naver", (".naver.com",), ("naver.com",)),
    Profile("proton", (".protonmail.ch",), ("proton.me", "protonmail.com")),
    Profile("fastmail", (".messagingengine.com",), ("fastmail.com",)),
    Profile("zoho", (".zoho.com", ".zoho.eu", ".zoho.in"), ("zoho.com",)),
    Profile("cox", (".cox.net",), ("cox.net",)),
    Profile("charter", (".charter.net", ".spectrum.net"), ("charter.net", "spectrum.net")),
    Profile("btinternet", (".btinternet.com",), ("btinternet.com",)),
    Profile("mimecast", (".mimecast.com", ".mimecast.co.za", ".mimecast-offshore.com")),
    Profile("proofpoint", (".pphosted.com", ".ppe-hosted.com")),
    Profile("barracuda", (".barracudanetworks.com",)),
    Profile("cisco", (".iphmx.com",)),
    # Smarthosts: they say whether they took the mail, never what the mailbox provider said.
    Profile("amazonses", (".amazonaws.com",)),
    Profile("sendgrid", (".sendgrid.net",)),
    Profile("mailgun", (".mailgun.org",)),
)

NAMES: Final = frozenset(one.name for one in PROFILES)
_BY_SUFFIX: Final[Mapping[str, str]] = {suffix: one.name for one in PROFILES for suffix in one.hosts}
_BY_DOMAIN: Final[Mapping[str, str]] = {domain: one.name for one in PROFILES for domain in one.domains}


def of_host(host: str) -> str | None:
    """The provider whose MX this is, by the longest suffix that a profile has; None if none has."""
    name = host.lower().rstrip(".")
    if name in _BY_SUFFIX:
        return _BY_SUFFIX[name]
    while (dot := name.find(".", 1)) > 0:
        name = name[dot:]
        if name in _BY_SUFFIX:
            return _BY_SUFFIX[name]
    return None


def of_domain(domain: str) -> str | None:
    """The provider of a mail domain, by the whole name; None if no profile names it."""
    return _BY_DOMAIN.get(domain.lower().rstrip("."))


def domains() -> Iterable[tuple[str, str]]:
    """All mail domains that profiles name, with their provider."""
    return _BY_DOMAIN.items()


def provider(host: str | None, domain: str) -> str:
    """Of a delivery: `host` is the MX that answered, None where none did."""
    return (of_host(host) if host else None) or of_domain(domain) or OTHER
