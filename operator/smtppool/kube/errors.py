"""What can go wrong at the API server, by what the caller can do about it.

`retriable` errors are worth the same request again; the others need a changed object or a changed request.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
from kubernetes.aio.client.exceptions import ApiException


class ApiError(Exception):
    """Base; `status` is 0 when there was no answer, `retry_after` is in seconds."""

    retriable = False

    def __init__(self, message: str, *, status: int = 0, reason: str = "", retry_after: float = 0) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


class AbsentError(ApiError):
    """404: the object (or its namespace) does not exist."""


class StaleError(ApiError):
    """409: it exists already, has another uid or version, or another field manager holds a field."""

    retriable = True


class GoneError(ApiError):
    """410: the watch is too old and must begin with a list."""

    retriable = True


class RefusedError(ApiError):
    """Other 4xx: the request is wrong or not allowed, now and the next time."""


class NamespaceTerminatingError(RefusedError):
    """403: a terminating namespace takes no new objects."""


class UnavailableError(ApiError):
    """429, 5xx, timeouts, broken connections: the server is busy, away or restarting."""

    retriable = True


class WebhookError(UnavailableError):
    """A webhook that the API server must ask is away or has no time: only the objects of its choice wait for it."""


@contextmanager
def typed(what: str) -> Iterator[None]:
    """Turn the client library's errors into ours; `what` names the request in the message."""
    try:
        yield
    except ApiException as error:
        raise _from_answer(what, error) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise UnavailableError(f"{what}: {str(error) or type(error).__name__}", reason=type(error).__name__) from error


def _from_answer(what: str, error: ApiException) -> ApiError:
    status = int(error.status or 0)
    answer = _answer(error.body)
    message = f"{what}: {answer.get('message') or error.reason}"
    kind = _kind(status, answer)
    return kind(message, status=status, reason=str(answer.get("reason", "")), retry_after=_retry_after(error, answer))


# As the API server words it: its own prefix, then that it could not ask, or what it was told.
_WEBHOOK = re.compile(r'(Internal error occurred: )?(failed calling webhook|admission webhook) "')
_KINDS: dict[int, type[ApiError]] = {
    0: UnavailableError,
    404: AbsentError,
    408: UnavailableError,
    409: StaleError,
    410: GoneError,
    429: UnavailableError,
}


def _kind(status: int, answer: dict[str, Any]) -> type[ApiError]:
    match status:
        case 403 if _has_cause(answer, "NamespaceTerminating"):
            return NamespaceTerminatingError
        case 422 if _has_cause(answer, "FieldValueInvalid", field="metadata.uid"):
            return StaleError  # the request was for another object of this name
        case 429 | 500 | 502 | 503 | 504 if _WEBHOOK.match(str(answer.get("message"))):
            return WebhookError
        case 500 if "failed to create typed patch object" in str(answer.get("message")):
            return RefusedError  # how server-side apply says that a field is not in the schema
    return _KINDS.get(status, UnavailableError if status >= 500 else RefusedError)


def _answer(body: str | bytes | None) -> dict[str, Any]:
    try:
        answer = json.loads(body or "{}")
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _has_cause(answer: dict[str, Any], reason: str, *, field: str = "") -> bool:
    causes = (answer.get("details") or {}).get("causes") or []
    return any(cause.get("reason") == reason and field in (cause.get("field"), "") for cause in causes)


def _retry_after(error: ApiException, answer: dict[str, Any]) -> float:
    headers = error.headers or {}
    seconds = headers.get("Retry-After") or (answer.get("details") or {}).get("retryAfterSeconds") or 0
    try:
        return max(0.0, float(seconds))
    except ValueError:
        return 0.0
