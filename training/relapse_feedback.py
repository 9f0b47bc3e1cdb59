"""What follows from using a model: it decides who is tested, labels follow, it is trained again; ten rounds of that.

On a small invented city, lived anew each round by the same people under the tests the model's risks ask for: those
highest are tested more, the others less. What is true of them is known, so it shows whether the model goes on telling
persons apart by what they do, or comes to tell how often they are tested (Ensign et al. 2018, arXiv:1706.09847).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.history import Floats, History
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
from training.evaluate import auroc
from training.fitting import fit
from training.gate import Rounds
from training.rows import rows_of
from training.splits import closed_by

N_PERSONS, YEARS, ROUNDS, SEED = 500, 3, 10, 7
WATCHED_SHARE, WATCHED, OTHERS = 0.2, 2.5, 0.6  # times the ordinary tests
MOST_ROUNDS_OF_TREES = 80  # of so few persons more learn nothing


@dataclass(frozen=True)
class Lived:
    """The city as lived under some tests: what is recorded, the diary of what is true, and by person the tests held."""

    history: History
    diary: Diary
    tests: Floats


def feedback(config: RelapseConfig) -> Rounds:
    """The rounds of a recipe: AUROC against true use, log-odds its risks exceed that by, share of tests of a tenth."""
    plan = city.plan("demo", persons=N_PERSONS, years=YEARS, seed=SEED)
    ground, small = survey(plan), _small(config)
    told: list[tuple[float, float, float]] = []
    watch = np.ones(N_PERSONS)
    for _ in range(ROUNDS):
        lived = _live(ground, watch)
        person, risk, used = _asked(lived, ground, small)
        excess = float(logit(np.array([risk.mean()]))[0] - logit(np.array([used.mean()]))[0])
        told.append((auroc(used, risk, np.ones(len(used))), excess, _of_a_tenth(lived.tests)))
        watch = np.ones(N_PERSONS)
        watch[person] = np.where(risk >= np.quantile(risk, 1 - WATCHED_SHARE), WATCHED, OTHERS)
    aurocs, excesses, tenths = zip(*told, strict=True)
    return Rounds(aurocs, excesses, tenths)


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


def _asked(lived: Lived, ground: Ground, config: RelapseConfig) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
    """Of those who may be scored on the last date: person, risk, and whether they truly used within the horizon."""
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
    return person, model.risk(last.table), np.asarray(used, dtype=np.float64)


def _of_a_tenth(tests: Floats) -> float:
    """The share of all tests that fell to the tenth of persons tested most."""
    most = np.sort(tests)[::-1]
    return float(most[: len(most) // 10].sum() / most.sum())
