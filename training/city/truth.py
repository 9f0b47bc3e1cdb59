"""What no record says: use, its hazard, traits, availability, and the true intensity of overdoses."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from features.arrays import Ints
from training.city.diary import Diary
from training.city.ground import Ground
from training.city.incidents import Harm
from training.city.people import People
from training.city.rows import words
from training.city.stations import station_ids, township_ids
from training.city.weeks import as_dates


def truth_of_persons(diary: Diary, people: People, person_id: list[str], ground: Ground) -> Mapping[str, pa.Table]:
    """The truth of a block, from the first simulated week on (three years before records open).

    `use`: person_id, week, used, hazard (probability of any use in the week, given all before it) for every week
    from the order to death; `use_days`: person_id, used_on; `traits`: person_id, frailty (log-odds), family_support,
    stigma (mean 0, sd 1), watch (times the ordinary tests, 1 without bias).
    """
    who, week = np.nonzero(diary.alive.T)
    user, used_week, weekday = np.nonzero(diary.use_days.transpose(1, 0, 2))
    mondays = ground.weeks.mondays()
    traits = {"frailty": people.frailty, "family_support": people.support, "stigma": people.stigma}
    return {
        "use": pa.table(
            {
                "person_id": words(who, person_id),
                "week": _days(mondays[week]),
                "used": diary.used[week, who],
                "hazard": diary.hazard[week, who],
            }
        ),
        "use_days": pa.table({"person_id": words(user, person_id), "used_on": _days(mondays[used_week] + weekday)}),
        "traits": pa.table({"person_id": person_id, **traits, "watch": people.watch}),
    }


def _days(day: Ints) -> pa.Array:
    return pa.array(day.astype(np.int32)).cast(pa.date32())


def truth_of_places(ground: Ground, happening: Harm) -> Mapping[str, pd.DataFrame]:
    """The truth of the ground, from the week records open.

    `overdose_intensity`: area_id, week, expected (overdoses), seen (expected to be told of), availability (log-odds of
    use), felt (the part of it that drives persons' use); `stations`: station_id, is_model, schedule, diligence (log of
    tests and records), quality (standard units of help).
    """
    opens = ground.weeks.opens
    n_weeks, n_townships = happening.expected[opens:].shape
    by_cell = {
        "expected": happening.expected,
        "seen": happening.seen,
        "availability": ground.supply.availability,
        "felt": ground.supply.felt,
    }
    stations = ground.stations
    return {
        "overdose_intensity": pd.DataFrame(
            {
                "area_id": township_ids(ground.places, np.tile(np.arange(n_townships), n_weeks)),
                "week": as_dates(np.repeat(ground.weeks.mondays()[opens:], n_townships)),
                **{name: values[opens:].ravel() for name, values in by_cell.items()},
            }
        ),
        "stations": pd.DataFrame(
            {
                "station_id": station_ids(ground.places, np.arange(len(stations.quality))),
                "is_model": stations.is_model,
                "schedule": np.where(stations.schedule_b, "B", "A"),
                "diligence": stations.diligence,
                "quality": stations.quality,
            }
        ),
    }
