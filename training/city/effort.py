"""How hard anyone looked: tests given and contacts kept, by township and week."""

import numpy as np
import pandas as pd

from features.vocabulary import TEST_GIVEN
from training.city.ground import CITY, Ground, chance
from training.city.rows import Rows, code, codes
from training.city.stations import township_ids
from training.city.weeks import Ints, as_dates, some_days


def effort(recorded: Rows, ground: Ground) -> Ints:
    """Tests given and contacts kept, (2, week, township), from the week records open."""
    calendar, n_townships = ground.weeks, len(ground.places)
    shape = (calendar.count - calendar.opens, n_townships)
    week = (recorded["occurred_on"] - calendar.monday(calendar.opens)) // 7
    within = (week >= 0) & (week < shape[0])
    cell = week * n_townships + recorded["township"]
    tests = np.isin(recorded["kind"], codes("kind", ("urine_test", "hair_test")))
    given = tests & np.isin(recorded["outcome"], codes("outcome", TEST_GIVEN))
    kept = recorded["outcome"] == code("outcome", "kept")
    counts = [np.bincount(cell[within & each], minlength=shape[0] * shape[1]) for each in (given, kept)]
    return np.stack(counts).reshape(2, *shape)


def effort_table(counts: Ints, ground: Ground) -> pd.DataFrame:
    """The `effort` table, reported some days after the week's end."""
    calendar = ground.weeks
    _, n_weeks, n_townships = counts.shape
    week, township = np.tile(np.arange(n_weeks), n_townships), np.repeat(np.arange(n_townships), n_weeks)
    monday = calendar.monday(calendar.opens) + 7 * week
    late = some_days(ground.figures.arrival.effort_days, len(week), chance(ground.plan, CITY, 5))
    known_on = monday + 7 + late
    table = pd.DataFrame(
        {
            "area_id": township_ids(ground.places, township),
            "week": as_dates(monday),
            "known_on": as_dates(known_on),
            "tests": counts[0, week, township],
            "contacts": counts[1, week, township],
        }
    )
    return table[known_on <= calendar.until].reset_index(drop=True)
