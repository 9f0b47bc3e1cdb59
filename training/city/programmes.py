"""What the law and life do with a person in a week: order, report, transfer, loss, isolation, release, the end."""

import numpy as np

from features.statutes import CLOCKS
from training.city.life import (
    ACTIVE,
    AWAITED,
    DEAD,
    GONE,
    IN_TRANSIT,
    ISOLATED,
    MISSING,
    NEVER,
    ORDERED,
    Ledger,
    State,
    World,
)  # fmt: skip
from training.city.people import ENTRY_PROGRAMMES
from training.city.weeks import Bools, Floats, Ints

# Weekly probabilities of a person in a programme; with use in the last week the larger one.
DEATH = (0.00008, 0.0006)
LOSS = (0.0008, 0.004)
TRANSFER = 0.0012
WARD = 0.0006
METHADONE_LEFT = (0.002, 0.012)
OBJECTION = 0.0001

REFUSAL_SHARE = 0.013  # of orders (execution 98.7 %, DOMAIN section 2)
LATE_HAND_OVER_SHARE = 0.15
NEVER_HANDED_OVER_SHARE = 0.06
REHABILITATION_SHARE = 0.85  # of releases that come with an order

COMMUNITY_TREATMENT, COMMUNITY_REHABILITATION, METHADONE = range(3)


def move_on(state: State, ledger: Ledger, world: World, week: int) -> None:
    """Take every person through the changes of status that fall in this week."""
    used = state.used_last_week()
    settled = np.isin(state.phase, (ACTIVE, MISSING)) & (state.ward_until < world.weeks.monday(week))
    report(state, ledger, world, week)
    release(state, ledger, world, week)
    order(state, ledger, world, week)
    confirm(state, ledger, world, week)
    declare_lost(state, ledger, world, week)
    complete(state, ledger, world, week)
    # Who began, returned or lies on a ward this week meets nothing else in it.
    recall(state, ledger, world, settled, week)
    die(state, ledger, world, _by_use(DEATH, used) * settled, week)
    vanish(state, world, _by_use(LOSS, used) * settled, week)
    transfer(state, ledger, world, settled, week)
    fall_ill(state, ledger, world, settled, week)


def _due(state: State, phase: int, world: World, week: int) -> Bools:
    """Who is in a phase that ends by itself this week."""
    return (state.phase == phase) & (state.due_day < world.weeks.monday(week + 1))


def order(state: State, ledger: Ledger, world: World, week: int) -> None:
    """A programme is ordered, and the person reports within the 15 days of the statute."""
    who = np.flatnonzero(_due(state, AWAITED, world, week))
    _order(state, ledger, world, who, state.due_day[who])


def _order(state: State, ledger: Ledger, world: World, who: Ints, day: Ints) -> None:
    for number, programme in enumerate(ENTRY_PROGRAMMES):
        mine = state.programme[who] == number
        ledger.note("order", who[mine], day[mine], state, programme)
    state.phase[who] = ORDERED
    state.due_day[who] = day + world.rng.integers(1, CLOCKS["report_after_order"].limit + 1, len(who))


def report(state: State, ledger: Ledger, world: World, week: int) -> None:
    """Those ordered report and begin their programme; who refuses is sent to isolation."""
    reporting = _due(state, ORDERED, world, week)
    refusing = world.rng.random(len(reporting)) < REFUSAL_SHARE
    _isolate(state, ledger, world, np.flatnonzero(reporting & refusing), state.due_day + 10)
    who = np.flatnonzero(reporting & ~refusing)
    day = state.due_day[who]
    for number, programme in enumerate(ENTRY_PROGRAMMES):
        mine = state.programme[who] == number
        ledger.note("programme_start", who[mine], day[mine], state, programme)
    ledger.note("agreement", who, day + world.rng.integers(0, 4, len(who)), state)
    state.phase[who] = ACTIVE
    state.started_day[who] = day
    state.next_test_day[who] = day + world.rng.integers(7, 16, len(who))
    state.recall_day[who] = NEVER
    state.positives[who] = state.withheld[who] = 0


def _isolate(state: State, ledger: Ledger, world: World, who: Ints, day: Ints) -> None:
    """Admit to isolation on `day` (one for every person of the city), for one to two years."""
    ledger.note("isolation_start", who, day[who], state)
    ledger.note("diagnostic_assessment", who, day[who] + 180, state)
    state.phase[who] = ISOLATED
    state.due_day[who] = day[who] + world.rng.integers(
        CLOCKS["isolation_review"].limit, CLOCKS["isolation"].limit + 1, len(who)
    )


def release(state: State, ledger: Ledger, world: World, week: int) -> None:
    """Released persons are handed over to their township, most of them with an order to community rehabilitation."""
    who = np.flatnonzero(_due(state, ISOLATED, world, week))
    day = state.due_day[who]
    ledger.note("isolation_end", who, day, state)
    state.phase[who] = GONE
    state.programme[who] = COMMUNITY_REHABILITATION
    state.employed[who] = False
    ordered = world.rng.random(len(who)) < REHABILITATION_SHARE
    _order(state, ledger, world, who[ordered], day[ordered])


def confirm(state: State, ledger: Ledger, world: World, week: int) -> None:
    """The new station takes over who has moved."""
    who = np.flatnonzero(_due(state, IN_TRANSIT, world, week))
    ledger.note("transfer_in", who, state.due_day[who], state)
    state.phase[who] = ACTIVE
    state.next_test_day[who] = state.due_day[who] + 7


def declare_lost(state: State, ledger: Ledger, world: World, week: int) -> None:
    """Who has been missing for about two months is declared lost."""
    who = np.flatnonzero(_due(state, MISSING, world, week))
    _end(state, ledger, who, state.due_day[who], outcome="lost")


def _end(state: State, ledger: Ledger, who: Ints, day: Ints, *, outcome: str) -> None:
    ledger.note("programme_end", who, day, state, outcome)
    state.phase[who] = GONE
    state.due_day[who] = NEVER


def complete(state: State, ledger: Ledger, world: World, week: int) -> None:
    """The clock of three years has run out; or a methadone client has left the clinic."""
    last = state.started_day + CLOCKS["community_treatment"].limit
    who = np.flatnonzero((state.phase == ACTIVE) & (last < world.weeks.monday(week + 1)))
    last = np.maximum(last, world.weeks.monday(week))
    _end(state, ledger, who, last[who], outcome="completed")
    sealed = who[world.rng.random(len(who)) < 0.3]
    ledger.note("sealed", sealed, last[sealed] + 30, state)
    at_clinic = (
        (state.phase == ACTIVE) & (state.programme == METHADONE) & (state.started_day < world.weeks.monday(week))
    )
    leaving = world.chance(at_clinic, _by_use(METHADONE_LEFT, state.used_last_week()))
    _end(state, ledger, leaving, world.day_in(week, len(leaving)), outcome="ended")


def recall(state: State, ledger: Ledger, world: World, settled: Bools, week: int) -> None:
    """Who is to go to isolation goes, and the programme ends with it."""
    who = np.flatnonzero(settled & (state.phase == ACTIVE) & (state.recall_day < world.weeks.monday(week + 1)))
    day = np.maximum(state.recall_day, world.weeks.monday(week))
    _end(state, ledger, who, day[who], outcome="isolated")
    _isolate(state, ledger, world, who, day)


def die(state: State, ledger: Ledger, world: World, probability: Floats, week: int) -> None:
    """Death, likelier after use."""
    who = world.chance(np.isin(state.phase, (ACTIVE, MISSING)), probability)
    day = world.day_in(week, len(who))
    ledger.note("death", who, day, state)
    _end(state, ledger, who, day, outcome="died")
    state.phase[who] = DEAD


def vanish(state: State, world: World, probability: Floats, week: int) -> None:
    """Some stop appearing without a word, likelier after use; the station declares them lost weeks later."""
    who = world.chance(state.phase == ACTIVE, probability)
    state.phase[who] = MISSING
    state.due_day[who] = world.weeks.monday(week) + world.rng.integers(45, 80, len(who))


def transfer(state: State, ledger: Ledger, world: World, settled: Bools, week: int) -> None:
    """Some move to another township, whose station takes over within 15 days, late, or never."""
    who = world.chance(settled & (state.phase == ACTIVE), TRANSFER)
    day = world.day_in(week, len(who))
    ledger.note("transfer_out", who, day, state)
    n_townships = len(world.places.seeds)
    state.township[who] = (state.township[who] + world.rng.integers(1, n_townships, len(who))) % n_townships
    state.station[who] = world.places.station_in(state.township[who], world.rng)
    ledger.note("move", who, day, state)
    state.phase[who] = IN_TRANSIT
    state.due_day[who] = day + _hand_over_days(len(who), world.rng)


def _hand_over_days(n: int, rng: np.random.Generator) -> Ints:
    fate = rng.random(n)
    late, never = fate < LATE_HAND_OVER_SHARE, fate > 1 - NEVER_HANDED_OVER_SHARE
    days = np.where(late, rng.integers(20, 90, n), rng.integers(2, CLOCKS["transfer"].limit + 1, n))
    return np.where(never, NEVER, days)


def fall_ill(state: State, ledger: Ledger, world: World, settled: Bools, week: int) -> None:
    """Some are admitted to the special ward for weeks; a few object to automated scoring."""
    who = world.chance(settled & (state.phase == ACTIVE), WARD)
    day = world.day_in(week, len(who))
    state.ward_until[who] = day + world.rng.integers(10, 90, len(who))
    ledger.note("ward_start", who, day, state)
    ledger.note("ward_end", who, state.ward_until[who], state)
    objecting = world.chance(settled & (state.phase == ACTIVE), OBJECTION)
    day = world.day_in(week, len(objecting))
    ledger.note("objection", objecting, day, state, "raised")


def _by_use(probability: tuple[float, float], used: Bools) -> Floats:
    return np.where(used, probability[1], probability[0])
