"""A thousand persons from entry to the last week, from random streams of their own; any process gives the same."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from features.arrays import Flags, Floats, Ints
from training.city.arrival import arrive, events_table
from training.city.diary import Diary, blank_diary
from training.city.effort import effort
from training.city.ground import PERSONS, Ground, chance
from training.city.incidents import told_of
from training.city.people import people
from training.city.records import records
from training.city.rows import Rows
from training.city.step import walk
from training.city.tally import Tally, tally
from training.city.testing import POSITIVE
from training.city.truth import truth_of_persons
from training.city.weeks import as_dates
from training.city.world import World

BLOCK_PERSONS = 1_000

# The streams of a block: who they are, their lives, what is recorded of them, how that arrives.
FACTS, LIVES, RECORDS, ARRIVAL = range(4)


@dataclass(frozen=True)
class Block:
    """What a block adds to the city: rows of tables and of the truth, and sums over its persons.

    `told` are its first positives and treatment entries, `effort` tests and contacts by (2, week, township), `caseload`
    its persons under care by station, the mean of a week of records.
    """

    persons: pa.Table
    events: pa.Table
    truth: Mapping[str, pa.Table]
    told: Rows
    effort: Ints
    caseload: Floats
    tally: Tally


@dataclass(frozen=True)
class Lived:
    """A block whose lives have been lived, and what should be recorded of them."""

    world: World
    facts: pd.DataFrame
    diary: Diary
    recorded: Rows


def n_blocks(n_persons: int) -> int:
    """How many blocks a city of so many persons has; the last may be smaller."""
    return -(-n_persons // BLOCK_PERSONS)


def settle(ground: Ground, number: int) -> tuple[World, pd.DataFrame]:
    """The world of a block before its first week, and its persons' facts; the same whenever it is asked for.

    `walk` takes it through the weeks again exactly as the city was, to whatever week a state is wanted of.
    """
    first = number * BLOCK_PERSONS
    n_persons = min(BLOCK_PERSONS, ground.plan.persons - first)
    persons, facts = people(first, n_persons, ground, chance(ground.plan, PERSONS, number, FACTS))
    return World(ground, persons, chance(ground.plan, PERSONS, number, LIVES)), facts


def live(ground: Ground, number: int) -> Lived:
    """All weeks of a block."""
    world, facts = settle(ground, number)
    diary = blank_diary(ground.weeks.count, len(world.people))
    for week, state, happened in walk(world):
        diary.enter(week, happened, state)
    recorder = World(ground, world.people, chance(ground.plan, PERSONS, number, RECORDS))
    return Lived(world, facts, diary, records(diary, recorder))


def positive_before_records(diary: Diary, ground: Ground) -> Flags:
    """By person, whether a test was positive before records open: of such a week no test is on record."""
    before = slice(ground.weeks.opens)
    return ((diary.urine[before] == POSITIVE) | (diary.hair[before] == POSITIVE)).any(axis=0)


def counts(ground: Ground, number: int) -> Tally:
    """The counts of a block alone, the same as those of `block`."""
    lived = live(ground, number)
    known = arrive(lived.recorded, ground, chance(ground.plan, PERSONS, number, ARRIVAL))
    return tally(lived.diary, lived.recorded, len(known), ground)


def block(ground: Ground, number: int) -> Block:
    """Everything a block adds to the city."""
    lived = live(ground, number)
    known = arrive(lived.recorded, ground, chance(ground.plan, PERSONS, number, ARRIVAL))
    facts = lived.facts.assign(registered_on=as_dates(lived.facts["registered_on"].to_numpy()))
    crowd = lived.world.people
    return Block(
        persons=pa.Table.from_pandas(facts, preserve_index=False).replace_schema_metadata(),
        events=events_table(known, ground, number, number * BLOCK_PERSONS),
        truth=truth_of_persons(lived.diary, crowd, list(facts["person_id"]), ground),
        told=told_of(known, positive_before_records(lived.diary, ground)),
        effort=effort(known, ground),
        caseload=_caseload(lived.diary, ground),
        tally=tally(lived.diary, lived.recorded, len(known), ground),
    )


def _caseload(diary: Diary, ground: Ground) -> Floats:
    """Persons under care by the station then theirs, the mean of the weeks of records; aftercare counts where it is."""
    under = diary.routine | (diary.aftercare & (ground.figures.care.aftercare_a_year > 0))
    weeks = slice(ground.weeks.opens, None)
    stations = diary.station[weeks][under[weeks]]
    counted = np.bincount(stations, minlength=ground.figures.places.stations)
    return np.asarray(counted / (ground.weeks.count - ground.weeks.opens))
