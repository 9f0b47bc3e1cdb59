"""Where everything lives: one folder, `WAYSTATION_HOME`, `.waystation/` when not set."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from features.errors import ConfigError

# Must be set before MLflow, BentoML or LightGBM is loaded: no pickles, nobody told, no noise, and no threads that
# burn a core while they wait for each other (seven times slower on a busy machine).
SETTINGS = {
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "BENTOML_DO_NOT_TRACK": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "OMP_WAIT_POLICY": "PASSIVE",
}

HOME = "WAYSTATION_HOME"
STORE_URL = "WAYSTATION_STORE_URL"
TRACKING_URI = "MLFLOW_TRACKING_URI"
ELSEWHERE = (STORE_URL, TRACKING_URI)
NEAR = 0.88  # between one letter too few in the shortest name, and two names that both are settings


def refuse_misspelt(names: Sequence[str]) -> None:
    """ConfigError when the environment sets what is no setting but nearly one of these: it would change nothing."""
    ours = (name for name in sorted(os.environ) if name.startswith("WAYSTATION_") and name not in names)
    for name in ours:
        if near := get_close_matches(name, names, n=1, cutoff=NEAR):
            raise ConfigError(f"settings: the environment sets {name}, which nothing reads; expected {near[0]}.")


@dataclass(frozen=True)
class Home:
    """The folder all state is kept in, and the place of each part of it."""

    path: Path

    @classmethod
    def of_environment(cls) -> "Home":
        """The home the environment names, else `.waystation/` here."""
        refuse_misspelt((HOME, STORE_URL))
        return cls(Path(os.environ.get(HOME, ".waystation")).resolve())

    @classmethod
    def settled(cls) -> "Home":
        """The home the environment names, its folder and settings made ready."""
        home = cls.of_environment()
        home.settle()
        return home

    @property
    def store_url(self) -> str:
        """The history store: `WAYSTATION_STORE_URL`, else a SQLite file in the home."""
        return os.environ.get(STORE_URL, f"sqlite:///{self.path / 'store.db'}")

    @property
    def snapshots(self) -> Path:
        """The immutable snapshots, each named by its digest."""
        return self.path / "snapshots"

    @property
    def champions(self) -> Path:
        """One small file for each promoted model; the service reads these."""
        return self.path / "champions"

    @property
    def challengers(self) -> Path:
        """One small file for the newest trained model of each name; the page of the models reads these."""
        return self.path / "challengers"

    @property
    def watched(self) -> Path:
        """One small file for each promoted model that `waystation monitor` looked at."""
        return self.path / "watched"

    @property
    def ledger(self) -> Path:
        """Every promotion and rollback, appended."""
        return self.path / "promotions.jsonl"

    @property
    def records(self) -> Path:
        """The record of every answer given: a database of its own, so that intake never blocks an answer."""
        return self.path / "records.db"

    @property
    def bentoml(self) -> Path:
        """The BentoML model store."""
        return self.path / "bentoml"

    @property
    def tracking_uri(self) -> str:
        """The MLflow store: `MLFLOW_TRACKING_URI`, else a SQLite file in the home."""
        return os.environ.get(TRACKING_URI, self.own_tracking_uri)

    @property
    def own_tracking_uri(self) -> str:
        """The MLflow store in the home, whatever the environment names."""
        return f"sqlite:///{self.path / 'mlflow.db'}"

    @property
    def mlflow_artifacts(self) -> Path:
        """The files of MLflow runs."""
        return self.path / "mlflow"

    def settle(self, *, alone: bool = False) -> None:
        """Make the home, for its owner only, and set the environment of this process and its children.

        `alone`: whatever store or tracking server the environment names is left aside; the home has its own.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o700)
            self.bentoml.mkdir(exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"the home {self.path} cannot be used ({error.strerror}); {HOME} names a folder that is yours to write."
            ) from None
        if alone:
            for elsewhere in ELSEWHERE:
                os.environ.pop(elsewhere, None)
        os.environ.update(SETTINGS, WAYSTATION_HOME=str(self.path), BENTOML_HOME=str(self.bentoml))
