"""Whose silence proves nothing after a write that failed: everybody's, or that of one namespace."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from smtppool.api.names import Key
from smtppool.control.context import SETTLING, Context
from smtppool.control.operator import Operator
from smtppool.control.reading import Reader
from smtppool.kube.cache import Cache
from smtppool.kube.errors import ApiError, RefusedError, UnavailableError, WebhookError
from tests.unit.control.bodies import NOW

HELD_UP, OTHER = Key("held-up", "marketing"), Key("mail", "marketing")
SETTLED = NOW - timedelta(hours=1)


def context() -> Context:
    unused: dict[str, Any] = dict.fromkeys(
        ("settings", "api", "gatherer", "neighbours", "writer", "marker", "statuses", "recorder")
    )
    return Context(**unused, cache=Cache(), reader=Reader(), clock=lambda: NOW, settled_at=SETTLED)


@pytest.mark.parametrize(
    ("error", "there", "elsewhere"),
    [
        (UnavailableError("refused"), NOW + SETTLING, NOW + SETTLING),
        (WebhookError("failed calling webhook"), NOW + SETTLING, SETTLED),
        (RefusedError("wrong"), SETTLED, SETTLED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ApiError) else "",
)
async def test_after_an_error(error: ApiError, there: object, elsewhere: object) -> None:
    found = context()
    operator: Any = SimpleNamespace(_context=found, _metrics=Mock(timed=lambda _, work: work))
    with pytest.raises(type(error)):
        await Operator._pass(operator, "servers", Mock(side_effect=error))(HELD_UP)
    assert found.in_force(HELD_UP).settled_at == there
    assert found.in_force(OTHER).settled_at == elsewhere


def test_what_is_over_is_forgotten() -> None:
    found = context()
    found.unsettle_in("a")
    found.clock = lambda: NOW + SETTLING
    found.unsettle_in("b")
    assert found.settling.keys() == {"b"}
