"""How hard anyone looked lately: testing of each area beside its own usual, and how many incidents come of testing."""

import numpy as np
import pandas as pd

from features.areas import Floats, Ints
from features.hotspot import WEEK, Run, VisiblePast

COME_OF_TESTING = ("first_positive",)  # incidents that are found only where someone tests
USUAL_WEEKS = 52
STRENGTH = 10.0  # tests as usual, added to both sides, so that few tests tell little
LEAST, MOST = 0.25, 4.0  # a ratio beyond these says more of the reports than of the testing


def looked(past: VisiblePast, *, weeks: int) -> Floats:
    """Tests a reported week in the lookback over those of the year, (as-of dates, areas); one where none reported."""
    shape = (len(past.as_of), len(past.areas))
    if past.effort is None:
        return np.ones(shape)
    reports = Run(past.effort.area, past.effort.occurred_on, past.effort.known_on, np.ones(len(past.effort.area)))
    tests, reported, tests_a_year, reported_a_year = (
        past.count(run, weeks=each, size=shape[1]) for each in (weeks, USUAL_WEEKS) for run in (past.effort, reports)
    )
    usual = reported * tests_a_year / np.maximum(reported_a_year, 1)
    return np.clip((tests + STRENGTH) / (usual + STRENGTH), LEAST, MOST)


def share_tested(incidents: pd.DataFrame, as_of: Ints) -> Floats:
    """Share of the incidents of the year before each as-of date that came of testing, as known then; zero if none."""
    occurred, known = (incidents[name].to_numpy(np.int64) for name in ("occurred_on", "known_on"))
    found = incidents["kind"].isin(COME_OF_TESTING).to_numpy()
    visible = [(known <= day) & (occurred <= day) & (occurred > day - WEEK * USUAL_WEEKS) for day in as_of]
    return np.array([(found & seen).sum() / max(seen.sum(), 1) for seen in visible], np.float64)
