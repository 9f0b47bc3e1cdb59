"""Moves and stays: transfers between townships, stays on a ward, leaving without leave, objections."""

import numpy as np

from features.arrays import Flags, Ints
from features.statutes import CLOCKS
from training.city.ends import by_use
from training.city.orders import due
from training.city.state import ACTIVE, IN_TRANSIT, NEVER, STRANDED, State
from training.city.world import Ledger, World


def transfer(state: State, ledger: Ledger, world: World, settled: Flags, week: int) -> None:
    """Some move to another township, mostly a near one, and the clock goes on.

    The station there takes over within 15 days, late, or never.
    """
    figures, rng = world.figures.programmes, world.rng
    who = world.chance(settled & (state.phase == ACTIVE), figures.transfer)
    day, places = world.day_in(week, len(who)), world.ground.places
    ledger.note("transfer_out", who, day, state)
    state.township[who] = places.another_near(state.township[who], figures.transfer_reach_m, rng)
    state.station[who] = places.station_in(state.township[who], rng)
    ledger.note("move", who, day, state)
    fate = rng.random(len(who))
    never = fate > 1 - figures.never_handed_over_share
    late = fate < figures.late_hand_over_share
    in_time = (figures.hand_over_soonest_day, CLOCKS["transfer"].limit)
    wait = np.where(late, world.days(figures.late_hand_over_days, len(who)), world.days(in_time, len(who)))
    state.phase[who] = np.where(never, STRANDED, IN_TRANSIT)
    state.due_day[who] = day + np.where(never, world.days(figures.never_handed_over_days, len(who)), wait)


def confirm(state: State, ledger: Ledger, world: World, week: int) -> None:
    """The new station takes over who has moved."""
    who = np.flatnonzero(due(state, IN_TRANSIT, world, week))
    ledger.note("transfer_in", who, state.due_day[who], state)
    state.phase[who] = ACTIVE
    state.next_test_day[who] = state.due_day[who] + world.figures.tests.after_transfer_days


def fall_ill(state: State, ledger: Ledger, world: World, settled: Flags, week: int) -> None:
    """Some are admitted to the special ward for weeks."""
    who = world.chance(settled & (state.phase == ACTIVE), world.figures.programmes.ward)
    day = world.day_in(week, len(who))
    state.ward_until[who] = day + world.days(world.figures.programmes.ward_days, len(who))
    ledger.note("ward_start", who, day, state)
    ledger.note("ward_end", who, state.ward_until[who], state)


def take_leave(state: State, ledger: Ledger, world: World, settled: Flags, week: int) -> None:
    """Some report a leave and are away for days; the report is a routine record like any other contact."""
    figures = world.figures.programmes
    who = world.chance(settled & (state.phase == ACTIVE), figures.leave)
    days, first = world.days(figures.leave_days, len(who)), world.day_in(week, len(who))
    ledger.note("leave", who, first, state, value=days.astype(np.float64))
    _go(state, who, first, days, world.monday(week))


def _go(state: State, who: Ints, first: Ints, days: Ints, monday: int) -> None:
    """Away from the first day on for so many days; two absences that touch a week are one, with the days between."""
    still = state.away_until[who] > monday
    state.away_from[who] = np.where(still, np.minimum(state.away_from[who], first), first)
    state.away_until[who] = np.where(still, np.maximum(state.away_until[who], first + days), first + days)


def leave_without_leave(state: State, ledger: Ledger, world: World, settled: Flags, week: int) -> None:
    """Some leave the county without leave; three times, or more than 30 days in all, is a serious breach."""
    figures, rng = world.figures.programmes, world.rng
    who = world.chance(settled & (state.phase == ACTIVE), by_use(figures.absence, state.used_last_week()))
    days = world.days(figures.absence_days, len(who))
    first = world.day_in(week, len(who))
    ledger.note("absence", who, first, state, value=days.astype(np.float64))
    _go(state, who, first, days, world.monday(week))
    state.absences[who] += 1
    state.absent_days[who] += days
    often = state.absences[who] >= CLOCKS["absence_occasions"].limit
    breach = who[often | (state.absent_days[who] > CLOCKS["absence_total"].limit)]
    breach = breach[state.recall_day[breach] == NEVER]
    sent = breach[rng.random(len(breach)) < figures.breach_to_isolation]
    state.recall_day[sent] = world.monday(week) + world.days(figures.recall_days, len(sent))


def object_to_scoring(state: State, ledger: Ledger, world: World, settled: Flags, week: int) -> None:
    """A few object to automated scoring; some take it back later."""
    figures = world.figures.programmes
    who = world.chance(settled & (state.phase == ACTIVE), figures.objection)
    day = world.day_in(week, len(who))
    ledger.note("objection", who, day, state, "raised")
    back = world.rng.random(len(who)) < figures.objection_withdrawn
    later = world.days(figures.objection_days, int(back.sum()))
    ledger.note("objection", who[back], day[back] + later, state, "withdrawn")
