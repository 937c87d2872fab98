"""Which recipient domains belong to which mailbox provider: as profiles say, and as the MX hosts showed that answered.

Nothing is looked up: a domain is known from its first attempt on, which is soon enough to hand its mail to peers.
"""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

from smtppool.api.documents import MAX_DOMAINS
from smtppool.api.outcomes import OTHER
from smtppool.policy import profiles

MAX_BYTES = 3 << 18  # as JSON: with all else in it at its longest, the gate's table is not larger than the gate reads
_LONGEST = 253
_STATED = dict(profiles.domains())
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")


def is_domain(name: str) -> bool:
    """Whether it is one in lower case, and a gate's table takes it."""
    return 0 < len(name) <= _LONGEST and _LETTERS.issuperset(name) and name[0] not in "-."


def _size(name: str) -> int:
    return len(name) + len('"",')


# What profiles state has its place in a table whatever is learned.
_SPARE_BYTES = MAX_BYTES - sum(map(_size, _STATED))
_SPARE_DOMAINS = MAX_DOMAINS - len(_STATED)


class DomainBook:
    """Bounded, in number and in bytes, so that a gate's table takes all of it: whoever submits mail chooses the names.

    The domain that was seen longest ago is forgotten first. `learn` may be called from any thread.
    """

    def __init__(self, *, limit: int = _SPARE_DOMAINS, max_bytes: int = _SPARE_BYTES) -> None:
        self._limit = limit
        self._room = max_bytes
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
            if name not in self._providers:
                self._room -= _size(name)
            self._providers[name] = provider
            self._providers.move_to_end(name)
            while len(self._providers) > self._limit or self._room < 0:
                self._room += _size(self._providers.popitem(last=False)[0])
            self.version += 1

    def all(self) -> dict[str, str]:
        """Domain -> provider, in the order in which they would be forgotten."""
        with self._lock:
            return dict(self._providers)

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
        seen = self.all()
        return tuple(sorted(domain for domain, name in (_STATED | seen).items() if name in wanted))
