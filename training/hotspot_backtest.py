"""The backtest of a hotspot model: at each origin in turn know what was known that evening, refit everything, forecast.

The study area is that of the first origin, and what occurs outside it still counts as missed. Nothing is carried from
one origin to the next: an origin is judged by a function of the study and its date alone, so they run side by side.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from features.arrays import Floats
from features.errors import TooLittleHistoryError
from features.hotspot import FEATURES, Places
from models import hotspot as model
from models.hotspot import PRIOR, Dispersions
from models.hotspot_baselines import Baselines
from models.hotspot_fit import dispersions_of, fit
from models.prior import windows_before
from training import hotspot_metrics as metrics
from training.hotspot_config import HotspotConfig
from training.hotspot_metrics import Outcome, Told
from training.hotspot_record import Judged, Seen, record_of
from training.hotspot_study import Study, counted_places, origins_of, study_of

MODEL = "lightgbm"
REFERENCE = "count_12m"
ORACLE = "oracle_counts"


@dataclass(frozen=True, eq=False)
class Backtest:
    """Figures of the recipe and its baselines, with the forecasts they come from, by name: (origins, areas)."""

    figures: dict[str, Any]
    expected: Mapping[str, Floats]
    outcome: Outcome


@dataclass(frozen=True, eq=False)
class AtOrigin:
    """What every model forecast at one origin, and how far the trees were trusted there."""

    expected: Mapping[str, Floats]  # (areas,)
    dispersions: Mapping[str, Dispersions]
    trust: float


def judge(places: Places, config: HotspotConfig) -> Backtest:
    """The recipe and its baselines at rolling origins, judged by what came."""
    known = counted_places(places, config)
    origins = origins_of(known.incidents, config)
    study = study_of(known, config, day=int(origins[-1]), study_as_of=int(origins[0]))
    outcome = study.outcome_at(origins)
    if not outcome.observed.any():
        raise TooLittleHistoryError(
            "incidents: none came inside the areas in any horizon judged, so no forecast can be told from another; "
            "expected some, or more origins."
        )
    with ThreadPoolExecutor(config.workers) as workers:
        made = list(workers.map(partial(forecasts_at, study, Baselines(study.evidence), config), origins.tolist()))
    told = {name: _told(made, name) for name in made[0].expected}
    told[ORACLE] = Told(outcome.observed, np.zeros((len(origins), 3)))
    by_models = {name: each for name, each in told.items() if name != ORACLE}
    record = record_of(
        Judged(origins, by_models, Seen.of(known, study.evidence.past.areas), config.horizon_weeks), MODEL
    )
    figures = _figures(told, outcome, config, {"trees_over_prior": _carried(made), "record": record})
    return Backtest(figures, {name: each.expected for name, each in by_models.items()}, outcome)


def forecasts_at(study: Study, baselines: Baselines, config: HotspotConfig, origin: int) -> AtOrigin:
    """What each model forecasts at one origin, everything fitted on what was known by then."""
    at = int(np.searchsorted(study.as_of, origin))
    lessons = study.lessons(config, day=origin)
    fitted = fit(lessons, study.scope, config.learning, FEATURES)
    windows = windows_before(study.evidence, origin)
    by_prior = fitted.prior.expected(study.evidence)
    now = lessons.rows(np.array([at], np.int64)).assign(**{PRIOR: by_prior[at]})
    simple = baselines.forecasts(windows, at)
    spread = {name: dispersions_of(windows.observed, each.behind, study.evidence) for name, each in simple.items()}
    return AtOrigin(
        {
            MODEL: model.predict(fitted, now, threads=config.learning.threads),
            "prior": by_prior[at],
            **{name: each.ahead for name, each in simple.items()},
        },
        {MODEL: fitted.dispersions, "prior": fitted.dispersions, **spread},
        fitted.trust,
    )


def backtests(places: Places, configs: Sequence[HotspotConfig]) -> dict[str, Any]:
    """The figures of several horizons in one; counts of the first, and each horizon's own beside its models."""
    told = [judge(places, config).figures for config in configs]
    horizons = {horizon: part for figures in told for horizon, part in figures["horizons"].items()}
    return {**told[0], "horizons": horizons}


def _told(made: Sequence[AtOrigin], name: str) -> Told:
    dispersions = [[each.area, each.parent, each.city] for each in (at.dispersions[name] for at in made)]
    return Told(np.array([at.expected[name] for at in made]), np.array(dispersions, np.float64))


def _carried(made: Sequence[AtOrigin]) -> dict[str, float]:
    """Which of prior and trees carries the forecast: mean absolute log of their ratio, and the trust in the trees."""
    log_ratio = [np.abs(np.log(at.expected[MODEL] / at.expected["prior"])).mean() for at in made]
    return {"mean_abs_log_ratio": float(np.mean(log_ratio)), "trust": float(np.mean([at.trust for at in made]))}


def _figures(
    told: Mapping[str, Told], outcome: Outcome, config: HotspotConfig, more: Mapping[str, Any]
) -> dict[str, Any]:
    weights = metrics.weightings(len(outcome.observed), samples=config.bootstrap_samples, seed=config.seed)
    reference, dispersion = told[REFERENCE], told["prior"].dispersions[:, 0]
    judged = {
        name: metrics.ratios(each, outcome, reference=reference, dispersion=dispersion) for name, each in told.items()
    }
    baselines = [name for name in judged if name not in {MODEL, ORACLE}]
    counts = _counts(outcome)
    horizon = {
        "counts": counts,
        "models": {name: metrics.figures(ratio, weights) for name, ratio in judged.items()},
        "paired": {name: metrics.differences(judged[MODEL], judged[name], weights) for name in baselines},
        **more,
        "provident": _provident(told[MODEL].expected, outcome, weights),
    }
    return {"counts": counts, "horizons": {str(config.horizon_weeks): horizon}, "configuration": asdict(config)}


def _provident(expected: Floats, outcome: Outcome, weights: Floats) -> dict[str, Any]:
    """The standing line of the report: what a fifth of the areas held, one in each district where any is known."""
    held = metrics.figures({"held": metrics.standing(expected, outcome)}, weights)["held"]
    return {
        "share_of_areas": metrics.STANDING_SHARE,
        "one_in_each_district": outcome.districts is not None,
        "aim": metrics.STANDING_AIM,
        "held": held,
        "reached": (held["value"] or 0.0) >= metrics.STANDING_AIM,
    }


def _counts(outcome: Outcome) -> dict[str, int]:
    districts = set() if outcome.districts is None else {*outcome.districts.tolist()}
    return {
        "origins": len(outcome.observed),
        "areas": outcome.observed.shape[1],
        "districts": len(districts),
        "incidents": int(outcome.total.sum()),
        "incidents_outside": int(outcome.outside.sum()),
        "incidents_without_place": outcome.n_unplaced,
    }
