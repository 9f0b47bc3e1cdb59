"""Champion and challenger on the same rows, later than all that either had learned from.

A model in use has learned from every mature row, so there is none left to judge it on. Its recipe is therefore fitted
again on what was known at the origin of the last fold, and judged in its place: its twin. A champion made from records
that ended before that origin needs no twin. The challenger itself, which has the advantage of having learned from the
rows, is looked at as well: a recipe says nothing of an artifact that was tampered with.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from features.arrays import Floats
from features.errors import ConfigError
from features.history import History
from features.plain import from_plain
from features.relapse import chosen
from models.relapse import RelapseModel
from training.config import RelapseConfig
from training.fairness import Registers, groups_of
from training.fitting import fit, weights_of
from training.heard_of import refuse_unheard_of
from training.relapse import rows_to_learn
from training.rows import rows_of
from training.splits import Fold, folds_of

TWIN, ITSELF, CHAMPION = "challenger_twin", "challenger", "champion"


@dataclass(frozen=True)
class Records:
    """What the store knows: the history, the last day of its records, and who belongs to which group."""

    history: History
    last_day: int
    registers: Registers


@dataclass(frozen=True)
class Candidate:
    """A model that was promoted or wants to be, and its card."""

    model: RelapseModel
    card: Mapping[str, Any]


@dataclass(frozen=True)
class Later:
    """The rows of the last fold (person_id, as_of, station, relapse, surprise, weight), risks by model, groups."""

    rows: pd.DataFrame
    risks: Mapping[str, Floats]
    groups: Mapping[str, "pd.Series[str] | None"]
    champion_is_twin: bool


def later_rows(records: Records, config: RelapseConfig, challenger: Candidate, champion: Candidate | None) -> Later:
    """Both models on the rows of the last fold of the configuration's rolling origins."""
    recipe = recipe_of(challenger.card) or config
    old_recipe = None if champion is None else recipe_of(champion.card)
    refuse_unheard_of(config, records.history.levels.__getitem__, [*records.history.persons])
    recipes = [config, recipe, *([old_recipe] if old_recipe else [])]
    models = [challenger.model, *([champion.model] if champion else [])]
    wanted = [
        *(each for one in recipes for each in chosen(one.features)),
        *(each for m in models for each in m.features),
    ]
    rows = rows_of(records.history, config, tuple(dict.fromkeys(wanted)), snapshot_day=records.last_day)
    fold = list(folds_of(rows.times, config))[-1]
    learn, judge = rows_to_learn(rows, records.history, fold, config), rows.where(fold.judge)
    twin = fit(learn, recipe)
    risks = {TWIN: twin.model.risk(judge.table), ITSELF: challenger.model.risk(judge.table)}
    is_twin = champion is not None and old_recipe is not None and _had_seen(champion, fold)
    if champion is not None:
        old = fit(learn, old_recipe).model if is_twin and old_recipe else champion.model
        risks[CHAMPION] = old.risk(judge.table)
    told = judge.times.assign(weight=weights_of(twin, judge))
    return Later(told, risks, groups_of(told, records.registers), is_twin)


def recipe_of(card: Mapping[str, Any]) -> RelapseConfig | None:
    """The configuration a model was made by, as its card holds it; None where it holds none that can be read."""
    try:
        return from_plain(card["recipe"], RelapseConfig, where="recipe")
    except (KeyError, ConfigError):
        return None


def _had_seen(champion: Candidate, fold: Fold) -> bool:
    """Whether the champion was made from records of days after the origin."""
    return fold.origin is None or int(champion.card.get("snapshot_day", fold.origin + 1)) > fold.origin
