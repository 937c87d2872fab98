"""Which recipient domains belong to which mailbox provider: as profiles say, and as the MX hosts showed that answered.

Nothing is looked up: a domain is known from its first attempt on, which is soon enough to hand its mail to peers.
"""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

from smtppool.api.documents import MAX_DOMAINS
from smtppool.policy import profiles

_LONGEST = 253
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")


def is_domain(name: str) -> bool:
    """Whether it is one in lower case, and a gate's table takes it."""
    return 0 < len(name) <= _LONGEST and _LETTERS.issuperset(name) and name[0] not in "-."


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
        if not is_domain(name):
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

    def all(self) -> dict[str, str]:
        """Domain -> provider, in the order in which they would be forgotten."""
        with self._lock:
            return dict(self._providers)

    def of(self, providers: Iterable[str]) -> tuple[str, ...]:
        """All known domains of these providers, sorted; what was seen last stands above the profiles."""
        wanted = frozenset(providers)
        if not wanted:
            return ()
        seen = self.all()
        stated = {domain: name for domain, name in profiles.domains() if name in wanted}
        known = {domain for domain, name in (stated | seen).items() if name in wanted}
        return tuple(sorted(known))[:MAX_DOMAINS]
