"""What a scrape is told of the facts."""

from collections.abc import Iterable
from typing import Any

import pytest
from prometheus_client.core import Metric

from smtppool.agent.facts import Facts
from smtppool.agent.metrics import _egress
from smtppool.api.documents import EgressCheckOrder, EgressObservation, Grant

EXPECTED = "198.51.100.7"
ORDER = EgressCheckOrder(endpoint="smtp://echo.example.net", expected=EXPECTED)


def values(metrics: Iterable[Metric]) -> dict[str, float]:
    return {sample.name: sample.value for metric in metrics for sample in metric.samples}


def seen(**fields: Any) -> EgressObservation:
    return EgressObservation(**fields)


@pytest.mark.parametrize(
    ("order", "observation", "verified"),
    [
        (ORDER, seen(observed_address=EXPECTED), 1),
        (ORDER, seen(), 0),
        (ORDER, seen(observed_address="203.0.113.9"), 0),
        (ORDER, seen(observed_address=EXPECTED, error="no answer"), 0),
        (ORDER, seen(error="no answer"), 0),
        (None, seen(observed_address=EXPECTED), 0),
        (EgressCheckOrder(expected=EXPECTED), seen(), None),
        (EgressCheckOrder(expected=EXPECTED), seen(observed_address=EXPECTED), None),
    ],
    ids=["right", "not yet", "wrong", "fails now", "never seen", "no grant", "Off", "Off after a check"],
)
def test_egress_is_verified_by_the_expected_address_alone(
    order: EgressCheckOrder | None, observation: EgressObservation, verified: float | None
) -> None:
    grant = Grant(server="mx1", egress_check=order) if order else None
    told = values(_egress(Facts(grant=grant, egress=observation)))
    assert told == ({} if verified is None else {"smtppool_egress_verified": verified})
