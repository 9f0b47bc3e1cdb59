"""A trained model becomes the one that answers, and the one before can come back.

The ledger is the truth: one line of JSON for each decision, appended and flushed before anything else changes.
`champions/NAME.json`, which the service reads, and the MLflow alias follow it.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from features.errors import ArtifactError
from features.home import Home
from models import artifact
from models.champion import Champion, earlier, read, write
from training import track

PROMOTED = "promoted"
REFUSED = "refused"
ROLLED_BACK = "rolled back"
UNCHANGED = "unchanged"  # never in the ledger: nothing was decided
ORIGINS_FOR_AN_INTERVAL = 8


@dataclass(frozen=True)
class Decision:
    """One line of the ledger: what was decided, why, and which champion it is about."""

    decision: str
    why: str
    champion: Champion


@dataclass(frozen=True)
class Verdict:
    """Whether the record of a model is good enough to answer, and in words why or why not."""

    ahead: bool
    why: str


def promote(home: Home, name: str, run: str | None, *, now: str) -> Decision:
    """The decision on a run (the challenger's by default): promoted, or refused with the reason."""
    with tempfile.TemporaryDirectory() as aside:
        chosen, folder = track.artifact_of(home, name, run, Path(aside))
        tags = track.tags_of(home, chosen)
        checked = artifact.read(folder, expected=tags.get("artifact_digest"))
        if checked.model["name"] != name:
            raise ArtifactError(f"promote: the run asked for trained '{checked.model['name']}', not '{name}'.")
        answering = _answering(home, name)
        if answering is not None and answering.digest == checked.digest and _still_sound(home, answering):
            return Decision(UNCHANGED, "this very model answers already", answering)
        champion = Champion(name, checked.model["task"], "", checked.digest, chosen, tags["snapshot"], now)
        verdict = _verdict(checked)
        if not verdict.ahead:
            return _decided(home, Decision(REFUSED, verdict.why, champion))
        champion = _handed_over(home, folder, champion)
    return _decided(home, Decision(PROMOTED, verdict.why, champion))


def rollback(home: Home, name: str, *, now: str) -> Decision:
    """The decision to let the champion before the present one answer again."""
    standing = earlier(home.ledger, name)  # newest first; what was rolled back does not stand
    before = [each for each in standing if each.digest != standing[0].digest]
    if not before:
        raise ArtifactError(f"rollback: '{name}' has no earlier champion to go back to.")
    stored(home, before[0])  # a damaged one is no way back: told before anything is decided
    champion = Champion(**{**asdict(before[0]), "promoted_at": now})
    return _decided(home, Decision(ROLLED_BACK, f"instead of {standing[0].tag}", champion))


def ledger(home: Home) -> Iterator[Decision]:
    """All decisions, oldest first. A last line torn by a crash was never acknowledged and is passed over."""
    if not home.ledger.exists():
        return
    for line in home.ledger.read_text(encoding="utf-8").split("\n")[:-1]:
        plain = json.loads(line)
        yield Decision(plain["decision"], plain["why"], Champion(**plain["champion"]))


def _answering(home: Home, name: str) -> Champion | None:
    try:
        return read(home.champions, name)
    except ArtifactError:  # damaged: this decision writes it anew
        return None


def _still_sound(home: Home, champion: Champion) -> bool:
    """Whether the copy in the model store is the one that was promoted; a damaged one is handed over anew."""
    try:
        stored(home, champion)
    except ArtifactError:
        return False
    return True


def stored(home: Home, champion: Champion) -> artifact.Artifact:
    """The checked copy of a champion in the BentoML model store."""
    home.settle()
    import bentoml

    try:
        folder = Path(bentoml.models.get(champion.tag).path)
    except bentoml.exceptions.NotFound:
        raise ArtifactError(f"model: the model store no longer holds '{champion.name}'; promote it again.") from None
    return artifact.read(folder, expected=champion.digest)


def _verdict(checked: artifact.Artifact) -> Verdict:
    """Whether a model may answer, by the record in its own card: it has to be ahead of the plain way of its task."""
    figures = checked.card.get("figures", {})
    if checked.model["task"] == "hotspot":
        return _verdict_on_places(figures, str(checked.model["scope"]["horizon_weeks"]))
    loss = figures.get("paired", {}).get("base_rate", {}).get("log_loss", {}).get("value")
    if loss is not None and loss < 0:
        return Verdict(True, "ahead of the base rate on rows it was not fitted on")
    return Verdict(False, "not ahead of the base rate on log loss")


def _verdict_on_places(figures: Mapping[str, Any], horizon: str) -> Verdict:
    """Ahead of the 12-month count on deviance skill: the interval of the paired difference lies above zero.

    With few origins there is no interval to speak of, since it resamples them; then the difference itself has to.
    """
    paired = figures.get("horizons", {}).get(horizon, {}).get("paired", {})
    skill = paired.get("count_12m", {}).get("deviance_skill", {})
    origins = figures.get("counts", {}).get("origins", 0)
    few = origins < ORIGINS_FOR_AN_INTERVAL
    if (skill.get("difference" if few else "low") or 0.0) > 0:  # NaN, when nothing came, is not
        how = ", too few for an interval" if few else ""
        return Verdict(True, f"ahead of the 12-month count on deviance, {origins} origins{how}")
    return Verdict(False, f"not ahead of the 12-month count on deviance, {origins} origins")


def _handed_over(home: Home, folder: Path, champion: Champion) -> Champion:
    """The champion with its tag in the BentoML model store, which now holds a copy of the artifact."""
    home.settle()
    import bentoml

    labels = {"run": champion.run, "digest": champion.digest[:16]}
    with bentoml.models.create(champion.name, labels=labels) as model:
        shutil.copytree(folder, model.path, dirs_exist_ok=True)
    return Champion(**{**asdict(champion), "tag": str(model.tag)})


def _decided(home: Home, decision: Decision) -> Decision:
    _append(home.ledger, json.dumps(asdict(decision), ensure_ascii=False))
    if decision.decision != REFUSED:
        write(home.champions, decision.champion)
        track.name_champion(home, decision.champion.name, decision.champion.run)
    return decision


def _append(path: Path, line: str) -> None:
    """Add one line and flush it to disk, after whatever a crash left torn was cut off."""
    path.touch()
    with path.open("rb+") as file:
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)
        file.seek(whole)
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
