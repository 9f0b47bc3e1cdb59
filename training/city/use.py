"""The hidden use of a week: its probability given all before it, and the days of it."""

import numpy as np

from features.arrays import Flags, Floats
from training.city.people import METHADONE, STIMULANT
from training.city.state import NEVER, State
from training.city.weeks import logistic
from training.city.world import World


def hazard_of_use(state: State, world: World, at_large: Flags, week: int) -> Floats:
    """The probability of any use this week, per person; none for those not at large (locked up, on a ward, dead)."""
    figures, ground, people = world.figures.use, world.ground, world.people
    helped = state.supervised()
    treated = (state.programme == METHADONE) & helped & (state.started_day < NEVER)
    logit = (
        figures.base
        + people.frailty
        + figures.after_use * np.exp(-state.weeks_clean / figures.after_use_weeks)
        + figures.craving * np.exp(-state.weeks_clean / figures.craving_weeks)
        + figures.withdrawal * state.withdrawal
        + figures.strain * state.strain
        + figures.work * state.employed
        + figures.family * (people.support - state.rift)
        + figures.home * state.housed
        + figures.stigma * state.stigma
        + figures.quality * ground.stations.quality[state.station] * helped
        + figures.care * state.care
        + figures.dose * treated
        + figures.stimulant * (people.substance == STIMULANT)
        + figures.supply * ground.supply.felt[week, state.township]
        + figures.season * ground.season[week]
        + figures.festival * ground.festival[week]
    )
    return np.where(at_large, logistic(logit), 0.0)


def use(state: State, world: World, hazard: Floats) -> None:
    """Draw the days of use of this week; a week of use has one to seven."""
    n, figures = len(state), world.figures.use
    using = world.rng.random(n) < hazard
    days = world.rng.random((n, 7)) < figures.day_share
    days[np.arange(n), world.rng.integers(0, 7, n)] = True
    state.use_days[:, :7] = state.use_days[:, 7:]
    state.use_days[:, 7:] = days & using[:, None]
    state.used_weeks[:, :-1] = state.used_weeks[:, 1:]
    state.used_weeks[:, -1] = using
    state.weeks_clean[:] = np.where(using, 0.0, state.weeks_clean + 1)
    state.withdrawal[:] = figures.withdrawal_memory * state.withdrawal + (1 - figures.withdrawal_memory) * using
