"""The configuration of a relapse model: what is predicted, for whom, when, from what, and how it is judged."""

from dataclasses import dataclass, field
from pathlib import Path

from features.cohort import Cohort
from features.errors import ConfigError
from features.plain import read_toml
from features.relapse import FeatureChoice
from models.relapse import Growth
from training.labels import Label

HERE = Path(__file__).parent


@dataclass(frozen=True)
class AsOfDates:
    """When predictions are made.

    `clock` "programme": on days since the current programme began (`judged_days`; training may use the denser
    `trained_days`). `clock` "calendar": every `every_days` up to the last mature date.
    """

    clock: str = "calendar"
    judged_days: tuple[int, ...] = ()
    trained_days: tuple[int, ...] = ()
    every_days: int = 30
    lookback_years: int = 3


@dataclass(frozen=True)
class Split:
    """How rows are kept apart: by "person", folds by the SHA-256 of the id as text, or by "time", rolling origins."""

    by: str = "time"
    folds: int = 5
    origins: int = 3
    every_days: int = 90


@dataclass(frozen=True)
class RelapseConfig:
    """A relapse task. `name` is the registered model: two tasks never share a champion."""

    name: str
    label: Label = field(default_factory=Label)
    cohort: Cohort = field(default_factory=Cohort)
    as_of: AsOfDates = field(default_factory=AsOfDates)
    features: FeatureChoice = field(default_factory=FeatureChoice)
    growth: Growth = field(default_factory=Growth)
    split: Split = field(default_factory=Split)
    calibration_folds: int = 5
    resamples: int = 1000
    seed: int = 7


def read(path: Path | None) -> RelapseConfig:
    """The configuration in the file, or the default one (90 days, any positive test)."""
    config = read_toml(path or HERE / "relapse.toml", RelapseConfig)
    _check(config)
    return config


def _check(config: RelapseConfig) -> None:
    if config.as_of.clock not in {"programme", "calendar"}:
        raise ConfigError("as_of: clock should be 'programme' or 'calendar'.")
    if config.split.by not in {"person", "time"}:
        raise ConfigError("split: by should be 'person' or 'time'.")
    if config.as_of.clock == "programme" and not config.as_of.judged_days:
        raise ConfigError("as_of: with clock = 'programme' the key judged_days lists the days to predict on.")
    if config.as_of.clock == "programme" and config.split.by == "time":
        raise ConfigError("split: by = 'time' needs a calendar; with clock = 'programme' split by 'person'.")
