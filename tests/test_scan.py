"""A scan warns of what clearly exceeds the forecast, and of nothing else more often than it promises."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from features.areas import townships
from features.hotspot import visible_past
from models import scan
from models.hotspot import Dispersions
from models.hotspot_fit import dispersions_of
from models.prior import Recent, evidence_of, fit_prior, windows_before
from models.scan import Reference, Watch
from tests.hotspot_helpers import row_of_areas, steady

CALM = Dispersions(0.0, 0.0, 0.0)
FIRST = 1000
DAYS = 7 * 240
RATES = [0.05, 0.1, 0.2, 0.05, 0.02, 0.1]


def a_watch(observed, expected):
    """One date, all windows alike but for what each adds: a week's counts and expectations times one to four."""
    weeks = np.arange(1, 5)[None, :, None]
    told = np.ones((1, 4, 1)) * np.asarray(observed, float)
    return Watch(np.array([0]), told, weeks * np.asarray(expected, float))


def areas(n=6):
    return townships(row_of_areas(n, parents=["D0"] * (n // 2) + ["D1"] * (n - n // 2)))


def zones(n=6):
    told = areas(n)
    return scan.zones_of(told, [("district", told.parents)])


DATES = np.arange(FIRST + 7 * 30, FIRST + DAYS, 7)


def scanned(rows, *, n=6, fitted_on=DATES[-1]):
    """Zones, what was seen, statistics and dispersions of every weekly scan of some incidents."""
    dates = DATES
    past = visible_past(rows, None, areas(n), as_of=dates, horizon_weeks=4)
    evidence = evidence_of(past, Recent(0))
    windows = windows_before(evidence, int(fitted_on))
    prior = fit_prior(evidence, windows)
    spread = dispersions_of(windows.observed, prior.expected(evidence)[windows.at], evidence)
    seen = scan.watch(past, prior.expected(evidence), np.zeros(len(dates)), from_weeks=52)
    return zones(n), seen, scan.statistics(zones(n), seen, spread), spread


def test_zones_are_areas_with_their_rings_districts_and_the_city():
    told = zones()
    sizes = np.asarray(told.member.sum(axis=1)).ravel()
    assert told.level.tolist() == ["township"] * 18 + ["district"] * 2 + ["city"]
    assert sizes.tolist() == [1] * 6 + [2, 3, 3, 3, 3, 2] + [3, 4, 5, 5, 4, 3] + [3, 3] + [6]


def test_areas_without_outlines_have_no_rings():
    told = townships(row_of_areas(4, outlined=False))
    assert scan.zones_of(told).rings.tolist() == [0, 0, 0, 0, 0]


def test_without_dispersion_the_statistic_is_the_poisson_likelihood_ratio():
    told = scan.statistics(zones(2), a_watch([3.0, 0.0], [0.5, 0.5]), CALM)
    of_first, of_second, of_city = told[0, 0, 0], told[0, 0, 1], told[0, 0, -1]
    assert of_first == pytest.approx(3 * np.log(3 / 0.5) - 3 + 0.5, rel=1e-4)
    assert of_second == 0.0  # less came than expected
    assert of_city == pytest.approx(3 * np.log(3 / 1.0) - 3 + 1.0, rel=1e-4)


def test_a_zone_of_many_areas_is_as_dispersed_as_its_areas_together():
    spread = Dispersions(0.9, 0.5, 0.1)
    told = scan.statistics(zones(2), a_watch([6.0, 6.0], [1.0, 1.0]), spread)[0, 0, -1]
    size = 1 / (0.1 + 0.8 * 2 / 4)  # city + own x sum of squares / square of the sum
    likelihood = [stats.nbinom.logpmf(12, size, size / (size + mean)) for mean in (12.0, 2.0)]
    assert told == pytest.approx(likelihood[0] - likelihood[1], rel=1e-4)


def test_a_chance_is_the_rank_among_past_scans_and_falls_on_beyond_them():
    reference = Reference(tuple(np.sort(np.random.default_rng(5).exponential(size=200)).tolist()), lived=True)
    assert reference.chance(0.0) == 1.0
    assert reference.chance(reference.maxima[100]) == pytest.approx((1 + 100) / 201)
    far = [reference.chance(at) for at in (3.0, 6.0, 12.0)]
    assert far == sorted(far, reverse=True)
    assert 0 < far[-1] < 1 / 201


def test_chances_of_quiet_scans_are_as_small_as_promised():
    rng = np.random.default_rng(8)
    quiet = [Reference(tuple(np.sort(rng.gumbel(size=156)).tolist()), lived=True) for _ in range(2000)]
    alarms = np.mean([each.chance(float(rng.gumbel())) <= 0.05 for each in quiet])
    assert 0.035 < alarms < 0.065


def test_what_breaks_out_in_one_area_is_warned_of_there_and_not_elsewhere():
    rows = steady(RATES, DAYS)
    more = rows.iloc[[0] * 8].assign(occurred_on=DATES[-1] - 3, known_on=DATES[-1] - 2, area_id="T04")
    told_zones, seen, told, spread = scanned(pd.concat([rows, more]))
    reference = scan.reference_of(told.max(axis=(1, 2)))
    first = scan.warnings_of(told_zones, seen, told[-1], reference)[0]
    assert (first.level, first.name, first.rings, first.area_ids, first.weeks) == ("township", "T04", 0, ("T04",), 1)
    assert first.observed >= 8 > 4 * first.expected
    assert first.recurrence_weeks > 52
    drawn = scan.drawn_reference(told_zones, seen, spread, seed=3)
    assert scan.warnings_of(told_zones, seen, told[-1], drawn)[0].name == "T04"


def test_the_largest_statistic_of_each_date_is_that_of_all_and_the_last_date_is_whole():
    told_zones, seen, told, spread = scanned(steady(RATES, DAYS))
    found, last = scan.largest(told_zones, seen, spread)
    assert np.array_equal(found, told.max(axis=(1, 2)))
    assert np.array_equal(last, told[-1])


def test_no_two_warnings_share_an_area():
    seen = a_watch([9.0, 9.0, 0.0, 0.0, 0.0, 9.0], [0.1] * 6)
    told = scan.statistics(zones(), seen, CALM)[-1]
    warned = scan.warnings_of(zones(), seen, told, Reference(tuple(np.linspace(0, 1, 200)), lived=True))
    named = [area for each in warned for area in each.area_ids]
    assert len(named) == len({*named})
    assert {"T00", "T01", "T05"} <= {*named}


def test_weeks_whose_incidents_are_not_known_yet_do_not_warn():
    rows = steady(RATES, DAYS).assign(known_on=lambda told: told["occurred_on"] + 14)
    prompt = rows.iloc[[0]].assign(occurred_on=DATES[-1] - 1, known_on=DATES[-1])
    _, seen, _, _ = scanned(pd.concat([rows, prompt]))
    assert seen.observed[-1, :2].sum() == 0.0  # one incident told early says nothing of two weeks nobody knows


def test_weeks_to_come_change_no_scan_of_the_past():
    rows = steady(RATES, DAYS)
    cut = DATES[-8]
    moved = rows.assign(area_id=rows["area_id"].mask(rows["known_on"] > cut, "T00"))
    one, other = (scanned(each, fitted_on=cut)[2] for each in (rows, moved))
    assert np.array_equal(one[:-7], other[:-7])
    assert not np.array_equal(one, other)


def test_too_few_past_weeks_are_no_reference():
    assert scan.reference_of(np.ones(scan.FEWEST_WEEKS)) is None
