"""All ConfigMaps of a namespace in one look: simulated relays look 20 times a second, which two cores must carry."""

import hashlib
from typing import NamedTuple

from smtppool.api.documents import Grant, Routing
from smtppool.api.names import GRANT_KEY, ROUTING_KEY, grant_name, routing_name
from smtppool.kube.client import Api
from smtppool.kube.kinds import CONFIG_MAP


class Maps(NamedTuple):
    """Their data by name."""

    data: dict[str, dict[str, str]]

    def grant(self, server: str) -> Grant | None:
        """The grant in force."""
        text = self._text(grant_name(server), GRANT_KEY)
        return None if text is None else Grant.model_validate_json(text)

    def routing(self, pool: str) -> Routing | None:
        """The routing in force."""
        text = self._text(routing_name(pool), ROUTING_KEY)
        return None if text is None else Routing.model_validate_json(text)

    def routing_hash(self, pool: str) -> str | None:
        """What an agent says that it has applied."""
        text = self._text(routing_name(pool), ROUTING_KEY)
        return None if text is None else hashlib.sha256(text.encode()).hexdigest()

    def _text(self, name: str, key: str) -> str | None:
        return self.data.get(name, {}).get(key)


async def look(api: Api, namespace: str) -> Maps:
    """As they are now."""
    bodies, _ = await api.list(CONFIG_MAP, namespace=namespace)
    return Maps({body["metadata"]["name"]: body.get("data") or {} for body in bodies})
