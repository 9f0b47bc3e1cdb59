"""How hard anyone looked lately: testing of each area beside its own usual, and how many incidents come of testing."""

from dataclasses import replace

import numpy as np
import pandas as pd

from features.areas import OUTSIDE, Floats, Ints
from features.hotspot import WEEK, Run, VisiblePast

COME_OF_TESTING = ("first_positive",)  # incidents that are found only where someone tests
USUAL_WEEKS = 52
STRENGTH = 10.0  # tests as usual, added to both sides, so that few tests tell little
HEAVIEST = 10.0  # weight of one incident found where hardly anyone looked
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


def at_equal_effort(past: VisiblePast, *, usual_until: int) -> VisiblePast:
    """The same past, each incident weighed by its area's usual tests a week over those of the week it occurred in.

    Usual is the mean of the weeks that ended by a day, best one before forecasts began to steer the testing: so where
    more is found only because more is tested, it counts for no more. Without reports of the week the weight is one.
    """
    if past.effort is None:
        return past
    effort, run = past.effort, past.incidents
    before = effort.occurred_on <= usual_until
    n_usual = np.bincount(effort.area[before], minlength=len(past.areas))
    tests_before = np.bincount(effort.area[before], weights=effort.weight[before], minlength=len(past.areas))
    usual = tests_before / np.maximum(n_usual, 1)
    reported = pd.Series(effort.weight).groupby([effort.area, effort.occurred_on]).sum()
    ends_on = run.occurred_on + (effort.occurred_on[0] - run.occurred_on) % WEEK
    tests = reported.reindex(pd.MultiIndex.from_arrays([run.area, ends_on])).to_numpy(np.float64)
    told = (run.area != OUTSIDE) & (n_usual[run.area] > 0) & np.isfinite(tests)
    weight = np.where(told, np.minimum(usual[run.area] / np.maximum(tests, 1.0), HEAVIEST), 1.0)
    return replace(past, incidents=replace(run, weight=run.weight * weight))
