"""The proof that nothing sees the future, on a history in use: poison what came later, look whether anything moves.

The edits change a copy in memory. Everything they touch occurred or became known after the as-of date, so no feature,
cohort, score or reason at that date may differ in a single bit. A proof is worth what it would have noticed: each time
the same columns are also computed as if everything had been known a day too early, and a column that not even then
moved was not exercised.

Facts of registration have no day of their own, so they have no future here. Areas, incidents and effort are not edited.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pandas as pd

from features.arrays import Flags, Objects
from features.asof import Visible
from features.catalogue import Feature, compute
from features.closing import past_months
from features.cohort import ELIGIBLE, Cohort, why_not
from features.errors import TooLittleHistoryError
from features.history import History
from features.schema import EPOCH
from features.snapshot import Snapshot
from features.stations import StationMonths
from models.curves import BEND
from models.relapse import RelapseModel
from training.edits import LATE_DAYS, UNHEARD_OF, Ground, newcomer_of

ROUNDS = 10
NOT_EXERCISED_AT_MOST = 0.05
COHORT = "who may be scored"
SCORE = "log-odds"


@dataclass(frozen=True)
class Watched:
    """What must not move at an as-of date: the cohort, its features and, with a model, scores and reasons."""

    as_of: int
    cohort: Cohort
    features: tuple[Feature, ...]
    model: RelapseModel | None = None

    def with_a_future(self) -> list[str]:
        """The columns an event can move. A reason moves only where its feature does, so it need not be exercised."""
        names = [each.name for each in self.features if each.definition.sources]
        return [COHORT, *names, *([] if self.model is None else [SCORE])]


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
    """What was edited and what was compared; `moved` names every column that differed: none when all is well.

    `with_scores`: there was a model, and its scores and reasons were compared as well. `with_a_future`: how many
    columns an event can move; `not_exercised` names those of them for which the edits prove nothing, because they would
    not have moved had they been seen a day too early.
    """

    as_of: int
    edits: dict[str, int]
    persons: int
    scored: int
    columns: int
    with_scores: bool
    moved: tuple[str, ...]
    with_a_future: int
    not_exercised: tuple[str, ...]

    @property
    def suffices(self) -> bool:
        """Whether nearly every column that has a future was exercised."""
        return len(self.not_exercised) <= NOT_EXERCISED_AT_MOST * self.with_a_future


@dataclass(frozen=True)
class _Round:
    """What one round of edits made, which columns it moved, and which it would have moved a day too early."""

    made: Counter[str]
    moved: tuple[str, ...]
    exercised: tuple[str, ...]


def prove(events: pd.DataFrame, facts: Facts, watched: Watched, poison: Poison) -> Proof:
    """Compare everything watched before and after each of ten rounds of random edits to the future.

    The months of stations are counted anew from the edited events each time, so they are watched as well.
    """
    _check(events, facts, watched.as_of)
    random = np.random.default_rng(poison.seed)
    told = History.of(events, facts.persons)
    before = _look(_with_months(told, facts, watched.as_of), watched, told.person_ids)
    eligible = told.person_ids[(before[COHORT] == ELIGIBLE).to_numpy()]
    ground = Ground.of(events, watched.as_of, eligible if len(eligible) else told.person_ids, watched.features)
    parts = np.array_split(np.arange(poison.edits), min(ROUNDS, poison.edits))
    rounds = [_round(ground, facts, watched, before, Poison(len(part), int(random.integers(2**32)))) for part in parts]
    with_a_future = watched.with_a_future()
    exercised = {name for each in rounds for name in each.exercised}
    return Proof(
        as_of=watched.as_of,
        edits=dict(sum((each.made for each in rounds), Counter())),
        persons=len(before),
        scored=0 if watched.model is None else len(eligible),
        columns=len(before.columns),
        with_scores=watched.model is not None,
        moved=tuple(dict.fromkeys(name for each in rounds for name in each.moved)),
        with_a_future=len(with_a_future),
        not_exercised=tuple(name for name in with_a_future if name not in exercised),
    )


def prove_on(snapshot: Snapshot, watched: Watched, poison: Poison) -> Proof:
    """The proof on the history of a snapshot."""
    facts = Facts(snapshot.read("persons"), snapshot.read("stations"))
    return prove(snapshot.read("events"), facts, watched, poison)


def _check(events: pd.DataFrame, facts: Facts, as_of: int) -> None:
    if facts.persons.empty or events.empty:
        raise TooLittleHistoryError("prove-no-leak: the store holds no persons with events to look at.")
    last = int(events["known_on"].max())
    if last <= as_of:
        raise TooLittleHistoryError(
            f"prove-no-leak: no record became known after {EPOCH + timedelta(days=as_of)}, so there is no future to "
            f"poison; give an --as-of before the last record, which became known on {EPOCH + timedelta(days=last)}."
        )


def _round(ground: Ground, facts: Facts, watched: Watched, before: pd.DataFrame, poison: Poison) -> _Round:
    random = np.random.default_rng(poison.seed)
    newcomer = newcomer_of(facts.persons, watched.as_of, random)
    events, made = ground.edited(poison.edits, newcomer["person_id"].iloc[0], random)
    later = Facts(_joined(facts.persons, newcomer), _joined(facts.stations, _new_station(facts.stations)))
    told = History.of(events, later.persons)
    person_ids = before.index.to_numpy(dtype=object)
    moved = _differing(before, _look(_with_months(told, later, watched.as_of), watched, person_ids))
    at_once = replace(told, known=told.occurred)
    hindsight = replace(told, stations=_with_months(at_once, later, watched.as_of).stations)
    return _Round(made, tuple(moved), tuple(_differing(before, _look_too_early(hindsight, watched, before))))


def _with_months(history: History, facts: Facts, as_of: int) -> History:
    """The history with the months of stations as they would have been closed from it."""
    months = past_months(history, facts.stations, until=as_of + LATE_DAYS)
    return replace(history, stations=StationMonths.of(months))


def _look(history: History, watched: Watched, person_ids: Objects) -> pd.DataFrame:
    """One row for each person: why not scored, every feature and, for those who may be, score and contributions."""
    times = pd.DataFrame({"person_id": person_ids, "as_of": watched.as_of})
    reasons = why_not(Visible.at(history, times), watched.cohort)

    def table_of(features: Sequence[Feature]) -> pd.DataFrame:
        return compute(history, times, features)

    return _joined_columns(watched, reasons, reasons == ELIGIBLE, table_of).set_axis(person_ids)


def _look_too_early(history: History, watched: Watched, before: pd.DataFrame) -> pd.DataFrame:
    """The same as a leak of a day would have it; scores of the same persons, so that they differ by themselves."""
    times = pd.DataFrame({"person_id": before.index, "as_of": watched.as_of})
    past = Visible.at(history, times).in_hindsight(watched.as_of + 1)

    def table_of(features: Sequence[Feature]) -> pd.DataFrame:
        return pd.DataFrame({each.name: each.of(past) for each in features})

    scored = (before[COHORT] == ELIGIBLE).to_numpy()
    return _joined_columns(watched, why_not(past, watched.cohort), scored, table_of)


def _joined_columns(
    watched: Watched, reasons: Objects, scored: Flags, table_of: Callable[[Sequence[Feature]], pd.DataFrame]
) -> pd.DataFrame:
    table = pd.DataFrame({COHORT: reasons}).join(table_of(watched.features))
    if watched.model is None:
        return table
    parts = watched.model.contributions(table_of(watched.model.features))
    names = [f"reason {name}" for name in watched.model.columns]
    shares = pd.DataFrame(parts.by_feature, columns=names).assign(**{SCORE: parts.total})
    if parts.calibration is not None:
        shares[f"reason {BEND.name}"] = parts.calibration
    return table.join(shares.where(pd.Series(scored)))


def _differing(before: pd.DataFrame, after: pd.DataFrame) -> Iterator[str]:
    for name in before.columns:
        one, two = before[name].to_numpy(), after[name].to_numpy()
        same = one == two if one.dtype == object else (one == two) | (np.isnan(one) & np.isnan(two))
        if not same.all():
            yield name


def _new_station(stations: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"station_id": [UNHEARD_OF], "social_workers": [1.0]}).reindex(columns=stations.columns)


def _joined(rows: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([rows, more.astype(rows.dtypes)], ignore_index=True)
