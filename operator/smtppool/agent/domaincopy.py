"""A copy of the learned domains on the volume: without it a restarted agent sends each once more to who refuses it.

Written rarely, as one domain more or less is one attempt; what cannot be read in it is left out.
"""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any, Final

from smtppool.agent.domains import DomainBook, is_domain
from smtppool.kube import files
from smtppool.policy import profiles

log = logging.getLogger(__name__)

INTERVAL: Final = 30.0
MAX_SIZE: Final = 2 << 20  # more than the fullest book gives


class DomainCopy:
    """One JSON object, domain -> provider, that which was seen longest ago first."""

    def __init__(self, book: DomainBook, path: Path) -> None:
        self._book = book
        self._path = path
        self._saved = book.version

    def restore(self) -> None:
        """Take the copy, if there is one, before anything is learned."""
        try:
            found = _read(self._path)
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError) as error:
            log.warning("learned domains not read", extra={"cause": repr(error)[:500]})
            return
        good = {domain: name for domain, name in found.items() if is_domain(domain) and _is_known(name)}
        for domain, provider in good.items():
            self._book.learn(domain, provider)
        self._saved = self._book.version
        if len(good) < len(found):
            log.warning("learned domains that are none", extra={"refused": len(found) - len(good)})
        log.info("learned domains in force", extra={"domains": len(good)})

    async def keep(self) -> None:
        """Save what was learned, now and then."""
        while True:
            try:
                await asyncio.to_thread(self.save)
            except OSError as error:  # the directory comes with Postfix, which starts after the agent
                log.warning("learned domains not kept", extra={"cause": repr(error)})
            await asyncio.sleep(INTERVAL)

    def save(self) -> None:
        """Write the copy if the book says something else."""
        version = self._book.version
        if version != self._saved:
            files.replace_durable(self._path, json.dumps(self._book.all()))
            self._saved = version


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        content = file.read(MAX_SIZE + 1)
    if len(content) > MAX_SIZE:
        raise ValueError(f"larger than {MAX_SIZE} bytes")
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - as any other content that is not what it must be
    return found


def _is_known(provider: object) -> bool:
    return isinstance(provider, str) and provider in profiles.NAMES
