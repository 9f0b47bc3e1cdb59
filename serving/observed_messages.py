"""The messages of the table of observed counts."""

from datetime import date
from typing import Literal

from pydantic import Field

from serving.messages import Language, Message

ObservedLevel = Literal["city", "district", "township"]  # cells are too thin for observed counts
Period = Literal["year", "quarter", "month"]


class ObservedCount(Message):
    """Incidents of an area in a period; null where a count under ten could be had from it."""

    area_id: str
    name: str
    first_day: date
    last_day: date
    value: int | None = Field(ge=0)
    suppressed: bool


class ObservedCounts(Message):
    """Observed counts of a calendar year, so suppressed that no subtraction gives one under ten."""

    counts: list[ObservedCount]
    year: int
    level: ObservedLevel
    by: Period
    note: str
    noise_epsilon: float | None = Field(description="Budget of the noise on each margin of the table; null: none.")
    language: Language
    snapshot: str
