"""What stands beside the map: how past forecasts did by the card of the model, and what was observed by month."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from models.champion import Champion
from serving import models
from serving.desk import Desk
from serving.hotspots import places_of
from serving.observed import SETTLED_DAYS
from serving.observed_counts import CITY, SPANS, first_of, settled_year
from serving.problems import ProblemError

SHARES = (0.05, 0.1, 0.2)
MODEL, PRIOR, COUNT, ORACLE = "lightgbm", "prior", "count_12m", "oracle_counts"
NOTHING, HALF = 0.005, 0.5  # of what the trees change, as a share of the prior
N_YEARS = 2


@dataclass(frozen=True)
class CaughtShare:
    """Share of the incidents of past weeks that fell in the highest areas, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class RecordLine:
    """What the highest areas caught by one model, for each of SHARES."""

    model: str
    caught: tuple[CaughtShare, ...]


@dataclass(frozen=True)
class Carried:
    """Which of prior and trees carries the forecast, and whether the trees were surely better: keys of texts."""

    by: str
    change: float  # mean share by which the trees change what the prior says
    judged: str


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


def record_of(card: Mapping[str, Any], weeks: int, order: Sequence[str]) -> tuple[RecordLine, ...]:
    """The track record in a card, of those models in `order` that it judged; empty where it holds none."""
    models, names = _horizon(card, weeks).get("models", {}), [f"hit_rate@{share:g}" for share in SHARES]
    return tuple(
        RecordLine(model, tuple(_caught(models[model][name]) for name in names))
        for model in order
        if model != ORACLE and model in models and all(_is_told(models[model].get(name)) for name in names)
    )


def carried(card: Mapping[str, Any], weeks: int) -> Carried | None:
    """Which of prior and trees carries the forecast; None where the card does not say."""
    horizon = _horizon(card, weeks)
    told, paired = horizon.get("trees_over_prior"), horizon.get("paired", {}).get(PRIOR, {}).get("deviance_skill")
    if told is None or paired is None or paired["low"] is None:
        return None
    change = math.expm1(told["mean_abs_log_ratio"])
    by = "prior_alone" if change < NOTHING else "prior" if change < HALF else "trees"
    judged = "better" if paired["low"] > 0 else "worse" if paired["high"] < 0 else "alike"
    return Carried(by, change, judged)


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
        if table := settled_year(places, year, desk.settings):
            told = table.observed(CITY, SPANS["month"])
            months += [Month(first_of(year, each.span[0]), each.value) for each in told]
    return tuple(months)


def _horizon(card: Mapping[str, Any], weeks: int) -> Mapping[str, Any]:
    horizon: Mapping[str, Any] = card.get("figures", {}).get("horizons", {}).get(str(weeks), {})
    return horizon


def _is_told(figure: Mapping[str, float | None] | None) -> bool:
    return figure is not None and None not in figure.values()


def _caught(figure: Mapping[str, float]) -> CaughtShare:
    return CaughtShare(figure["value"], figure["low"], figure["high"])
