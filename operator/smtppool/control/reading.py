"""Documents out of ConfigMaps, and specs out of objects: each version of each object is parsed once.

Reports come from programs that may be broken or hostile: whatever they hold, reading gives a document or "invalid".
"""

from collections.abc import Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from smtppool.api.base import Model
from smtppool.api.documents import Grant, NodeEgressReport, Report, Routing
from smtppool.api.health_record import HealthRecord
from smtppool.api.names import GRANT_KEY, HEALTH_KEY, REPORT_KEY, ROUTING_KEY
from smtppool.kube.kinds import Body, uid_of
from smtppool.policy.acceptance import parse_spec

MAX_REPORT = 256 * 1024  # bytes; more than the largest outcomes at 64 providers take, a usual report has 4 KiB
MAX_NODE_REPORT = 1024 * 1024

Document = TypeVar("Document", bound=BaseModel)
Spec = TypeVar("Spec", bound=Model)


class Reading(NamedTuple, Generic[Document]):
    """A document; or none, because there is no text yet, or because the text is `invalid`."""

    document: Document | None = None
    invalid: bool = False


class Reader:
    """Remembers, by uid, the last version read of each object."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], tuple[str, Reading[Any]]] = {}
        self._specs: dict[str, tuple[int, tuple[Any, tuple[str, ...]]]] = {}

    def report(self, body: Body | None, *, server: str) -> Reading[Report]:
        """An agent's report; one that names another server is invalid."""
        reading = self._read(body, REPORT_KEY, Report, MAX_REPORT)
        if reading.document is not None and reading.document.server != server:
            return Reading(invalid=True)
        return reading

    def node_report(self, body: Body | None) -> NodeEgressReport | None:
        """A node's report, if it can be read."""
        return self._read(body, REPORT_KEY, NodeEgressReport, MAX_NODE_REPORT).document

    def grant(self, body: Body | None) -> Grant | None:
        """A grant as the API server has it; None for one that was edited into nonsense."""
        return self._read(body, GRANT_KEY, Grant, MAX_REPORT).document

    def routing(self, body: Body | None) -> Routing | None:
        """A routing as the API server has it."""
        return self._read(body, ROUTING_KEY, Routing, MAX_NODE_REPORT).document

    def health(self, body: Body | None) -> HealthRecord | None:
        """What a pool's health decision remembered; None for nothing, or for nonsense."""
        return self._read(body, HEALTH_KEY, HealthRecord, MAX_NODE_REPORT).document

    def spec(self, body: Body, model: type[Spec]) -> tuple[Spec | None, tuple[str, ...]]:
        """The typed spec, or the paths of wrong fields."""
        generation = int(body["metadata"].get("generation", 0))
        known = self._specs.get(uid_of(body))
        if known is None or known[0] != generation:
            known = self._specs[uid_of(body)] = (generation, parse_spec(model, body.get("spec")))
        return known[1]

    def forget(self, body: Body) -> None:
        """The object is gone."""
        self._specs.pop(uid_of(body), None)
        for key in (GRANT_KEY, HEALTH_KEY, REPORT_KEY, ROUTING_KEY):
            self._texts.pop((uid_of(body), key), None)

    def _read(self, body: Body | None, key: str, model: type[Document], limit: int) -> Reading[Document]:
        if body is None:
            return Reading()
        version = str(body["metadata"]["resourceVersion"])
        known = self._texts.get((uid_of(body), key))
        if known is None or known[0] != version:
            known = self._texts[uid_of(body), key] = (version, parse(body.get("data"), key, model, limit))
        return known[1]


def parse(texts: object, key: str, model: type[Document], limit: int) -> Reading[Document]:
    """One text of a ConfigMap's data."""
    text = texts.get(key) if isinstance(texts, Mapping) else None
    if not text:
        return Reading()
    if not isinstance(text, str) or len(text) > limit:
        return Reading(invalid=True)
    try:
        return Reading(model.model_validate_json(text))
    except ValidationError:
        return Reading(invalid=True)
