"""What no record says: use, its hazard, traits, and the true intensity of overdoses."""

import numpy as np
import pandas as pd

from training.city.life import Diary
from training.city.people import People
from training.city.places import township_ids
from training.city.weeks import Floats, Weeks, as_dates


def truth_tables(diary: Diary, people: People, expected: Floats, weeks: Weeks) -> dict[str, pd.DataFrame]:
    """The truth apart from the records, from the first simulated week on (two years before records open).

    `use`: person_id, week, used, hazard (probability of any use in the week, given all before it) for every week
    from the order to death; `use_days`: person_id, used_on; `traits`: person_id, frailty (log-odds), family_support
    (mean 0, sd 1); `overdose_intensity`: area_id, week, expected (overdoses), from the week records open.
    """
    person_id = people.facts["person_id"].to_numpy()
    who, week = np.nonzero(diary.alive.T)
    user, used_week, weekday = np.nonzero(diary.use_days.transpose(1, 0, 2))
    mondays = weeks.mondays()
    n_weeks, n_townships = expected[weeks.opens :].shape
    return {
        "use": pd.DataFrame(
            {
                "person_id": person_id[who],
                "week": as_dates(mondays[week]),
                "used": diary.used[week, who],
                "hazard": diary.hazard[week, who],
            }
        ),
        "use_days": pd.DataFrame({"person_id": person_id[user], "used_on": as_dates(mondays[used_week] + weekday)}),
        "traits": pd.DataFrame({"person_id": person_id, "frailty": people.frailty, "family_support": people.support}),
        "overdose_intensity": pd.DataFrame(
            {
                "area_id": township_ids(np.tile(np.arange(n_townships), n_weeks)),
                "week": as_dates(np.repeat(mondays[weeks.opens :], n_townships)),
                "expected": expected[weeks.opens :].ravel(),
            }
        ),
    }
