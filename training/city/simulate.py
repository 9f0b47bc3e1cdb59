"""The weeks of a city, one after the other, over all persons at once."""

import numpy as np

from training.city.life import ACTIVE, AWAITED, DEAD, ISOLATED, MISSING, Diary, Ledger, State, World, begin, blank_diary
from training.city.programmes import move_on
from training.city.supply import Supply
from training.city.use import counsel, get_by, hazard_of_use, take_tests, use
from training.city.weeks import Bools


def simulate(world: World, supply: Supply) -> tuple[Diary, Ledger]:
    """The diary of every week and the ledger of what befell people."""
    state = begin(world.people, world.rng)
    diary = blank_diary(world.weeks.count, len(world.people))
    ledger = Ledger()
    for week in range(world.weeks.count):
        expected, free = np.isin(state.phase, (ACTIVE, MISSING)), ~np.isin(state.phase, (AWAITED, ISOLATED))
        move_on(state, ledger, world, week)
        # A week in which the status changes has no routine contacts: it is neither here nor there.
        routine = expected & np.isin(state.phase, (ACTIVE, MISSING)) & (state.ward_until < world.weeks.monday(week))
        _enter(diary, state, routine, week)
        get_by(state, ledger, world, routine & (state.phase == ACTIVE), week)
        at_large = free & ~np.isin(state.phase, (ISOLATED, DEAD)) & (state.ward_until < world.weeks.monday(week))
        hazard = hazard_of_use(state, world, supply.availability[week], at_large)
        use(state, world, hazard)
        diary.hazard[week], diary.use_days[week] = hazard, state.use_days[:, 7:]
        take_tests(state, diary, world, week)
        counsel(state, diary, world, week)
    return diary, ledger


def _enter(diary: Diary, state: State, routine: Bools, week: int) -> None:
    """Write the state of the week into the diary."""
    diary.alive[week] = ~np.isin(state.phase, (AWAITED, DEAD))
    diary.routine[week] = routine
    diary.silent[week] = routine & (state.phase == MISSING)
    diary.programme[week], diary.started_day[week] = state.programme, state.started_day
    diary.township[week], diary.station[week] = state.township, state.station
    diary.employed[week], diary.strain[week] = state.employed, state.strain
