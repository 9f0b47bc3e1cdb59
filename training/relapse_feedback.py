"""What follows from using a model: it decides who is tested, labels follow, it is trained again; ten rounds of that.

On a small invented city, lived anew each round by the same people under the tests the model's risks ask for: those
highest are tested more, the others less. What is true of them is known, so it shows whether the model goes on telling
persons apart by what they do, or comes to tell how often they are tested (Ensign et al. 2018, arXiv:1706.09847).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from features.arrays import Floats, Ints
from features.history import History
from features.relapse import chosen
from features.schema import Arrival, conform
from models.calibration import logit
from training import city
from training.city.arrival import arrive, events_table
from training.city.block import ARRIVAL, LIVES, RECORDS, settle
from training.city.diary import Diary, blank_diary
from training.city.ground import PERSONS, Ground, chance, survey
from training.city.records import records
from training.city.step import walk
from training.city.world import World
from training.config import RelapseConfig
from training.evaluate import Estimate, auroc
from training.fitting import fit
from training.gate import Rounds
from training.rows import rows_of
from training.splits import closed_by

MOST_ROUNDS_OF_TREES = 80  # of so few persons more learn nothing


@dataclass(frozen=True)
class Loop:
    """The invented cities, one for each seed, how their risks steer tests, and how many resamples an interval takes.

    `watched` and `others` are times the ordinary tests, for the `watched_share` of highest risks and the rest.
    """

    persons: int = 500
    years: int = 3
    rounds: int = 10
    seeds: tuple[int, ...] = (7, 8, 9)
    watched_share: float = 0.2
    watched: float = 2.5
    others: float = 0.6
    resamples: int = 500


GATE = Loop()
LAST = 3  # rounds whose mean is held beside the first, which is lived without the model


@dataclass(frozen=True)
class Lived:
    """The city as lived under some tests: what is recorded, the diary of what is true, and by person the tests held."""

    history: History
    diary: Diary
    tests: Floats


@dataclass(frozen=True)
class Told:
    """One round: the number, risk and true use of those asked about, and by person of the city the tests held."""

    person: Ints
    risk: Floats
    used: Floats
    tests: Floats

    def figures(self, drawn: Floats) -> Floats:
        """AUROC against true use, log-odds by which risks exceed it, share of tests of a tenth; persons as drawn."""
        weight = drawn[self.person]
        risk, used = (logit(np.array([np.average(each, weights=weight)]))[0] for each in (self.risk, self.used))
        return np.array([auroc(self.used, self.risk, weight), risk - used, _of_a_tenth(self.tests, drawn)])


def feedback(config: RelapseConfig, loop: Loop = GATE) -> Rounds:
    """The rounds of a recipe over all cities, and how far each figure drifts, with an interval."""
    cities = [_city(config, loop, seed) for seed in loop.seeds]
    once = np.ones(loop.persons)
    by_round = np.mean([[each.figures(once) for each in told] for told in cities], axis=0)
    drifts = np.array([_drift([(told, once) for told in cities]), *_resampled(cities, loop)])
    low, high = np.nanquantile(drifts[1:], [0.025, 0.975], axis=0)
    aurocs, excesses, tenths = (tuple(map(float, each)) for each in by_round.T)
    return Rounds(
        aurocs, excesses, tenths, *(Estimate(*map(float, each)) for each in zip(drifts[0], low, high, strict=True))
    )


def _city(config: RelapseConfig, loop: Loop, seed: int) -> list[Told]:
    """The rounds of one city."""
    ground, small = survey(city.plan("demo", persons=loop.persons, years=loop.years, seed=seed)), _small(config)
    told: list[Told] = []
    watch = np.ones(loop.persons)
    for _ in range(loop.rounds):
        told.append(_asked(_live(ground, watch), ground, small))
        last = told[-1]
        watch = np.ones(loop.persons)
        highest = last.risk >= np.quantile(last.risk, 1 - loop.watched_share)
        watch[last.person] = np.where(highest, loop.watched, loop.others)
    return told


def _drift(cities: Sequence[tuple[list[Told], Floats]]) -> Floats:
    """How far each figure is in the last rounds from where it was before the model steered; the mean of the cities."""
    moved = [
        np.mean([each.figures(drawn) for each in told[-LAST:]], axis=0) - told[0].figures(drawn)
        for told, drawn in cities
    ]
    return np.asarray(np.mean(moved, axis=0), dtype=np.float64)


def _resampled(cities: list[list[Told]], loop: Loop) -> Iterator[Floats]:
    """Drifts of cities drawn with replacement, and within each of persons so drawn (the same in all its rounds)."""
    random = np.random.default_rng(loop.seeds[0])
    even = np.full(loop.persons, 1 / loop.persons)
    for _ in range(loop.resamples):
        drawn = random.integers(len(cities), size=len(cities))
        yield _drift([(cities[each], random.multinomial(loop.persons, even).astype(np.float64)) for each in drawn])


def _small(config: RelapseConfig) -> RelapseConfig:
    return replace(
        config,
        growth=replace(
            config.growth, rounds=min(config.growth.rounds, MOST_ROUNDS_OF_TREES), seeds=1, min_data_in_leaf=20
        ),
        fit=replace(config.fit, stop_early=False, linear_shares=(0.0,), calibration_folds=2),
        as_of=replace(config.as_of, every_days=28, trained_every_days=28),
    )


def _live(ground: Ground, watch: Floats) -> Lived:
    world, facts = settle(ground, 0)
    world = World(ground, replace(world.people, watch=watch), chance(ground.plan, PERSONS, 0, LIVES))
    diary = blank_diary(ground.weeks.count, len(world.people))
    for week, state, happened in walk(world):
        diary.enter(week, happened, state)
    recorded = records(diary, World(ground, world.people, chance(ground.plan, PERSONS, 0, RECORDS)))
    known = arrive(recorded, ground, chance(ground.plan, PERSONS, 0, ARRIVAL))
    arrival = Arrival(received_on=ground.plan.until, backfill=True)
    events = conform("events", _dated(events_table(known, ground, 0, 0).to_pandas()), arrival=arrival).sound()
    persons = facts.assign(registered_on=pd.to_datetime(facts["registered_on"], unit="D"))
    held = conform("persons", persons, arrival=arrival).sound()
    tests = (diary.urine != 0)[-52:].sum(axis=0).astype(np.float64)
    return Lived(History.of(events.drop_duplicates(["event_id", "revision"]), held), diary, tests)


def _dated(events: pd.DataFrame) -> pd.DataFrame:
    return events.assign(**{name: pd.to_datetime(events[name]) for name in ("occurred_on", "known_on")})


def _asked(lived: Lived, ground: Ground, config: RelapseConfig) -> Told:
    """Of those who may be scored on the last date: risk, and whether they truly used within the horizon."""
    last_day = int(lived.history.known.max())
    rows = rows_of(lived.history, config, chosen(config.features), snapshot_day=last_day)
    as_of = rows.times["as_of"].to_numpy(dtype=np.int64)
    day = int(as_of.max())
    model = fit(rows.where(closed_by(as_of, day, config)), config).model
    last = rows.where(as_of == day)
    person = np.array([int(each.removeprefix("P")) - 1 for each in last.times["person_id"]], dtype=np.int64)
    ahead = ground.weeks.mondays()[:, None] + np.arange(7) - day
    inside: Any = (ahead > 0) & (ahead <= config.label.horizon_days)
    used = np.logical_and(lived.diary.use_days, inside[:, None, :]).any(axis=(0, 2))[person]
    return Told(person, model.risk(last.table), np.asarray(used, dtype=np.float64), lived.tests)


def _of_a_tenth(tests: Floats, drawn: Floats) -> float:
    """The share of all tests that fell to the tenth of persons tested most, persons as often as drawn."""
    most = np.argsort(-tests, kind="stable")
    tenth = np.cumsum(drawn[most]) <= drawn.sum() / 10
    held = tests * drawn
    return float(held[most][tenth].sum() / held.sum())
