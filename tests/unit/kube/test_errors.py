"""Which answer is which error, and whether the same request is worth repeating."""

import json
from typing import Any

import aiohttp
import pytest
from kubernetes.aio.client.exceptions import ApiException

from smtppool.kube.errors import (
    AbsentError,
    ApiError,
    GoneError,
    NamespaceTerminatingError,
    RefusedError,
    StaleError,
    UnavailableError,
    WebhookError,
    typed,
)


def raised(error: Exception) -> ApiError:
    with pytest.raises(ApiError) as caught, typed("apply configmaps a"):
        raise error
    return caught.value


def answer(status: int, **body: Any) -> ApiException:
    error = ApiException(status=status, reason="Reason", body=json.dumps(body))
    error.headers = {}
    return error


def causes(reason: str, field: str = "") -> dict[str, Any]:
    return {"causes": [{"reason": reason, "field": field}]}


@pytest.mark.parametrize(
    ("error", "kind", "retriable"),
    [
        (answer(400), RefusedError, False),
        (answer(403), RefusedError, False),
        (answer(403, details=causes("NamespaceTerminating")), NamespaceTerminatingError, False),
        (answer(404), AbsentError, False),
        (answer(409), StaleError, True),
        (answer(410), GoneError, True),
        (answer(422), RefusedError, False),
        (answer(422, details=causes("FieldValueInvalid", "metadata.uid")), StaleError, True),
        (answer(422, details=causes("FieldValueInvalid", "spec.weight")), RefusedError, False),
        (answer(429), UnavailableError, True),
        (answer(500), UnavailableError, True),
        (answer(500, message="failed to create typed patch object: .spec.x"), RefusedError, False),
        (answer(500, message='Internal error occurred: failed calling webhook "a.b": refused'), WebhookError, True),
        (answer(429, message='admission webhook "a.b" denied the request: busy'), WebhookError, True),
        (answer(403, message='admission webhook "a.b" denied the request'), RefusedError, False),
        (answer(500, message='ConfigMap "failed calling webhook" is odd'), UnavailableError, True),
        (answer(503), UnavailableError, True),
        (ApiException(status=502, reason="Bad Gateway", body="<html>"), UnavailableError, True),
        (aiohttp.ClientConnectionError("refused"), UnavailableError, True),
        (TimeoutError(), UnavailableError, True),
        (ConnectionResetError("reset"), UnavailableError, True),
    ],
)
def test_kind(error: Exception, kind: type[ApiError], retriable: bool) -> None:
    seen = raised(error)
    assert type(seen) is kind
    assert seen.retriable is retriable


def test_the_message_names_the_request_and_what_the_server_said() -> None:
    assert (
        str(raised(answer(422, message="spec.weight: Invalid value")))
        == "apply configmaps a: spec.weight: Invalid value"
    )


@pytest.mark.parametrize(
    ("header", "details", "seconds"), [("3", {}, 3), (None, {"retryAfterSeconds": 2}, 2), ("x", {}, 0)]
)
def test_retry_after(header: str | None, details: dict[str, Any], seconds: float) -> None:
    error = answer(429, details=details)
    error.headers = {"Retry-After": header} if header else {}
    assert raised(error).retry_after == seconds


def test_bugs_stay_bugs() -> None:
    with pytest.raises(KeyError), typed("x"):
        raise KeyError("a")
