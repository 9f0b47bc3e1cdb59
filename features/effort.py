"""How hard anyone looked lately: testing of each area beside its own usual, and how many incidents come of testing."""

from dataclasses import replace

import numpy as np
import pandas as pd

from features.areas import OUTSIDE
from features.arrays import Flags, Floats, Ints
from features.hotspot import WEEK, Run, VisiblePast, reports_of

COME_OF_TESTING = ("first_positive", "treatment_entry")  # found only where someone tests, or on account of it
USUAL_WEEKS = 52
STRENGTH = 10.0  # tests as usual, added to both sides, so that few tests tell little
HEAVIEST = 10.0  # weight of one incident found where hardly anyone looked
FINEST = 256  # parts of one that weights are told in
LEAST, MOST = 0.25, 4.0  # a ratio beyond these says more of the reports than of the testing


def looked(past: VisiblePast, *, weeks: int) -> Floats:
    """Tests a reported week in the lookback over those of the year, (as-of dates, areas); one where none reported."""
    shape = (len(past.as_of), len(past.areas))
    if past.effort is None:
        return np.ones(shape)
    reports = reports_of(past.effort)
    tests, reported, tests_a_year, reported_a_year = (
        past.count(run, weeks=each, size=shape[1]) for each in (weeks, USUAL_WEEKS) for run in (past.effort, reports)
    )
    usual = reported * tests_a_year / np.maximum(reported_a_year, 1)
    return np.clip((tests + STRENGTH) / (usual + STRENGTH), LEAST, MOST)


def share_tested(incidents: pd.DataFrame, as_of: Ints) -> Floats:
    """Share of the incidents of the year before each as-of date that came of testing, as known then; zero if none."""
    occurred, known = (incidents[name].to_numpy(np.int64) for name in ("occurred_on", "known_on"))
    found = came_of_testing(incidents)
    visible = [(known <= day) & (occurred <= day) & (occurred > day - WEEK * USUAL_WEEKS) for day in as_of]
    return np.array([(found & seen).sum() / max(seen.sum(), 1) for seen in visible], np.float64)


def came_of_testing(incidents: pd.DataFrame) -> Flags:
    """Which incidents are found only where someone tests."""
    return np.asarray(incidents["kind"].isin(COME_OF_TESTING), np.bool_)


def at_equal_effort(past: VisiblePast, found: Flags, *, usual_weeks: int = USUAL_WEEKS) -> VisiblePast:
    """The same past, each incident that came of testing weighed by its area's usual tests over those of its week.

    So where more is found only because more is tested, it counts for no more. `found` tells which incidents came of
    testing. Usual is the mean of the first weeks that an area reported, as they arrived: before forecasts could steer
    the testing, and never moved by it later. The weight comes as a correction of its own, known once the incident, the
    report of its week and what is usual are known; until then, and where nothing was reported, an incident is one.
    """
    if past.effort is None:
        return past
    run, reports = past.incidents, _first_reports(past.effort)
    weighed = np.flatnonzero(found & (run.area != OUTSIDE))
    rows = pd.DataFrame(
        {
            "area": run.area[weighed],
            "occurred_on": run.occurred_on[weighed],
            "ended_on": run.occurred_on[weighed] + (past.effort.occurred_on[0] - run.occurred_on[weighed]) % WEEK,
            "visible_from": run.visible_from[weighed],
            "weight": run.weight[weighed],
        }
    )
    told = rows.merge(reports, on=["area", "ended_on"], validate="many_to_one")
    told = told.merge(_usual(reports, usual_weeks), on="area", validate="many_to_one")
    weight = np.minimum(told["usual"] / np.maximum(told["tests"], 1.0), HEAVIEST)
    # In parts of 256, so that sums of weights are exact in whatever order, and taking one away leaves nothing behind.
    change = told["weight"] * ((weight * FINEST).round() / FINEST - 1)
    corrections = Run(
        told["area"].to_numpy(np.int64),
        told["occurred_on"].to_numpy(np.int64),
        told[["visible_from", "known_on", "usual_known_on"]].max(axis=1).to_numpy(np.int64),
        change.to_numpy(np.float64),
    )
    return replace(past, incidents=_joined(run, corrections))


def times_as_heavy(past: VisiblePast, *, weeks: int) -> Floats:
    """How many times one incident counts at equal effort, mean of the lookback, (as-of dates, areas); at least one."""
    shape = (len(past.as_of), len(past.areas))
    if past.effort is None:
        return np.ones(shape)
    usual = _usual(_first_reports(past.effort), USUAL_WEEKS).set_index("area")["usual"].reindex(range(shape[1]))
    tests, reports = (past.count(run, weeks=weeks, size=shape[1]) for run in (past.effort, reports_of(past.effort)))
    a_week = np.maximum(tests / np.maximum(reports, 1), 1 / WEEK)
    return np.clip(np.nan_to_num(usual.to_numpy() / a_week, nan=1.0), 1.0, HEAVIEST)


def _first_reports(effort: Run) -> pd.DataFrame:
    """area, ended_on, tests, known_on of the first report of each area and week."""
    table = pd.DataFrame(
        {"area": effort.area, "ended_on": effort.occurred_on, "tests": effort.weight, "known_on": effort.known_on}
    )
    first = table.sort_values("known_on", kind="stable").drop_duplicates(["area", "ended_on"])
    return first.reset_index(drop=True)


def _usual(reports: pd.DataFrame, weeks: int) -> pd.DataFrame:
    """area, usual (tests a week) and usual_known_on, of the areas that reported so many weeks."""
    first = reports.sort_values(["known_on", "ended_on"]).groupby("area").head(weeks).groupby("area")
    told = first.agg(n=("tests", "size"), usual=("tests", "mean"), usual_known_on=("known_on", "max")).reset_index()
    return told[told["n"].eq(weeks)].drop(columns="n")


def _joined(run: Run, more: Run) -> Run:
    changes = more.weight != 0
    return Run(
        np.concatenate([run.area, more.area[changes]]),
        np.concatenate([run.occurred_on, more.occurred_on[changes]]),
        np.concatenate([run.known_on, more.known_on[changes]]),
        np.concatenate([run.weight, more.weight[changes]]),
    )
