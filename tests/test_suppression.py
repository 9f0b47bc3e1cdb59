"""What is told of observed counts: no sum or difference of it, over areas, periods and levels, gives a small count."""

import numpy as np
import pytest
from scipy.optimize import linprog

from features.errors import ConfigError
from serving.suppression import Hierarchy, Observed, protected

LEVELS = ("city", "district", "township", "cell")
PERIODS = 4
SPANS = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 2), (2, 4), (0, 4)]
WHOLE = [(0, PERIODS)]


def hierarchy(n_districts=3, n_townships=2, n_cells=2):
    """Cells C000, ... of townships T00, ... of districts D0, ... of the city."""
    place = [(d, t, c) for d in range(n_districts) for t in range(n_townships) for c in range(n_cells)]
    return Hierarchy(
        LEVELS,
        np.array(
            [
                ["city"] * len(place),
                [f"D{d}" for d, _, _ in place],
                [f"T{d}{t}" for d, t, _ in place],
                [f"C{d}{t}{c}" for d, t, c in place],
            ]
        ),
    )


def a_city(seed, areas=None):
    """Counts of a sparse city: a few busy cells, most with hardly any incident."""
    areas = areas or hierarchy()
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.5, 2.0 + 8.0 * (seed % 3), areas.ids.shape[1])
    return areas, rng.poisson(rate[:, None], (len(rate), PERIODS))


def all_told(table):
    return [each for level in LEVELS for each in table.observed(level, SPANS)]


def told_naively(areas, counts):
    """Every count of ten or more, the others left out: what suppression is without its complement."""
    told = []
    for level, ids in zip(LEVELS, areas.ids, strict=True):
        for area in np.unique(ids):
            for span in SPANS:
                value = int(counts[ids == area, slice(*span)].sum())
                told.append((level, Observed(area, span, value if value >= 10 else None)))
    return told


def indicator(areas, level, cell, shape):
    chosen = np.zeros(shape)
    chosen[areas.ids[LEVELS.index(level)] == cell.area_id, slice(*cell.span)] = 1
    return chosen.ravel()


def narrowest(areas, counts, told):
    """The attack: of each hidden count under ten the smallest and largest it can be; the narrowest range of all.

    Linear programming over all counts that are not negative and agree with all that is told.
    """
    shape = counts.shape
    rows = [indicator(areas, level, cell, shape) for level, cell in told if cell.value is not None]
    values = [cell.value for _, cell in told if cell.value is not None]
    ranges = []
    for level, cell in told:
        aim = indicator(areas, level, cell, shape)
        if cell.value is not None or aim @ counts.ravel() >= 10:
            continue
        ends = [linprog(sign * aim, A_eq=np.array(rows) if rows else None, b_eq=values or None) for sign in (1, -1)]
        unbounded = any(end.status == 3 for end in ends)
        ranges.append(np.inf if unbounded else -ends[1].fun - ends[0].fun)
    return min(ranges, default=np.inf)


def with_levels(table):
    return [(level, each) for level in LEVELS for each in table.observed(level, SPANS)]


@pytest.mark.parametrize("seed", range(8))
def test_subtraction_leaves_every_small_count_a_range_of_ten_at_least(seed):
    areas, counts = a_city(seed)
    told = with_levels(protected(counts, areas))
    assert {cell.suppressed for _, cell in told} == {True, False}
    assert 10 - 1e-6 <= narrowest(areas, counts, told) < np.inf


def test_the_same_attack_recovers_small_counts_where_only_they_are_left_out():
    areas, counts = a_city(1)
    assert narrowest(areas, counts, told_naively(areas, counts)) < 1e-6


@pytest.mark.parametrize("seed", range(30))
def test_what_is_told_is_true_and_never_under_ten(seed):
    areas, counts = a_city(seed, hierarchy(4, 3, 3))
    for level, cell in with_levels(protected(counts, areas)):
        if cell.value is not None:
            assert cell.value >= 10
            assert cell.value == counts[areas.ids[LEVELS.index(level)] == cell.area_id, slice(*cell.span)].sum()


def test_busy_parts_are_told_by_period_and_thin_ones_only_over_all():
    areas = hierarchy(2, 2, 1)
    counts = np.array([[20] * 4, [15] * 4, [4] * 4, [4] * 4])
    table = protected(counts, areas)
    assert [each.value for each in table.observed("city", SPANS[:4])] == [43] * 4
    # The second district has eight a period: hidden, and with it the first, which the city's total would give away.
    assert [each.value for each in table.observed("district", SPANS[:1])] == [None, None]
    assert [each.value for each in table.observed("district", WHOLE)] == [140, 32]
    assert [each.value for each in table.observed("township", WHOLE)] == [80, 60, 16, 16]
    assert all(each.suppressed for each in table.observed("township", SPANS[:4]))


def test_two_busy_districts_are_told_by_period():
    counts = np.array([[20] * 4, [15] * 4, [14] * 4, [14] * 4])
    told = protected(counts, hierarchy(2, 2, 1)).observed("district", SPANS[:1])
    assert [each.value for each in told] == [35, 28]


def test_a_small_area_is_hidden_with_the_smallest_larger_one_beside_it():
    counts = np.array([[30] * 4, [12] * 4, [1] * 4])
    told = protected(counts, hierarchy(1, 3, 1)).observed("township", WHOLE)
    assert [each.value for each in told] == [120, None, None]


def test_thin_periods_are_told_together():
    areas = hierarchy(1, 1, 1)
    told = protected(np.array([[4, 7, 3, 20]]), areas).observed("city", [(0, 1), (0, 2), (2, 4)])
    assert [each.value for each in told] == [None, 11, 23]


def test_a_city_with_fewer_than_ten_tells_nothing():
    areas = hierarchy(2, 2, 1)
    assert all(each.suppressed for each in all_told(protected(np.ones((4, PERIODS), int) // 2, areas)))


def test_an_unknown_level_is_refused():
    areas, counts = a_city(2)
    with pytest.raises(ConfigError, match="level"):
        protected(counts, areas).observed("street", WHOLE)
