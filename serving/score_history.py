"""The scores a person was given, from the record, and what changed between the last one and now, in words.

The record keeps the risk of every score, its day, model and state, and no reasons: histories are never overwritten, so
the reasons of an earlier day can be computed again, and the recorded risk tells to the last bit whether they are those
of then. What does not come out the same is told apart: another model, or records that came in later about earlier days.
"""

import math
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from features.schema import days_since_epoch
from models.champion import Champion
from models.reasons import TOLERANCE, ReasonsError
from models.relapse import RelapseModel
from serving.entries import SCORED
from serving.one_person import Person
from serving.private_files import reading
from serving.problems import ProblemError
from serving.scoring import Scored, scores_on

GIVEN = (
    "SELECT score_id, at, as_of, risk, tag, digest, run, snapshot FROM audit "
    "WHERE person_hash = ? AND outcome = ? AND as_of <= ? ORDER BY seq"
)
SURE = 2.0**-52  # nearer to 0 or 1 a risk no longer tells its log-odds


@dataclass(frozen=True)
class Given:
    """A score as it was first given: when, as of which day, by which model, from which state of the store.

    `again`: the ids of later answers that told the same.
    """

    score_id: str
    at: str
    as_of: date
    risk: float
    tag: str
    digest: str
    run: str
    snapshot: str
    again: tuple[str, ...] = ()

    def goes_by(self, score_id: str) -> bool:
        """Whether an answer of that id told this score: the first, or one that told the same again."""
        return score_id == self.score_id or score_id in self.again


@dataclass(frozen=True)
class Interval:
    """The ends of the 95 % interval of a risk; None where the model has none, or the score does not come out again."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Change:
    """A feature whose contribution differs: its place in the model, and how much, in log-odds."""

    place: int
    difference: float


@dataclass(frozen=True)
class Changes:
    """From an earlier score to one of now: log-odds then and now, by feature, and what the records do not account for.

    now - then = sum of the differences + `unaccounted`, which is another model's doing where `other_model`, else that
    of records which came in later about days before the earlier score. `then` is None where the model of today cannot
    score the person on that day; nothing is told by feature then.
    """

    since: Given
    log_odds_then: float
    now: Scored
    then: Scored | None
    differences: tuple[Change, ...]
    unaccounted: float
    other_model: bool


def given(records: Path, person_hash: str, *, until: date) -> list[Given]:
    """The scores a person was given as of days up to one, in the order of those days; told again, told once."""
    try:
        with reading(records) as connection:
            rows = connection.execute(GIVEN, (person_hash, SCORED, until.isoformat())).fetchall()
    except sqlite3.Error:
        raise ProblemError("record_unreadable") from None
    alike: dict[tuple[object, ...], list[Given]] = {}
    for score_id, at, as_of, *rest in rows:
        each = Given(score_id, at, date.fromisoformat(as_of), *rest)
        alike.setdefault((each.as_of, each.digest, each.risk), []).append(each)
    once = [replace(first, again=tuple(each.score_id for each in later)) for first, *later in alike.values()]
    return sorted(once, key=lambda each: (each.as_of, each.at))


def intervals(read: Person, found: Sequence[Given], champion: Champion, model: RelapseModel) -> list[Interval]:
    """The interval of each score that the model of today gave and gives again."""
    days = [days_since_epoch(each.as_of) for each in found]
    again = scores_on(model, read.history, read.person_id, days)
    return [
        Interval(outcome.low, outcome.high)
        if isinstance(outcome, Scored) and (each.digest, each.risk) == (champion.digest, outcome.risk)
        else Interval()
        for each, outcome in zip(found, again, strict=True)
    ]


def changes(read: Person, since: Given, now: Scored, champion: Champion, model: RelapseModel) -> Changes:
    """What changed from an earlier score to the one of now."""
    (then,) = scores_on(model, read.history, read.person_id, [days_since_epoch(since.as_of)])
    other_model = since.digest != champion.digest
    log_odds_then = _log_odds(since.risk)
    if not isinstance(then, Scored):
        return Changes(since, log_odds_then, now, None, (), now.log_odds - log_odds_then, other_model)
    if then.risk == since.risk and not other_model:
        log_odds_then = then.log_odds
    found = now.contributions - then.contributions
    order = sorted(range(len(found)), key=lambda place: -abs(found[place]))
    differences = tuple(Change(place, float(found[place])) for place in order if found[place] != 0)
    unaccounted = then.log_odds - log_odds_then
    off = abs(now.log_odds - log_odds_then - sum(each.difference for each in differences) - unaccounted)
    if not off <= 2 * TOLERANCE:  # of two scores; also when not a number
        raise ReasonsError(f"the changes of an answer differ from those of its scores by {off:.2e}.")
    return Changes(since, log_odds_then, now, then, differences, unaccounted, other_model)


def _log_odds(risk: float) -> float:
    risk = min(max(risk, SURE), 1 - SURE)
    return math.log(risk) - math.log1p(-risk)
