"""How a hotspot model is made and judged: `train` and `backtest`, with their configuration.

The backtest stands at each origin in turn, knows what was known that evening, refits everything, and forecasts the next
horizon; the study area is that of the first origin, and what occurs outside it still counts as missed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.areas import OUTSIDE, AreaSet, Floats, Grid, Ints
from features.errors import ConfigError, TooLittleHistoryError
from features.hotspot import FEATURES, WEEK, Feature, Places, VisiblePast, compute, counted, visible_past
from features.plain import read_toml
from features.vocabulary import INCIDENT_KINDS, REPORTERS, TOWNSHIP_ONLY
from models import hotspot as model
from models.hotspot import HotspotModel, Learning, Scope, poisson_deviance
from training import hotspot_metrics as metrics
from training.hotspot_metrics import Outcome

DEFAULT_CONFIG = Path(__file__).with_name("hotspot.toml")
HALF_LIVES_WEEKS = (4, 8, 13, 26, 52, 104)
RATES = (Feature("rate", 52), *(Feature("ewma", weeks) for weeks in (8, 13, 52, 104)))  # baselines read these as well
BASELINE_SHARE = 0.2  # as strong a 12-month count as this makes it, no skill is to be had from its zeros
SMALLEST_RATE = 1e-6
FEWEST_ORIGINS = 2
ENFORCEMENT_ALONE = (
    "what enforcement finds follows where it looks, and a map learned from it alone sends it there again; "
    "add `citizen` or `service` incidents."
)
SUNDAY = 3  # day % 7 of a Sunday, so that weeks run from Monday; day 0, 1970-01-01, was a Thursday


@dataclass(frozen=True)
class HotspotConfig:
    """What is forecast, from what, and how it is judged; `hotspot.toml` says what each setting means."""

    horizon_weeks: int = 4
    level: str = "cell"
    cell_size_m: int = 500
    kinds: tuple[str, ...] = INCIDENT_KINDS
    reporters: tuple[str, ...] = ("citizen", "service")
    reporting_lag_days: int = 14
    origins: int = 14
    history_weeks: int = 52
    learning_weeks: int = 208
    bootstrap_samples: int = 1000
    seed: int = 7
    learning: Learning = field(default_factory=Learning)

    @property
    def name(self) -> str:
        """The registered model: one for each level and horizon."""
        return f"hotspot-{self.level}-{self.horizon_weeks}w"

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise ConfigError("hotspot configuration: " + " ".join(faults))


@dataclass(frozen=True, eq=False)
class Backtest:
    """Figures of the recipe and its baselines, with the forecasts they come from, by name: (origins, areas)."""

    figures: dict[str, Any]
    expected: Mapping[str, Floats]
    outcome: Outcome


@dataclass(frozen=True, eq=False)
class TrainedHotspot:
    """A fitted model, how the same recipe did in the backtest, and the rows it learned from."""

    model: HotspotModel
    backtest: Backtest
    n_rows: int
    n_as_of: int
    first_as_of: int
    last_as_of: int

    @property
    def figures(self) -> dict[str, Any]:
        """The figures of the backtest."""
        return self.backtest.figures


@dataclass(frozen=True, eq=False)
class City:
    """The counted incidents of a city, its areas, and its past at every as-of date of a study."""

    scope: Scope
    areas: AreaSet
    past: VisiblePast
    table: pd.DataFrame

    def rows(self, chosen: Ints) -> pd.DataFrame:
        """Rows of the feature table of some as-of dates, given by position."""
        size = len(self.areas)
        return self.table.iloc[(chosen[:, None] * size + np.arange(size)).ravel()].reset_index(drop=True)


def load_config(path: Path = DEFAULT_CONFIG) -> HotspotConfig:
    """Configuration of a TOML file; what the file leaves out keeps its default."""
    return read_toml(path, HotspotConfig)


def train(places: Places, config: HotspotConfig) -> TrainedHotspot:
    """Model learned from all complete outcomes, with the record of its recipe in the backtest."""
    known = _counted(places, config)
    end = int(known.incidents["known_on"].max())
    city = _city(known, config, as_of=_learning_dates(known.incidents, config, end=end), study_as_of=end)
    chosen = np.arange(len(city.past.as_of))
    fitted = model.fit(
        city.rows(chosen), _outcomes(city, chosen, known_by=end).ravel(), city.scope, config.learning, FEATURES
    )
    as_of = city.past.as_of
    return TrainedHotspot(fitted, _judge(places, config), len(city.table), len(as_of), int(as_of[0]), int(as_of[-1]))


def backtest(places: Places, config: HotspotConfig) -> dict[str, Any]:
    """Figures of the recipe and its baselines at rolling origins, in the shape of the figures file."""
    return _judge(places, config).figures


def look_at(places: Places, config: HotspotConfig, *, day: int) -> pd.DataFrame:
    """area_id, as_of and the features of every area at the end of a day."""
    told = replace(places, incidents=places.incidents[places.incidents["known_on"].le(day)])
    city = _city(_counted(told, config), config, as_of=np.array([day], np.int64), study_as_of=day)
    return compute(city.past, FEATURES)


def _judge(places: Places, config: HotspotConfig) -> Backtest:
    known = _counted(places, config)
    origins = _origins(known.incidents, config)
    dates = np.union1d(_learning_dates(known.incidents, config, end=int(origins[-1])), origins)
    city = _city(known, config, as_of=dates, study_as_of=int(origins[0]))
    forecasts = [_forecasts_at(city, origin, config) for origin in np.searchsorted(dates, origins)]
    expected = {name: np.array([at_origin[name] for at_origin in forecasts]) for name in forecasts[0]}
    outcome = _outcome_at(city, origins)
    figures = _figures(expected | {"oracle_counts": outcome.observed}, outcome, config)
    return Backtest(figures, expected, outcome)


def _faults(config: HotspotConfig) -> Iterable[str]:
    if config.level not in {"cell", "township"}:
        yield f"level is `{config.level}`; expected `cell` or `township`."
    whole = ("horizon_weeks", "cell_size_m", "origins", "history_weeks", "learning_weeks", "bootstrap_samples")
    low = [name for name in whole if getattr(config, name) < 1]
    if low or config.reporting_lag_days < 0:
        yield f"{[*low, 'reporting_lag_days'][0]} is too low; expected at least one (the lag: at least zero days)."
    if config.history_weeks < model.YEAR_WEEKS:
        yield f"history_weeks is under {model.YEAR_WEEKS}; the prior needs a year."
    if unknown := {*config.kinds} - {*INCIDENT_KINDS}:
        yield f"kinds {sorted(unknown)} are unknown; expected some of {list(INCIDENT_KINDS)}."
    if config.level == "cell" and not {*config.kinds} - {*TOWNSHIP_ONLY}:
        yield f"kinds {sorted(config.kinds)} have no place finer than the township; use level `township`."
    if unknown := {*config.reporters} - {*REPORTERS}:
        yield f"reporters {sorted(unknown)} are unknown; expected some of {list(REPORTERS)}."
    if not {*config.reporters} - {"enforcement"}:
        yield f"reporters are {list(config.reporters)}; {ENFORCEMENT_ALONE}"


def _counted(places: Places, config: HotspotConfig) -> Places:
    known = counted(places.incidents, level=config.level, kinds=config.kinds, reporters=config.reporters)
    if known.empty:
        raise TooLittleHistoryError(
            "incidents: none is of the kinds and reporters of the configuration; ingest some, or change `kinds`."
        )
    if known["reported_by"].eq("enforcement").all():
        raise ConfigError(f"incidents: all of them were reported by enforcement; {ENFORCEMENT_ALONE}")
    return replace(places, incidents=known)


def _learning_dates(known: pd.DataFrame, config: HotspotConfig, *, end: int) -> Ints:
    """As-of dates a week apart whose outcomes were complete at `end`, with enough history before each; ascending."""
    last = end - WEEK * _maturity_weeks(config)
    first = max(int(known["occurred_on"].min()) + WEEK * config.history_weeks - 1, last - WEEK * config.learning_weeks)
    dates = np.arange(last, first - 1, -WEEK, dtype=np.int64)[::-1]
    if not len(dates):
        raise TooLittleHistoryError(
            f"incidents: too short a history to learn from; expected {config.history_weeks} weeks before the first "
            f"row, then {config.horizon_weeks} weeks of outcome and {config.reporting_lag_days} days of reporting lag."
        )
    return dates


def _learnable(dates: Ints, config: HotspotConfig, *, end: int) -> NDArray[np.bool_]:
    """Which as-of dates may be learned from at `end`: their outcomes are complete, and they are recent enough."""
    last = end - WEEK * _maturity_weeks(config)
    return (dates <= last) & (dates >= last - WEEK * config.learning_weeks)


def _origins(known: pd.DataFrame, config: HotspotConfig) -> Ints:
    """Sundays one horizon apart, ascending; the outcome of the last ends when the reporting lag begins."""
    last_day = int(known["known_on"].max())
    last_sunday = last_day - (last_day - SUNDAY) % WEEK
    lag_weeks = _maturity_weeks(config) - config.horizon_weeks
    horizon = WEEK * config.horizon_weeks
    dates = last_sunday - WEEK * lag_weeks - horizon * np.arange(config.origins, 0, -1, dtype=np.int64)
    earliest = int(known["occurred_on"].min()) + WEEK * (config.history_weeks + _maturity_weeks(config))
    dates = dates[dates >= earliest]
    if len(dates) < FEWEST_ORIGINS:
        raise TooLittleHistoryError(
            f"incidents: too short a history for a backtest; expected {FEWEST_ORIGINS} origins of "
            f"{config.horizon_weeks} weeks after {config.history_weeks} weeks of history."
        )
    return dates


def _maturity_weeks(config: HotspotConfig) -> int:
    return config.horizon_weeks - (-config.reporting_lag_days // WEEK)  # the lag in whole weeks, rounded up


def _city(known: Places, config: HotspotConfig, *, as_of: Ints, study_as_of: int) -> City:
    grid = _grid(known.incidents, config, study_as_of) if config.level == "cell" else None
    scope = Scope(config.level, config.horizon_weeks, config.kinds, config.reporters, grid)
    areas = model.study_areas(scope, known.incidents, known.areas, as_of=study_as_of)
    past = visible_past(known.incidents, known.effort, areas, as_of=as_of, horizon_weeks=config.horizon_weeks)
    return City(scope, areas, past, compute(past, (*FEATURES, *RATES)))


def _grid(known: pd.DataFrame, config: HotspotConfig, study_as_of: int) -> Grid:
    seen = known[known["known_on"].le(study_as_of)]
    longitude, latitude = seen["longitude"].to_numpy(float), seen["latitude"].to_numpy(float)
    return Grid.around(longitude, latitude, cell_size_m=config.cell_size_m)


def _outcomes(city: City, chosen: Ints, *, known_by: int) -> Floats:
    """Incidents that occurred in the horizon of each chosen as-of date and were known by a day, (dates, areas)."""
    run = city.past.inside
    dates, known = city.past.as_of[chosen], run.known_on <= known_by
    occurred, area = run.occurred_on[known], run.area[known]
    change = np.zeros((len(dates) + 1, len(city.areas)))
    np.add.at(change, (np.searchsorted(dates, occurred - WEEK * city.scope.horizon_weeks), area), 1.0)
    np.add.at(change, (np.searchsorted(dates, occurred), area), -1.0)
    return np.cumsum(change, axis=0)[:-1]


def _outcome_at(city: City, origins: Ints) -> Outcome:
    run = city.past.incidents
    ends = origins + WEEK * city.scope.horizon_weeks
    outside = run.occurred_on[run.area == OUTSIDE]
    missed = [((outside > origin) & (outside <= end)).sum() for origin, end in zip(origins, ends, strict=True)]
    chosen = np.searchsorted(city.past.as_of, origins)
    return Outcome(_outcomes(city, chosen, known_by=int(run.known_on.max())), np.array(missed, np.float64))


def _forecasts_at(city: City, origin: int, config: HotspotConfig) -> dict[str, Floats]:
    """Expected counts by model and area at one origin, everything fitted on what was known by then."""
    as_of = city.past.as_of
    chosen = np.flatnonzero(_learnable(as_of, config, end=int(as_of[origin])))
    learned, now = city.rows(chosen), city.rows(np.array([origin], np.int64))
    observed = _outcomes(city, chosen, known_by=int(as_of[origin])).ravel()
    fitted = model.fit(learned, observed, city.scope, config.learning, FEATURES)
    return {
        "lightgbm": model.predict(fitted, now),
        "prior": fitted.prior.expected(now, horizon_weeks=config.horizon_weeks),
        "count_12m": _smoothed(now, "rate_52w", config.horizon_weeks),
        "count_all": _smoothed(now, "rate_all", config.horizon_weeks),
        "ewma": _smoothed(now, _likeliest_rate(learned, observed, config.horizon_weeks), config.horizon_weeks),
    }


def _smoothed(table: pd.DataFrame, rate: str, horizon_weeks: int) -> Floats:
    """A weekly rate over the horizon, with a little of the mean of all areas, so that no area expects nothing."""
    own = table[rate].to_numpy(float)
    mean = table.groupby("as_of")[rate].transform("mean").to_numpy(float)
    return np.maximum((1 - BASELINE_SHARE) * own + BASELINE_SHARE * mean, SMALLEST_RATE) * horizon_weeks


def _likeliest_rate(table: pd.DataFrame, observed: Floats, horizon_weeks: int) -> str:
    """The exponential weighting that would have forecast the past best."""
    names = [Feature("ewma", weeks).name for weeks in HALF_LIVES_WEEKS]
    misfit = {name: poisson_deviance(observed, _smoothed(table, name, horizon_weeks)).sum() for name in names}
    return min(names, key=lambda name: misfit[name])


def _figures(expected: Mapping[str, Floats], outcome: Outcome, config: HotspotConfig) -> dict[str, Any]:
    weights = metrics.weightings(len(outcome.observed), samples=config.bootstrap_samples, seed=config.seed)
    reference = expected["count_12m"]
    judged = {name: metrics.ratios(rates, outcome, reference=reference) for name, rates in expected.items()}
    baselines = [name for name in judged if name not in {"lightgbm", "oracle_counts"}]
    horizon = {
        "models": {name: metrics.figures(ratio, weights) for name, ratio in judged.items()},
        "paired": {name: metrics.differences(judged["lightgbm"], judged[name], weights) for name in baselines},
    }
    counts = {
        "origins": len(outcome.observed),
        "areas": outcome.observed.shape[1],
        "incidents": int(outcome.total.sum()),
        "incidents_outside": int(outcome.outside.sum()),
    }
    return {
        "counts": counts,
        "horizons": {str(config.horizon_weeks): horizon},
        "configuration": asdict(config),
    }
