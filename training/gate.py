"""The items of the gate: each looks at one thing and says whether the challenger passes, with the figures it saw.

A challenger is refused for what is sure: an interval that lies as a whole on the wrong side. Doubt alone refuses
nobody, else no model would ever follow another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.errors import ConfigError, WaystationError
from features.relapse import chosen
from features.vocabulary import PROTECTED
from models import artifact
from models.reasons import ReasonsError
from models.relapse import RelapseModel
from training.card_items import at, empty_items, unstated_items
from training.card_words import shown
from training.config import RelapseConfig
from training.evaluate import Estimate, draws, paired
from training.fairness import Audit, Fairness, Group, audit
from training.gate_choice import ON_PAPER, ON_ROWS, SIMULATED
from training.judgement import MODEL, plain
from training.later import CHAMPION, ITSELF, TWIN, Candidate, Later, Records, later_rows, recipe_of
from training.proof import Proof

RELAPSES_FOR_A_SLOPE = 100  # with fewer a slope says little (Collins et al. 2016, doi:10.1002/sim.6787)
SLOPES_OF_FEW = (0.5, 2.0)  # at least so wide is what passes then; an interval wholly outside is sure all the same
OFF_IN_SLOPE = "risks too extreme or too timid"
PARTS = ("value", "low", "high")
NOT_USABLE = (WaystationError, ReasonsError, lgb.basic.LightGBMError, KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True)
class Finding:
    """What one item found: whether the challenger passes, why or why not, and the figures."""

    item: str
    passed: bool
    why: str
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ages:
    """Where the challenger's records stand: days behind the store's, its state's place in time and the champion's.

    A place is the number of the batch after which the store was in that state; None where it never was.
    """

    behind_days: int
    challenger: int | None
    champion: int | None = None


@dataclass(frozen=True)
class Rounds:
    """What a simulated feedback came to, round by round, and how far each figure drifts; see `relapse_feedback`."""

    auroc: tuple[float, ...]
    excess: tuple[float, ...]
    concentration: tuple[float, ...]
    auroc_drift: Estimate
    excess_drift: Estimate
    concentration_drift: Estimate


Feedback = Callable[[RelapseConfig], Rounds]


@dataclass(frozen=True)
class Case:
    """Everything the items look at; what costs time is made when an item first asks."""

    config: RelapseConfig
    challenger: artifact.Artifact
    champion: artifact.Artifact | None
    ages: Ages
    records: Records
    leaks: Callable[[RelapseModel], Proof]
    feedback: Feedback | None = None

    @cached_property
    def model(self) -> RelapseModel:
        """The challenger's model."""
        return artifact.relapse_of(self.challenger)

    @cached_property
    def later(self) -> Later:
        """Both models on the same later rows."""
        champion = None
        if self.champion is not None:
            champion = Candidate(artifact.relapse_of(self.champion), self.champion.card)
        return later_rows(self.records, self.config, Candidate(self.model, self.challenger.card), champion)

    @property
    def audit(self) -> Audit:
        """How groups are told of at this gate."""
        gate, config = self.config.gate, self.config
        return Audit(gate.least_persons, gate.least_relapses, min(config.resamples, 200), config.seed)


def look(case: Case) -> list[Finding]:
    """The findings of all items of the configuration; dear ones are left out once a cheaper one has refused."""
    findings: list[Finding] = []
    for stage in (ON_PAPER, ON_ROWS, SIMULATED):
        if all(each.passed for each in findings):
            findings += [ITEMS[name](case) for name in stage if name in case.config.gate.items]
    return findings


def sound(case: Case) -> Finding:
    """The booster is whole, and answers numbers that its reasons add up to."""
    if not is_whole(case.challenger.booster_text):  # such a text could take the process with it
        return Finding("sound", passed=False, why="the booster is not whole")
    try:
        model = case.model
        blank = _blank(model)
        numbers = model.risk(blank)
        model.contributions(blank)
    except NOT_USABLE as error:
        return Finding("sound", passed=False, why=f"the model cannot answer ({type(error).__name__})")
    good = bool(np.isfinite(numbers).all() and np.ptp(numbers) < 1)
    return Finding("sound", good, "the model answers and its reasons add up" if good else "risks are not numbers")


def features(case: Case) -> Finding:
    """The model reads what its booster was grown on, what the configuration chose, and nothing protected beside."""
    try:
        model = case.model
    except NOT_USABLE as error:
        return Finding("features", passed=False, why=f"its features are not known here ({type(error).__name__})")
    strangers = sorted(set(model.columns) - {feature.name for feature in chosen(case.config.features)})
    asked = {*case.config.features.facts, *(name for name, _ in case.config.features.facts_are)}
    protected = sorted(
        column for each in model.features if (column := dict(each.arguments).get("column")) in set(PROTECTED) - asked
    )
    grown_on = model.booster.num_feature()
    faults = [
        *(
            [f"the booster was grown on {grown_on} columns, {len(model.columns)} are named"]
            * (grown_on != len(model.columns))
        ),
        *([f"not chosen by the configuration: {', '.join(strangers)}"] if strangers else []),
        *([f"protected: {', '.join(map(str, protected))}"] if protected else []),
    ]
    return Finding("features", not faults, "; ".join(faults) or f"{grown_on} features, all chosen")


def card(case: Case) -> Finding:
    """Every item of the card is filled in."""
    empty = empty_items(case.challenger.card)
    unstated = unstated_items(case.challenger.card)
    what_to_do = f"; [statements] of the configuration answers {', '.join(unstated)}" if unstated else ""
    why = f"empty on the card: {', '.join(empty)}{what_to_do}" if empty else "no item of the card is empty"
    return Finding("card", not empty, why)


def fresh(case: Case) -> Finding:
    """What was learned from is not long behind what the store holds."""
    return fresh_of(case.ages, case.config.gate.most_behind_days)


def fresh_of(ages: Ages, most_behind_days: int) -> Finding:
    """Whether records end no more days before the store's than are let pass."""
    behind = ages.behind_days
    why = f"its records end {behind} days before the store's, {most_behind_days} are let pass"
    return Finding("fresh", behind <= most_behind_days, why, {"behind_days": behind})


def newer(case: Case) -> Finding:
    """The snapshot is a state of this store, and none before the champion's."""
    return newer_of(case.ages)


def newer_of(ages: Ages) -> Finding:
    """Whether a snapshot is a state of the store, and none before the champion's."""
    if ages.challenger is None:
        return Finding("newer", passed=False, why="its snapshot is no state this store was ever in")
    good = ages.champion is None or ages.challenger >= ages.champion
    return Finding("newer", good, "its snapshot is not older than the champion's" if good else "an older snapshot")


def baselines(case: Case) -> Finding:
    """By its own record the model is ahead of the base rate, and surely behind no baseline."""
    losses = {
        name: figures["log_loss"]
        for name, figures in case.challenger.card.get("figures", {}).get("paired", {}).items()
        if name in {"base_rate", "last_result", "points", "logistic"}
    }
    ahead = (losses.get("base_rate", {}).get("value") or 0.0) < 0
    behind = [name for name, each in losses.items() if (each.get("low") or 0.0) > 0]
    if not ahead:
        return Finding("baselines", passed=False, why="not ahead of the base rate on log loss", figures=losses)
    if behind:
        return Finding("baselines", passed=False, why=f"behind {', '.join(behind)} on log loss", figures=losses)
    why = "; ".join(["ahead of the base rate on rows it was not fitted on", *_shifted(case)])
    return Finding("baselines", passed=True, why=why, figures=losses)


def later(case: Case) -> Finding:
    """On the same later rows the challenger is not surely worse than the champion: log loss and AUROC, paired."""
    if case.champion is None:
        return Finding("later", passed=True, why="there is no champion yet to be compared with")
    told = case.later
    seen = told.rows["relapse"].notna().to_numpy(dtype=np.bool_)
    rows = told.rows[seen]
    y, persons = rows["relapse"].to_numpy(dtype=np.float64), rows["person_id"].to_numpy(dtype=object)
    sampling = draws(persons, resamples=min(case.config.resamples, 200), seed=case.config.seed)
    compared = {
        name: paired(y, {name: told.risks[name][seen], CHAMPION: told.risks[CHAMPION][seen]}, sampling)[CHAMPION]
        for name in (TWIN, ITSELF)
    }
    worse = [name for name, figures in compared.items() if figures["log_loss"].low > 0 or figures["auroc"].high < 0]
    figures = {"rows": int(seen.sum()), "champion_is_twin": told.champion_is_twin, **plain(compared)}
    n = f"{seen.sum():,} later rows"
    return Finding("later", not worse, f"worse than the champion on {n}" if worse else f"not worse on {n}", figures)


def calibration(case: Case) -> Finding:
    """On later rows, and by the slope of its backtest, risks are not surely too low or high, too extreme or timid.

    The level of the backtest is told and refuses nobody: over its weeks the level of what was learned from may shift,
    which would refuse the base rate as well. Where it surely is off, `baselines` warns of it.
    """
    most = case.config.gate.most_off
    groups = {name: _audited(case, name).everyone for name in (TWIN, ITSELF)}
    faults = [
        f"{name}: {fault}" for name, group in groups.items() for fault in _off(group, most, case.config.gate.slopes)
    ]
    slope, shift = (_of_the_backtest(case.challenger.card, measure) for measure in ("slope", "intercept"))
    relapses = at(case.challenger.card, "figures.counts.positives")
    if slope and _steep(slope, int(relapses or 0), case.config.gate.slopes):
        faults.append(f"its backtest: {OFF_IN_SLOPE}")
    figures = plain({**groups, "backtest_slope": slope, "backtest_intercept": shift})
    told = [_level(name, group.figures.get("intercept")) for name, group in groups.items()]
    told.append(
        f"not surely off by more than {most:g}; its backtest: intercept {_figure(shift)}, slope {_figure(slope)}"
    )
    return Finding("calibration", not faults, "; ".join(faults) or ", ".join(told), figures)


def groups(case: Case) -> Finding:
    """Within no group that can be told of are the risks surely off."""
    found: dict[str, Any] = {}
    faults, levels = [], []
    for name in (TWIN, ITSELF):
        for attribute, inside in _audited(case, name).attributes.items():
            for each, group in (inside or {}).items():
                off = _off(group, case.config.gate.most_off_in_groups, None)
                faults += [f"{name}, {attribute} {each}: {fault}" for fault in off]
                levels += [(f"{name}, {attribute} {each}", group.figures["intercept"])] if group.figures else []
                found.setdefault(attribute, {}).setdefault(each, {})[name] = plain(group.figures.get("intercept"))
    why = "; ".join(faults) or _farthest(levels, case.config.gate.most_off_in_groups)
    return Finding("groups", not faults, why, found)


def leak(case: Case) -> Finding:
    """Poisoning the future moves no feature, score or reason, and would have moved nearly all had they seen it."""
    proof = case.leaks(case.model)
    idle = f"{len(proof.not_exercised)} of {proof.with_a_future} columns"
    figures = {"moved": proof.moved, "not_exercised": proof.not_exercised, "with_a_future": proof.with_a_future}
    if proof.moved:
        return Finding("leak", passed=False, why=f"it sees the future: {', '.join(proof.moved[:5])}", figures=figures)
    if not proof.suffices:
        why = f"the leak proof proves too little: {idle} were not exercised; give it more proof_edits"
        return Finding("leak", passed=False, why=why, figures=figures)
    return Finding("leak", passed=True, why="nothing moved when the future was poisoned", figures=figures)


def feedback(case: Case) -> Finding:
    """Deciding who is tested and learning from what was found, ten times over, it does not surely drift away."""
    if case.feedback is None:
        raise ConfigError("gate: the item 'feedback' needs the simulator, which the command line brings along.")
    recipe = recipe_of(case.challenger.card) or case.config  # the challenger's: it is on trial, not who promotes it
    rounds, most = case.feedback(recipe), case.config.gate.most_drift
    faults = [
        *(["it tells persons apart ever worse"] if rounds.auroc_drift.high < -most else []),
        *(["its risks run away from what is true"] if _beyond(rounds.excess_drift, (-4 * most, 4 * most)) else []),
        *(["tests gather on ever fewer persons"] if rounds.concentration_drift.low > most else []),
    ]
    why = "; ".join(faults) or f"not surely drifting in {len(rounds.auroc)} rounds"
    return Finding("feedback", not faults, why, plain(vars(rounds)))


ITEMS: Mapping[str, Callable[[Case], Finding]] = {
    item.__name__: item
    for item in (sound, features, card, fresh, newer, baselines, later, calibration, groups, leak, feedback)
}


def _audited(case: Case, name: str) -> Fairness:
    told = case.later
    return audit(told.rows, told.risks[name], told.groups, workers={}, how=case.audit)


def _off(group: Group, most: float, slopes: tuple[float, float] | None) -> list[str]:
    if not group.figures:
        return []
    shift, slope = group.figures["intercept"], group.figures["slope"]
    faults = ["risks too low"] if shift.low > most else ["risks too high"] if shift.high < -most else []
    return [*faults, *(_steep(slope, group.relapses or 0, slopes) if slopes else [])]


def _of_the_backtest(card: Mapping[str, Any], measure: str) -> Estimate | None:
    """A measure that the card tells of the model's whole backtest; None where it tells none."""
    told = at(card, f"figures.models.{MODEL}.{measure}")
    if not isinstance(told, Mapping):
        return None
    return Estimate(*(float("nan") if (each := told.get(name)) is None else float(each) for name in PARTS))


def _shifted(case: Case) -> list[str]:
    """A warning, where over the whole backtest the risks surely were too low or too high."""
    shift, most = _of_the_backtest(case.challenger.card, "intercept"), case.config.gate.most_off
    if shift is None or not _beyond(shift, (-most, most)):
        return []
    way = "low" if shift.low > most else "high"
    return [f"warning: its backtest's risks surely are too {way}, intercept {_figure(shift)}, beyond {most:g}"]


def _farthest(levels: list[tuple[str, Estimate]], most: float) -> str:
    """That no group is surely off by more than is let pass, and whose risks are farthest from what came."""
    if not levels:
        return "no group is large enough to be told of"
    name, shift = max(levels, key=lambda each: abs(each[1].value))
    return f"no group surely off by more than {most:g}; farthest {_level(name, shift)}"


def _level(name: str, shift: Estimate | None) -> str:
    return f"{name}: intercept {_figure(shift)}"


def _figure(estimate: Estimate | None) -> str:
    return shown(None if estimate is None else plain(estimate))


def _steep(slope: Estimate, relapses: int, slopes: tuple[float, float]) -> list[str]:
    low, high = slopes
    if relapses < RELAPSES_FOR_A_SLOPE:
        low, high = min(low, SLOPES_OF_FEW[0]), max(high, SLOPES_OF_FEW[1])
    return [OFF_IN_SLOPE] if _beyond(slope, (low, high)) else []


def _beyond(slope: Estimate, between: tuple[float, float]) -> bool:
    return slope.high < between[0] or slope.low > between[1]  # of NaN, where all risks are equal, nothing is sure


def is_whole(text: str) -> bool:
    """Whether every tree of a booster's text is there, and is as long as the text says."""
    head, first, trees = text.partition("\nTree=0\n")
    sizes = next((line for line in head.splitlines() if line.startswith("tree_sizes=")), "tree_sizes=")
    lengths = [int(size) for size in sizes.partition("=")[2].split() if size.isdecimal()]
    body, end, _ = (first[1:] + trees).partition("end of trees")
    return text.startswith("tree\n") and bool(lengths) and bool(end) and sum(lengths) == len(body)


def _blank(model: RelapseModel) -> pd.DataFrame:
    """Two rows: nothing known, and ones."""
    return pd.DataFrame([[np.nan] * len(model.columns), [1.0] * len(model.columns)], columns=model.columns)
