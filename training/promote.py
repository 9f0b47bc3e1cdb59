"""A trained model becomes the one that answers, and the one before can come back.

The ledger is the truth: one line of JSON for each decision, appended and flushed before anything else changes.
`champions/NAME.json`, which the service reads, and the MLflow alias follow it.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from features.errors import ArtifactError
from features.home import Home
from models import artifact
from models.champion import Champion, read, write
from training import track

PROMOTED = "promoted"
REFUSED = "refused"
ROLLED_BACK = "rolled back"
UNCHANGED = "unchanged"  # never in the ledger: nothing was decided


@dataclass(frozen=True)
class Decision:
    """One line of the ledger: what was decided, why, and which champion it is about."""

    decision: str
    why: str
    champion: Champion


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
        why_not = _refusal(checked)
        if why_not:
            return _decided(home, Decision(REFUSED, why_not, champion))
        champion = _handed_over(home, folder, champion)
    return _decided(home, Decision(PROMOTED, "ahead of the base rate on rows it was not fitted on", champion))


def rollback(home: Home, name: str, *, now: str) -> Decision:
    """The decision to let the champion before the present one answer again."""
    answered = [each.champion for each in ledger(home) if each.champion.name == name and each.decision != REFUSED]
    earlier = [each for each in answered if each.digest != answered[-1].digest]
    if not earlier:
        raise ArtifactError(f"rollback: '{name}' has no earlier champion to go back to.")
    champion = Champion(**{**asdict(earlier[-1]), "promoted_at": now})
    return _decided(home, Decision(ROLLED_BACK, f"instead of {answered[-1].tag}", champion))


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
    home.settle()
    import bentoml

    try:
        artifact.read(Path(bentoml.models.get(champion.tag).path), expected=champion.digest)
    except (ArtifactError, bentoml.exceptions.NotFound):
        return False
    return True


def _refusal(checked: artifact.Artifact) -> str:
    """Why a model may not answer; "" when it may. A first gate: no worse than telling everyone the base rate."""
    paired = checked.card.get("figures", {}).get("paired", {})
    loss = paired.get("base_rate", {}).get("log_loss", {})
    if checked.model["task"] == "relapse" and not loss.get("value", 0.0) < 0:
        return "not ahead of the base rate on log loss"
    return ""


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
