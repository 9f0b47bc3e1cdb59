"""One week of the hidden world for all persons of a state, and the states before and after any week."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from features.arrays import Flags, Floats, Ints
from training.city import ends, moves, orders
from training.city.living import counsel, get_by
from training.city.state import ACTIVE, AWAITED, DEAD, GONE, LOCKED_UP, MISSING, State, among, begin
from training.city.testing import Tests, take_tests
from training.city.use import hazard_of_use, use
from training.city.world import Entry, Ledger, World


@dataclass(frozen=True)
class Week:
    """What a week was like, per person; hidden and recorded side by side. Nothing in it changes later."""

    alive: Flags  # entered, and not dead
    routine: Flags  # the station expects the person this week
    silent: Flags  # expected, but gone without a word
    programme: Ints
    township: Ints
    station: Ints
    employed: Flags
    strain: Floats
    hazard: Floats  # the probability of any use in the week, given all before it
    use_days: Flags  # (person, 7), Monday first
    tests: Tests
    counselling: Ints  # NO_SESSION, KEPT, MISSED_SESSION of `living`
    befell: tuple[Entry, ...]  # starts, ends, transfers, jobs and the like; ends are kind `programme_end`

    @property
    def used(self) -> Flags:
        """Whether each person used."""
        return np.asarray(self.use_days.any(axis=1))


def step(state: State, world: World, week: int) -> Week:
    """Take all persons of the state through a week, Monday to Sunday; the state is changed, the week is returned."""
    monday, ledger = world.monday(week), Ledger([])
    free = ~state.stands(AWAITED, *LOCKED_UP)
    expected = state.supervised()
    _move_on(state, ledger, world, week)
    awake = state.ward_until < monday
    # A week in which the status changes has no routine contacts: it is neither here nor there.
    routine = expected & state.supervised() & awake
    silent = routine & (state.phase == MISSING)
    get_by(state, ledger, world, week)
    at_large = free & ~state.stands(*LOCKED_UP, DEAD) & awake
    hazard = hazard_of_use(state, world, at_large, week)
    use(state, world, hazard)
    moves.take_leave(state, ledger, world, routine, week)
    moves.leave_without_leave(state, ledger, world, routine, week)
    tests = take_tests(state, world, routine, silent, week)
    return Week(
        alive=~state.stands(AWAITED, DEAD),
        routine=routine,
        silent=silent,
        programme=state.programme.copy(),
        township=state.township.copy(),
        station=state.station.copy(),
        employed=state.employed.copy(),
        strain=state.strain.copy(),
        hazard=hazard,
        use_days=state.use_days[:, 7:].copy(),
        tests=tests,
        counselling=counsel(state, world, routine & ~state.away(monday, world.monday(week + 1) - 1), silent),
        befell=tuple(ledger.entries),
    )


def _move_on(state: State, ledger: Ledger, world: World, week: int) -> None:
    """Take every person through the changes of status that fall in this week."""
    before = state.phase.copy()
    orders.report(state, ledger, world, week)
    orders.release(state, ledger, world, week)
    ends.set_free(state, world, week)
    orders.enter(state, ledger, world, week)
    moves.confirm(state, ledger, world, week)
    ends.declare_lost(state, ledger, world, week)
    ends.recall(state, ledger, world, week)
    ends.complete(state, ledger, world, week)
    ends.seal(state, ledger, world, week)
    ends.leave_clinic(state, ledger, world, week)
    # Who began, returned or lies on a ward this week meets nothing else in it.
    awake = state.ward_until < world.monday(week)
    settled = among(before, (ACTIVE, MISSING, GONE)) & (state.phase == before) & awake
    ends.die(state, ledger, world, settled, week)
    ends.imprison(state, ledger, world, settled, week)
    ends.vanish(state, world, settled, week)
    moves.transfer(state, ledger, world, settled, week)
    moves.fall_ill(state, ledger, world, settled, week)
    moves.object_to_scoring(state, ledger, world, settled, week)
    orders.find(state, ledger, world, settled, week)


def walk(world: World) -> Iterator[tuple[int, State, Week]]:
    """The weeks of a world from its beginning: number, state at its end, and what happened.

    The state is one and the same object, changed by the next week: `take` a copy to keep it.
    """
    state = begin(world.people, world.figures, world.rng)
    for week in range(world.ground.weeks.count):
        happened = step(state, world, week)
        yield week, state, happened
