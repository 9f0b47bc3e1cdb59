"""The configuration of a relapse model: what is predicted, for whom, when, from what, and how it is judged."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from operator import attrgetter
from pathlib import Path

from features.cohort import Cohort
from features.errors import ConfigError
from features.plain import read_toml
from features.relapse import FeatureChoice
from features.statutes import SCHEDULES
from features.vocabulary import PROGRAMMES
from features.words import unheard
from models.curves import CURVES, LINE
from models.relapse import Growth
from training.gate_choice import GateChoice, Statements
from training.labels import Label

HERE = Path(__file__).parent
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"  # of a registered model, and of files
TINY = 1e-9
# The least and the most that each number may be.
BOUNDS: dict[str, tuple[float, float]] = {
    "label.horizon_days": (1, inf),
    "label.reporting_lag_days": (0, inf),
    "cohort.minimum_tests": (0, inf),
    "cohort.washout_days": (0, inf),
    "as_of.every_days": (1, inf),
    "as_of.trained_every_days": (0, inf),
    "as_of.lookback_years": (1, inf),
    "growth.rounds": (1, inf),
    "growth.learning_rate": (TINY, 1),
    "growth.num_leaves": (2, inf),
    "growth.min_data_in_leaf": (0, inf),
    "growth.feature_fraction": (TINY, 1),
    "growth.bagging_fraction": (TINY, 1),
    "growth.bagging_freq": (0, inf),
    "growth.lambda_l1": (0, inf),
    "growth.lambda_l2": (0, inf),
    "growth.max_bin": (2, inf),
    "growth.seeds": (1, inf),
    "growth.num_threads": (1, inf),
    "tuning.trials": (0, inf),
    "tuning.folds": (2, inf),
    "tuning.most_rounds": (1, inf),
    "fit.calibration_folds": (2, inf),
    "fit.linear_strength": (0, inf),
    "fit.refits": (0, inf),
    "split.folds": (2, inf),
    "split.origins": (1, inf),
    "split.every_days": (1, inf),
    "split.last_years_days": (0, inf),
    "resamples": (1, inf),
}


@dataclass(frozen=True)
class AsOfDates:
    """When predictions are made.

    `clock` "programme": on days since the current programme began (`judged_days`; training may use the denser
    `trained_days`). `clock` "calendar": every `every_days` up to the last mature date; `trained_every_days`, when not
    0, is how far the dates learned from lie apart instead.
    """

    clock: str = "calendar"
    judged_days: tuple[int, ...] = ()
    trained_days: tuple[int, ...] = ()
    every_days: int = 30
    trained_every_days: int = 0
    lookback_years: int = 3


@dataclass(frozen=True)
class Split:
    """How rows are kept apart: by "person", folds by the SHA-256 of the id as text, or by "time", rolling origins.

    "both": by time, and by person beside. `last_years_days`: a model so many days older than each origin is judged
    beside, as last year's champion; 0 for none.
    """

    by: str = "time"
    folds: int = 5
    origins: int = 3
    every_days: int = 90
    last_years_days: int = 0


@dataclass(frozen=True)
class Fit:
    """How a model is fitted, beside the growth of its trees.

    `calibration`: "platt", a line in the log-odds, or "beta", "isotonic", "venn_abers", whose bend is told as a reason.
    `linear_shares`: how much the linear part may count, chosen on training folds alone; (0,) for trees alone.
    `weighted`: learned rows stand for the unobserved, too. `monotone`: the directions the field is sure of are kept.
    `stop_early`: after as many rounds as did best on persons not seen. `refits`: on resampled persons, for the interval
    of each risk; 0 for none.
    """

    calibration: str = LINE
    calibration_folds: int = 5
    linear_shares: tuple[float, ...] = (0.0,)
    linear_strength: float = 0.002
    weighted: bool = True
    monotone: bool = True
    stop_early: bool = True
    refits: int = 10


@dataclass(frozen=True)
class Tuning:
    """The budget of the search: trials (0 for none), folds of persons, and the most rounds a trial may take."""

    trials: int = 0
    folds: int = 3
    most_rounds: int = 600
    shown: bool = False


@dataclass(frozen=True)
class Use:
    """How a list is used: how many persons a worker can see, and from which risks on help may be offered."""

    persons_a_worker: tuple[int, ...] = (30, 5)
    thresholds: tuple[float, ...] = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True)
class RelapseConfig:
    """A relapse task. `name` is the registered model: two tasks never share a champion.

    `horizons_days`: one model is made for each; when empty, one for the horizon of the label. `statements_en`: the
    operator's statements once more, for the card in English, where they are not English already.
    """

    name: str
    label: Label = field(default_factory=Label)
    cohort: Cohort = field(default_factory=Cohort)
    as_of: AsOfDates = field(default_factory=AsOfDates)
    features: FeatureChoice = field(default_factory=FeatureChoice)
    growth: Growth = field(default_factory=Growth)
    tuning: Tuning = field(default_factory=Tuning)
    fit: Fit = field(default_factory=Fit)
    split: Split = field(default_factory=Split)
    use: Use = field(default_factory=Use)
    gate: GateChoice = field(default_factory=GateChoice)
    statements: Statements = field(default_factory=Statements)
    statements_en: Statements = field(default_factory=Statements)
    resamples: int = 1000
    seed: int = 7
    horizons_days: tuple[int, ...] = ()


def read(path: Path | None) -> RelapseConfig:
    """The configuration in the file, or the default one (90 days, any positive test)."""
    config = read_toml(path or HERE / "relapse.toml", RelapseConfig)
    _check(config)
    return config


def read_all(path: Path | None, horizons_days: Sequence[int] = ()) -> list[RelapseConfig]:
    """One configuration for each horizon asked for, else for each that the file lists, else the one it describes."""
    config = read(path)
    asked = horizons_days or config.horizons_days or (config.label.horizon_days,)
    return [at_horizon(config, days) for days in dict.fromkeys(asked)]


def at_horizon(config: RelapseConfig, days: int) -> RelapseConfig:
    """The same task with another horizon, and a name that carries it.

    >>> at_horizon(RelapseConfig("relapse-90d"), 28).name, at_horizon(RelapseConfig("relapse-ctn"), 28).name
    ('relapse-28d', 'relapse-ctn-28d')
    """
    if days < 1:
        raise ConfigError("horizon_days: a horizon is at least one day.")
    if days == config.label.horizon_days:
        return replace(config, horizons_days=())
    name = f"{re.sub('-[0-9]+d$', '', config.name)}-{days}d"
    return replace(config, name=name, label=replace(config.label, horizon_days=days), horizons_days=())


def _check(config: RelapseConfig) -> None:
    found = [*_beyond(config), *_faults(config)]
    if found:
        raise ConfigError("; ".join(found) + ".")


def _beyond(config: RelapseConfig) -> Iterator[str]:
    """Numbers below the least or above the most that can be meant."""
    for key, (least, most) in BOUNDS.items():
        value = attrgetter(key)(config)
        if not least <= value <= most:
            yield f"{key} is {value}; expected {least:g} or more" + (f", at most {most:g}" if most < inf else "")
    days = {"horizons_days": config.horizons_days, "as_of.judged_days": config.as_of.judged_days}
    days |= {"as_of.trained_days": config.as_of.trained_days, "features.lookbacks_days": config.features.lookbacks_days}
    days |= {"features.rare_lookbacks_days": config.features.rare_lookbacks_days}
    yield from (
        f"{key} lists {min(listed)}; expected days, 1 or more"
        for key, listed in days.items()
        if min(listed, default=1) < 1
    )


def _faults(config: RelapseConfig) -> Iterator[str]:
    if not re.fullmatch(NAME, config.name):
        yield "name: expected letters, digits, `.`, `_` and `-`, the first a letter or digit"
    if config.as_of.clock not in {"programme", "calendar"}:
        yield "as_of: clock should be 'programme' or 'calendar'"
    yield from unheard("cohort: programmes", config.cohort.programmes, PROGRAMMES)
    yield from unheard("features: programmes", config.features.programmes, PROGRAMMES)
    yield from unheard("features: schedule", [config.features.schedule], tuple(SCHEDULES))
    if config.split.by not in {"person", "time", "both"}:
        yield "split: by should be 'person', 'time' or 'both'"
    if config.fit.calibration not in {LINE, *CURVES}:
        yield f"fit: calibration should be one of {', '.join((LINE, *CURVES))}"
    if not config.fit.linear_shares or not all(0 <= share < 1 for share in config.fit.linear_shares):
        yield "fit: linear_shares lists numbers from 0 to below 1"
    yield from _lists(config)
    if config.as_of.clock == "programme" and not config.as_of.judged_days:
        yield "as_of: with clock = 'programme' the key judged_days lists the days to predict on"
    if config.as_of.clock == "programme" and config.split.by != "person":
        yield "split: by = 'time' needs a calendar; with clock = 'programme' split by 'person'"


def _lists(config: RelapseConfig) -> Iterator[str]:
    """Lists that are too short for what is made of them, or hold what cannot be meant."""
    features, use = config.features, config.use
    if len(features.lookbacks_days) < 1 + features.programme_only:  # a trial's features look at two of them
        yield f"features: lookbacks_days lists {len(features.lookbacks_days)}; expected a lookback, in a trial two"
    if not features.substances:
        yield 'features: substances lists none; expected one at least, "" for any'
    if min(use.persons_a_worker, default=0) < 1:
        yield "use: persons_a_worker lists none, or fewer than 1; expected how many persons a worker can see"
    if not all(0 < threshold < 1 for threshold in use.thresholds):
        yield "use: thresholds lists risks, each above 0 and below 1"
    if config.gate.slopes[0] >= config.gate.slopes[1]:
        yield "gate: slopes is the least and the most that passes, in this order"
