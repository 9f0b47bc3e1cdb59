"""What stands beside the map: how past forecasts did by the card of the model, and what was observed by month."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from features.errors import SchemaError, TooLittleHistoryError
from models.champion import Champion
from serving import models
from serving.desk import Desk
from serving.hotspots import places_of
from serving.observed import MONTHS, SETTLED_DAYS, observed_year
from serving.problems import ProblemError

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2)
OURS, COUNT = "lightgbm", "count_12m"
N_YEARS = 2


@dataclass(frozen=True)
class Caught:
    """Share of the incidents of past weeks that fell in the highest areas, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class RecordLine:
    """The highest areas, as a share of all, and what they caught by our forecast and by the count of 12 months."""

    share: float
    ours: Caught
    count: Caught


@dataclass(frozen=True)
class Month:
    """Incidents observed in a month of the city; None where there may no number be told."""

    first: date
    observed: int | None


def card_of(desk: Desk, champion: Champion) -> Mapping[str, Any]:
    """The card of a promoted model; empty where its folder is gone while it answers on."""
    try:
        return models.card_of(desk.champions, champion).content
    except ProblemError:
        return {}


def record_of(card: Mapping[str, Any], weeks: int) -> tuple[RecordLine, ...]:
    """The track record in a card; empty where it holds none."""
    models = card.get("figures", {}).get("horizons", {}).get(str(weeks), {}).get("models", {})
    ours, count = models.get(OURS, {}), models.get(COUNT, {})
    names = {share: f"hit_rate@{share:g}" for share in SHARES}
    return tuple(
        RecordLine(share, _caught(ours[name]), _caught(count[name]))
        for share, name in names.items()
        if name in ours and name in count
    )


def n_forecasts(card: Mapping[str, Any]) -> int:
    """How many past forecasts the record is made of."""
    return int(card.get("figures", {}).get("counts", {}).get("origins", 0))


def months_observed(desk: Desk, as_of: date) -> tuple[Month, ...]:
    """What the city had month by month in the last settled years; empty where nothing may be told."""
    places, _ = places_of(desk)
    if places.areas is None:
        return ()
    today = desk.settings.today
    last = min(as_of.year, (today - timedelta(days=SETTLED_DAYS + 1)).year)
    years = [year for year in range(last - N_YEARS, last + 1) if today > date(year, 12, 31) + timedelta(SETTLED_DAYS)]
    months: list[Month] = []
    for year in years[-N_YEARS:]:
        try:
            table = observed_year(places.incidents, places.areas, year=year, today=today)
        except (TooLittleHistoryError, SchemaError):
            continue
        told = table.observed("city", [(month, month + 1) for month in range(MONTHS)])
        months += [Month(date(year, each.span[0] + 1, 1), each.value) for each in told]
    return tuple(months)


def _caught(figure: Mapping[str, float]) -> Caught:
    return Caught(figure["value"], figure["low"], figure["high"])
