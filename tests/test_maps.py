import numpy as np
import pandas as pd
import pytest

from features.areas import cells, townships
from features.grids import Grid
from features.maps import (
    BENT,
    EVEN,
    INHABITED,
    MapKind,
    bank_of,
    faded_counts,
    maps,
    mixture,
    spread_matrix,
    typical_distance_m,
)
from tests.hotspot_helpers import incidents, past_of, row_of_areas, steady

OWN = MapKind(None)


def plain(areas):
    return [kind for kind in bank_of(townships(areas)) if kind.spread != BENT]


def test_the_bank_holds_seventeen_maps_where_areas_have_outlines_and_lasting_ones_bent_by_the_recent():
    assert len(plain(row_of_areas(3))) == 4 * 4 + 1
    assert len(bank_of(townships(row_of_areas(3)))) == 4 * 4 + 1 + 2 * 2 * 2


def test_without_outlines_there_is_no_kernel_and_the_larger_area_is_all_there_is():
    assert len(plain(row_of_areas(3, outlined=False))) == 4 + 1
    with_parents = plain(row_of_areas(3, outlined=False, parents=["D1", "D1", "D2"]))
    assert len(with_parents) == 4 * 2 + 1
    assert {kind.spread for kind in with_parents} == {"own", "parent", "even"}


def test_a_map_is_each_areas_share_of_what_is_known():
    rows = incidents([1000, 1001, 1002, 1003], ["T00", "T00", "T00", "T01"], late=[0, 0, 50, 0])
    told = maps(past_of(rows, [1010]), [OWN, EVEN])[0]
    assert told[0].tolist() == pytest.approx([2 / 3, 1 / 3, 0])  # the third is not known yet
    assert told[1].tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3])


def test_an_incident_one_half_life_old_weighs_half():
    rows = incidents([1000, 1028], ["T00", "T01"])
    assert faded_counts(past_of(rows, [1028]), 4)[0].tolist() == pytest.approx([0.5, 1.0, 0.0])


def test_where_nothing_is_known_a_map_is_even():
    assert maps(past_of(incidents([1000], ["T00"]), [990]), [OWN])[0, 0].tolist() == pytest.approx([1 / 3] * 3)


def test_a_larger_area_spreads_its_incidents_evenly_over_its_own():
    areas = row_of_areas(4, outlined=False, parents=["D1", "D1", "D2", "D2"])
    rows = incidents([1000, 1000, 1000, 1000], ["T00", "T00", "T00", "T03"])
    told = maps(past_of(rows, [1001], areas=areas), [MapKind(None, "parent")])[0, 0]
    assert told.tolist() == pytest.approx([3 / 8, 3 / 8, 1 / 8, 1 / 8])


def test_where_inhabitants_are_told_there_is_a_map_by_heads():
    areas = row_of_areas(3).assign(population=[100, 300, None])
    assert set(bank_of(townships(areas))) - set(bank_of(townships(row_of_areas(3)))) == {INHABITED}
    told = maps(past_of(incidents([1000], ["T00"]), [1001], areas=areas), [INHABITED])[0, 0]
    assert told.tolist() == pytest.approx([100 / 600, 300 / 600, 200 / 600])  # of the third the mean is taken


@pytest.mark.parametrize("width", [0.0, 1.0])
def test_a_bent_map_equals_a_plain_loop(width):
    rows, areas = steady([0.9, 0.2, 0.05, 0.4], 300), townships(row_of_areas(4))
    told = maps(past_of(rows, [1299], areas=row_of_areas(4)), [MapKind(8, BENT, width, None)])[0, 0]
    near = spread_matrix(areas, MapKind(None, "gaussian", 1.0)).toarray()
    own, late = np.zeros(4), np.zeros(4)
    for day, area in zip(rows["occurred_on"], rows["area_id"], strict=True):
        own[int(area[1:])] += 1
        late[int(area[1:])] += 0.5 ** ((1299 - day) / 56)
    around = [0.98 * sum(own[k] * near[k, j] for k in range(4)) + 0.02 * own.mean() for j in range(4)]
    lasting = np.array([(own[j] + 4) / (around[j] + 4) * around[j] for j in range(4)])
    lasting /= lasting.sum()
    weigh = near / near.diagonal().mean() if width else np.eye(4)
    bent = np.zeros(4)
    for j in range(4):
        came = sum(late[k] * weigh[k, j] for k in range(4))
        due = sum(lasting[k] * late.sum() * weigh[k, j] for k in range(4))
        bent[j] = lasting[j] * (came + 8) / (due + 8)
    assert told == pytest.approx(bent / bent.sum())


def test_a_bent_map_rises_where_more_came_lately_and_next_to_it():
    before = incidents(np.arange(1000, 1300), [f"T{k % 6:02}" for k in range(300)])
    late = incidents(np.arange(1290, 1300), ["T00"] * 10)
    areas, kind = row_of_areas(6), MapKind(8, BENT, 1.0, None)
    calm, risen = (
        maps(past_of(rows, [1300], areas=areas), [kind])[0, 0] for rows in (before, pd.concat([before, late]))
    )
    assert risen[0] / calm[0] > risen[1] / calm[1] > risen[5] / calm[5]


@pytest.mark.parametrize("width", [0.6, 1.7, 6.0])
def test_spreading_loses_no_incident(width):
    by = spread_matrix(townships(row_of_areas(9)), MapKind(None, "gaussian", width))
    assert by.sum(axis=1) == pytest.approx(np.ones(9))


def test_a_gaussian_spread_equals_a_plain_loop():
    areas = townships(row_of_areas(5))
    by = spread_matrix(areas, MapKind(None, "gaussian", 0.6)).toarray()
    step = typical_distance_m(areas.centres_m)
    for place, here in enumerate(areas.centres_m):
        away = [np.hypot(*(here - there)) / (0.6 * step) for there in areas.centres_m]
        weight = [np.exp(-0.5 * each**2) if each <= 3.5 else 0.0 for each in away]
        assert by[place] == pytest.approx(np.array(weight) / np.sum(weight))


def test_the_same_outlines_have_one_spread_that_nobody_can_change_and_other_outlines_another():
    kind = MapKind(None, "gaussian", 0.6)
    by = spread_matrix(townships(row_of_areas(6)), kind)
    assert spread_matrix(townships(row_of_areas(6)), kind) is by
    assert spread_matrix(townships(row_of_areas(7)), kind).shape == (7, 7)
    assert spread_matrix(townships(row_of_areas(6)), MapKind(None, "gaussian", 0.7)) is not by
    with pytest.raises(ValueError, match="read-only"):
        by.data[0] = 1.0


def test_the_typical_distance_of_cells_is_their_size():
    places = incidents([1000, 1000], [None, None]).assign(longitude=[105.0, 105.01], latitude=[30.0, 30.01])
    areas = cells(places, Grid(500, 30.0, 105.0), as_of=1000)
    assert typical_distance_m(areas.centres_m) == pytest.approx(500, rel=1e-3)


def test_what_is_not_known_yet_changes_no_map():
    rows = steady([0.3, 0.1, 0.05], 400)
    edited = rows.assign(area_id=rows["area_id"].mask(rows["known_on"] > 1300, "T02"))
    kinds = bank_of(townships(row_of_areas(3)))
    before, after = (maps(past_of(told, [1293, 1300]), kinds) for told in (rows, edited))
    assert (before == after).all()


@pytest.mark.parametrize("outlined", [True, False])
def test_a_mixture_is_the_sum_of_the_weighed_maps_also_before_anything_was_known(outlined):
    rows = steady([0.1, 0.3, 0.02, 0.1], 300)
    areas = row_of_areas(4, outlined=outlined, parents=["D0", "D0", "D1", "D1"])
    past = past_of(rows, np.arange(986, 1295, 7), areas=areas)
    kinds = bank_of(past.areas)
    weights = np.random.default_rng(4).dirichlet(np.ones(len(kinds)))
    each = maps(past, kinds)
    by_hand = sum(weight * each[:, place] for place, weight in enumerate(weights))
    assert mixture(past, kinds, weights) == pytest.approx(by_hand, rel=1e-12)
    assert by_hand[0] == pytest.approx([0.25] * 4)


def test_what_has_no_outline_keeps_its_incidents_and_takes_none_whatever_its_place():
    areas = row_of_areas(6)
    bare = areas.assign(geometry=areas["geometry"].where(areas["area_id"].ne("T02")))
    by = spread_matrix(townships(bare), MapKind(None, "gaussian", 1.7)).toarray()
    others = [0, 1, 3, 4, 5]
    assert by[2].tolist() == by[:, 2].tolist() == [0, 0, 1, 0, 0, 0]
    assert by[np.ix_(others, others)].sum(axis=1) == pytest.approx(np.ones(5))
    assert (by[np.ix_(others, others)] > 0).all()
