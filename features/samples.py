"""Plain loops, compiled, over samples: the events of one person on one day, taken together.

A sample looked at for several substances comes as a row for each, and shows use when any of them does. The loops look
at events as those of `walk` do, from the latest day of each window back; a sample is whole when an earlier day comes.
"""

import numpy as np

from features.arrays import Flags, Floats
from features.walk import Columns, Rows, after, compiled


@compiled
def run(rows: Rows, events: Columns, flag: Flags, wanted: bool) -> Floats:
    """The length of the unbroken run of samples with a flagged event (or, wanted false, without) up to the latest."""
    length = np.zeros(len(rows.person))
    for row in range(len(rows.person)):
        start, floor = events.first[rows.person[row]], rows.floor[row]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        day, flagged = floor, False
        while place >= start and events.occurred[place] > floor:
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                if events.occurred[place] != day:
                    if day != floor and flagged != wanted:
                        break
                    length[row] += day != floor
                    day, flagged = events.occurred[place], False
                flagged = flagged or flag[place]
            place -= 1
        length[row] += day != floor and flagged == wanted
    return length


@compiled
def last_is(rows: Rows, events: Columns, flag: Flags, back: int) -> Floats:
    """1 when the latest sample (back=0), the one before (1), ... has a flagged event, 0 when not, NaN without it."""
    answer = np.full(len(rows.person), np.nan)
    for row in range(len(rows.person)):
        start, floor = events.first[rows.person[row]], rows.floor[row]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        day, flagged, seen_so_far = floor, False, -1
        while place >= start and events.occurred[place] > floor:
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                if events.occurred[place] != day:
                    if seen_so_far == back:
                        break
                    day, flagged, seen_so_far = events.occurred[place], False, seen_so_far + 1
                flagged = flagged or flag[place]
            place -= 1
        if seen_so_far == back:
            answer[row] = 1.0 if flagged else 0.0
    return answer


@compiled
def last_day_without(rows: Rows, events: Columns, flag: Flags) -> Floats:
    """The day of the latest sample without a flagged event; NaN when there is none."""
    found = np.full(len(rows.person), np.nan)
    for row in range(len(rows.person)):
        start, floor = events.first[rows.person[row]], rows.floor[row]
        place = after(events, rows.person[row], rows.ceiling[row]) - 1
        day, flagged = floor, False
        while place >= start and events.occurred[place] > floor:
            if events.known[place] <= rows.seen_by[row] < events.until[place]:
                if events.occurred[place] != day:
                    if day != floor and not flagged:
                        break
                    day, flagged = events.occurred[place], False
                flagged = flagged or flag[place]
            place -= 1
        if day != floor and not flagged:
            found[row] = day
    return found
