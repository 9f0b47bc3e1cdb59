"""From the store to a tracked model: snapshot, history, training, artifact, run.

These stories are what the command line calls; each step is named to `told`, which may show progress.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import lightgbm as lgb
import pandas as pd

from features.errors import ConfigError
from features.home import Home
from features.hotspot import Places
from features.partitions import Task
from features.relapse import chosen
from features.schema import days_since_epoch
from features.snapshot import Snapshot
from models import artifact, challenger, champion
from models.challenger import Challenger
from training import card, hotspot, hotspot_backtest, relapse, track
from training.capacity import workers_of
from training.card_page import pages_in, relapse_pages
from training.config import RelapseConfig, read, read_all
from training.fairness import Audit, Registers, audit, groups_of
from training.heard_of import refuse_unheard_in
from training.hotspot_card_page import hotspot_pages
from training.hotspot_config import HotspotConfig, at_horizons, load_config
from training.hotspot_files import read_city
from training.hotspot_gate import Feedback, share_that_came_of_testing
from training.judgement import MODEL, Backtest, plain
from training.material import Tell, material, snapshot_of
from training.plots import hotspot_plots, relapse_plots
from training.promote import stored
from training.proof import Poison, Proof, Watched, prove_on

LEVELS, HORIZONS_WEEKS = ("township", "cell"), (4, 1)  # of the models made where no configuration is named
UNITS = "grid:METRES, h3:RESOLUTION or area"
Draw = Callable[[Path], list[Path]]  # the plots of a training, drawn into a folder
Pages = Callable[[Mapping[str, Any], Path], list[Path]]  # the pages of a card, written into a folder


@dataclass(frozen=True)
class CityFiles:
    """A city in plain files, the unit of area it is to be forecast by, and how its backtest is to be."""

    incidents: Path
    areas: Path | None = None
    unit: str | None = None
    horizons_weeks: tuple[int, ...] = ()
    origins: int | None = None
    known_lag_days: int = 14
    coordinates: str = "wgs84"


@dataclass(frozen=True)
class Finished:
    """All that is written down of a training, whatever the task."""

    name: str
    task: str
    snapshot: str
    parameters: dict[str, Any]
    figures: dict[str, Any]
    booster: lgb.Booster
    model: dict[str, Any]
    card: dict[str, Any]


@dataclass(frozen=True)
class TrainingRun:
    """A finished training: where it is tracked, the digest of its artifact, its figures."""

    name: str
    tracked: track.Tracked
    digest: str
    snapshot: str
    figures: dict[str, Any]


def train(  # noqa: PLR0913 (what the command line brings along)
    home: Home,
    task: str,
    config: Path | None,
    tell: Tell,
    *,
    horizons: Sequence[int] = (),
    feedback: Feedback | None = None,
) -> list[TrainingRun]:
    """The trainings of a task: a model for each horizon (days of relapse, weeks of hotspots), of hotspots and level.

    `feedback`: the simulation that the card of a hotspot model tells of, where there is a simulator.
    """
    if task == "relapse":
        return [train_relapse(home, each, tell) for each in read_all(config, horizons)]
    return [train_hotspot(home, each, tell, feedback) for each in hotspot_configs(config, horizons)]


def backtest(home: Home, task: str, config: Path | None, tell: Tell) -> dict[str, Any]:
    """The figures of a task's backtest, in the shape of the figures file."""
    if task == "relapse":
        return backtest_relapse(home, read(config), tell)
    configs = at_horizons(load_config(config)) if config else at_horizons(load_config(), HORIZONS_WEEKS)
    return backtest_hotspot(home, configs, tell)


def names(task: str, config: Path | None, horizons: Sequence[int] = ()) -> list[str]:
    """The registered models of a task."""
    if task == "relapse":
        return [each.name for each in read_all(config, horizons)]
    return [each.name for each in hotspot_configs(config, horizons)]


def relapse_features(home: Home, config: Path | None, dates: list[date], tell: Tell) -> tuple[Snapshot, Task]:
    """The snapshot and the task of the relapse features on some dates, as `feature_files` takes them."""
    relapse_config = read(config)
    days = tuple(days_since_epoch(each) for each in dates)
    snapshot = snapshot_of(home, tell)
    refuse_unheard_in(snapshot, relapse_config)
    return snapshot, Task(relapse_config.cohort, chosen(relapse_config.features), days)


def area_features(home: Home, config: Path | None, dates: list[date], tell: Tell) -> pd.DataFrame:
    """area_id, as_of and the features of every area at each as-of date."""
    (_, made_from), hotspots = places(home, tell), load_config(config) if config else load_config()
    days = [days_since_epoch(each) for each in dates]
    return _area_features(made_from, hotspots, days)


def prove_no_leak(home: Home, config: Path | None, as_of: date, poison: Poison, tell: Tell) -> Proof:
    """Poison the future of the store, on a copy, and compare all features and the champion's scores and reasons."""
    relapse_config = read(config)
    snapshot = snapshot_of(home, tell)
    refuse_unheard_in(snapshot, relapse_config)
    answering = champion.read(home.champions, relapse_config.name)
    model = None if answering is None else artifact.relapse_of(stored(home, answering))
    watched = Watched(days_since_epoch(as_of), relapse_config.cohort, chosen(relapse_config.features), model)
    tell(f"{poison.edits:,} edits")
    return prove_on(snapshot, watched, poison)


def _area_features(made_from: Places, config: HotspotConfig, days: list[int]) -> pd.DataFrame:
    tables = [hotspot.look_at(made_from, config, day=day) for day in days]
    table = pd.concat(tables, ignore_index=True)
    return table.assign(as_of=pd.to_datetime(table["as_of"], unit="D"))


def _workers(snapshot: Snapshot) -> dict[str, int]:
    return workers_of(snapshot.read("stations"))


def places(home: Home, tell: Tell) -> tuple[Snapshot, Places]:
    """An immutable snapshot of the store, and the incidents, areas and effort in it."""
    snapshot = snapshot_of(home, tell, needed="incidents")
    return snapshot, Places(snapshot.read("incidents"), snapshot.read("areas"), snapshot.read("effort"))


def backtest_relapse(home: Home, config: RelapseConfig, tell: Tell) -> dict[str, Any]:
    """The figures of the relapse model of a configuration on the store, beside the baselines."""
    made_from = material(home, tell)
    tell("features, folds and figures")
    workers = _workers(made_from.snapshot)
    judged = relapse.backtest(made_from.history, config, snapshot_day=made_from.last_day, workers=workers)
    fairness = fairness_of(judged, made_from.snapshot, config, workers)
    return card.relapse_figures(judged) | {"fairness": fairness}


def fairness_of(
    judged: Backtest, snapshot: Snapshot, config: RelapseConfig, workers: Mapping[str, int]
) -> dict[str, Any]:
    """The fairness audit of a judged model as plain values; lists as long as the shortest of the configuration."""
    gate, rows = config.gate, judged.rows
    how = Audit(
        gate.least_persons,
        gate.least_relapses,
        min(config.resamples, 200),
        config.seed,
        min(config.use.persons_a_worker),
    )
    told = plain(
        audit(
            rows, rows[MODEL].to_numpy(dtype=float), groups_of(rows, Registers.of(snapshot)), workers=workers, how=how
        )
    )
    if told["everyone"]["figures"]:
        told["everyone"]["figures"] |= _as_judged(judged)
    return dict(told) | {"district_names": _district_names(snapshot)}


def _as_judged(judged: Backtest) -> dict[str, Any]:
    """The calibration of everyone as the judgement has it: one figure on a card has one interval."""
    own, weighted = plain(judged.models[MODEL]), judged.more["weighted"][MODEL]
    return {"slope": own["slope"], "intercept": own["intercept"], "intercept_weighted": weighted["intercept"]}


def _district_names(snapshot: Snapshot) -> dict[str, dict[str, str | None]]:
    """By district what it is called in each language."""
    areas = snapshot.read("areas")
    districts = areas[areas["level"].eq("district")].astype(object)
    named = districts.where(districts.notna(), None)
    return {
        str(district): {"zh-CN": chinese, "en": english}
        for district, chinese, english in zip(named["area_id"], named["name_zh"], named["name_en"], strict=True)
    }


def train_relapse(home: Home, config: RelapseConfig, tell: Tell) -> TrainingRun:
    """The relapse model of a configuration, trained on the store, judged, saved and tracked as a challenger."""
    made_from = material(home, tell)
    tell(f"features, folds and model of {config.name}")
    workers = _workers(made_from.snapshot)
    trained = relapse.train(made_from.history, config, snapshot_day=made_from.last_day, workers=workers)
    tell("fairness, artifact and run")
    fairness = fairness_of(trained.backtest, made_from.snapshot, config, workers)
    return _tracked(
        home,
        Finished(
            name=config.name,
            task="relapse",
            snapshot=made_from.snapshot.digest,
            parameters=asdict(config),
            figures=card.relapse_figures(trained.backtest) | {"fairness": fairness},
            booster=trained.model.booster,
            model=artifact.relapse_to_plain(trained.model),
            card=card.relapse_card(
                trained, config, fairness, snapshot=made_from.snapshot.digest, snapshot_day=made_from.last_day
            ),
        ),
        partial(relapse_plots, trained.backtest.predictions),
        partial(relapse_pages, trained),
    )


def backtest_hotspot(home: Home, configs: Sequence[HotspotConfig], tell: Tell) -> dict[str, Any]:
    """The figures of hotspot models on the store, one of each horizon, beside the baselines."""
    _, made_from = places(home, tell)
    tell("origins and figures")
    return hotspot_backtest.backtests(made_from, configs)


def backtest_files(files: CityFiles, config: Path | None, tell: Tell) -> dict[str, Any]:
    """The figures of hotspot models on a city's plain files, without a store, for each horizon asked for."""
    settings = load_config(config) if config else load_config()
    _unit_parts(files.unit, settings)  # before the files are read
    tell("files")
    city = read_city(files.incidents, files.areas, known_lag_days=files.known_lag_days, coordinates=files.coordinates)
    made_from = city.places
    settings = of_unit(settings, files.unit, made_from, files.known_lag_days)
    settings = replace(settings, origins=files.origins or settings.origins)
    tell("origins and figures")
    figures = hotspot_backtest.backtests(
        made_from, at_horizons(settings, files.horizons_weeks or (settings.horizon_weeks,))
    )
    return figures | {"far_off_lines": list(city.far_off)}


def of_unit(config: HotspotConfig, unit: str | None, places: Places, known_lag_days: int) -> HotspotConfig:
    """The configuration for a city in files by a unit of area; ConfigError where its incidents have no such place."""
    level, size_m, resolution = _unit_parts(unit, config)
    if level == "cell" and places.incidents["longitude"].isna().all():
        raise ConfigError("incidents: none has `lon` and `lat`, and cells need them; name `--unit area`.")
    lag = max(config.reporting_lag_days, known_lag_days)
    return replace(config, level=level, cell_size_m=size_m, h3_resolution=resolution, reporting_lag_days=lag)


def _unit_parts(unit: str | None, config: HotspotConfig) -> tuple[str, int, int]:
    """Level, size of square cells in metres, and H3 resolution (0: squares) of the unit."""
    kind, _, number = (unit or f"grid:{config.cell_size_m}").partition(":")
    if kind == "area" and not number:
        return "township", config.cell_size_m, 0
    if kind in {"grid", "h3"} and number.isdecimal():
        return "cell", int(number) if kind == "grid" else config.cell_size_m, int(number) if kind == "h3" else 0
    raise ConfigError(f"--unit is not known; expected {UNITS}.")


def train_hotspot(home: Home, config: HotspotConfig, tell: Tell, feedback: Feedback | None) -> TrainingRun:
    """The hotspot model of a configuration, trained on the store, judged, saved and tracked as a challenger."""
    snapshot, made_from = places(home, tell)
    tell(f"hotspots by {config.level}, horizon {config.horizon_weeks} weeks")
    trained = hotspot.train(made_from, config)
    told = card.hotspot_card(trained, config, snapshot=snapshot.digest)
    if feedback is not None and "feedback" in config.gate.items:
        tell("ten rounds of simulated feedback")
        lived = replace(config, at_equal_effort=trained.model.scope.at_equal_effort)
        told["feedback"] = asdict(feedback(lived, share_that_came_of_testing(made_from, config)))
    tell("artifact and run")
    return _tracked(
        home,
        Finished(
            name=config.name,
            task="hotspot",
            snapshot=snapshot.digest,
            parameters=asdict(config),
            figures=trained.figures,
            booster=trained.model.booster,
            model=artifact.hotspot_to_plain(trained.model, name=config.name),
            card=told,
        ),
        partial(hotspot_plots, trained.backtest),
        partial(hotspot_pages, trained.backtest),
    )


def hotspot_configs(path: Path | None, horizons_weeks: Sequence[int] = ()) -> list[HotspotConfig]:
    """The configuration of a file at each horizon; without one, the default for townships and cells, 4 weeks and 1."""
    if path is not None:
        return at_horizons(load_config(path), horizons_weeks)
    asked, default = horizons_weeks or HORIZONS_WEEKS, load_config()
    return [each for level in LEVELS for each in at_horizons(replace(default, level=level), asked)]


def _tracked(home: Home, finished: Finished, draw: Draw, pages: Pages) -> TrainingRun:
    with tempfile.TemporaryDirectory() as aside:
        folder = Path(aside) / "artifact"
        written = tuple(pages(finished.card, Path(aside) / "card"))
        digest = artifact.save(
            folder, booster=finished.booster, model=finished.model, card=finished.card, pages=pages_in(written)
        )
        run = track.Run(
            name=finished.name,
            task=finished.task,
            parameters=finished.parameters,
            figures=_models(finished.figures),
            snapshot=finished.snapshot,
            digest=digest,
            booster=finished.booster,
            artifact=folder,
            plots=tuple(draw(Path(aside) / "plots")),
            pages=written,
        )
        tracked = track.record(home, run)
    challenger.write(home.challengers, Challenger(finished.name, digest, tracked.run, finished.snapshot, finished.card))
    return TrainingRun(finished.name, tracked, digest, finished.snapshot, finished.figures)


def _models(figures: Mapping[str, Any]) -> Mapping[str, Any]:
    """The figures of each model; of the longest horizon where there are several."""
    if "models" in figures:
        return figures["models"]
    return figures["horizons"][max(figures["horizons"], key=int)]["models"]
