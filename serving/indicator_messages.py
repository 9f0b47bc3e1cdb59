"""The messages of the city indicators."""

from datetime import date

from pydantic import Field

from serving.messages import Language, Message


class IndicatorFigure(Message):
    """One area and quarter; null where a number under ten could be had from it, or where there is no case."""

    area_id: str
    name: str
    first_day: date
    last_day: date
    numerator: int | None = Field(ge=0)
    denominator: int | None = Field(ge=0)
    share: float | None
    low: float | None
    high: float | None
    stopped: bool = Field(description="The records of all had stopped long before last_day: no point of a trend.")


class Indicator(Message):
    """An indicator of the city by quarter, the oldest first, and of each district in the last quarter."""

    code: str
    name: str
    definition: str
    trend: list[IndicatorFigure]
    districts: list[IndicatorFigure]


class CityIndicators(Message):
    """All indicators of the last quarter over by the day asked for, as known by the end of each quarter."""

    indicators: list[Indicator]
    as_of: date
    note: str
    stopped: str | None = Field(
        description="That the records of all had stopped long before as_of; null: they had not."
    )
    language: Language
    snapshot: str
