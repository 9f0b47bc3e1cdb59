"""Plain loops over one person's sorted events, compiled.

Each loop walks back from the end of a window to its start, over the rows of one person and one selection,
and looks only at revisions in force on the day of knowledge. A window is (floor, ceiling], so the loop
reads as the rule does; what it costs is the events in the window: a handful in a lookback, all of the person's in none.

Only counts are also taken from sums made beforehand (`Sums`). A sum of values is not: which events could be taken
together would change with a correction that comes later, the order of the additions with it, and so the last bits of
a feature that must not move.
"""

from collections.abc import Callable
from typing import NamedTuple, ParamSpec, TypeVar, cast

import numpy as np
from numba import njit

from features.arrays import Codes, Days, Flags, Floats, Ints
from features.history import NEVER

Places = Ints
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

STEPS = 16


class Rows(NamedTuple):
    """What is asked: for each row a person, a window (floor, ceiling] and the day of knowledge."""

    person: Places
    floor: Days
    ceiling: Days
    seen_by: Days


class Columns(NamedTuple):
    """What is searched: selected events sorted by person and day; `first` holds each person's first place."""

    first: Places
    occurred: Days
    known: Days
    until: Days


class Sums(NamedTuple):
    """For each event, from which day it and all earlier ones of its person are in force for good or out for good.

    `in_force[i]` is how many of the first `i` events are in force for good.
    """

    settled: Days
    in_force: Codes


def compiled(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """The function as machine code, kept on disk beside its source."""
    return cast(Callable[Arguments, Answer], njit(cache=True, nogil=True)(function))


@compiled
def after(events: Columns, person: int, day: int) -> int:
    """The place of the first event of a person later than a day; the first place of the next person when none is."""
    low, high = events.first[person], events.first[person + 1]
    while low < high:
        middle = (low + high) // 2
        if events.occurred[middle] <= day:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def kept(first: Places, keep: Flags) -> tuple[Places, Places]:
    """The places where `keep` is true, and the first of them of each person."""
    places = np.empty(keep.sum(), dtype=np.int64)
    firsts = np.empty(len(first), dtype=np.int64)
    n = 0
    for person in range(len(first) - 1):
        firsts[person] = n
        for place in range(first[person], first[person + 1]):
            if keep[place]:
                places[n] = place
                n += 1
    firsts[-1] = n
    return places, firsts


@compiled
def count(rows: Rows, events: Columns) -> Floats:
    """The number of events in force in each window."""
    result = np.zeros(len(rows.person))
    for row in range(len(rows.person)):
        start = events.first[rows.person[row]]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        while place >= start and events.occurred[place] > rows.floor[row]:
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                result[row] += 1.0
            place -= 1
    return result


@compiled
def sums(events: Columns) -> tuple[Days, Codes]:
    """The columns of `Sums`: a revision is in force for good once known if none replaced it, else out once replaced."""
    settled = np.empty(len(events.occurred), dtype=np.int32)
    in_force = np.zeros(len(events.occurred) + 1, dtype=np.int32)
    for person in range(len(events.first) - 1):
        day = events.known[events.first[person]] if events.first[person] < len(settled) else np.int32(0)
        for place in range(events.first[person], events.first[person + 1]):
            stays = events.until[place] == NEVER
            day = max(day, events.known[place] if stays else events.until[place])
            settled[place] = day
            in_force[place + 1] = in_force[place] + stays
    return settled, in_force


@compiled
def count_by_sums(rows: Rows, events: Columns, told: Sums) -> Floats:
    """The same as `count`, at the cost of a binary search and of those events of a window that are not yet settled."""
    result = np.zeros(len(rows.person))
    for row in range(len(rows.person)):
        start, floor, seen_by = events.first[rows.person[row]], rows.floor[row], rows.seen_by[row]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        while place >= start and events.occurred[place] > floor:
            # Where few are left, walking on is cheaper than the search.
            if told.settled[place] <= seen_by and place - start >= STEPS and events.occurred[place - STEPS] > floor:
                result[row] += told.in_force[place + 1] - told.in_force[after(events, rows.person[row], floor)]
                break
            if events.known[place] <= seen_by < events.until[place]:
                result[row] += 1.0
            place -= 1
    return result


@compiled
def count_days(rows: Rows, events: Columns) -> Floats:
    """The number of different days with an event in force in each window."""
    result = np.zeros(len(rows.person))
    for row in range(len(rows.person)):
        start = events.first[rows.person[row]]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        latest = rows.ceiling[row] + 1
        while place >= start and events.occurred[place] > rows.floor[row]:
            if events.known[place] <= rows.seen_by[row] < events.until[place] and events.occurred[place] != latest:
                latest = events.occurred[place]
                result[row] += 1.0
            place -= 1
    return result


@compiled
def total(rows: Rows, events: Columns, value: Floats) -> tuple[Floats, Floats]:
    """The sum of the values present in each window, and how many there are; latest first, so bits never differ."""
    sums = np.zeros(len(rows.person))
    present = np.zeros(len(rows.person))
    for row in range(len(rows.person)):
        start = events.first[rows.person[row]]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        while place >= start and events.occurred[place] > rows.floor[row]:
            if events.known[place] <= rows.seen_by[row] < events.until[place] and not np.isnan(value[place]):
                sums[row] += value[place]
                present[row] += 1.0
            place -= 1
    return sums, present


@compiled
def latest(rows: Rows, events: Columns, back: int) -> Places:
    """The place of the latest event in force in each window (back=0), the one before (1), ...; else -1."""
    result = np.full(len(rows.person), -1, dtype=np.int64)
    for row in range(len(rows.person)):
        start = events.first[rows.person[row]]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        seen_so_far = 0
        while place >= start and events.occurred[place] > rows.floor[row]:
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                if seen_so_far == back:
                    result[row] = place
                    break
                seen_so_far += 1
            place -= 1
    return result


@compiled
def earliest(rows: Rows, events: Columns) -> Places:
    """The place of the earliest event in force in each window; -1 when there is none."""
    result = np.full(len(rows.person), -1, dtype=np.int64)
    for row in range(len(rows.person)):
        stop = events.first[rows.person[row] + 1]
        place = after(events, rows.person[row], rows.floor[row])
        while place < stop and events.occurred[place] <= rows.ceiling[row]:
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                result[row] = place
                break
            place += 1
    return result


@compiled
def run(rows: Rows, events: Columns, flag: Flags) -> Floats:
    """The length of the unbroken run of flagged events that ends with the latest in each window."""
    result = np.zeros(len(rows.person))
    for row in range(len(rows.person)):
        start = events.first[rows.person[row]]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        while place >= start and events.occurred[place] > rows.floor[row]:
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                if not flag[place]:
                    break
                result[row] += 1.0
            place -= 1
    return result


@compiled
def matched(rows: Rows, events: Columns, others: Columns, within_days: int, last: int) -> tuple[Floats, Floats]:
    """Of the latest events in each window, at most `last`, how many have another event on their day or just before.

    Returns the number matched and the number looked at. "Just before" is (day - within_days, day].
    """
    found = np.zeros(len(rows.person))
    looked = np.zeros(len(rows.person))
    for row in range(len(rows.person)):
        start = events.first[rows.person[row]]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        while place >= start and events.occurred[place] > rows.floor[row] and looked[row] < last:
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                looked[row] += 1.0
                day = events.occurred[place]
                low = others.first[rows.person[row]]
                other = after(others, rows.person[row], day) - 1
                while other >= low and others.occurred[other] > day - within_days:
                    if others.known[other] <= rows.seen_by[row] < others.until[other]:
                        found[row] += 1.0
                        break
                    other -= 1
            place -= 1
    return found, looked
