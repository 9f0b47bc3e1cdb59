"""The oracle: what the hidden state at the end of a day says of the weeks after it, found by living them many times.

It knows what no record shows: every person's hidden state and, since a city has one ground, the field of availability
still to come. Each draw is one more life from that state with other random numbers. No function of records does better
in the long run; how near one comes is for `training.oracle` to tell.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from features.arrays import Flags, Floats, Ints
from features.errors import ConfigError
from training.city.arrival import lost_probability
from training.city.block import n_blocks, settle
from training.city.ground import Ground, chance, survey
from training.city.people import People
from training.city.presets import Plan
from training.city.rows import rows
from training.city.simulate import Tell, in_order, refuse_processes, silent
from training.city.state import ACTIVE, DEAD, IN_TRANSIT, MISSING, NEVER, STRANDED, State
from training.city.step import step, walk
from training.city.testing import NEGATIVE, NO_TEST, POSITIVE
from training.city.weeks import EPOCH, Weeks, as_dates
from training.city.world import Entry, World
from training.city.write import PLAN_FILE, TRUTH, as_arrow, read_plan
from training.labels import ENDS, GOES_ON

ORACLE_FILE = "oracle.parquet"

FUTURES = 2  # the branch of the tree of random streams that is the oracle's, beside CITY and PERSONS of `ground`
ROUND = 50  # draws lived through together: bounds the memory, and is part of what a seed gives

# Who left a programme is asked about as long as the records may still show the person in it.
IN_PROGRAMME, LATE_WEEKS = (ACTIVE, MISSING, IN_TRANSIT, STRANDED), 4

MOST_DRAWS, MOST_DAYS = 10_000, 730
SUNDAY = 6
NO_DAY = -NEVER


@dataclass(frozen=True)
class Question:
    """What the oracle is asked: from the end of which days, how many days ahead, with how many draws a person.

    `stream`: another number makes other draws of the same futures.
    """

    as_of: tuple[date, ...]
    horizon_days: int = 90
    draws: int = 200
    stream: int = 0


class Found(NamedTuple):
    """What was found in each life (or in how many draws of each person); the columns of an answer are shares of it."""

    detected: npt.NDArray[np.generic]
    observed: npt.NDArray[np.generic]
    used: npt.NDArray[np.generic]
    used_observed: npt.NDArray[np.generic]


@dataclass(frozen=True)
class Moment:
    """The persons asked about at the end of a week: the numbers of block and week, who they are, where they stand."""

    block: int
    week: int
    people: People
    state: State


def holds_city(folder: Path) -> bool:
    """Whether a city was written into the folder."""
    return (folder / TRUTH / PLAN_FILE).exists()


def write_oracle(folder: Path, question: Question, *, processes: int = 1, tell: Tell = silent) -> pd.DataFrame:
    """The answer written to DIR/truth/oracle.parquet, of the city that was written into the folder; an earlier goes."""
    if not holds_city(folder):
        raise ConfigError(
            f"oracle: {folder} holds no {TRUTH}/{PLAN_FILE}; name a folder that waystation simulate wrote."
        )
    answer = ask(read_plan(folder), question, processes=processes, tell=tell)
    _refuse_another(answer, folder)
    aside = folder / TRUTH / f".{ORACLE_FILE}"
    pq.write_table(as_arrow(answer), aside, store_schema=False)
    aside.replace(folder / TRUTH / ORACLE_FILE)
    return answer


def ask(plan: Plan, question: Question, *, processes: int = 1, tell: Tell = silent) -> pd.DataFrame:
    """One row for each as-of date and living person in a programme then, or so lately that records may still say so.

    person_id, as_of, horizon_days, draws; hazard (probability of any use in the week that ends on the as-of date, given
    all before it); the probabilities of what lies in (as_of, as_of + horizon]: detected (a positive urine test that is
    recorded), observed (the default label of `training.labels` is yes or no), used (true use), used_observed (both);
    NAME_se, the Monte Carlo standard error of each. The same for a plan and a question, whatever the number of
    processes. A correction not yet known when the horizon is over is taken as known.
    """
    refuse(plan, question)
    refuse_processes(processes)
    of, parts = n_blocks(plan.persons), []
    for done, part in enumerate(in_order(partial(_block, survey(plan), question), of, processes)):
        parts.append(part)
        tell(done + 1, of)
    return pd.concat(parts).sort_values(["as_of", "person_id"], ignore_index=True)


def on_average(answer: pd.DataFrame) -> pd.DataFrame:
    """as_of, persons, and the mean probability of each outcome over the persons asked about on that date."""
    by_date = answer.groupby("as_of")
    return by_date[list(Found._fields)].mean().assign(persons=by_date.size()).reset_index()


def refuse(plan: Plan, question: Question) -> None:
    """ConfigError with every fault of a question that cannot be asked about the city of this plan."""
    faults = list(_faults(survey(plan).weeks, question))
    if faults:
        raise ConfigError(f"oracle: {'; '.join(faults)}. Nothing was written.")


def _faults(weeks: Weeks, question: Question) -> Iterator[str]:
    if not question.as_of:
        yield "no date is asked about, expected one Sunday or more"
    if not 2 <= question.draws <= MOST_DRAWS:
        yield f"draws is {question.draws}, expected 2 to {MOST_DRAWS}"
    if not 1 <= question.horizon_days <= MOST_DAYS:
        yield f"horizon_days is {question.horizon_days}, expected 1 to {MOST_DAYS}"
    first = weeks.monday(weeks.opens + 1) - 1
    last = weeks.until - question.horizon_days
    last -= (last - first) % 7
    for asked in question.as_of:
        if asked.weekday() != SUNDAY:
            sunday = asked + timedelta(days=SUNDAY - asked.weekday())
            yield f"{asked} is not the last day of a simulated week, the next such day is Sunday {sunday}"
        elif not first <= (asked - EPOCH).days <= last:
            told = f"a Sunday from {_date(first)} to {_date(last)}" if first <= last else "a city of more years"
            yield f"{asked} has not {question.horizon_days} days of records behind it, expected {told}"


def _date(day: int) -> date:
    return EPOCH + timedelta(days=day)


def _block(ground: Ground, question: Question, number: int) -> pd.DataFrame:
    """The answers for the persons of a block: their lives up to each date, and from there on again and again."""
    world, facts = settle(ground, number)
    names = facts["person_id"].to_numpy(dtype=object)
    weeks = set(ground.weeks.of(np.array([(each - EPOCH).days for each in question.as_of])).tolist())
    answers, last_in = [], np.full(len(names), NO_DAY)
    for week, state, happened in walk(world):
        last_in[state.stands(*IN_PROGRAMME)] = week
        if week in weeks:
            who = np.flatnonzero((last_in >= week - LATE_WEEKS) & ~state.stands(DEAD))
            found = live_on(Moment(number, week, world.people.take(who), state.take(who)), ground, question)
            about = {
                "person_id": pd.Series(names[who], dtype="str"),
                "as_of": as_dates(np.full(len(who), ground.weeks.monday(week + 1) - 1)),
                "horizon_days": question.horizon_days,
                "hazard": happened.hazard[who],
            }
            answers.append(pd.DataFrame({**about, **_shares(found, question.draws), "draws": question.draws}))
        if week == max(weeks):
            break
    return pd.concat(answers)


def _shares(found: Found, draws: int) -> dict[str, Floats]:
    share = {name: count / draws for name, count in found._asdict().items()}
    return {**share, **{f"{name}_se": standard_error(each, draws) for name, each in share.items()}}


def standard_error(share: Floats, draws: int) -> Floats:
    """The Monte Carlo standard error of a share of independent draws, sqrt(p (1 - p) / draws).

    >>> float(standard_error(np.array([0.5]), 100)[0])
    0.05
    """
    return np.sqrt(share * (1 - share) / draws)


def live_on(moment: Moment, ground: Ground, question: Question) -> Found:
    """In how many draws each was found for each person of a moment, which is left as it is."""
    n, counts = len(moment.state), np.zeros((len(Found._fields), len(moment.state)), dtype=np.int64)
    for number, first in enumerate(range(0, question.draws, ROUND)):
        draws = min(ROUND, question.draws - first)
        many: Ints = np.tile(np.arange(n), draws)
        rng = chance(ground.plan, FUTURES, question.stream, moment.block, moment.week, number)
        lives = World(ground, moment.people.take(many), rng)
        found = look_ahead(moment.state.take(many), lives, moment.week, question.horizon_days)
        counts += np.stack(found).reshape(len(Found._fields), draws, n).sum(axis=1)
    return Found(*counts)


def look_ahead(state: State, world: World, week: int, horizon_days: int) -> Found:
    """What is found in each life from the end of a week on; the state is taken through the weeks of the horizon."""
    n, last_day = len(state), world.monday(week + 1) + horizon_days - 1
    detected, used, seen = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_), Sight(n, last_day)
    lost = lost_tests(world.ground)
    for ahead in range(week + 1, week + 1 + -(-horizon_days // 7)):
        happened = step(state, world, ahead)
        urine, day = happened.tests.urine, happened.tests.urine_day
        recorded = (urine != NO_TEST) & (day <= last_day) & (world.rng.random(n) >= lost[happened.station])
        detected |= recorded & (urine == POSITIVE)
        used |= happened.use_days[:, : last_day - world.monday(ahead) + 1].any(axis=1)
        given = np.flatnonzero(recorded & ((urine == POSITIVE) | (urine == NEGATIVE)))
        seen.look(given, day[given])
        for entry in happened.befell:
            seen.note(entry)
    observed = detected | seen.to_the_end()
    return Found(detected, observed, used, used & observed)


class Sight:
    """For each life whether the label sees it to the end of the horizon: tested, and no end after the last test."""

    def __init__(self, n: int, last_day: int) -> None:
        self.last_day, self.looked = last_day, np.full(n, NO_DAY)
        self.ended = [np.full(n, NO_DAY) for _ in ENDS]
        self.resumed = {code: np.full(n, NO_DAY) for code in GOES_ON}

    def look(self, who: Ints, day: Ints) -> None:
        """These persons gave a test that is recorded, later than any before."""
        self.looked[who] = day

    def note(self, entry: Entry) -> None:
        """Take what befell persons for an end of observation or for what takes an end back, if it is one."""
        for latest, (_, kind, outcomes) in zip(self.ended, ENDS, strict=True):
            if entry.kind == kind and (not outcomes or entry.outcome in outcomes):
                self._mark(latest, entry)
        for code, kind in GOES_ON.items():
            if entry.kind == kind:
                self._mark(self.resumed[code], entry)

    def _mark(self, latest: Ints, entry: Entry) -> None:
        latest[entry.who] = np.where(entry.day <= self.last_day, entry.day, latest[entry.who])

    def to_the_end(self) -> Flags:
        """Who gave a test, after which nothing ended the observation, or it was resumed."""
        seen: Flags = self.looked > NO_DAY
        for day, (code, *_) in zip(self.ended, ENDS, strict=True):
            back = (self.resumed[code] >= day) if code in GOES_ON else False
            seen &= (day < self.looked) | back
        return seen


def lost_tests(ground: Ground) -> Floats:
    """By station, the probability that a urine test held there never reaches the records."""
    stations = np.arange(ground.figures.places.stations)
    return lost_probability(rows(len(stations), kind="urine_test", station=stations), ground)


def _refuse_another(answer: pd.DataFrame, folder: Path) -> None:
    """ConfigError when the city in the folder did not live as its plan lives today: the simulator was changed since."""
    mondays = answer["as_of"] - pd.Timedelta(days=SUNDAY)
    asked = answer.assign(week=mondays.dt.date)[["person_id", "week", "hazard"]]
    written = pq.read_table(
        folder / TRUTH / "use.parquet",
        columns=["person_id", "week", "hazard"],
        filters=[("week", "in", set(asked["week"]))],
    ).to_pandas()
    both = asked.merge(written, on=["person_id", "week"], how="left", suffixes=("", "_written"), validate="one_to_one")
    if not np.array_equal(both["hazard"].astype(np.float32), both["hazard_written"].astype(np.float32)):
        raise ConfigError(
            f"oracle: {folder} was written by another version of the simulator, so its hidden state is not known any "
            "more; simulate it anew. Nothing was written."
        )
