"""What a list finds that no watch told is looked at, also when the next list, or its next page, fails."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from smtppool.api.names import Key
from smtppool.control import operator as module
from smtppool.control.operator import Operator
from smtppool.kube.cache import Ref
from smtppool.kube.errors import UnavailableError
from smtppool.kube.kinds import POD


class EnoughError(Exception):
    """Ends the loop."""


@pytest.mark.parametrize(
    ("outcome", "looks"),
    [([Ref(POD, Key("mail", "a"))], 1), ([], 0), (UnavailableError("the second page"), 1)],
    ids=["news", "no news", "failed half way"],
)
async def test_news_of_a_resync(monkeypatch: pytest.MonkeyPatch, outcome: Any, looks: int) -> None:
    monkeypatch.setattr(module, "RESYNC_SECONDS", 0)
    monkeypatch.setattr(module, "resync", AsyncMock(side_effect=[outcome, EnoughError]))
    operator: Any = SimpleNamespace(_api=Mock(), _context=Mock(), _dispatcher=Mock())
    with pytest.raises(EnoughError):
        await Operator._resync(operator)
    assert operator._dispatcher.everything.call_count == looks
