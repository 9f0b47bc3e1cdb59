"""Plain loops, compiled, over how one person's events lie to each other: gaps, spells in a state, episodes.

They look at events as the loops of `walk` do: those of one person and one selection, in the window (floor, ceiling] of
each row, in force on its day of knowledge.
"""

import numpy as np

from features.arrays import Flags, Floats, Ints
from features.walk import Columns, Rows, after, compiled

Steps = Ints


@compiled
def longest_gap(rows: Rows, events: Columns) -> Floats:
    """The most days from one event to the next, or from the last to the end of the window; NaN without an event."""
    longest = np.full(len(rows.person), np.nan)
    for row in range(len(rows.person)):
        start = events.first[rows.person[row]]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        next_day = rows.ceiling[row]
        while place >= start and events.occurred[place] > rows.floor[row]:
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                longest[row] = np.fmax(longest[row], next_day - events.occurred[place])
                next_day = events.occurred[place]
            place -= 1
    return longest


@compiled
def days_on(rows: Rows, events: Columns, begins: Flags) -> Floats:
    """The days of each window spent in a state that some events begin and the others end.

    The day it begins counts, the day it ends does not; NaN where no event, in the window or before it, tells of it.
    """
    spent = np.full(len(rows.person), np.nan)
    for row in range(len(rows.person)):
        start = events.first[rows.person[row]]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        first_day, next_day = rows.floor[row] + 1, rows.ceiling[row] + 1
        while place >= start and next_day > first_day:
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                day = max(events.occurred[place], first_day)
                spent[row] = np.fmax(spent[row], 0.0) + (next_day - day if begins[place] else 0)
                next_day = day
            place -= 1
    return spent


@compiled
def held(rows: Rows, events: Columns, step: Steps) -> tuple[Floats, Floats]:
    """How many of something are held at the end of each window (jobs, of which there may be two), and on how many days.

    Each event begins one (step 1), ends one (-1) or ends all (0); what is not held cannot end. A day counts when at
    least one is held at its end. Both are NaN where no event tells of it.
    """
    held_now, spent = np.full(len(rows.person), np.nan), np.full(len(rows.person), np.nan)
    for row in range(len(rows.person)):
        person, first_day = rows.person[row], rows.floor[row] + 1
        number, days, since, told = 0, 0, first_day, False
        for place in range(events.first[person], after(events, person, rows.ceiling[row])):
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                told = True
                day = max(events.occurred[place], first_day)
                days += day - since if number > 0 else 0
                since = day
                number = max(number + step[place], 0) if step[place] else 0
        if told:
            held_now[row] = number
            spent[row] = days + (rows.ceiling[row] + 1 - since if number > 0 else 0)
    return held_now, spent


@compiled
def covered(rows: Rows, events: Columns, length_days: Steps) -> Floats:
    """The days of each window that events cover, each once: an event covers its day and the next, so many in all."""
    days = np.zeros(len(rows.person))
    longest = length_days.max() if len(length_days) else 1
    for row in range(len(rows.person)):
        person, reached = rows.person[row], rows.floor[row]
        place = after(events, person, rows.floor[row] - longest)
        for at in range(place, after(events, person, rows.ceiling[row])):
            if events.known[at] <= rows.seen_by[row] < events.until[at]:
                last = min(events.occurred[at] + length_days[at] - 1, rows.ceiling[row])
                days[row] += max(last - max(events.occurred[at] - 1, reached), 0)
                reached = max(reached, last)
    return days


@compiled
def days_passed(rows: Rows, events: Columns, length_days: Floats) -> Floats:
    """The days that the events of each window last, of each no more than have passed by the end of the window."""
    passed = np.zeros(len(rows.person))
    for row in range(len(rows.person)):
        person = rows.person[row]
        place = after(events, person, rows.floor[row])
        for at in range(place, after(events, person, rows.ceiling[row])):
            in_force = events.known[at] <= rows.seen_by[row] < events.until[at]
            if in_force and not np.isnan(length_days[at]):
                passed[row] += min(length_days[at], rows.ceiling[row] - events.occurred[at] + 1)
    return passed


@compiled
def episodes(rows: Rows, events: Columns, reach_days: int) -> Floats:
    """The events of each window taken together: one stands for all that follow it within so many days."""
    found = np.zeros(len(rows.person))
    for row in range(len(rows.person)):
        stop = events.first[rows.person[row] + 1]
        place = after(events, rows.person[row], rows.floor[row])
        explained_to = rows.floor[row]
        while place < stop and events.occurred[place] <= rows.ceiling[row]:
            in_force = events.known[place] <= rows.seen_by[row] < events.until[place]
            if in_force and events.occurred[place] > explained_to:
                found[row] += 1.0
                explained_to = events.occurred[place] + reach_days
            place += 1
    return found


@compiled
def unexplained(rows: Rows, events: Columns, others: Columns, newest_days: int, oldest_days: int) -> Floats:
    """The events of each window that see back where no other event is: days [day - oldest_days, day - newest_days].

    Of two that see the same days only one counts.
    """
    found = np.zeros(len(rows.person))
    for row in range(len(rows.person)):
        stop = events.first[rows.person[row] + 1]
        place = after(events, rows.person[row], rows.floor[row])
        explained_to = rows.floor[row]
        while place < stop and events.occurred[place] <= rows.ceiling[row]:
            day = events.occurred[place]
            in_force = events.known[place] <= rows.seen_by[row] < events.until[place]
            if in_force and day > explained_to:
                start = others.first[rows.person[row]]
                other = after(others, rows.person[row], day - newest_days) - 1
                alone = True
                while alone and other >= start and others.occurred[other] >= day - oldest_days:
                    alone = not (others.known[other] <= rows.seen_by[row] < others.until[other])
                    other -= 1
                if alone:
                    found[row] += 1.0
                    explained_to = day + oldest_days - newest_days
            place += 1
    return found


@compiled
def first_unexplained(rows: Rows, events: Columns, others: Columns, newest_days: int, oldest_days: int) -> Floats:
    """The day of the first event of each window that tells of the window itself; NaN without one.

    An event sees [day - oldest_days, day - newest_days]. It tells of the window when it sees into it, and either sees
    nothing before it or no other event lies in what it sees before it.
    """
    first = np.full(len(rows.person), np.nan)
    for row in range(len(rows.person)):
        stop = events.first[rows.person[row] + 1]
        start = others.first[rows.person[row]]
        place = after(events, rows.person[row], rows.floor[row])
        while place < stop and events.occurred[place] <= rows.ceiling[row] and np.isnan(first[row]):
            day = events.occurred[place]
            in_force = events.known[place] <= rows.seen_by[row] < events.until[place]
            if in_force and day - newest_days > rows.floor[row]:
                other = after(others, rows.person[row], rows.floor[row]) - 1
                alone = True
                while alone and other >= start and others.occurred[other] >= day - oldest_days:
                    alone = not (others.known[other] <= rows.seen_by[row] < others.until[other])
                    other -= 1
                if alone:
                    first[row] = day
            place += 1
    return first
