"""The one file that speaks to MLflow: a run for each training, a registered model with aliases.

Parameters, metrics, digests, plots and the native booster; nothing of a person. Aliases: `challenger` is the
newest trained version, `champion` follows the promotion ledger.
"""

import logging
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import lightgbm as lgb
import numpy as np
from sqlalchemy.exc import SQLAlchemyError

from features.errors import ArtifactError
from features.home import TRACKING_URI, Home
from models.ledger import Entry

CHAMPION = "champion"
CHALLENGER = "challenger"
EXPERIMENT = "waystation"
DECISIONS = "waystation-decisions"
MOST_DECISIONS = 50_000  # looked through at once
ARTIFACT = "artifact"
LEFT_BEHIND = (TRACKING_URI, "MLFLOW_EXPERIMENT_ID")
PACKAGES = ("lightgbm", "numpy", "pandas", "scikit-learn")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """What is written down of one training."""

    name: str
    task: str
    parameters: Mapping[str, Any]
    figures: Mapping[str, Mapping[str, Mapping[str, float | None]]]
    snapshot: str
    digest: str
    booster: lgb.Booster
    artifact: Path
    plots: tuple[Path, ...] = ()
    pages: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Tracked:
    """Where a training was written down: the run and the version of the registered model."""

    run: str
    version: str


def record(home: Home, run: Run) -> Tracked:
    """The run and the registered version of a training, written to the tracking store of the home."""
    with _mlflow(home) as mlflow:
        with mlflow.start_run(run_name=run.name) as active:
            mlflow.set_tags(_tags(run))
            mlflow.log_params({key: str(value)[:500] for key, value in _flat(run.parameters)})
            mlflow.log_metrics(_metrics(run))
            for plot in run.plots:
                mlflow.log_artifact(str(plot), "plots")
            for page in run.pages:
                mlflow.log_artifact(str(page), "card")
            mlflow.log_artifacts(str(run.artifact), ARTIFACT)
            source = _log_booster(run)
        registered = _register(mlflow.MlflowClient(), run.name, source, active.info.run_id)
        return Tracked(active.info.run_id, registered)


def artifact_of(home: Home, name: str, run: str | None, folder: Path) -> tuple[str, Path]:
    """The run (the challenger's when none is named) and its artifact, copied into `folder`."""
    with _mlflow(home) as mlflow:
        client = mlflow.MlflowClient()
        try:
            chosen = str(run or client.get_model_version_by_alias(name, CHALLENGER).run_id)
            client.get_run(chosen)
        except mlflow.MlflowException:
            wanted = "the run asked for is not tracked" if run else f"no run of '{name}' is tracked yet"
            raise ArtifactError(f"promote: {wanted}; train first, then promote.") from None
        try:
            return chosen, _copied(home, client, chosen, folder)
        except (mlflow.MlflowException, OSError):
            raise ArtifactError(
                f"promote: the run of '{name}' is tracked, but no artifact is where MLflow's database points; "
                "bring the folder mlflow/ of the home back from its backup, or train anew."
            ) from None


def _copied(home: Home, client: Any, run: str, folder: Path) -> Path:
    """The artifact of a run, copied into `folder`: the home's own before that of a place it was moved from."""
    mine = home.mlflow_artifacts / run / "artifacts" / ARTIFACT
    if _is_own(home) and mine.is_dir():
        return Path(shutil.copytree(mine, folder / ARTIFACT))
    return Path(client.download_artifacts(run, ARTIFACT, str(folder)))


def tags_of(home: Home, run: str) -> dict[str, str]:
    """What a run was tagged with: snapshot, digest, model, task."""
    with _mlflow(home) as mlflow:
        return dict(mlflow.MlflowClient().get_run(run).data.tags)


def record_decisions(home: Home, entries: Sequence[Entry]) -> None:
    """Append to the ledger in MLflow what it lacks: the last entry, and any that a crash kept from getting there.

    Each is a run of its own, never written again.
    """
    with _mlflow(home) as mlflow:
        client = mlflow.MlflowClient()
        experiment = _experiment(home, mlflow, DECISIONS, home.mlflow_artifacts / DECISIONS)
        runs = mlflow.search_runs([experiment], output_format="list", max_results=MOST_DECISIONS)
        told = {run.data.tags.get("link") or _without_link(run.data.tags) for run in runs}
        for entry in entries:
            tags = _tags_of(entry)
            if not {entry.link, _without_link(tags)} & told:
                _record_decision(client, experiment, entry, tags)


def _without_link(tags: Mapping[str, str]) -> tuple[str | None, ...]:
    """By what a decision is known that was written down before entries had links."""
    return tuple(tags.get(name) for name in ("when", "model", "decision", "artifact_digest"))


def _experiment(home: Home, mlflow: Any, name: str, place: Path) -> str:
    """The id of an experiment that keeps its files in `place`, made where there is none.

    MLflow fixes the place as an absolute path when an experiment is made, and offers no way to change it: in a home
    that was moved or copied since, the old one keeps its figures under another name, and writes no more.
    """
    found = mlflow.get_experiment_by_name(name)
    if found and _is_own(home) and _is_elsewhere(found.artifact_location, place):
        kept_as = f"{name}-before-move-{found.experiment_id}"
        mlflow.MlflowClient().rename_experiment(found.experiment_id, kept_as)
        log.warning("This home was moved or copied: the runs of before are in MLflow's experiment %s.", kept_as)
        found = None
    return str(found.experiment_id if found else mlflow.create_experiment(name, artifact_location=place.as_uri()))


def _is_own(home: Home) -> bool:
    """Whether the tracking store is the home's own SQLite file."""
    return home.tracking_uri == home.own_tracking_uri


def _is_elsewhere(location: str, place: Path) -> bool:
    """Whether files go into another folder than `place`; what is no folder of this machine was chosen by somebody."""
    parts = urlsplit(location)
    return parts.scheme in {"", "file"} and Path(url2pathname(parts.path)).resolve() != place.resolve()


def _tags_of(entry: Entry) -> dict[str, str]:
    decision, champion = entry.decision, entry.decision.champion
    return {
        "decision": decision.decision,
        "why": decision.why,
        "who": decision.who,
        "when": champion.promoted_at,
        "model": champion.name,
        "of_run": champion.run,
        "artifact_digest": champion.digest,
        "snapshot": champion.snapshot,
        "entry": str(entry.seq),
        "link_before": entry.link_before,
        "link": entry.link,
    }


def _record_decision(client: Any, experiment: str, entry: Entry, tags: Mapping[str, str]) -> None:
    name = f"{entry.decision.champion.name} {entry.decision.decision}"
    run = client.create_run(experiment, tags=dict(tags), run_name=name).info.run_id
    client.log_dict(run, {"compared": list(entry.decision.compared)}, "compared.json")
    client.set_terminated(run)


def name_champion(home: Home, name: str, run: str) -> None:
    """Let the alias `champion` follow the ledger."""
    with _mlflow(home) as mlflow:
        client = mlflow.MlflowClient()
        versions = client.search_model_versions(f"name='{name}'")
        found = next((each.version for each in versions if each.run_id == run), None)
        if found is not None:
            client.set_registered_model_alias(name, CHAMPION, found)


def git_revision(folder: Path) -> str:
    """The revision of the code and whether it was changed since; "unknown" outside a checkout."""
    try:
        head = _git(folder, "rev-parse", "HEAD")
        return head + ("-changed" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]  # fixed words, no user input
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=10).stdout.strip()  # noqa: S603


@contextmanager
def _mlflow(home: Home) -> Iterator[Any]:
    """MLflow, pointed at the tracking store of the home; imported here because it takes seconds.

    It writes where it points into the environment, where the next home would read it: put back at the end.
    """
    home.settle()
    before = {name: os.environ.get(name) for name in LEFT_BEHIND}
    import mlflow

    for chatty in ("mlflow", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    mlflow.set_tracking_uri(home.tracking_uri)
    try:
        mlflow.set_experiment(experiment_id=_experiment(home, mlflow, EXPERIMENT, home.mlflow_artifacts))
    except (SQLAlchemyError, mlflow.MlflowException, OSError) as error:
        raise ArtifactError(
            f"MLflow's store cannot be opened ({type(error).__name__}): is mlflow.db of the home a whole database, is "
            f"the server that {TRACKING_URI} names up? Bring it back from a copy, or put it aside to begin a new one."
        ) from error
    try:
        yield mlflow
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({} if value is None else {name: value})


def _log_booster(run: Run) -> str:
    from mlflow import lightgbm
    from mlflow.models import infer_signature

    example = np.zeros((1, run.booster.num_feature()))
    logged = lightgbm.log_model(
        run.booster,
        name="booster",
        signature=infer_signature(example, run.booster.predict(example)),
        pip_requirements=[f"lightgbm=={version('lightgbm')}"],
    )
    return str(logged.model_uri)


def _register(client: Any, name: str, source: str, run: str) -> str:
    """The version of a model registered under its name, with the alias of the challenger."""
    if not client.search_registered_models(f"name='{name}'"):
        client.create_registered_model(name)
    registered = client.create_model_version(name, source, run_id=run).version
    client.set_registered_model_alias(name, CHALLENGER, registered)
    return str(registered)


def _tags(run: Run) -> dict[str, str]:
    return {
        "model": run.name,
        "task": run.task,
        "snapshot": run.snapshot,
        "artifact_digest": run.digest,
        "git_revision": git_revision(Path(__file__).parent),
        **{f"package.{package}": version(package) for package in PACKAGES},
    }


SPELT = str.maketrans({"@": "_at_", "*": "_best"})  # signs that MLflow refuses in a name


def _metrics(run: Run) -> dict[str, float]:
    """Figures as MLflow takes them: one number each, names of letters only."""
    return {
        f"{model}.{measure}{'' if part == 'value' else '.' + part}".translate(SPELT): number
        for model, measures in run.figures.items()
        for measure, estimate in measures.items()
        for part, number in estimate.items()
        if number is not None
    }


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif value is not None:
            yield f"{prefix}{key}", value
