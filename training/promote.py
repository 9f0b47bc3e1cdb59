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
from training.gate_choice import GateChoice
from training.hotspot_case import hotspot_case_of
from training.hotspot_config import HotspotConfig
from training.hotspot_gate import Feedback as HotspotFeedback
from training.hotspot_gate_choice import HotspotGate
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
        rule = config or _recipe_of(checked)
        findings = [*_fewer_items(home, name, rule.gate), *_findings(home, checked, sound, rule, feedback)]
        decision = _weighed(findings, champion, rule.gate)
        if decision.decision == PROMOTED:
            decision = replace(decision, champion=_handed_over(home, folder, champion))
    return _decided(home, decision)


def _recipe_of(challenger: artifact.Artifact) -> RelapseConfig | HotspotConfig:
    """The configuration on the card of a model."""
    is_hotspot = challenger.model["task"] == "hotspot"
    rule = (hotspot_gate.recipe_of if is_hotspot else recipe_of)(challenger.card)
    if rule is None:
        raise ConfigError("promote: the card tells of no configuration, so no gate is known; train the model again.")
    return rule


def _findings(
    home: Home, challenger: artifact.Artifact, champion: artifact.Artifact | None, rule: Any, feedback: Any
) -> list[Finding]:
    """What the gate of the challenger's task finds."""
    if challenger.model["task"] == "hotspot":
        return hotspot_gate.look(hotspot_case_of(home, challenger, champion, rule, feedback))
    return look(case_of(home, challenger, champion, rule, feedback))


def _fewer_items(home: Home, name: str, gate: GateChoice | HotspotGate) -> list[Finding]:
    """A refusal where the champion passed an item that is not asked now, and `fewer_items` does not allow that."""
    catch_up(home)
    fewer = [item for item in _passed_by_champion(home, name) if item not in gate.items]
    if gate.fewer_items or not fewer:
        return []
    why = (
        f"the champion passed what is not asked now: {', '.join(fewer)}; ask it, or state fewer_items = true in [gate]"
    )
    return [Finding("items", passed=False, why=why, figures={"not_asked": fewer})]


def _passed_by_champion(home: Home, name: str) -> list[str]:
    """The items that the standing champion passed when it was promoted; none where there is no champion."""
    standing = earlier(home.ledger, name)
    promoted = [
        each.compared
        for each in decisions(home.ledger)
        if standing and each.decision == PROMOTED and each.champion.digest == standing[0].digest
    ]
    return [str(each["item"]) for each in promoted[-1] if each.get("passed")] if promoted else []


def _weighed(findings: list[Finding], champion: Champion, gate: GateChoice | HotspotGate) -> Decision:
    """The decision by the findings, which says what of the whole gate was not asked."""
    against = [each.why for each in findings if not each.passed]
    not_asked = [item for item in gate.whole if item not in gate.items]
    left_out = [f"not asked of the whole gate: {', '.join(not_asked)}"] if not_asked else []
    why = "; ".join([*(against or [each.why for each in findings]), *left_out])
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
    store = _model_store(home)
    import bentoml

    try:
        folder = Path(bentoml.models.get(tag, _model_store=store).path)
    except bentoml.exceptions.NotFound:
        name = tag.partition(":")[0]
        raise ArtifactError(f"model: the model store no longer holds '{name}'; promote it again.") from None
    return artifact.read(folder, expected=digest)


def _handed_over(home: Home, folder: Path, champion: Champion) -> Champion:
    """The champion with its tag in the BentoML model store, which now holds a copy of the artifact."""
    store = _model_store(home)
    import bentoml

    labels = {"run": champion.run, "digest": champion.digest[:16]}
    with bentoml.models.create(champion.name, labels=labels, _model_store=store) as model:
        shutil.copytree(folder, model.path, dirs_exist_ok=True)
    return Champion(**{**asdict(champion), "tag": str(model.tag)})


def _model_store(home: Home) -> Any:
    """The BentoML model store of this home: left to itself, BentoML keeps to the first home of a process."""
    home.settle()
    from bentoml._internal.models.model import ModelStore

    folder = home.bentoml / "models"
    folder.mkdir(exist_ok=True)
    return ModelStore(str(folder))


def _decided(home: Home, decision: Decision) -> Decision:
    with alone(home):
        entries = enter(home, replace(decision, who=acting()))
        decided = entries[-1].decision
        if decided.decision != REFUSED:
            write(home.champions, decided.champion)
            track.name_champion(home, decided.champion.name, decided.champion.run)
        track.record_decisions(home, entries)
    return decided
