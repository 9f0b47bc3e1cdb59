"""A count taken from sums is the count of a walk, whatever came late, was replaced or was taken back."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features import walk
from features.history import NEVER


def columns_of(seed, *, persons, events, late_days, replaced):
    """Events of some persons on a hundred days, some known late and some replaced later."""
    random = np.random.default_rng(seed)
    person = np.sort(random.integers(0, persons, events))
    occurred = random.integers(0, 100, events)
    order = np.lexsort((occurred, person))
    known = occurred + random.integers(0, late_days + 1, events)
    until = np.where(random.random(events) < replaced, known + random.integers(1, 50, events), NEVER)
    first = np.searchsorted(person, np.arange(persons + 1))
    columns = (each[order].astype(np.int32) for each in (occurred, known, until))
    return walk.Columns(first.astype(np.int64), *columns)


def rows_of(seed, *, persons):
    random = np.random.default_rng(seed)
    n = 200
    floor, length, later = (random.integers(0, most, n) for most in (100, 120, 40))
    ceiling = floor + length
    days = (each.astype(np.int32) for each in (floor, ceiling, ceiling + later - 20))
    return walk.Rows(random.integers(0, persons, n), *days)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    persons=st.integers(1, 4),
    events=st.integers(0, 400),
    late_days=st.sampled_from([0, 3, 60]),
    replaced=st.sampled_from([0.0, 0.02, 0.5]),
)
def test_counts_by_sums_are_those_of_a_walk(seed, persons, events, late_days, replaced):
    columns = columns_of(seed, persons=persons, events=events, late_days=late_days, replaced=replaced)
    rows = rows_of(seed, persons=persons)
    told = walk.Sums(*walk.sums(columns))
    np.testing.assert_array_equal(walk.count_by_sums(rows, columns, told), walk.count(rows, columns))


def test_what_is_settled_is_counted_without_a_look_at_each():
    """Broken sums have to show, else the walk alone was tested."""
    columns = columns_of(1, persons=1, events=400, late_days=3, replaced=0.02)
    settled, in_force = walk.sums(columns)
    told = walk.Sums(settled, in_force * 2)
    rows = rows_of(1, persons=1)
    assert (walk.count_by_sums(rows, columns, told) > walk.count(rows, columns)).any()
