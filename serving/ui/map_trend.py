"""What single forecasts expected of the city and its districts, beside what came of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from models.track_record import CITY, Band, Caught, Total, TrackRecord
from serving.ui.charts import totals_chart
from serving.ui.texts import Texts


@dataclass(frozen=True)
class Trend:
    """The last forecasts of the city or a district, oldest first."""

    name: str
    forecasts: tuple[Total, ...]
    chart: Markup


@dataclass(frozen=True)
class Catch:
    """What one forecast, or some in a row, caught by each model, in the order of the columns; empty: not told."""

    of: Caught
    bands: tuple[Band, ...]


def trends(record: TrackRecord, names: Mapping[str, str], texts: Texts) -> tuple[Trend, ...]:
    """The trend of the city, then of each district; `names` of districts by id."""
    named = {**names, CITY: texts("map.city")}
    return tuple(
        Trend(name, each.forecasts, totals_chart(each.forecasts, texts("map.trend_of", name=name), texts))
        for each in record.totals
        for name in [named.get(each.area_id, each.area_id)]
    )


def catches(record: TrackRecord, order: Sequence[str]) -> tuple[list[str], list[Catch]]:
    """The models whose catch is told, of those in `order`, and the catch of each forecast by them."""
    told = {each.model for line in record.caught for each in line.models}
    models = [name for name in order if name in told]
    lines = [(line, {each.model: each for each in line.models}) for line in record.caught]
    return models, [Catch(line, tuple(by_model[name] for name in models if by_model)) for line, by_model in lines]
