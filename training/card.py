"""The card of a model: what it is for, what it must not be used for, from what it was made and how it did."""

from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from features.plain import to_plain
from features.vocabulary import PROTECTED, PURPOSES, REFUSED_PURPOSES
from training.config import RelapseConfig
from training.hotspot import TrainedHotspot
from training.hotspot_config import HotspotConfig
from training.judgement import plain
from training.relapse import Backtest, Trained
from training.track import git_revision

INTENDED_USE = (
    "An aid to judgement for workers of rehabilitation stations: who may need help first, with the reasons. "
    "A person may refuse a score made by machine alone; a score expires."
)
REFUSED_USE = (
    "No ground for sanctions, no input to policing, no ranking of persons for punishment, no tracking of movement. "
    "Reasons are contributions to an estimate, not causes."
)

HOTSPOT_USE = "Where help (outreach, naloxone, treatment places) will be needed in the coming weeks, by area."
HOTSPOT_REFUSED = "No patrol planning, no ranking of townships for blame, nothing about a person or an address."


def relapse_card(
    trained: Trained, config: RelapseConfig, fairness: dict[str, Any], *, snapshot: str, snapshot_day: int
) -> dict[str, Any]:
    """The card of a relapse model as plain values."""
    facts = {*config.features.facts, *(column for column, _ in config.features.facts_are)}
    return {
        "name": config.name,
        "task": "relapse",
        "intended_use": INTENDED_USE,
        "purposes": list(PURPOSES),
        "refused_use": REFUSED_USE,
        "refused_purposes": list(REFUSED_PURPOSES),
        "protected_attributes_used": sorted(facts & set(PROTECTED)),
        "horizon_days": config.label.horizon_days,
        "cohort": to_plain(config.cohort),
        "label": to_plain(config.label),
        "snapshot": snapshot,
        "snapshot_day": snapshot_day,
        "trained_on": {
            "rows": len(trained.rows.times),
            "persons": int(trained.rows.times["person_id"].nunique()),
            "positives": int(trained.rows.relapse.sum()),
            "features": len(trained.model.features),
            "stations": int(trained.rows.times["station"].nunique()),
            "monotone": config.fit.monotone,
        },
        "features": trained.model.columns,
        "recipe": to_plain(config),
        "statements": to_plain(config.statements),
        "statements_en": to_plain(config.statements_en),
        "code": {"version": _version(), "revision": git_revision(Path(__file__).parent)},
        "figures": relapse_figures(trained.backtest) | {"fairness": fairness},
        "limits": [
            "Judged on detected relapse: what no test saw is not in the label.",
            "Intervals are by resampling persons; they do not cover a change of practice.",
            "Where a group is tested more, it is found more; see found and surprise tests in the fairness audit.",
            "The interval of a risk is that of people with such a history, not of one person.",
        ],
    }


def hotspot_card(trained: TrainedHotspot, config: HotspotConfig, *, snapshot: str) -> dict[str, Any]:
    """The card of a hotspot model as plain values."""
    return {
        "name": config.name,
        "task": "hotspot",
        "intended_use": HOTSPOT_USE,
        "refused_use": HOTSPOT_REFUSED,
        "refused_purposes": list(REFUSED_PURPOSES),
        "horizon_weeks": config.horizon_weeks,
        "level": config.level,
        "kinds": list(config.kinds),
        "reporters": list(config.reporters),
        "snapshot": snapshot,
        "snapshot_day": trained.snapshot_day,
        "at_equal_effort": trained.model.scope.at_equal_effort,
        "trained_on": {
            "rows": trained.n_rows,
            "as_of_dates": trained.n_as_of,
            "areas": trained.figures["counts"]["areas"],
        },
        "features": [feature.name for feature in trained.model.features],
        "recipe": to_plain(config),
        "figures": dict(trained.figures),
        "limits": [
            "Incidents that nobody reported are not in the counts; where more is tested, more is found.",
            "Most of what differs from week to week is chance; hit rates move little whatever the model.",
        ],
    }


def relapse_figures(backtest: Backtest) -> dict[str, Any]:
    """The figures file of a relapse backtest: counts, models, paired differences, and what else was judged."""
    return {
        "counts": {**asdict(backtest.counts), "why_unobserved": backtest.why_unobserved},
        "models": plain(backtest.models),
        "paired": plain(backtest.paired),
        **backtest.more,
    }


def _version() -> str:
    """The version of this program; "unknown" where it runs without having been installed."""
    try:
        return version("waystation")
    except PackageNotFoundError:
        return "unknown"
