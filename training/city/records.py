"""From the diary of a city to the rows its seven sources send: contacts, tests, doses, and what befell people."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.vocabulary import KINDS, TEST_GIVEN
from training.city.life import NO_TEST, RESULTS, Diary, Entry, Ledger, World
from training.city.programmes import COMMUNITY_REHABILITATION, METHADONE
from training.city.weeks import Ints, logistic

Cells = tuple[Ints, ...]  # (weeks, persons) of the diary
Texts = npt.NDArray[np.str_]

EMPTY: dict[str, Any] = {"outcome": None, "substance": None, "value": np.nan, "note_code": None}

HAIR_EVERY_WEEKS = 26
HAIR_SENSITIVITY = 0.85
HAIR_SEES_WEEKS = (2, 25)  # use so many weeks back shows at the root (DOMAIN section 3)
DOSE_MG = 60.0


@dataclass(frozen=True)
class Contact:
    """A kind of routine contact: how often a week it is due, and the log-odds that it is kept on an ordinary day."""

    source: str
    kind: str
    per_week: float
    kept: float | None  # none: this kind has no outcome, and is there only when it happened
    only_jobless: bool = False


CONTACTS = (
    Contact("community", "check_in", 0.46, 2.4),
    Contact("community", "home_visit", 0.13, 2.0),
    Contact("community", "family_contact", 0.11, 1.8),
    Contact("rehab_station", "group_service", 0.07, 1.4),
    Contact("rehab_station", "plan", 0.06, None),
    Contact("rehab_station", "assistance", 0.02, None),
    Contact("employment", "training", 0.035, 1.5, only_jobless=True),
    Contact("employment", "placement", 0.025, None, only_jobless=True),
    Contact("community", "leave", 0.012, None),
    Contact("community", "absence", 0.006, None),
)


def records(diary: Diary, ledger: Ledger, world: World) -> pd.DataFrame:
    """What should be recorded, one row an event: persons, stations and townships by number, days since 1970-01-01.

    Columns person, occurred_on, source, kind, outcome, substance, value, station, township, note_code; `None` where
    a kind has no such thing.
    """
    routine = [_contact(contact, diary, world) for contact in CONTACTS]
    routine += [_urine_tests(diary, world), _hair_tests(diary, world), _counselling(diary, world)]
    routine += [_doses(diary, world, taken=True), _doses(diary, world, taken=False)]
    recent = pd.concat(routine, ignore_index=True)
    recent = recent[recent["occurred_on"] >= world.weeks.monday(world.weeks.opens)]
    befell = [_earlier_isolation(world), *(_told(entry, world) for entry in ledger.by_kind())]
    return until_death(pd.concat([*befell, recent], ignore_index=True))


def _rows(diary: Diary, at: Cells, day: Ints, **given: object) -> pd.DataFrame:
    """Rows at these (week, person) cells of the diary, with the columns given."""
    week, who = at
    place = {"station": diary.station[week, who], "township": diary.township[week, who]}
    return pd.DataFrame({"person": who, "occurred_on": day, **EMPTY, **place, **given})


def _contact(contact: Contact, diary: Diary, world: World) -> pd.DataFrame:
    due = diary.routine & (world.rng.random(diary.routine.shape) < contact.per_week)
    if contact.only_jobless:
        due &= ~diary.employed
    if contact.kept is None:
        due &= ~diary.silent
    at = np.nonzero(due)
    outcome = None if contact.kept is None else _kept(contact.kept, diary, world, at)
    value = world.rng.integers(1, 15, len(at[0])) if KINDS[contact.kind].value_unit == "days" else np.nan
    day = _day_in_week(world, at[0])
    return _rows(diary, at, day, source=contact.source, kind=contact.kind, outcome=outcome, value=value)


def _kept(logit: float, diary: Diary, world: World, at: Cells) -> Texts:
    """Kept or missed: strain and use make missing likelier, and who is gone misses everything."""
    kept = logistic(logit - 0.6 * diary.strain[at] - 0.7 * diary.used[at]) * ~diary.silent[at]
    return np.where(world.rng.random(len(at[0])) < kept, "kept", "missed")


def _day_in_week(world: World, week: Ints) -> Ints:
    return world.weeks.first + 7 * week + world.rng.integers(0, 7, len(week))


def _urine_tests(diary: Diary, world: World) -> pd.DataFrame:
    at = np.nonzero(diary.test_result != NO_TEST)
    outcome = np.array(RESULTS)[diary.test_result[at]]
    return _rows(
        diary,
        at,
        diary.test_day[at],
        source=np.where(diary.programme[at] == METHADONE, "methadone_clinic", "community"),
        kind="urine_test",
        outcome=outcome,
        substance=_substance_of(at[1], outcome, world),
        note_code=pd.Series("surprise", range(len(outcome))).where(diary.surprise[at]),
    )


def _hair_tests(diary: Diary, world: World) -> pd.DataFrame:
    """Two a year, each of which shows use two weeks to half a year back; missed as any other contact is."""
    week = np.arange(world.weeks.count)[:, None]
    turn = np.arange(len(world.people)) % HAIR_EVERY_WEEKS
    at = np.nonzero(diary.routine & (week % HAIR_EVERY_WEEKS == turn))
    recent, oldest = HAIR_SEES_WEEKS
    so_far = np.vstack([np.zeros((1, len(turn)), np.int64), diary.used.cumsum(axis=0)])
    seen = so_far[np.maximum(at[0] - recent + 1, 0), at[1]] > so_far[np.maximum(at[0] - oldest, 0), at[1]]
    shown = np.where(seen & (world.rng.random(len(seen)) < HAIR_SENSITIVITY), "positive", "negative")
    outcome = np.where(_kept(2.3, diary, world, at) == "kept", shown, "missed")
    substance = _substance_of(at[1], outcome, world)
    day = _day_in_week(world, at[0])
    return _rows(diary, at, day, source="rehab_station", kind="hair_test", outcome=outcome, substance=substance)


def _substance_of(who: Ints, outcome: Texts, world: World) -> pd.Series:
    """What a given test looked for, the person's primary substance; nothing for a test that was not given."""
    primary = world.people.facts["primary_substance"].take(who).reset_index(drop=True)
    return primary.where(np.isin(outcome, TEST_GIVEN))


def _counselling(diary: Diary, world: World) -> pd.DataFrame:
    at = np.nonzero(diary.counselling)
    outcome = np.where(diary.counselling[at] == 1, "kept", "missed")
    day = _day_in_week(world, at[0])
    return _rows(diary, at, day, source="rehab_station", kind="counselling", outcome=outcome)


def _doses(diary: Diary, world: World, *, taken: bool) -> pd.DataFrame:
    """One row a week for the doses taken, and one for a week's missed dose: a row a day would drown all else."""
    strained = logistic(-1.2 + 0.6 * diary.strain + 0.8 * diary.used)
    missing = diary.silent | (world.rng.random(diary.routine.shape) < strained)
    chosen = ~diary.silent if taken else missing
    at = np.nonzero(diary.routine & (diary.programme == METHADONE) & chosen)
    outcome, note = ("taken", "week") if taken else ("missed", None)
    value = np.round(DOSE_MG + 8 * world.people.frailty[at[1]]) if taken else np.nan
    day = _day_in_week(world, at[0])
    return _rows(diary, at, day, source="methadone_clinic", kind="dose", outcome=outcome, value=value, note_code=note)


def _told(entry: Entry, world: World) -> pd.DataFrame:
    """The rows of an entry of the ledger."""
    points = KINDS[entry.kind].value_unit == "points"
    columns = {"person": entry.who, "occurred_on": entry.day, **EMPTY}
    said = {"source": entry.source, "kind": entry.kind, "outcome": entry.outcome or None}
    value = np.round(world.rng.normal(70, 10, len(entry.who))) if points else np.nan
    return pd.DataFrame({**columns, **said, "value": value, "station": entry.station, "township": entry.township})


def _earlier_isolation(world: World) -> pd.DataFrame:
    """Admission and release of those who enter the city's programmes from isolation."""
    people = world.people
    who = np.flatnonzero(people.programme == COMMUNITY_REHABILITATION)
    place = {"station": people.station[who], "township": people.township[who]}
    moments = (("isolation_start", people.registered_on[who]), ("isolation_end", people.entry_day[who]))
    made = [
        pd.DataFrame({"person": who, "occurred_on": day, **EMPTY, "source": "facility", "kind": kind, **place})
        for kind, day in moments
    ]
    return pd.concat(made, ignore_index=True)


def until_death(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows without what was foreseen for a day after the person's death."""
    died_on = rows[rows["kind"] == "death"].groupby("person")["occurred_on"].min()
    return rows[~(rows["occurred_on"] > rows["person"].map(died_on))].reset_index(drop=True)
