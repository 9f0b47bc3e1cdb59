"""Out of a programme: recall to isolation, completion, leaving, death, prison, and going without a word."""

import numpy as np

from features.arrays import Flags, Floats, Ints
from features.statutes import CLOCKS
from training.city.orders import admit, due
from training.city.people import METHADONE
from training.city.state import ACTIVE, DEAD, GONE, JAILED, MISSING, NEVER, ORDERED, STRANDED, State
from training.city.world import Ledger, World


def by_use(pair: tuple[float, float], used: Flags) -> Floats:
    """The first of the pair for those who did not use, the second for those who did."""
    return np.where(used, pair[1], pair[0])


def end(state: State, ledger: Ledger, who: Ints, day: Ints, outcome: str) -> None:
    """A programme is over, and the person is out of it."""
    ledger.note("programme_end", who, day, state, outcome)
    state.phase[who] = GONE
    state.due_day[who] = state.recall_day[who] = state.next_test_day[who] = NEVER


def recall(state: State, ledger: Ledger, world: World, week: int) -> None:
    """Who is to go to isolation goes, and a programme ends with it."""
    able = state.stands(ACTIVE, ORDERED, GONE) & (state.ward_until < world.monday(week))
    who = np.flatnonzero(able & (state.recall_day < world.monday(week + 1)))
    day = np.maximum(state.recall_day[who], world.monday(week))
    active = state.phase[who] == ACTIVE
    end(state, ledger, who[active], day[active], "isolated")
    admit(state, ledger, world, who, day)


def complete(state: State, ledger: Ledger, world: World, week: int) -> None:
    """The clock of three years has run out; a day is set on which the record is sealed, as the law provides."""
    figures = world.figures.programmes
    last = state.started_day + CLOCKS["community_treatment"].limit
    timed = (state.phase == ACTIVE) & (state.programme != METHADONE) & (state.recall_day == NEVER)
    who = np.flatnonzero(timed & (last < world.monday(week + 1)))
    day = np.maximum(last[who], world.monday(week))
    end(state, ledger, who, day, "completed")
    state.completed[who] = True
    state.seal_day[who] = np.maximum(day, figures.sealed_from) + world.days(figures.sealed_days, len(who))


def seal(state: State, ledger: Ledger, world: World, week: int) -> None:
    """The record of a completed programme is sealed and aftercare ends, unless the person is about to be recalled."""
    still = state.in_aftercare() & (state.recall_day == NEVER)
    who = np.flatnonzero(still & (state.seal_day < world.monday(week + 1)))
    ledger.note("sealed", who, np.maximum(state.seal_day[who], world.monday(week)), state)
    state.completed[who], state.seal_day[who] = False, NEVER


def leave_clinic(state: State, ledger: Ledger, world: World, week: int) -> None:
    """Some leave the methadone clinic, likelier after use."""
    there = (state.phase == ACTIVE) & (state.programme == METHADONE) & (state.started_day < world.monday(week))
    who = world.chance(there, by_use(world.figures.programmes.methadone_left, state.used_last_week()))
    end(state, ledger, who, world.day_in(week, len(who)), "ended")


def die(state: State, ledger: Ledger, world: World, settled: Flags, week: int) -> None:
    """Death, likelier after use."""
    probability = by_use(world.figures.programmes.death, state.used_last_week())
    who = world.chance(settled, probability)
    day = world.day_in(week, len(who))
    ledger.note("death", who, day, state)
    expected = state.supervised()[who]
    end(state, ledger, who[expected], day[expected], "died")
    state.phase[who] = DEAD


def imprison(state: State, ledger: Ledger, world: World, settled: Flags, week: int) -> None:
    """A prison sentence ends the programme (Regulation art. 22-24); only its end is told."""
    probability = by_use(world.figures.programmes.prison, state.used_last_week())
    who = world.chance(settled & state.supervised(), probability)
    day = world.day_in(week, len(who))
    end(state, ledger, who, day, "imprisoned")
    state.phase[who] = JAILED
    state.due_day[who] = day + world.days(world.figures.programmes.prison_days, len(who))


def set_free(state: State, world: World, week: int) -> None:
    """A prison sentence is over."""
    who = np.flatnonzero(due(state, JAILED, world, week))
    state.phase[who], state.due_day[who] = GONE, NEVER


def vanish(state: State, world: World, settled: Flags, week: int) -> None:
    """Some stop appearing without a word, likelier after use and at the Spring Festival; some of them reappear."""
    figures = world.figures.programmes
    back = world.chance(settled & (state.phase == MISSING), figures.reappears)
    state.phase[back] = ACTIVE
    state.next_test_day[back] = world.monday(week) + world.days(world.figures.tests.after_return_days, len(back))
    more = figures.loss_at_festival if world.ground.festival[week] else 1.0
    who = world.chance(settled & (state.phase == ACTIVE), more * by_use(figures.loss, state.used_last_week()))
    state.phase[who] = MISSING
    state.due_day[who] = world.monday(week) + world.days(figures.declared_lost_days, len(who))


def declare_lost(state: State, ledger: Ledger, world: World, week: int) -> None:
    """Who has been missing for about two months, or was never taken over, is declared lost."""
    for phase in (MISSING, STRANDED):
        who = np.flatnonzero(due(state, phase, world, week))
        end(state, ledger, who, state.due_day[who], "lost")
