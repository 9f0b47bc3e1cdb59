"""The settings of a hotspot model; `hotspot.toml` says what each means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from features.city_level import RECENT
from features.errors import ConfigError
from features.grids import HEXAGONS, LARGEST_M, SMALLEST_M
from features.plain import read_toml
from features.vocabulary import INCIDENT_KINDS, REPORTERS, TOWNSHIP_ONLY
from features.words import unheard
from models.hotspot import YEAR_WEEKS
from models.hotspot_fit import Learning
from models.prior import Recent
from training.hotspot_gate_choice import HotspotGate

DEFAULT_CONFIG = Path(__file__).with_name("hotspot.toml")
LONGEST_WEEKS = 8
ENFORCEMENT_ALONE = (
    "what enforcement finds follows where it looks, and a map learned from it alone sends it there again; "
    "add `citizen` or `service` incidents."
)


@dataclass(frozen=True)
class HotspotConfig:
    """What is forecast, from what, and how it is judged."""

    horizon_weeks: int = 4
    horizons_weeks: tuple[int, ...] = ()  # a model for each; none: one, of `horizon_weeks`
    level: str = "township"
    cell_size_m: int = 500
    h3_resolution: int = 0
    kinds: tuple[str, ...] = INCIDENT_KINDS
    reporters: tuple[str, ...] = ("citizen", "service")
    reporting_lag_days: int = 14
    recent_days: str = "corrected"
    at_equal_effort: bool = True
    origins: int = 14
    history_weeks: int = 52
    learning_weeks: int = 208
    bootstrap_samples: int = 1000
    seed: int = 7
    workers: int = 2
    learning: Learning = field(default_factory=Learning)
    gate: HotspotGate = field(default_factory=HotspotGate)

    @property
    def name(self) -> str:
        """The registered model: one for each level and horizon."""
        return f"hotspot-{self.level}-{self.horizon_weeks}w"

    @property
    def recent(self) -> Recent:
        """What is made of the days whose records are not complete."""
        return Recent(self.reporting_lag_days, self.recent_days)

    @property
    def maturity_weeks(self) -> int:
        """Weeks from an as-of date until its outcome is complete: the horizon and the reporting lag."""
        return self.horizon_weeks + self.recent.weeks

    @property
    def step_weeks(self) -> int:
        """Weeks between as-of dates learned from: half a horizon, since horizons that overlap more tell the same."""
        return max(1, self.horizon_weeks // 2)

    def __post_init__(self) -> None:
        faults = [*_numbers(self), *_choices(self)]
        if faults:
            raise ConfigError("hotspot configuration: " + " ".join(faults))


def load_config(path: Path = DEFAULT_CONFIG) -> HotspotConfig:
    """Configuration of a TOML file; what the file leaves out keeps its default."""
    return read_toml(path, HotspotConfig)


def at_horizons(config: HotspotConfig, horizons_weeks: Sequence[int] = ()) -> list[HotspotConfig]:
    """One configuration for each horizon asked for, else for each that it lists, else the one it is.

    >>> [each.name for each in at_horizons(HotspotConfig(), (4, 1))]
    ['hotspot-township-4w', 'hotspot-township-1w']
    """
    asked = horizons_weeks or config.horizons_weeks or (config.horizon_weeks,)
    return [replace(config, horizon_weeks=weeks, horizons_weeks=()) for weeks in dict.fromkeys(asked)]


def _numbers(config: HotspotConfig) -> Iterable[str]:
    whole = ("horizon_weeks", "origins", "history_weeks", "learning_weeks", "bootstrap_samples", "workers")
    low = [name for name in whole if getattr(config, name) < 1]
    if low or config.reporting_lag_days < 0:
        yield f"{[*low, 'reporting_lag_days'][0]} is too low; expected at least one (the lag: at least zero days)."
    if config.horizon_weeks > LONGEST_WEEKS:
        yield f"horizon_weeks is {config.horizon_weeks}; expected at most {LONGEST_WEEKS}."
    if config.history_weeks < YEAR_WEEKS:
        yield f"history_weeks is under {YEAR_WEEKS}; the prior needs a year."
    if not SMALLEST_M <= config.cell_size_m <= LARGEST_M:
        yield f"cell_size_m is {config.cell_size_m}; expected {SMALLEST_M} to {LARGEST_M}."
    if config.h3_resolution and not HEXAGONS[0] <= config.h3_resolution <= HEXAGONS[1]:
        yield f"h3_resolution is {config.h3_resolution}; expected {HEXAGONS[0]} to {HEXAGONS[1]}, or 0 for squares."


def _choices(config: HotspotConfig) -> Iterable[str]:
    if config.level not in {"cell", "township"}:
        yield f"level is `{config.level}`; expected `cell` or `township`."
    if config.recent_days not in RECENT:
        yield f"recent_days is `{config.recent_days}`; expected one of {list(RECENT)}."
    yield from (f"{fault}." for fault in unheard("kinds", config.kinds, INCIDENT_KINDS))
    if config.level == "cell" and not {*config.kinds} - {*TOWNSHIP_ONLY}:
        yield f"kinds {sorted(config.kinds)} have no place finer than the township; use level `township`."
    yield from (f"{fault}." for fault in unheard("reporters", config.reporters, REPORTERS))
    if not {*config.reporters} - {"enforcement"}:
        yield f"reporters are {list(config.reporters)}; {ENFORCEMENT_ALONE}"
