"""How hard anyone looked: tests given and contacts kept, by township and week, as they were known when reported."""

import numpy as np
import pandas as pd

from features.arrays import Ints
from features.vocabulary import TEST_GIVEN
from training.city.arrival import latest_of
from training.city.ground import CITY, Ground, chance
from training.city.rows import Rows, code, codes
from training.city.stations import township_ids
from training.city.weeks import as_dates, some_days


def effort(known: Rows, ground: Ground) -> Ints:
    """Tests given and contacts kept, (2, week, township), from the week records open.

    A week counts what had arrived by the day it is reported, each event by its latest revision of that day.
    """
    reported = reported_on(ground)
    n_weeks, n_townships = reported.shape
    week = _week(known, ground)
    within = (week >= 0) & (week < n_weeks)
    arrived = known[within & (known["known_on"] <= reported[np.clip(week, 0, n_weeks - 1), known["township"]])]
    latest = latest_of(arrived)
    cell = _week(latest, ground) * n_townships + latest["township"]
    tests = np.isin(latest["kind"], codes("kind", ("urine_test", "hair_test")))
    given = tests & np.isin(latest["outcome"], codes("outcome", TEST_GIVEN))
    kept = latest["outcome"] == code("outcome", "kept")
    counts = [np.bincount(cell[each], minlength=reported.size) for each in (given, kept)]
    return np.stack(counts).reshape(2, *reported.shape)


def _week(told: Rows, ground: Ground) -> Ints:
    """The week of each row, 0 the one records open; before it negative."""
    return np.asarray((told["occurred_on"] - ground.weeks.opening) // 7)


def reported_on(ground: Ground) -> Ints:
    """By (week, township) the day the effort of a week is reported, some days after its end."""
    calendar = ground.weeks
    mondays, n_townships = calendar.mondays()[calendar.opens :], len(ground.places)
    late = some_days(ground.figures.arrival.effort_days, len(mondays) * n_townships, chance(ground.plan, CITY, 5))
    return mondays[:, None] + 7 + late.reshape(len(mondays), n_townships)


def effort_table(counts: Ints, ground: Ground) -> pd.DataFrame:
    """The `effort` table: the weeks reported by the last day."""
    calendar, known_on = ground.weeks, reported_on(ground).T.ravel()
    _, n_weeks, n_townships = counts.shape
    week, township = np.tile(np.arange(n_weeks), n_townships), np.repeat(np.arange(n_townships), n_weeks)
    table = pd.DataFrame(
        {
            "area_id": township_ids(ground.places, township),
            "week": as_dates(calendar.opening + 7 * week),
            "known_on": as_dates(known_on),
            "tests": counts[0, week, township],
            "contacts": counts[1, week, township],
        }
    )
    return table[known_on <= calendar.until].reset_index(drop=True)
