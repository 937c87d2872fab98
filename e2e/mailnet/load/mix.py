"""Which recipient domain each message gets: smooth weighted round-robin, so that shares are exact and reproducible."""

from collections.abc import Iterator, Mapping

# Shares of a mailing list that is mostly consumer mail; sums to 100.
DEFAULT: Mapping[str, int] = {
    "gmail.com": 30,
    "brightpath.example": 5,
    "northwind.example": 5,
    "outlook.com": 12,
    "hotmail.com": 5,
    "contoso.example": 7,
    "fabrikam.example": 3,
    "yahoo.com": 13,
    "icloud.com": 8,
    "comcast.net": 3,
    "orange.fr": 3,
    "gmx.de": 3,
    "globex.example": 2,
    "tinyshop.example": 1,
}


def parse(text: str) -> dict[str, int]:
    """Read `gmail.com=60,yahoo.com=40`; the numbers are relative."""
    shares: dict[str, int] = {}
    for item in text.split(","):
        domain, _, number = item.partition("=")
        if not domain or not number.isdecimal() or domain in shares:
            raise ValueError(f"{item!r} in the mix: use gmail.com=60,yahoo.com=40")
        shares[domain] = int(number)
    if not sum(shares.values()):
        raise ValueError("the mix has no share above 0")
    return shares


def domains(shares: Mapping[str, int]) -> Iterator[str]:
    """Without end; every run of sum(shares) domains holds each exactly as often as its share says."""
    total = sum(shares.values())
    credit = dict.fromkeys(shares, 0)
    while True:
        for domain, share in shares.items():
            credit[domain] += share
        chosen = max(credit, key=lambda domain: credit[domain])
        credit[chosen] -= total
        yield chosen
