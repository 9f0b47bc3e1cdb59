"""Plain loops, compiled, over how one person's results follow one another, and what else lies just before one of them.

They look at events as the loops of `walk` do: those of one person and one selection, in the window (floor, ceiling] of
each row, in force on its day of knowledge, the latest first.
"""

import numpy as np

from features.arrays import Flags, Floats
from features.walk import Columns, Rows, after, compiled


@compiled
def switches(rows: Rows, events: Columns, flag: Flags) -> Floats:
    """How often, in each window, an event is flagged and the one before is not, or the other way round."""
    found = np.zeros(len(rows.person))
    for row in range(len(rows.person)):
        start = events.first[rows.person[row]]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        later = -1
        while place >= start and events.occurred[place] > rows.floor[row]:
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                if later >= 0 and flag[place] != flag[later]:
                    found[row] += 1.0
                later = place
            place -= 1
    return found


@compiled
def longest_run(rows: Rows, events: Columns, flag: Flags) -> Floats:
    """The most flagged events in an unbroken row in each window."""
    longest = np.zeros(len(rows.person))
    for row in range(len(rows.person)):
        start = events.first[rows.person[row]]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        unbroken = 0.0
        while place >= start and events.occurred[place] > rows.floor[row]:
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                unbroken = unbroken + 1.0 if flag[place] else 0.0
                longest[row] = max(longest[row], unbroken)
            place -= 1
    return longest


@compiled
def streak_began(rows: Rows, events: Columns, flag: Flags) -> Floats:
    """The day on which the unbroken row of events flagged like the latest began; NaN without an event."""
    day = np.full(len(rows.person), np.nan)
    for row in range(len(rows.person)):
        start = events.first[rows.person[row]]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        latest = -1
        while place >= start and events.occurred[place] > rows.floor[row]:
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                if latest < 0:
                    latest = place
                if flag[place] != flag[latest]:
                    break
                day[row] = events.occurred[place]
            place -= 1
    return day


@compiled
def preceded(rows: Rows, events: Columns, others: Columns, within_days: int, back: int) -> Floats:
    """Whether another event lies in (day - within_days, day] of the latest event (back=0), the one before (1), ...

    1 or 0 for each window; NaN where there is no such event.
    """
    found = np.full(len(rows.person), np.nan)
    for row in range(len(rows.person)):
        person, start = rows.person[row], events.first[rows.person[row]]
        place = after(events, person, rows.ceiling[row]) - 1
        left = back
        while place >= start and events.occurred[place] > rows.floor[row]:
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                if left == 0:
                    break
                left -= 1
            place -= 1
        if place >= start and events.occurred[place] > rows.floor[row]:
            found[row] = 0.0
            other = after(others, person, events.occurred[place]) - 1
            while other >= others.first[person] and others.occurred[other] > events.occurred[place] - within_days:
                if others.known[other] <= rows.seen_by[row] < others.until[other]:
                    found[row] = 1.0
                    break
                other -= 1
    return found
