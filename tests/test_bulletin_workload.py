"""Workload in the bulletin: a line is drawn where more work surely means less in time, and each is held to it."""

from datetime import date
from math import log2

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import binom

from features.history import History
from features.languages import LANGUAGES
from features.stations import COUNTED, StationMonths
from serving.bulletin import HalfMonth, Tally, bulletin
from serving.bulletin_page import page_of
from serving.bulletin_workload import FEWEST_STATIONS, Workload, workload
from serving.support import CASES_A_WORKER
from serving.wording import wording
from tests.tables import day, events

UNTIL = date(2024, 6, 30)


def city(n, *, a_doubling, due=200, seed=1):
    """Stations with 15 to 120 persons a worker whose share goes by a known line."""
    rng = np.random.default_rng(seed)
    cases = 15.0 * 2.0 ** np.linspace(0, 3, n)
    share = expit(1.5 + a_doubling * np.log2(cases / CASES_A_WORKER))
    return np.full(n, float(due)), rng.binomial(due, share).astype(float), cases


def test_the_line_is_the_likeliest_one():
    due, done, cases = city(60, a_doubling=-0.6)
    found = workload(due, done, cases)

    def unlikely(line):
        return -binom.logpmf(done, due, expit(line[0] + line[1] * np.log2(cases / CASES_A_WORKER))).sum()

    slow = minimize(unlikely, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9})
    assert [found.at_thirty, found.a_doubling] == pytest.approx(slow.x, abs=1e-4)


@pytest.mark.parametrize("a_doubling", [0.0, 0.6])
def test_work_that_does_not_go_down_with_workload_is_not_adjusted(a_doubling):
    assert workload(*city(60, a_doubling=a_doubling)) is None


def test_stations_that_differ_more_than_chance_need_a_clearer_line():
    due, done, cases = city(40, a_doubling=-0.15)
    assert workload(due, done, cases) is not None
    restless = np.where(np.arange(40) % 2, np.minimum(due, done + 35), done - 35)  # the same line, far from it
    assert workload(due, restless, cases) is None


def test_of_few_stations_or_without_a_difference_no_line_is_drawn():
    due, done, cases = city(FEWEST_STATIONS, a_doubling=-2.0)
    assert workload(due, done, cases) is not None
    assert workload(due[1:], done[1:], cases[1:]) is None
    assert workload(due, done, np.where(np.arange(FEWEST_STATIONS) == 0, 0.0, cases)) is None  # one is not known
    assert workload(due, due, cases) is None
    assert workload(due, done, np.full(FEWEST_STATIONS, 30.0)) is None


def test_a_share_is_that_of_the_line():
    line = Workload(1.0, -0.5)
    assert line.share_at(30) == pytest.approx(expit(1.0))
    assert line.share_at(90) == pytest.approx(expit(1.0 - 0.5 * log2(3)))


def half_month(line):
    return HalfMonth({("S1", "test"): Tally(100, 60, 100)}, {"test": 0.8}, {"S1": 120.0}, {"test": line})


def test_a_station_is_held_to_the_share_at_its_workload():
    # At four times thirty persons a worker: two doublings below log-odds of 1.39, a share of 0.6.
    held = half_month(Workload(1.39, -0.4923)).cell("S1", "test", was_low=False)
    assert (held.state, held.held_to) == ("green", pytest.approx(0.6, abs=0.001))
    plain = half_month(None).cell("S1", "test", was_low=False)
    assert (plain.state, plain.held_to) == ("orange", None)


def stations(n):
    """Stations that give the fewer tests the more persons a worker has: their tests, and the last closed month."""
    rows, months = [], []
    for station in range(n):
        given = 38 - station
        outcomes = ["negative"] * given + ["missed"] * (40 - given)
        rows += [f"P{station} | 2024-06-20 | urine_test | {each} | S{station:02}" for each in outcomes]
        told = {"station_id": f"S{station:02}", "persons": 20 + 5 * station, "social_workers": 1}
        months.append({**told, "month": day("2024-05-01"), "closed_on": day("2024-06-05"), **dict.fromkeys(COUNTED, 0)})
    made = events("person_id | occurred_on | kind | outcome | station_id\n" + "\n".join(rows))
    return History.of(made, made[["person_id"]].drop_duplicates(), StationMonths.of(pd.DataFrame(months)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_tells_the_share_a_station_is_held_to_and_where_nothing_is_adjusted(language):
    found = bulletin(stations(24), [], UNTIL)
    assert found.workload["test"].a_doubling < 0
    assert found.workload["contact"] is None
    page = page_of(found, {}, wording(language))
    words = wording(language).texts["bulletin"]
    assert all(line.cells["test"].held_to for line in found.lines)
    assert page.count(words["held_to"].partition("{")[0]) >= len(found.lines)
    assert words["adjusted"].partition("{")[0] in page
