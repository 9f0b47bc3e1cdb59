"""The hidden week of a person: work, home, family, strain, counselling."""

import numpy as np

from features.arrays import Flags, Ints
from training.city.ends import by_use
from training.city.state import LOCKED_UP, State
from training.city.weeks import logistic
from training.city.world import Ledger, World

NO_SESSION, KEPT, MISSED_SESSION = range(3)


def get_by(state: State, ledger: Ledger, world: World, week: int) -> None:
    """Work, home, family and strain of the week; of those in a programme the employment service tells jobs."""
    figures, used, rng = world.figures.living, state.used_last_week(), world.rng
    at_large = ~state.stands(*LOCKED_UP)
    trouble = figures.job_lost + figures.job_lost_by_strain * state.strain + figures.job_lost_by_use * used
    luck = figures.job_found + figures.job_found_by_strain * state.strain + figures.job_found_by_use * used
    losing = world.chance(at_large & state.employed, logistic(trouble))
    finding = world.chance(at_large & ~state.employed, logistic(luck))
    state.employed[losing], state.employed[finding] = False, True
    for kind, who in (("job_end", losing), ("job_start", finding)):
        told = who[state.supervised()[who]]
        ledger.note(kind, told, world.day_in(week, len(told)), state)
    at_risk = figures.home_lost + figures.home_lost_by_strain * state.strain
    evicted = world.chance(at_large & state.housed, logistic(at_risk))
    able = figures.home_found + np.where(state.employed, figures.home_found_by_work, 0.0)
    settled = world.chance(at_large & ~state.housed, logistic(able))
    state.housed[evicted], state.housed[settled] = False, True
    shock = figures.strain_sd * rng.normal(size=len(used))
    state.strain[:] = figures.strain_memory * state.strain + shock + figures.strain_by_use * used
    state.strain[losing] += figures.strain_by_loss
    state.strain[evicted] += figures.strain_by_loss
    state.rift[:] = figures.family_memory * state.rift + figures.family_by_use * used


def counsel(state: State, world: World, routine: Flags, silent: Flags) -> Ints:
    """For each person this week: no session, one kept, or one missed. Kept ones help for some weeks."""
    figures, rng = world.figures.care, world.rng
    offered = routine & (rng.random(len(state)) < by_use(figures.offered, state.positives > 0))
    willing = rng.random(len(state)) < logistic(figures.kept + figures.kept_by_strain * state.strain)
    kept = offered & willing & ~silent
    state.care[:] = figures.memory * state.care + kept
    return np.where(kept, KEPT, np.where(offered, MISSED_SESSION, NO_SESSION))
