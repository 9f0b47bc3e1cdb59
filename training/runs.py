"""From the store to a tracked model: snapshot, history, training, artifact, run.

These stories are what the command line calls; each step is named to `told`, which may show progress.
"""

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from features.errors import TooLittleHistoryError
from features.history import History
from features.home import Home
from features.snapshot import Snapshot, write_snapshot
from features.store import Store
from models import artifact
from training import track
from training.card import relapse_card, relapse_figures
from training.config import RelapseConfig
from training.plots import relapse_plots
from training.relapse import Backtest, backtest, train

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Material:
    """What a model is made from: a snapshot, its history, and the last day whose records it holds."""

    snapshot: Snapshot
    history: History
    last_day: int


@dataclass(frozen=True)
class TrainingRun:
    """A finished training: where it is tracked, the digest of its artifact, its figures."""

    name: str
    tracked: track.Tracked
    digest: str
    snapshot: str
    figures: dict[str, Any]


def material(home: Home, tell: Tell) -> Material:
    """The history of everyone in the store, through an immutable snapshot."""
    tell("snapshot")
    with Store.open(home.store_url) as store:
        snapshot = write_snapshot(store, home.snapshots)
    events = snapshot.read("events")
    if events.empty:
        raise TooLittleHistoryError("the store holds no events yet; ingest a history first (waystation ingest PATH).")
    tell("history")
    return Material(snapshot, History.of(events, snapshot.read("persons")), int(events["known_on"].max()))


def backtest_relapse(home: Home, config: RelapseConfig, tell: Tell) -> Backtest:
    """How the relapse model of a configuration does on the store, beside the baselines."""
    made_from = material(home, tell)
    tell("features, folds and figures")
    return backtest(made_from.history, config, snapshot_day=made_from.last_day)


def train_relapse(home: Home, config: RelapseConfig, tell: Tell) -> TrainingRun:
    """The relapse model of a configuration, trained on the store, judged, saved and tracked as a challenger."""
    made_from = material(home, tell)
    tell("features, folds and model")
    trained = train(made_from.history, config, snapshot_day=made_from.last_day)
    tell("artifact and run")
    card = relapse_card(trained, config, snapshot=made_from.snapshot.digest, snapshot_day=made_from.last_day)
    with tempfile.TemporaryDirectory() as aside:
        folder = Path(aside) / "artifact"
        digest = artifact.save(
            folder, booster=trained.model.booster, model=artifact.relapse_to_plain(trained.model), card=card
        )
        figures = relapse_figures(trained.backtest)
        run = track.Run(
            name=config.name,
            task="relapse",
            parameters=asdict(config),
            figures=figures["models"],
            snapshot=made_from.snapshot.digest,
            digest=digest,
            booster=trained.model.booster,
            artifact=folder,
            plots=tuple(relapse_plots(trained.backtest.predictions, Path(aside) / "plots")),
        )
        return TrainingRun(config.name, track.record(home, run), digest, run.snapshot, figures)
