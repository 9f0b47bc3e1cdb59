"""The proof that nothing sees the future, on a history in use: poison what came later, look whether anything moves.

The edits change a copy in memory. Everything they touch occurred or became known after the as-of date, so no feature,
cohort, score or reason at that date may differ in a single bit.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from features.asof import Visible
from features.catalogue import Feature, compute
from features.closing import past_months
from features.cohort import Cohort, why_not
from features.errors import TooLittleHistoryError
from features.history import History
from features.stations import StationMonths
from features.vocabulary import KINDS
from models.relapse import RelapseModel

ROUNDS = 10
LATE_DAYS = 400
SORTS = ("altered", "removed", "added", "corrected", "retracted")
COHORT = "who may be scored"
SCORE = "log-odds"


@dataclass(frozen=True)
class Watched:
    """What must not move at an as-of date: the cohort, its features and, with a model, scores and reasons."""

    as_of: int
    cohort: Cohort
    features: tuple[Feature, ...]
    model: RelapseModel | None = None


@dataclass(frozen=True)
class Facts:
    """The contract's tables `persons` and `stations`: what does not change with time."""

    persons: pd.DataFrame
    stations: pd.DataFrame


@dataclass(frozen=True)
class Poison:
    """How many random edits, and which."""

    edits: int = 1000
    seed: int = 7


@dataclass(frozen=True)
class Proof:
    """What was edited and what was compared; `moved` names every column that differed: none when all is well."""

    as_of: int
    edits: dict[str, int]
    persons: int
    scored: int
    columns: int
    moved: tuple[str, ...]


def prove(events: pd.DataFrame, facts: Facts, watched: Watched, poison: Poison) -> Proof:
    """Compare everything watched before and after each of ten rounds of random edits to the future.

    The months of stations are counted anew from the edited events each time, so they are watched as well.
    """
    random = np.random.default_rng(poison.seed)
    before = _look(events, facts, watched)
    if before.empty:
        raise TooLittleHistoryError("prove-no-leak: the store holds no persons to look at.")
    made: Counter[str] = Counter()
    moved: dict[str, None] = {}
    for _ in range(ROUNDS):
        sorts = random.choice(SORTS, size=-(-poison.edits // ROUNDS))
        edited, done = _poisoned(events, Counter(sorts), watched.as_of, random)
        made.update(done)
        after = _look(edited, facts, watched)
        moved |= dict.fromkeys(_differing(before, after))
    scored = int(before[SCORE].notna().sum()) if SCORE in before else 0
    return Proof(watched.as_of, dict(made), len(before), scored, len(before.columns), tuple(moved))


def _look(events: pd.DataFrame, facts: Facts, watched: Watched) -> pd.DataFrame:
    """One row for each person: why not scored, every feature and, for those who may be, score and contributions."""
    told = History.of(events, facts.persons)
    history = replace(
        told, stations=StationMonths.of(past_months(told, facts.stations, until=watched.as_of + LATE_DAYS))
    )
    times = pd.DataFrame({"person_id": history.person_ids, "as_of": watched.as_of})
    reasons = pd.DataFrame({COHORT: why_not(Visible.at(history, times), watched.cohort)})
    table = compute(history, times, watched.features)
    if watched.model is None:
        return reasons.join(table)
    parts = watched.model.contributions(compute(history, times, watched.model.features))
    names = [f"reason {name}" for name in watched.model.columns]
    shares = pd.DataFrame(parts.by_feature, columns=names).assign(**{SCORE: parts.total})
    return reasons.join(table).join(shares.where(reasons[COHORT] == ""))


def _differing(before: pd.DataFrame, after: pd.DataFrame) -> Iterator[str]:
    for name in before.columns:
        one, two = before[name].to_numpy(), after[name].to_numpy()
        same = one == two if one.dtype == object else (one == two) | (np.isnan(one) & np.isnan(two))
        if not same.all():
            yield name


def _poisoned(
    events: pd.DataFrame, wanted: Counter[str], as_of: int, random: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The events with edits to what occurred or became known after the as-of date, and what was really done."""
    later = events["known_on"].to_numpy() > as_of
    future, past = events[later], events[~later]
    removed = _some(future, wanted["removed"], random)
    altered = _some(future.drop(removed.index), wanted["altered"], random)
    newest = past.sort_values("revision").drop_duplicates("event_id", keep="last")
    corrected = _some(newest, wanted["corrected"], random)
    retracted = _some(newest.drop(corrected.index), wanted["retracted"], random)
    templates = _some(events, wanted["added"], random)
    made = {
        "removed": len(removed), "altered": len(altered), "corrected": len(corrected), "retracted": len(retracted),
        "added": len(templates),
    }  # fmt: skip
    added = templates.assign(event_id=[f"invented {number}" for number in range(len(templates))], revision=1)
    parts = [
        events.drop([*removed.index, *altered.index]),
        _scrambled(altered, as_of, random),
        _scrambled(added, as_of, random),
        _scrambled(corrected.assign(revision=corrected["revision"] + LATE_DAYS), as_of, random),
        retracted.assign(revision=retracted["revision"] + LATE_DAYS, retracted=True, known_on=as_of + 1),
    ]
    return pd.concat(parts, ignore_index=True), made


def _some(rows: pd.DataFrame, most: int, random: np.random.Generator) -> pd.DataFrame:
    return rows.sample(min(most, len(rows)), random_state=random)


def _scrambled(rows: pd.DataFrame, as_of: int, random: np.random.Generator) -> pd.DataFrame:
    """The rows with another kind, outcome, value and day; some occurred before the as-of date, all were known after."""
    kinds = [str(kind) for kind in random.choice(list(KINDS), size=len(rows))]
    outcomes = [random.choice(KINDS[kind].outcomes or ("",)) for kind in kinds]
    occurred = as_of + random.integers(-LATE_DAYS, LATE_DAYS, len(rows))
    known = np.maximum(occurred, as_of + 1 + random.integers(0, LATE_DAYS, len(rows)))
    scrambled = rows.assign(
        kind=kinds, outcome=pd.array(outcomes, dtype="str"), value=random.uniform(0, 100, len(rows))
    )
    return scrambled.assign(occurred_on=occurred, known_on=known, retracted=random.random(len(rows)) < 0.2)
