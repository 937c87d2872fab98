"""The part of a pool that says when a member leaves the traffic, and when it returns."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from smtppool.api.base import Model, Ratio, Score, cel
from smtppool.api.units import parse_ratio


class HealthAction(StrEnum):
    """What a member below the limit gets."""

    CORDON = "Cordon"
    HAND_OVER = "HandOver"
    SCALE_DOWN = "ScaleDown"


class HealthWeights(Model):
    """Shares of the score in percent; they sum to 100."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                "self.delivery + self.bounce + self.responseTime + self.uptime == 100",
                "health.weights must sum to 100",
            )
        )
    )

    delivery: Score = 40
    bounce: Score = 30
    response_time: Score = 15
    uptime: Score = 15

    @model_validator(mode="after")
    def _sum(self) -> Self:
        if self.delivery + self.bounce + self.response_time + self.uptime != 100:
            raise ValueError("health.weights must sum to 100")
        return self


_ORDER = "health.restoreAt must not be below health.removeBelow"
_SOME_BOUNCES = "health.maxBounceRate must be above 0%: every relay has some bounces, so all would be taken out"


class Health(Model):
    """When a member leaves the traffic, and when it returns."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("self.restoreAt >= self.removeBelow", _ORDER),
            ("self.maxBounceRate.matches('[1-9]')", _SOME_BOUNCES),
        )
    )

    weights: HealthWeights = Field(default_factory=HealthWeights)
    remove_below: Score = 70
    restore_at: Score = 80
    min_samples: Annotated[int, Field(ge=1, le=1000000)] = 50
    max_bounce_rate: Ratio = "3%"
    action: HealthAction = HealthAction.CORDON

    @model_validator(mode="after")
    def _limits(self) -> Self:
        if self.restore_at < self.remove_below:
            raise ValueError(_ORDER)
        if not parse_ratio(self.max_bounce_rate):
            raise ValueError(_SOME_BOUNCES)
        return self
