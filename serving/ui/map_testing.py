"""How much was tested in each area of a map in the year before: its fifth among the areas, never the number."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from features.areas import townships
from features.hotspot import Feature, Places, compute, visible_past
from features.schema import days_since_epoch
from models.counts import SMALLEST_SHOWN
from models.hotspot import YEAR_WEEKS

N_FIFTHS = 5
TESTS = Feature("tests", YEAR_WEEKS)


def township_tests(places: Places, as_of: date) -> pd.Series:
    """Tests of each township in the year before, by id, as known then; NaN where none was ever told."""
    areas, effort = places.areas, places.effort
    if areas is None or effort is None or effort.empty or not areas["level"].eq("township").any():
        return pd.Series(dtype=np.float64)
    today, nobody = np.array([days_since_epoch(as_of)], np.int64), places.incidents.iloc[:0]
    table = compute(visible_past(nobody, effort, townships(areas), as_of=today, horizon_weeks=1), (TESTS,))
    return table.set_index(table["area_id"].astype("str"))[TESTS.name]


def district_tests(tests: pd.Series, parents: Mapping[str, str]) -> pd.Series:
    """Tests of each district by id, of those townships that told any."""
    told = tests.dropna()
    return told.groupby(told.index.map(parents)).sum()


def fifths(tests: pd.Series) -> dict[str, int]:
    """The fifth of the areas that each is in, 0 for the least tests; without those of fewer than ten tests.

    >>> fifths(pd.Series({"A": 10.0, "B": 20.0, "C": 20.0, "D": 9.0, "E": np.nan}))
    {'A': 1, 'B': 4, 'C': 4}
    """
    told = tests[tests >= SMALLEST_SHOWN]
    place = np.ceil(N_FIFTHS * told.rank(method="max", pct=True).to_numpy() - 1e-9) - 1
    return {str(area_id): int(fifth) for area_id, fifth in zip(told.index, place, strict=True)}
