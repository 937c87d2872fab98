"""Which recipient domains belong to which mailbox provider: as profiles say, and as the MX hosts showed that answered.

Nothing is looked up: a domain is known from its first attempt on, which is soon enough to hand its mail to peers.
"""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

from smtppool.api.documents import MAX_DOMAINS
from smtppool.api.outcomes import OTHER
from smtppool.policy import profiles

_LONGEST = 253
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")


class DomainBook:
    """Bounded: the domain that was seen longest ago is forgotten first. `learn` may be called from any thread."""

    def __init__(self, *, limit: int = MAX_DOMAINS) -> None:
        self._limit = limit
        self._providers: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()
        self.version = 0  # changes whenever a domain has another provider than before

    def learn(self, domain: str, provider: str) -> None:
        """A host of `provider` answered for `domain`; what is no domain name is left out."""
        name = domain.lower().rstrip(".")
        if not 0 < len(name) <= _LONGEST or not _LETTERS.issuperset(name) or name[0] in "-.":
            return
        with self._lock:
            if self._providers.get(name) == provider:
                self._providers.move_to_end(name)
                return
            self._providers[name] = provider
            self._providers.move_to_end(name)
            if len(self._providers) > self._limit:
                self._providers.popitem(last=False)
            self.version += 1

    def provider(self, domain: str) -> str:
        """Of mail to this domain: what was seen last, then the profiles, then OTHER."""
        name = domain.lower().rstrip(".")
        with self._lock:
            seen = self._providers.get(name)
        return seen or profiles.of_domain(name) or OTHER

    def of(self, providers: Iterable[str]) -> tuple[str, ...]:
        """All known domains of these providers, sorted; what was seen last stands above the profiles."""
        wanted = frozenset(providers)
        if not wanted:
            return ()
        with self._lock:
            seen = dict(self._providers)
        stated = {domain: name for domain, name in profiles.domains() if name in wanted}
        known = {domain for domain, name in (stated | seen).items() if name in wanted}
        return tuple(sorted(known))[:MAX_DOMAINS]
