"""How far persons and scores have moved since a model was trained, and how its scores did, month by month.

What was known on the day the model was trained on is asked of the store as of that day, so nothing of the training has
to be kept for it. Outcomes are looked at once they are mature. Scores are the promoted model's own, as it would have
given them on each day: on days whose outcomes were known when it was trained it may have learned from them.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from features.arrays import Floats
from features.asof import Visible
from features.catalogue import compute
from features.cohort import ELIGIBLE, why_not
from features.errors import ConfigError, TooLittleHistoryError
from features.history import History
from features.home import Home
from features.schema import EPOCH
from models import artifact, champion
from models.champion import Champion
from models.counts import SMALLEST_SHOWN
from models.relapse import RelapseModel
from models.watch import Figure, Month, Shift, Watch
from training.config import RelapseConfig
from training.evaluate import Estimate, auroc, brier, draws, estimate, ratio
from training.labels import label
from training.later import recipe_of
from training.material import Tell, material
from training.promote import stored

TENTHS = np.arange(1, 10) / 10
ABSENT_ONCE = 0.5  # added to each bin, so that an empty one is no infinity
MONTHS, MONTH_DAYS = 12, 30
RESAMPLES, SEED = 200, 7


@dataclass(frozen=True)
class Watched:
    """A promoted relapse model, how it was made, and the day whose records it was made from."""

    champion: Champion
    model: RelapseModel
    recipe: RelapseConfig
    trained_on: int


def monitor(home: Home, tell: Tell) -> list[Watch]:
    """What is found of every promoted relapse model of a home."""
    watched = list(_watched(home))
    if not watched:
        raise ConfigError("monitor: no relapse model with a calendar is promoted yet; train and promote one first.")
    made_from = material(home, tell)
    found = []
    for each in watched:
        tell(f"features and scores of {each.champion.name}")
        found.append(watch(made_from.history, each, last_day=made_from.last_day))
    return found


def watch(history: History, of: Watched, *, last_day: int) -> Watch:
    """The model on the persons of the day it was trained on and of the last day, and its scores by month."""
    then, now = (_looked(history, of, [day]) for day in (of.trained_on, last_day))
    if then.empty or now.empty:
        raise TooLittleHistoryError(
            f"monitor: nobody is in the cohort of '{of.champion.name}' on the day it was trained on, or on the last."
        )
    shifts = tuple(_shift(each, then, now) for each in of.model.columns)
    return Watch(
        of.champion.name,
        of.champion.digest,
        _iso(of.trained_on),
        _iso(last_day),
        len(then),
        len(now),
        len(TENTHS) * (1 / len(then) + 1 / len(now)),
        _shift("score", *(each.assign(score=of.model.risk(each)) for each in (then, now))),
        tuple(sorted(shifts, key=lambda each: (-each.index, each.name))),
        tuple(_months(history, of, last_day)),
    )


def stability(then: Floats, now: Floats) -> float:
    """The population stability index: sum of (q - p) log(q / p) over the tenths of `then`, absent values apart.

    Zero where nothing moved; .1 and .25 are the customary marks of some and of much (Siddiqi 2006).
    """
    present = then[~np.isnan(then)]
    edges = np.unique(np.quantile(present, TENTHS)) if len(present) else np.empty(0)
    bins = [
        np.bincount(np.where(np.isnan(each), len(edges) + 1, np.searchsorted(edges, each)), minlength=len(edges) + 2)
        for each in (then, now)
    ]
    used = (bins[0] + bins[1]) > 0
    p, q = ((each[used] + ABSENT_ONCE) / (each[used] + ABSENT_ONCE).sum() for each in bins)
    return float(((q - p) * np.log(q / p)).sum())


def _watched(home: Home) -> Iterator[Watched]:
    for name in champion.names(home.champions):
        promoted = champion.read(home.champions, name)
        if promoted is None or promoted.task != "relapse":
            continue
        held = stored(home, promoted)
        recipe = recipe_of(held.card)
        if recipe is not None and recipe.as_of.clock == "calendar":
            yield Watched(promoted, artifact.relapse_of(held), recipe, int(held.card["snapshot_day"]))


def _looked(history: History, of: Watched, days: Sequence[int]) -> pd.DataFrame:
    """The model's features of everyone in the cohort on each day, with person_id and as_of."""
    at = _eligible(history, of, days)
    return at.join(compute(history, at, of.model.features)) if len(at) else at


def _eligible(history: History, of: Watched, days: Sequence[int]) -> pd.DataFrame:
    persons = len(history.person_ids)
    at = pd.DataFrame(
        {"person_id": np.repeat(history.person_ids, len(days)), "as_of": np.tile(np.array(days, np.int64), persons)}
    )
    return at[why_not(Visible.at(history, at), of.model.cohort) == ELIGIBLE].reset_index(drop=True)


def _shift(name: str, then: pd.DataFrame, now: pd.DataFrame) -> Shift:
    before, after = (each[name].to_numpy(dtype=np.float64) for each in (then, now))
    means = [float(np.nanmean(each)) if not np.isnan(each).all() else None for each in (before, after)]
    return Shift(name, stability(before, after), *means)


def _months(history: History, of: Watched, last_day: int) -> Iterator[Month]:
    """The last twelve months whose outcomes are mature, the oldest first."""
    matures = of.recipe.label.horizon_days + of.recipe.label.reporting_lag_days
    days = [last_day - matures - MONTH_DAYS * back for back in reversed(range(MONTHS))]
    rows = _looked(history, of, days)
    if rows.empty:
        return
    rows = rows.assign(risk=of.model.risk(rows), relapse=_outcomes(history, of, rows, last_day))
    for day in days:
        yield _month(rows[rows["as_of"].eq(day)], as_of=day, was_learned=day + matures <= of.trained_on)


def _outcomes(history: History, of: Watched, rows: pd.DataFrame, last_day: int) -> Floats:
    told = label(Visible.at(history, rows[["person_id", "as_of"]]), of.recipe.label, snapshot_day=last_day)
    return told["relapse"].to_numpy(dtype=np.float64)


def _month(rows: pd.DataFrame, *, as_of: int, was_learned: bool) -> Month:
    observed = rows[rows["relapse"].notna()]
    y, risk = (observed[name].to_numpy(dtype=np.float64) for name in ("relapse", "risk"))
    relapses, persons = int(y.sum()), len(y)
    if min(relapses, persons - relapses) < SMALLEST_SHOWN:
        return Month(_iso(as_of), was_learned, _tens(persons))
    sampling = draws(observed["person_id"].to_numpy(dtype=object), resamples=RESAMPLES, seed=SEED)
    return Month(
        _iso(as_of),
        was_learned,
        _tens(persons),
        _tens(relapses),
        _figure(estimate(auroc, y, risk, sampling)),
        _figure(estimate(brier, y, risk, sampling)),
        _figure(ratio(risk, y, sampling)),
    )


def _tens(count: int) -> int:
    return count // SMALLEST_SHOWN * SMALLEST_SHOWN


def _figure(told: Estimate) -> Figure | None:
    ends = (told.value, told.low, told.high)
    return Figure(*ends) if all(math.isfinite(each) for each in ends) else None


def _iso(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()
