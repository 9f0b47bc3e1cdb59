"""The tests of a week: when they are held, what they see, and what follows from them."""

from dataclasses import dataclass

import numpy as np

from features.arrays import Flags, Floats, Ints
from features.statutes import CLOCKS, SCHEDULES
from training.city.ends import by_use
from training.city.people import METHADONE
from training.city.state import GONE, NEVER, State, among
from training.city.weeks import WEEKS_A_YEAR, logistic
from training.city.world import World

# Results of a test; the first is no test at all.
RESULTS = ("", "positive", "negative", "missed", "evaded", "refused")
NO_TEST, POSITIVE, NEGATIVE, MISSED, EVADED, REFUSED = range(6)

# Why a urine test is held, when it is.
SCHEDULED, SURPRISE, SUSPICION, AFTERCARE = range(4)

PHASES = {name: np.array([phase.from_day for phase in phases]) for name, phases in SCHEDULES.items()}
EVERY = {name: np.array([phase.every_days for phase in phases]) for name, phases in SCHEDULES.items()}


@dataclass(frozen=True)
class Tests:
    """The tests of a week, per person: results (an index of RESULTS), days, and why the urine test was held."""

    __test__ = False  # no test of ours, whatever its name says to pytest

    urine: Ints
    urine_day: Ints
    why: Ints
    hair: Ints
    hair_day: Ints


def take_tests(state: State, world: World, routine: Flags, silent: Flags, week: int) -> Tests:
    """Hold the tests of the week; the state remembers their results, and sanctions may follow."""
    monday, n = world.monday(week), len(state)
    due, held, why = _held(state, world, routine, week)
    clinic = routine & (state.programme == METHADONE)  # which knows no weekend
    planned = np.maximum(state.next_test_day, monday)
    other = monday + np.where(clinic, world.rng.integers(0, 7, n), weekdays(world, n))
    stands = clinic | (planned - monday < world.figures.tests.workdays)
    day = np.where((why == SCHEDULED) & stands, planned, other)
    held &= ~state.away(day, day)
    day = np.where(held, day, monday)
    urine = np.where(held, _urine(state, world, day - monday, silent, week), NO_TEST)
    # What the station let slip comes up again the week after.
    state.next_test_day[due & ~held] = monday + 7
    _schedule(state, world, day, urine, why)
    hair_day = monday + weekdays(world, n)
    hair = _hair(state, world, routine & ~state.away(hair_day, hair_day), silent, week)
    state.next_hair_day[hair != NO_TEST] = hair_day[hair != NO_TEST]
    state.next_hair_day += np.where(hair != NO_TEST, world.days(world.figures.tests.hair_again_days, n), 0)
    _consequences(state, world, day, urine, hair)
    return Tests(urine=urine, urine_day=day, why=why, hair=hair, hair_day=hair_day)


def weekdays(world: World, n: int) -> Ints:
    """A day of the week for each of n contacts, Monday 0; few fall on a weekend."""
    return world.rng.choice(7, n, p=world.figures.contacts.weekdays)


def _held(state: State, world: World, routine: Flags, week: int) -> tuple[Flags, Flags, Ints]:
    """Whose test falls due by the schedule, who is tested, and why."""
    figures, ground, rng, n = world.figures.tests, world.ground, world.rng, len(state)
    diligence = ground.stations.diligence[state.station]
    watch = world.people.watch * ground.watch[state.township]
    due = routine & (state.next_test_day < world.monday(week + 1))
    slips = figures.skipped - diligence + figures.skipped_at_festival * ground.festival[week]
    by_calendar = due & (rng.random(n) >= logistic(slips))
    often = watch * np.exp(diligence) / (1 + figures.skipped_at_festival * ground.festival[week])
    by_surprise = routine & (rng.random(n) < often * figures.surprise_a_year / WEEKS_A_YEAR)
    by_suspicion = routine & (rng.random(n) < often * _suspicion(state, world))
    after = state.in_aftercare() & (rng.random(n) < world.figures.care.aftercare_a_year / WEEKS_A_YEAR)
    why = np.select([by_calendar, by_surprise, by_suspicion], [SCHEDULED, SURPRISE, SUSPICION], AFTERCARE)
    return due, by_calendar | by_surprise | by_suspicion | after, why


def _suspicion(state: State, world: World) -> Floats:
    """The probability of a test by suspicion in an ordinary station: signs of use, strain, and what is on record."""
    figures = world.figures.tests
    signs = state.used_weeks[:, -figures.suspicion_weeks :].any(axis=1)
    known = figures.suspicion_by_record * state.noticed
    strain = figures.suspicion_by_strain * state.strain
    return np.asarray(figures.suspicion * np.exp(figures.suspicion_by_use * signs + strain + known))


def _urine(state: State, world: World, weekday: Ints, silent: Flags, week: int) -> Ints:
    """An index of RESULTS for each person were the test on this day of the week (Monday 0)."""
    figures, rng, n = world.figures.tests, world.rng, len(state)
    back = 1 + np.searchsorted(np.cumsum(figures.urine_window)[:2], rng.random(n))
    days = np.arange(3)
    window = state.use_days[np.arange(n)[:, None], 7 + weekday[:, None] - days] & (days < back[:, None])
    dirty = window.any(axis=1)
    positive = rng.random(n) < np.where(dirty, figures.sensitivity, figures.false_positive)
    withheld = _withheld(state, world, dirty, silent, week)
    return np.where(withheld != NO_TEST, withheld, np.where(positive, POSITIVE, NEGATIVE))


def _withheld(state: State, world: World, dirty: Flags, silent: Flags, week: int) -> Ints:
    """How each person would withhold the test, likelier after use; NO_TEST where it would be given."""
    figures, rng, n = world.figures.tests, world.rng, len(state)
    festival = figures.missed_at_festival * world.ground.festival[week]
    logit = figures.missed + figures.missed_by_use * dirty + figures.missed_by_strain * state.strain + festival
    how = np.where(rng.random(n) < by_use(figures.hidden_share, dirty), MISSED, EVADED)
    how = np.where((how == EVADED) & (rng.random(n) < figures.refused_share), REFUSED, how)
    return np.where(silent, MISSED, np.where(rng.random(n) < logistic(logit), how, NO_TEST))


def _hair(state: State, world: World, routine: Flags, silent: Flags, week: int) -> Ints:
    """Two a year, each of which shows use two weeks to half a year back; missed as any other contact is."""
    figures, care, n = world.figures.tests, world.figures.care, len(state)
    recent, oldest = figures.hair_sees_weeks
    due = routine & (state.next_hair_day < world.monday(week + 1))
    seen = state.used_weeks[:, -1 - oldest : -recent].any(axis=1)
    shown = np.where(seen & (world.rng.random(n) < figures.hair_sensitivity), POSITIVE, NEGATIVE)
    strained = figures.hair_kept + care.kept_by_strain * state.strain
    kept = logistic(strained + care.kept_by_use * state.used_last_week()) * ~silent
    return np.where(due, np.where(world.rng.random(n) < kept, shown, MISSED), NO_TEST)


def _schedule(state: State, world: World, day: Ints, result: Ints, why: Ints) -> None:
    """The next test: after a negative one by the station's schedule, sooner after any other."""
    since = day - state.started_day
    a, b = (EVERY[name][np.maximum(np.searchsorted(PHASES[name], since, side="right") - 1, 0)] for name in "AB")
    every = np.where(world.ground.stations.schedule_b[state.station], b, a)
    watch = np.clip(world.people.watch * world.ground.watch[state.township], *world.figures.bias.schedule_range)
    slack = world.figures.tests.slack
    every = np.round(every / watch).astype(np.int64) + world.days((-slack, slack), len(day))
    soon = np.minimum(every, world.days(world.figures.tests.sooner_days, len(day)))
    wait = np.where(result == NEGATIVE, every, soon)
    # A negative test out of turn does not put off the one that is due.
    counts = (result != NO_TEST) & (why != AFTERCARE) & ((why == SCHEDULED) | (result != NEGATIVE))
    state.next_test_day[:] = np.where(counts, day + wait, state.next_test_day)


def _consequences(state: State, world: World, day: Ints, urine: Ints, hair: Ints) -> None:
    """After two or three positives, or three tests withheld, a person may be sent to isolation."""
    figures, rng = world.figures.programmes, world.rng
    withheld = among(urine, (EVADED, REFUSED))
    state.positives += (urine == POSITIVE) | ((hair == POSITIVE) & (state.positives == 0))
    state.withheld += withheld
    looked = urine != NO_TEST
    state.noticed[:] = np.where(looked, (urine == POSITIVE) | withheld, state.noticed | (hair == POSITIVE))
    by_positives = np.where(
        state.positives > 2, figures.later_positive, figures.second_positive * (state.positives == 2)
    )
    chance = by_positives * (urine == POSITIVE)
    breach = withheld & (state.withheld >= CLOCKS["strikes"].limit)
    chance = np.maximum(chance, figures.breach_to_isolation * breach)
    sent = (rng.random(len(day)) < chance) & (state.recall_day == NEVER)
    # Who was in no programme any more and shows use is found, and recalled like the others.
    sent |= (urine == POSITIVE) & (state.phase == GONE) & (state.recall_day == NEVER)
    state.recall_day[sent] = day[sent] + world.days(figures.recall_days, int(sent.sum()))
