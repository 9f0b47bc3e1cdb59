"""A station's caseload at an as-of date, without words: who belongs to it, their scores, levels and what is to be done.

Made once for each station, day, model and state of the store, and held; who may read it is asked before, every time.
Whoever is dead, sealed or past three abstinent years is no case any more and is not in it. Whoever has no programme
is in it only while a report or a hand-over is awaited.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from features.asof import Visible
from features.history import History
from features.schema import days_since_epoch
from models.champion import Champion
from models.relapse import RelapseModel
from serving import stations, support, tasks
from serving.answers import expires_on
from serving.desk import Desk
from serving.feedback import Standing
from serving.problems import ProblemError
from serving.scoring import UNKNOWN, NotScored, Outcome, Scored, scores
from serving.support import BY_RULE, LEVELS, Capacity
from serving.tasks import Task

NO_CASE = frozenset({"sealed", "died", "abstinent_three_years", "not_registered", UNKNOWN})
AWAITED = frozenset({"report", "hand_over"})
IN_ISOLATION = "isolated"


@dataclass(frozen=True)
class Case:
    """One person of the caseload; no level where there is no score, for then people decide."""

    person_id: str
    score_id: str
    outcome: Outcome
    level: str | None
    level_ends_on: date | None
    tasks: tuple[Task, ...]
    level_by_rule: str | None
    level_by: str | None  # the rule, or the role of who set the level; None without one
    snoozed_until: date | None = None

    @property
    def scored(self) -> Scored | None:
        """The score, where there is one."""
        return self.outcome if isinstance(self.outcome, Scored) else None


@dataclass(frozen=True)
class Caseload:
    """The cases of a station, highest level and risk first, and what they were made from."""

    list_id: str
    station_id: str
    as_of: date
    champion: Champion
    horizon_days: int
    snapshot: str
    capacity: Capacity
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Wanted:
    """Of which station and day; `today` decides who belongs to the station and whom the law lets be scored."""

    station_id: str
    as_of: date
    today: date


def caseload(desk: Desk, wanted: Wanted, champion: Champion, model: RelapseModel) -> Caseload:
    """The caseload of a station; ProblemError when nobody knows the station."""
    store = desk.histories.store()
    listed, workers = stations.workers_of(store, wanted.station_id)
    seen = desk.histories.seen_at(wanted.station_id)
    person_ids = stations.persons_of(store, wanted.station_id, today=wanted.today, seen=seen)
    if not (listed or person_ids):
        raise ProblemError("unknown_station")
    held = desk.histories.of(person_ids)
    made = Caseload(
        list_id=desk.settings.new_id(),
        station_id=wanted.station_id,
        as_of=wanted.as_of,
        champion=champion,
        horizon_days=model.horizon_days,
        snapshot=held.snapshot,
        capacity=Capacity.of(workers, n_persons=len(person_ids)),
        cases=(),
    )
    ids = [desk.settings.new_id() for _ in person_ids]
    return replace(made, cases=_cases(made, wanted, model, held.history, dict(zip(person_ids, ids, strict=True))))


def _cases(
    made: Caseload, wanted: Wanted, model: RelapseModel, history: History, score_ids: dict[str, str]
) -> tuple[Case, ...]:
    person_ids = list(score_ids)
    as_of, today = days_since_epoch(wanted.as_of), days_since_epoch(wanted.today)
    outcomes = scores(model, history, person_ids, as_of=as_of, today=today)
    of_person = {each: outcome for each, outcome in zip(person_ids, outcomes, strict=True) if _is_case(outcome)}
    if not of_person:
        return ()
    levels = _levels(list(of_person.values()), made.capacity)
    past = Visible.at(history, pd.DataFrame({"person_id": list(of_person), "as_of": as_of}))
    to_do = tasks.tasks(past, levels, schedule=tasks.schedule_of(model))
    ends = expires_on(wanted.as_of, made.horizon_days)
    cases = [
        Case(
            person_id=person_id,
            score_id=score_ids[person_id],
            outcome=outcome,
            level=level,
            level_ends_on=support.ends_on(level, wanted.as_of, ends) if level else None,
            tasks=_awaited(theirs) if _is_away(outcome) else theirs,
            level_by_rule=level,
            level_by=BY_RULE if level else None,
        )
        for (person_id, outcome), level, theirs in zip(of_person.items(), levels, to_do, strict=True)
        if level or theirs  # with neither, no programme runs and nothing is awaited
    ]
    return tuple(sorted(cases, key=place_of))


def _levels(outcomes: Sequence[Outcome], capacity: Capacity) -> list[str | None]:
    risks = np.array([each.risk for each in outcomes if isinstance(each, Scored)])
    found = iter(support.levels(risks, capacity))
    return [next(found) if isinstance(each, Scored) else None for each in outcomes]


def _is_case(outcome: Outcome) -> bool:
    return isinstance(outcome, Scored) or outcome.reason not in NO_CASE


def _is_away(outcome: Outcome) -> bool:
    """Whether the station can neither test nor meet the person now."""
    return isinstance(outcome, NotScored) and outcome.reason == IN_ISOLATION


def _awaited(theirs: tuple[Task, ...]) -> tuple[Task, ...]:
    return tuple(task for task in theirs if task.code in AWAITED)


def with_decision(case: Case, standing: Standing) -> Case:
    """The case with the level that people set, or a machine for them, and the day until which it is to rest."""
    rested = replace(case, snoozed_until=standing.snoozed_until)
    if standing.level is None or standing.level_until is None:
        return rested
    return replace(rested, level=standing.level, level_ends_on=standing.level_until, level_by=standing.level_by)


def place_of(case: Case) -> tuple[bool, int, float, str]:
    """Where a case stands: by level, those without one last, then the highest risk first; who is to rest after all."""
    risk = case.scored.risk if case.scored else 0.0
    level = LEVELS.index(case.level) if case.level else len(LEVELS)
    return case.snoozed_until is not None, level, -risk, case.person_id
