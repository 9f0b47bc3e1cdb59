"""What goes out of areas: forecasts and warnings, so rounded that no small count shows."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from serving.messages import AreaLevel, ForecastLevel, Language, Message, Model


class AreaReason(Message):
    """What a family of features adds to the log of the expected count, rounded. Never a cause; null: not told.

    All six families are told of each area, the strongest first; `base`, common to all areas, where it is not nothing.
    """

    code: Literal["base", "level", "recent", "neighbours", "city", "season", "effort"]
    value: float | None = Field(description="Of `level`: incidents in the 52 weeks to the last fourth Sunday, in tens.")
    suppressed: bool = Field(description="There is a contribution and it may not be told.")
    contribution: float | None = Field(description="Zero where it rounds to nothing.")
    step: float | None = Field(description="What the contribution is rounded to; wider where less is expected.")
    direction: Literal["raises", "lowers", "none"] | None = Field(description="`none`: it rounds to nothing.")
    text: str
    effect: str | None = Field(
        description="The direction in words; of `none` how much less; that nothing is held of it."
    )


class AreaEstimate(Message):
    """What is expected of an area, so rounded that no count under ten can be had from it, contributions included."""

    area_id: str
    level: ForecastLevel
    name: str
    expected: float = Field(ge=0, description="Incidents in the weeks after known_by, rounded down to a band.")
    expected_below: float = Field(ge=0, description="The upper end of that band.")
    low: float = Field(ge=0, description="Lower end of the 90 % interval of the band.")
    high: float = Field(ge=0, description="Upper end of the 90 % interval of the band.")
    among_highest: float = Field(
        gt=0,
        le=1,
        description="Share of the areas, one at least, that are the highest and hold this; 1 where no less is told.",
    )
    text: str
    reasons: list[AreaReason]


class Area(Message):
    """A GeoJSON feature in WGS 84."""

    type: Literal["Feature"] = "Feature"
    geometry: dict[str, Any] | None
    properties: AreaEstimate


class Forecast(Message):
    """A GeoJSON feature collection, with where it comes from beside it."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[Area]
    note: str = Field(description="That counts and contributions are rounded, and why.")
    noise_epsilon: float | None = Field(description="Budget of the noise on the expected counts; null: none.")
    answer_id: str = Field(description="What `waystation replay` makes the same forecast again by.")
    as_of: date
    known_by: date = Field(
        description="The Sunday by which all of it was known, the same for all of a week; its weeks begin after."
    )
    weeks: int
    level: ForecastLevel
    language: Language
    model: Model
    snapshot: str


class AreaWarning(Message):
    """A place in which clearly more came in the last weeks than was forecast; so rounded that no small count shows."""

    level: str = Field(description="Level of the place named: cell, township, district, larger or city.")
    area_id: str
    name: str
    rings: int = Field(ge=0, description="How many rings of areas about the one named belong to the place.")
    area_ids: list[str] = Field(description="The areas of the model's level that the place is made of.")
    first_day: date
    last_day: date
    observed: int | None = Field(description="Incidents known of those days, rounded down to tens; null under ten.")
    suppressed: bool
    expected: float = Field(ge=0, description="What was forecast before those days, rounded down to a band.")
    expected_below: float = Field(gt=0, description="The upper end of that band.")
    recurrence_weeks: int = Field(description="With a scan a week chance brings such a warning less than once in this.")
    text: str


class Warnings(Message):
    """The warnings of a day, the least likely first; none is an answer too."""

    warnings: list[AreaWarning]
    false_alarms: float = Field(description="Share of quiet days that have a warning by chance.")
    note: str
    answer_id: str = Field(description="What `waystation replay` makes the same warnings again by.")
    as_of: date
    weeks: int = Field(description="The horizon of the model that forecast.")
    level: AreaLevel
    language: Language
    model: Model
    snapshot: str
