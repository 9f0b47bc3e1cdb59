"""The items of the gate of a hotspot model: each looks at one thing and says whether the challenger passes, and why.

As at the gate of relapse a challenger is refused for what is sure; doubt alone refuses nobody.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from features.arrays import Floats
from features.effort import came_of_testing
from features.errors import ConfigError
from features.hotspot import WEEK, Places
from features.plain import from_plain
from models import artifact
from models import hotspot as model
from models.counts import poisson_deviance
from models.hotspot import HotspotModel
from training.card_items import at
from training.gate import NOT_USABLE, Ages, Finding, fresh_of, is_whole, newer_of
from training.hotspot_backtest import MODEL, judge
from training.hotspot_config import HotspotConfig
from training.hotspot_gate_choice import ON_PAPER, ON_PLACES, SIMULATED
from training.hotspot_metrics import Outcome, Ratio, figures, weightings
from training.hotspot_study import counted_places

ORIGINS_FOR_AN_INTERVAL = 8
EDITED_SHARE = 0.2  # of the known incidents, told of once more as if they came later
BEHIND_NONE_OF = ("count_12m", "count_all", "ewma", "prior")
HOW_JUDGED = ("origins", "bootstrap_samples", "seed", "workers")
QUESTION = ("level", "horizon_weeks", "cell_size_m", "h3_resolution", "kinds", "reporters", "at_equal_effort")
PLACES_ON_CARD = (
    "intended_use", "refused_use", "refused_purposes", "horizon_weeks", "level", "kinds", "reporters", "snapshot",
    "trained_on.rows", "figures.counts", "figures.horizons", "recipe", "limits",
)  # fmt: skip


@dataclass(frozen=True)
class Drift:
    """What a simulated feedback came to: the share of the top district, in truth and as forecast round by round."""

    true_share: float
    forecast_shares: tuple[float, ...]
    drift: float  # of the last rounds, relative to the truth
    holds: bool
    adjusted: bool = True  # whether account was taken of how much was tested
    tested: float = 1.0  # share of the incidents that came of testing


Feedback = Callable[[HotspotConfig, float], Drift]  # of a recipe, where this share of incidents comes of testing


@dataclass(frozen=True)
class Case:
    """Everything the items look at."""

    config: HotspotConfig
    challenger: artifact.Artifact
    champion: artifact.Artifact | None
    ages: Ages
    places: Places
    feedback: Feedback | None = None

    @property
    def last_day(self) -> int:
        """The last day whose records the store holds."""
        return int(self.places.incidents["known_on"].max())

    @property
    def model(self) -> HotspotModel:
        """The challenger's model."""
        return artifact.hotspot_of(self.challenger)


def look(case: Case) -> list[Finding]:
    """The findings of all items of the configuration; dear ones are left out once a cheaper one has refused."""
    findings: list[Finding] = []
    for stage in (ON_PAPER, ON_PLACES, SIMULATED):
        if all(each.passed for each in findings):
            findings += [ITEMS[name](case) for name in stage if name in case.config.gate.items]
    return findings


def record(case: Case) -> Finding:
    """By its own record ahead of the 12-month count, and surely behind neither other counts nor its own prior."""
    return on_record(case.challenger.card.get("figures", {}), str(case.challenger.model["scope"]["horizon_weeks"]))


def on_record(figures: Mapping[str, Any], horizon: str) -> Finding:
    """Ahead of the 12-month count on deviance skill: the interval of the paired difference lies above zero.

    With few origins there is no interval to speak of, since it resamples them; then the difference itself has to. Of
    the kernels and the self-exciting process a planner has none at hand: being behind one is told, and refuses nobody.
    """
    paired = figures.get("horizons", {}).get(horizon, {}).get("paired", {})
    skill = paired.get("count_12m", {}).get("deviance_skill", {})
    origins = figures.get("counts", {}).get("origins", 0)
    few = origins < ORIGINS_FOR_AN_INTERVAL
    ahead = (skill.get("difference" if few else "low") or 0.0) > 0  # NaN, when nothing came, is not
    how = ", too few for an interval" if few and ahead else ""
    told = "ahead of" if ahead else "not ahead of"
    why = f"{told} the 12-month count on deviance, {origins} origins{how}"
    behind = [] if few else [name for name, each in paired.items() if _surely_behind(each.get("deviance_skill", {}))]
    if behind:
        why += f"; behind {', '.join(behind)}"
    passed = ahead and not {*behind} & {*BEHIND_NONE_OF}
    return Finding("record", passed, why, {name: each.get("deviance_skill") for name, each in paired.items()})


def sound(case: Case) -> Finding:
    """The booster is whole and answers, on the records of today, numbers that its reasons add up to."""
    if not is_whole(case.challenger.booster_text):  # such a text could take the process with it
        return Finding("sound", passed=False, why="the booster is not whole")
    try:
        fitted = case.model
        table = model.look(fitted, case.places, as_of=case.last_day)
        expected = model.predict(fitted, table)
        model.contributions(fitted, table)
    except NOT_USABLE as error:
        return Finding("sound", passed=False, why=f"the model cannot answer ({type(error).__name__})")
    good = bool(np.isfinite(expected).all() and (expected > 0).all())
    return Finding("sound", good, "the model answers and its reasons add up" if good else "forecasts are no numbers")


def card(case: Case) -> Finding:
    """Every item of the card is filled in."""
    empty = [place for place in PLACES_ON_CARD if not at(case.challenger.card, place)]
    return Finding("card", not empty, f"empty on the card: {', '.join(empty)}" if empty else "the card is filled in")


def fresh(case: Case) -> Finding:
    """What was learned from is not long behind what the store holds."""
    return fresh_of(case.ages, case.config.gate.most_behind_days)


def newer(case: Case) -> Finding:
    """The snapshot is a state of this store, and none before the champion's."""
    return newer_of(case.ages)


def leak(case: Case) -> Finding:
    """Poisoning what occurs or becomes known after a day moves no feature, forecast or reason of that day."""
    fitted, as_of = case.model, case.last_day - WEEK * case.config.maturity_weeks
    poisoned = poisoned_after(case.places, as_of, seed=case.config.seed)
    told = [_all_told(fitted, places, as_of) for places in (case.places, poisoned)]
    moved = [str(name) for name in told[0] if not told[0][name].equals(told[1][name])]
    why = f"it sees the future: {', '.join(moved[:5])}" if moved else "nothing moved when the future was poisoned"
    return Finding("leak", not moved, why, {"incidents_poisoned": len(poisoned.incidents) - len(case.places.incidents)})


def later(case: Case) -> Finding:
    """Judged at the same origins on the same records, the challenger's recipe is not surely worse than the champion's.

    A model in use has learned from every complete horizon, so the recipes stand for the models, refitted each time.
    """
    if case.champion is None:
        return Finding("later", passed=True, why="there is no champion yet to be compared with")
    mine, theirs = recipe_of(case.challenger.card) or case.config, recipe_of(case.champion.card)
    if theirs is None or _recipe(mine) == _recipe(theirs):
        return Finding("later", passed=True, why="made by the champion's recipe, or that one is not known")
    if _question(mine) != _question(theirs):
        return Finding("later", passed=True, why="of other areas or incidents than the champion: no common measure")
    judged = {name: getattr(mine, name) for name in HOW_JUDGED}
    ours, others = (judge(case.places, each) for each in (mine, replace(theirs, **judged)))
    return _compared(ours.expected[MODEL], others.expected[MODEL], ours.outcome, mine)


def feedback(case: Case) -> Finding:
    """Steering the tests by its forecasts, ten times over, does not drive the share of the top district away.

    Lived through by the challenger's own recipe, with account of testing only where it takes any: as its card tells,
    where it was trained under a gate that asks for this, else anew.
    """
    told = drift_on(case.challenger.card) or _lived_through(case)
    why = f"the share of the top district is {told.drift:+.0%} from the truth after ten rounds of feedback"
    if not told.holds and not told.adjusted:
        why += "; how much was tested is not accounted for: ingest `effort`, or leave out kinds that come of testing"
    return Finding("feedback", told.holds, why, asdict(told))


def _lived_through(case: Case) -> Drift:
    if case.feedback is None:
        raise ConfigError("gate: the item 'feedback' needs the simulator, which the command line brings along.")
    recipe = recipe_of(case.challenger.card) or case.config
    lived = replace(recipe, at_equal_effort=case.model.scope.at_equal_effort)
    return case.feedback(lived, share_that_came_of_testing(case.places, recipe))


def drift_on(card: Mapping[str, Any]) -> Drift | None:
    """What a card tells of the simulated feedback; None where it tells nothing."""
    told = card.get("feedback")
    return None if told is None else from_plain(told, Drift, where="card: feedback")


def share_that_came_of_testing(places: Places, config: HotspotConfig) -> float:
    """Share of the counted incidents that are found only where someone tests."""
    return float(came_of_testing(counted_places(places, config).incidents).mean())


def recipe_of(card: Mapping[str, Any]) -> HotspotConfig | None:
    """The configuration a model was made by, as its card holds it; None where it holds none that can be read."""
    try:
        return from_plain(card["recipe"], HotspotConfig, where="recipe")
    except (KeyError, ConfigError):
        return None


def poisoned_after(places: Places, day: int, *, seed: int) -> Places:
    """The same tables with a future that was never lived: incidents and tests that occur or become known after a day.

    What occurred before but becomes known only after it is invented too; what was known by the day stays as it is.
    """
    drawn, incidents = np.random.default_rng(seed), places.incidents
    past = incidents[incidents["known_on"].le(day)]
    late = past.sample(frac=EDITED_SHARE, random_state=seed).assign(known_on=day + 1 + drawn.integers(0, 30))
    soon = past.sample(frac=EDITED_SHARE, random_state=seed + 1).assign(occurred_on=day + 1, known_on=day + 2)
    untold = [past, late, late, soon, soon, soon]
    return replace(places, incidents=pd.concat(untold, ignore_index=True), effort=_poisoned(places.effort, day))


ITEMS: Mapping[str, Callable[[Case], Finding]] = {
    item.__name__: item for item in (record, card, fresh, newer, sound, leak, later, feedback)
}


def _poisoned(effort: pd.DataFrame | None, day: int) -> pd.DataFrame | None:
    """The reports known by a day, each told of once more after it with ten times the tests."""
    if effort is None:
        return None
    known = effort[effort["known_on"].le(day)]
    return pd.concat([known, known.assign(known_on=day + 1, tests=known["tests"] * 10)], ignore_index=True)


def _all_told(fitted: HotspotModel, places: Places, as_of: int) -> pd.DataFrame:
    """Features, forecast and reasons of every area on a day."""
    table = model.look(fitted, places, as_of=as_of)
    reasons = model.contributions(fitted, table).add_prefix("reason ")
    return pd.concat([table, reasons], axis=1).assign(forecast=model.predict(fitted, table))


def _recipe(config: HotspotConfig) -> HotspotConfig:
    """A configuration without what only says how it is judged."""
    same = HotspotConfig()
    return replace(config, gate=same.gate, **{name: getattr(same, name) for name in HOW_JUDGED})


def _question(config: HotspotConfig) -> tuple[Any, ...]:
    return tuple(getattr(config, name) for name in QUESTION)


def _compared(mine: Floats, theirs: Floats, outcome: Outcome, config: HotspotConfig) -> Finding:
    """Deviance skill of one forecast measured from another's, by resampling the origins."""
    lost = [poisson_deviance(outcome.observed, each).sum(axis=1) for each in (mine, theirs)]
    weights = weightings(len(outcome.observed), samples=config.bootstrap_samples, seed=config.seed)
    skill = figures({"deviance_skill": Ratio(lost[0], lost[1], from_one=True)}, weights)["deviance_skill"]
    worse = _surely_behind(skill)
    why = f"{'worse than' if worse else 'not worse than'} the champion's recipe at {len(outcome.observed)} origins"
    return Finding("later", not worse, why, skill)


def _surely_behind(difference: Mapping[str, float | None]) -> bool:
    return (difference.get("high") or 0.0) < 0
