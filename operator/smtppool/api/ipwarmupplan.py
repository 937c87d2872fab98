"""IpWarmupPlan: a daily schedule, its gates, and the servers it applies to."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from smtppool.api.base import Label, Model, Observed, Ratio, cel
from smtppool.api.conditions import Conditions
from smtppool.api.pod import Labels
from smtppool.api.units import parse_ratio

MAX_STAGES = 60


class Preset(StrEnum):
    """Published schedules; totals per address and day."""

    SPARKPOST = "sparkpost"
    SES = "ses"
    SENDGRID = "sendgrid"


class Smoothing(StrEnum):
    """How a day's budget is spread over its hours."""

    HOURLY = "Hourly"
    NONE = "None"


class Stage(Model):
    """One sending day and its total, in recipients."""

    day: Annotated[int, Field(ge=1, le=365)]
    total: Annotated[int, Field(ge=1, le=100_000_000)]


class Schedule(Model):
    """A preset grown to a target, or own stages."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                "has(self.preset) != has(self.stages)",
                "exactly one of schedule.preset and schedule.stages must be given",
            ),
            ("!has(self.preset) || has(self.target)", "schedule.preset needs a target"),
        )
    )

    preset: Preset | None = None
    target: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    stages: Annotated[
        tuple[Stage, ...] | None,
        Field(
            min_length=1,
            max_length=MAX_STAGES,
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["day"]},
        ),
    ] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.preset is None) == (self.stages is None):
            raise ValueError("exactly one of schedule.preset and schedule.stages must be given")
        if self.preset is not None and self.target is None:
            raise ValueError("schedule.preset needs a target")
        return self


class ServerSelector(Model):
    """Servers of the same namespace by labels."""

    match_labels: Annotated[Labels, Field(min_length=1)]


class Gates(Model):
    """What must hold before the next stage."""

    max_bounce_rate: Ratio = "3%"
    max_complaint_rate: Ratio = "0.1%"
    min_delivered_rate: Ratio = "95%"
    min_volume: Ratio = "90%"


class StepBack(Model):
    """What sends the plan back a stage."""

    bounce_rate: Ratio = "5%"
    complaint_rate: Ratio = "0.3%"


_MIX = cel(("self.map(key, double(self[key].split('%')[0])).sum() <= 100.000001", "mix must not sum to more than 100%"))


class IpWarmupPlanSpec(Model):
    """What the user states for a warm-up."""

    server_selector: ServerSelector
    schedule: Schedule
    mix: Annotated[dict[Label, Ratio], Field(max_length=32, json_schema_extra=_MIX)] = Field(default_factory=dict)
    gates: Gates = Field(default_factory=Gates)
    step_back: StepBack = Field(default_factory=StepBack)
    smoothing: Smoothing = Smoothing.HOURLY
    start_stage: Annotated[int, Field(ge=1, le=MAX_STAGES)] = 1

    @model_validator(mode="after")
    def _mix(self) -> Self:
        if sum(parse_ratio(share) for share in self.mix.values()) > 1.000001:
            raise ValueError("mix must not sum to more than 100%")
        return self


class IpWarmupPlanStatus(Observed):
    """What the operator observed and decided; written by the operator alone."""

    observed_generation: Annotated[int, Field(ge=0)] = 0
    servers: Annotated[int, Field(ge=0)] | None = None
    conditions: Conditions = ()
