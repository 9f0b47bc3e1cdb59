"""A trained model becomes the one that answers, and the one before can come back.

The ledger is the truth: each decision is entered in the store and in the home before anything else changes.
`champions/NAME.json`, which the service reads, the MLflow alias and the ledger in MLflow follow it, so that a crash on
the way leaves an entry without its champion at worst, never a champion without its entry.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from getpass import getuser
from hashlib import sha256
from pathlib import Path
from typing import Any

from features.errors import ArtifactError, ConfigError
from features.home import Home
from models import artifact
from models.champion import (
    PROMOTED,
    REFUSED,
    ROLLED_BACK,
    UNCHANGED,
    Champion,
    Decision,
    decisions,
    earlier,
    read,
    write,
)
from training import hotspot_gate, track
from training.case import case_of
from training.config import RelapseConfig
from training.gate import Feedback, Finding, look
from training.hotspot_case import hotspot_case_of
from training.hotspot_config import HotspotConfig
from training.hotspot_gate import Feedback as HotspotFeedback
from training.judgement import plain
from training.later import recipe_of
from training.ledger import alone, catch_up, enter


def promote(  # noqa: PLR0913 (a request, each part of which may be left out)
    home: Home,
    name: str,
    run: str | None,
    *,
    now: str,
    config: RelapseConfig | HotspotConfig | None = None,
    feedback: Feedback | HotspotFeedback | None = None,
) -> Decision:
    """The decision on a run (the challenger's by default): promoted, or refused with the reason.

    `config` names the items of the gate; without it, the configuration the model was trained by. `feedback` simulates
    what follows from use, for gates that ask for it.
    """
    with tempfile.TemporaryDirectory() as aside:
        chosen, folder = track.artifact_of(home, name, run, Path(aside))
        tags = track.tags_of(home, chosen)
        checked = artifact.read(folder, expected=tags.get("artifact_digest"))
        if checked.model["name"] != name:
            raise ArtifactError(f"promote: the run asked for trained '{checked.model['name']}', not '{name}'.")
        answering = _answering(home, name)
        sound = None if answering is None else _copy_of(home, answering)
        if answering is not None and sound is not None and answering.digest == checked.digest:
            return Decision(UNCHANGED, "this very model answers already", answering)
        champion = Champion(name, checked.model["task"], "", checked.digest, chosen, tags["snapshot"], now)
        findings = _findings(home, checked, sound, config, feedback)
        decision = _weighed(findings, champion)
        if decision.decision == PROMOTED:
            decision = replace(decision, champion=_handed_over(home, folder, champion))
    return _decided(home, decision)


def _findings(
    home: Home,
    challenger: artifact.Artifact,
    champion: artifact.Artifact | None,
    config: Any,
    feedback: Any,
) -> list[Finding]:
    """What the gate of the challenger's task finds; the configuration of the card where none is given."""
    is_hotspot = challenger.model["task"] == "hotspot"
    rule: Any = config or (hotspot_gate.recipe_of if is_hotspot else recipe_of)(challenger.card)
    if rule is None:
        raise ConfigError("promote: the card tells of no configuration, so no gate is known; train the model again.")
    if is_hotspot:
        return hotspot_gate.look(hotspot_case_of(home, challenger, champion, rule, feedback))
    return look(case_of(home, challenger, champion, rule, feedback))


def _weighed(findings: list[Finding], champion: Champion) -> Decision:
    against = [each.why for each in findings if not each.passed]
    why = "; ".join(against or [each.why for each in findings])
    return Decision(REFUSED if against else PROMOTED, why, champion, compared=tuple(plain(findings)))


def rollback(home: Home, name: str, *, now: str) -> Decision:
    """The decision to let the champion before the present one answer again; it needs no store."""
    catch_up(home)
    standing = earlier(home.ledger, name)  # newest first; what was rolled back does not stand
    before = [each for each in standing if each.digest != standing[0].digest]
    if not before:
        raise ArtifactError(f"rollback: '{name}' has no earlier champion to go back to.")
    stored(home, before[0])  # a damaged one is no way back: told before anything is decided
    champion = Champion(**{**asdict(before[0]), "promoted_at": now})
    return _decided(home, Decision(ROLLED_BACK, f"instead of {standing[0].tag}", champion))


def ledger(home: Home) -> Iterator[Decision]:
    """All decisions, oldest first."""
    return decisions(home.ledger)


def acting() -> str:
    """Who decides: `WAYSTATION_USER`, else a hash of the login: no ledger carries a name nobody chose to give."""
    named = os.environ.get("WAYSTATION_USER", "").strip()
    return named or f"login {sha256(getuser().encode()).hexdigest()[:12]}"


def _answering(home: Home, name: str) -> Champion | None:
    try:
        return read(home.champions, name)
    except ArtifactError:  # damaged: this decision writes it anew
        return None


def _copy_of(home: Home, champion: Champion) -> artifact.Artifact | None:
    """The copy in the model store, None when it is not the one that was promoted: it is then handed over anew."""
    try:
        return stored(home, champion)
    except ArtifactError:
        return None


def stored(home: Home, champion: Champion) -> artifact.Artifact:
    """The checked copy of a champion in the BentoML model store."""
    return stored_as(home, champion.tag, champion.digest)


def stored_as(home: Home, tag: str, digest: str) -> artifact.Artifact:
    """The artifact under a tag of the BentoML model store, checked against the digest."""
    home.settle()
    import bentoml

    try:
        folder = Path(bentoml.models.get(tag).path)
    except bentoml.exceptions.NotFound:
        name = tag.partition(":")[0]
        raise ArtifactError(f"model: the model store no longer holds '{name}'; promote it again.") from None
    return artifact.read(folder, expected=digest)


def _handed_over(home: Home, folder: Path, champion: Champion) -> Champion:
    """The champion with its tag in the BentoML model store, which now holds a copy of the artifact."""
    home.settle()
    import bentoml

    labels = {"run": champion.run, "digest": champion.digest[:16]}
    with bentoml.models.create(champion.name, labels=labels) as model:
        shutil.copytree(folder, model.path, dirs_exist_ok=True)
    return Champion(**{**asdict(champion), "tag": str(model.tag)})


def _decided(home: Home, decision: Decision) -> Decision:
    with alone(home):
        entries = enter(home, replace(decision, who=acting()))
        decided = entries[-1].decision
        if decided.decision != REFUSED:
            write(home.champions, decided.champion)
            track.name_champion(home, decided.champion.name, decided.champion.run)
        track.record_decisions(home, entries)
    return decided
