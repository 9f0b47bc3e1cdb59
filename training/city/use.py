"""The hidden week of a person: work, strain, use; and what the station sees of it: tests and counselling."""

import numpy as np

from features.statutes import SCHEDULES
from training.city.life import (
    EVADED,
    MISSED,
    NEGATIVE,
    NEVER,
    NO_TEST,
    POSITIVE,
    REFUSED,
    Diary,
    Ledger,
    State,
    World,
)  # fmt: skip
from training.city.programmes import METHADONE
from training.city.weeks import Bools, Floats, Ints, logistic

# Log-odds of use in a week.
BASE = -4.12
AFTER_USE, AFTER_USE_WEEKS = 2.8, 2.0
CRAVING, CRAVING_WEEKS = 1.0, 20.0
STRAIN, WORK, FAMILY, CARE, DOSE, STIMULANT = 0.75, -0.45, -0.45, -0.35, -1.0, 0.15
SUPPLY = 0.6

# What a urine test sees (DOMAIN section 3), and how often it errs.
URINE_DAYS = 3
SENSITIVITY, FALSE_POSITIVE = 0.97, 0.004

SURPRISE_PER_WEEK = 1.6 / 52
SCHEDULE = "B"


def get_by(state: State, ledger: Ledger, world: World, routine: Bools, week: int) -> None:
    """Work and strain of the week: strain comes and goes, more after use and after a lost job."""
    used = state.used_last_week()
    losing = world.chance(routine & state.employed, logistic(-5.2 + 0.5 * state.strain + 1.2 * used))
    finding = world.chance(routine & ~state.employed, logistic(-4.2 - 0.3 * state.strain - 0.6 * used))
    state.employed[losing], state.employed[finding] = False, True
    ledger.note("job_end", losing, world.day_in(week, len(losing)), state)
    ledger.note("job_start", finding, world.day_in(week, len(finding)), state)
    state.strain[:] = 0.9 * state.strain + 0.35 * world.rng.normal(size=len(used)) + 0.12 * used
    state.strain[losing] += 0.8


def hazard_of_use(state: State, world: World, availability: Floats, at_large: Bools) -> Floats:
    """The probability of any use this week, per person; none for those not at large (in isolation or on a ward)."""
    treated = (state.programme == METHADONE) & at_large & (state.started_day < NEVER)
    logit = (
        BASE
        + world.people.frailty
        + AFTER_USE * np.exp(-state.weeks_clean / AFTER_USE_WEEKS)
        + CRAVING * np.exp(-state.weeks_clean / CRAVING_WEEKS)
        + STRAIN * state.strain
        + WORK * state.employed
        + FAMILY * world.people.support
        + CARE * state.care
        + DOSE * treated
        + STIMULANT * (world.people.facts["primary_substance"] == "methamphetamine").to_numpy()
        + SUPPLY * availability[state.township]
    )
    return np.where(at_large, logistic(logit), 0.0)


def use(state: State, world: World, hazard: Floats) -> None:
    """Draw the days of use of this week; a week of use has one to seven."""
    using = world.rng.random(len(hazard)) < hazard
    often = np.where(state.weeks_clean < 2, 0.55, 0.5)[:, None]
    days = world.rng.random((len(hazard), 7)) < often
    days[np.arange(len(days)), world.rng.integers(0, 7, len(days))] = True
    state.use_days[:, :7] = state.use_days[:, 7:]
    state.use_days[:, 7:] = days & using[:, None]
    state.weeks_clean[:] = np.where(using, 0.0, state.weeks_clean + 1)


def take_tests(state: State, diary: Diary, world: World, week: int) -> None:
    """The urine tests of the week, scheduled or by surprise, and what follows from their results."""
    monday, routine, silent = world.weeks.monday(week), diary.routine[week], diary.silent[week]
    scheduled = routine & (state.next_test_day < monday + 7)
    surprise = routine & ~scheduled & (world.rng.random(len(routine)) < SURPRISE_PER_WEEK)
    day = np.where(scheduled, np.maximum(state.next_test_day, monday), world.day_in(week, len(routine)))
    result = _results(state, world, day - monday, silent)
    result[~(scheduled | surprise)] = NO_TEST
    diary.test_day[week], diary.test_result[week], diary.surprise[week] = day, result, surprise
    _schedule(state, world, day, result)
    _consequences(state, world, day, result)


def _results(state: State, world: World, weekday: Ints, silent: Bools) -> Ints:
    """An index of RESULTS for each person were the test on this day of the week (Monday 0)."""
    back = np.arange(-URINE_DAYS, 1)
    window = state.use_days[np.arange(len(weekday))[:, None], 7 + weekday[:, None] + back]
    dirty = window.any(axis=1)
    withheld = silent | (world.rng.random(len(dirty)) < logistic(-3.1 + 1.3 * dirty + 0.5 * state.strain))
    how = np.where(world.rng.random(len(dirty)) < np.where(dirty, 0.6, 0.85), MISSED, EVADED)
    how = np.where((how == EVADED) & (world.rng.random(len(dirty)) < 0.4), REFUSED, how)
    positive = world.rng.random(len(dirty)) < np.where(dirty, SENSITIVITY, FALSE_POSITIVE)
    return np.where(withheld, np.where(silent, MISSED, how), np.where(positive, POSITIVE, NEGATIVE))


def _schedule(state: State, world: World, day: Ints, result: Ints) -> None:
    """The next test: after a negative one by the schedule, sooner after any other."""
    phases = SCHEDULES[SCHEDULE]
    phase = np.searchsorted([phase.from_day for phase in phases], day - state.started_day, side="right") - 1
    every = np.array([phase.every_days for phase in phases])[np.maximum(phase, 0)]
    wait = np.where(result == NEGATIVE, every, np.minimum(every, world.rng.integers(7, 13, len(day))))
    state.next_test_day[:] = np.where(result != NO_TEST, day + wait, state.next_test_day)


def _consequences(state: State, world: World, day: Ints, result: Ints) -> None:
    """After two or three positives, or three tests withheld, a person may be sent to isolation."""
    state.positives += result == POSITIVE
    state.withheld += np.isin(result, (EVADED, REFUSED))
    chance = np.where(state.positives == 2, 0.2, np.where(state.positives > 2, 0.45, 0.0)) * (result == POSITIVE)
    chance = np.maximum(chance, 0.5 * ((state.withheld >= 3) & np.isin(result, (EVADED, REFUSED))))
    sent = (world.rng.random(len(day)) < chance) & (state.recall_day == NEVER)
    state.recall_day[sent] = day[sent] + world.rng.integers(8, 30, int(sent.sum()))


def counsel(state: State, diary: Diary, world: World, week: int) -> None:
    """Counselling offered this week, more to those with a recent positive; kept less often under strain."""
    offered = diary.routine[week] & (world.rng.random(len(state.care)) < np.where(state.positives > 0, 0.22, 0.11))
    willing = world.rng.random(len(state.care)) < logistic(1.6 - 0.6 * state.strain)
    kept = offered & willing & ~diary.silent[week]
    diary.counselling[week] = np.where(kept, 1, np.where(offered, 2, 0))
    state.care[:] = 0.85 * state.care + kept
