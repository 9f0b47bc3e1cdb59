"""The warnings of a city from its tables: the same whatever comes later, and none where records have stopped."""

import numpy as np
import pandas as pd
import pytest

from features.areas import townships
from features.errors import TooLittleHistoryError
from features.hotspot import FEATURES, Places, compute, visible_past
from models.early_warning import early_warnings, larger_areas
from models.hotspot import Scope
from models.hotspot_fit import Learning, Lessons, fit
from models.prior import Recent, evidence_of
from tests.hotspot_helpers import row_of_areas, steady

AREAS = row_of_areas(6, parents=["D0"] * 3 + ["D1"] * 3)
FIRST, DAYS = 1000, 7 * 240
DATES = np.arange(FIRST + 7 * 30, FIRST + DAYS, 7)
TODAY = int(DATES[-1])
QUIET = steady([0.05, 0.1, 0.2, 0.05, 0.02, 0.1], DAYS)


@pytest.fixture(scope="module")
def model():
    past = visible_past(QUIET, None, townships(AREAS), as_of=DATES, horizon_weeks=4)
    lessons = Lessons(evidence_of(past, Recent(0)), compute(past), np.arange(52, len(DATES) - 4), TODAY)
    scope = Scope("township", 4, ("overdose",), ("citizen",))
    return fit(lessons, scope, Learning(rounds=5, rows_per_leaf=20), FEATURES)


def with_outbreak(day):
    more = QUIET.iloc[[0] * 8].assign(occurred_on=day, known_on=day, area_id="T04")
    return Places(pd.concat([QUIET, more], ignore_index=True), AREAS)


def test_an_outbreak_is_warned_of(model):
    first = early_warnings(model, with_outbreak(TODAY - 2), as_of=TODAY)[0]
    assert (first.name, first.weeks, first.rings) == ("T04", 1, 0)


def test_an_outbreak_to_come_changes_no_warning(model):
    known = early_warnings(model, Places(QUIET, AREAS), as_of=TODAY)
    assert early_warnings(model, with_outbreak(TODAY + 1), as_of=TODAY) == known


def test_where_records_have_stopped_silence_is_not_told_as_quiet(model):
    with pytest.raises(TooLittleHistoryError, match="far longer than usual"):
        early_warnings(model, Places(QUIET, AREAS), as_of=TODAY + 200)


def test_the_first_year_has_no_warnings(model):
    with pytest.raises(TooLittleHistoryError):
        early_warnings(model, Places(QUIET, AREAS), as_of=FIRST + 100)


def test_in_the_second_year_quiet_weeks_are_drawn_for_want_of_past_ones(model):
    day = int(DATES[40])
    assert early_warnings(model, with_outbreak(day - 2), as_of=day)[0].name == "T04"


def test_larger_areas_are_named_by_the_table_of_areas():
    told = larger_areas(townships(AREAS), AREAS)
    assert [level for level, _ in told] == ["larger"]  # the table has no rows for the districts
    districts = pd.DataFrame({"area_id": ["D0", "D1"], "level": "district", "geometry": None, "parent_id": None})
    named = larger_areas(townships(AREAS), pd.concat([AREAS, districts], ignore_index=True))
    assert [level for level, _ in named] == ["district"]
