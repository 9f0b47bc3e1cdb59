import numpy as np
import pytest

from models.counts import poisson_deviance
from training.hotspot_metrics import (
    Outcome,
    Told,
    differences,
    figures,
    hit_curve,
    hits,
    one_in_each_district,
    ratios,
    standing,
    top_areas,
    weightings,
)

# Two origins, five areas; the first origin has one incident more outside every area.
OBSERVED = np.array([[3.0, 1.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0, 1.0]])
OUTCOME = Outcome(OBSERVED, np.array([1.0, 0.0]), np.array(["D1", "D1", "D2", "D2", "D2"]))
NONE = np.zeros(2)  # no dispersion
EXPECTED = np.array([[2.0, 1.0, 0.5, 0.25, 0.25]] * 2)
FLAT = np.full((2, 5), 0.7)


def told(expected):
    return Told(expected, np.zeros((2, 3)))


def judged(expected, reference=FLAT, outcome=OUTCOME, dispersion=NONE):
    return ratios(told(expected), outcome, reference=told(reference), dispersion=dispersion)


def value_of(name, expected=EXPECTED, reference=FLAT, dispersion=NONE):
    weights = weightings(2, samples=50, seed=1)
    return figures(judged(expected, reference, dispersion=dispersion), weights)[name]["value"]


def test_ties_are_broken_by_the_order_of_areas():
    assert top_areas(np.zeros(10), 0.2).tolist() == [0, 1]


def test_at_least_one_area_is_kept():
    assert top_areas(np.arange(5.0), 0.01).tolist() == [4]


def test_incidents_outside_every_area_count_as_missed():
    assert value_of("hit_rate@0.2") == (3 + 0) / (5 + 3)


def test_pai_is_hit_rate_over_share_of_area():
    assert value_of("pai@0.2") == pytest.approx((3 / 8) / (1 / 5))


def test_pei_is_hits_over_the_most_possible():
    assert value_of("pei@0.2") == (3 + 0) / (3 + 2)


def test_knowing_the_counts_hits_all_that_can_be_hit():
    assert value_of("pei@0.2", expected=OBSERVED) == 1.0
    assert hits(OBSERVED, OBSERVED, 0.2).tolist() == [3, 2]


def test_the_hit_curve_goes_through_the_hit_rates_and_ends_at_all_that_lies_inside():
    curve = hit_curve(EXPECTED, OUTCOME)
    areas = OBSERVED.shape[1]
    for share in (0.2, 0.5):
        caught = hits(EXPECTED, OBSERVED, share).sum()
        assert curve[round(share * areas) - 1] == caught / OUTCOME.total.sum()
    assert curve[-1] == OBSERVED.sum() / OUTCOME.total.sum()


def test_skill_is_zero_for_the_reference_and_one_for_the_truth():
    assert value_of("deviance_skill", expected=FLAT) == 0.0
    assert value_of("deviance_skill", expected=np.maximum(OBSERVED, 1e-12)) == pytest.approx(1.0)


def test_predicted_over_observed_leaves_the_outside_out():
    assert value_of("predicted_over_observed") == (4 + 4) / (4 + 3)


def test_deviance_of_a_count_of_nothing_is_twice_what_was_expected():
    assert poisson_deviance(np.array([0.0]), np.array([0.7])).tolist() == [1.4]
    assert poisson_deviance(np.array([2.0]), np.array([1.0]))[0] == pytest.approx(2 * (2 * np.log(2) - 2 + 1))


def test_a_model_does_not_differ_from_itself_in_any_sample():
    weights = weightings(2, samples=50, seed=1)
    same = judged(EXPECTED)
    assert all(figure == {"difference": 0, "low": 0, "high": 0} for figure in differences(same, same, weights).values())


def test_an_interval_holds_its_value_and_a_seed_repeats_it():
    first, second = (figures(judged(EXPECTED), weightings(2, samples=200, seed=3)) for _ in range(2))
    assert first == second
    assert all(figure["low"] <= figure["value"] <= figure["high"] for figure in first.values())


def test_the_best_pai_is_that_of_who_knew_the_counts():
    assert value_of("pai*@0.2") == value_of("pai@0.2", expected=OBSERVED)
    assert value_of("pei@0.2") == pytest.approx(value_of("pai@0.2") / value_of("pai*@0.2"))


def test_a_district_is_reached_by_one_area_among_the_highest():
    assert value_of("districts@0.2") == 1 / 2
    assert value_of("districts@0.2", expected=EXPECTED[:, ::-1]) == 1 / 2
    assert value_of("districts@0.2", expected=np.array([[1.0, 0, 0, 0, 0], [0, 0, 0, 0, 1.0]])) == 1 / 2


def test_without_districts_nothing_is_told_of_them():
    outcome = Outcome(OBSERVED, np.array([1.0, 0.0]))
    assert not any(name.startswith("districts@") for name in judged(EXPECTED, outcome=outcome))


def test_with_no_dispersion_both_deviances_agree_and_with_some_the_second_is_smaller():
    assert value_of("deviance_nb") == pytest.approx(value_of("deviance"), rel=1e-4)
    assert value_of("deviance_nb", dispersion=np.ones(2)) < value_of("deviance")


def test_a_mean_deviance_is_of_an_area_and_an_origin():
    assert value_of("deviance") == pytest.approx(poisson_deviance(OBSERVED, EXPECTED).mean())


def test_the_jaccard_index_compares_each_origin_with_the_one_before():
    assert value_of("jaccard") == 1.0
    assert value_of("jaccard", expected=np.array([[1.0, 0, 0, 0, 0], [0, 0, 0, 0, 1.0]])) == 0.0


def test_what_cannot_be_told_is_none_and_no_number():
    alone = Outcome(OBSERVED[:1], np.array([1.0]), None)
    one = ratios(
        Told(FLAT[:1], np.zeros((1, 3))), alone, reference=Told(FLAT[:1], np.zeros((1, 3))), dispersion=NONE[:1]
    )
    assert figures(one, weightings(1, samples=10, seed=1))["jaccard"] == {"value": None, "low": None, "high": None}


def test_a_fifth_of_the_areas_holds_one_of_each_district_and_else_the_highest():
    expected = np.array([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.5])
    districts = np.array(["A"] * 5 + ["B"] * 5)
    assert one_in_each_district(expected, districts, 0.2).tolist() == [0, 5]
    assert one_in_each_district(expected, districts, 0.3).tolist() == [0, 5, 1]
    assert one_in_each_district(expected, None, 0.2).tolist() == [0, 1]
    assert one_in_each_district(expected, np.arange(10).astype(str), 0.2).tolist() == list(range(10))


def test_the_standing_line_counts_what_came_outside_every_area_as_missed():
    observed = np.array([[4.0, 3.0, 0, 0, 0, 2.0, 0, 0, 0, 0]])
    outcome = Outcome(observed, np.array([3.0]), np.array(["A"] * 5 + ["B"] * 5))
    held = standing(np.arange(10, 0, -1.0)[None, :], outcome)
    assert held.pooled(np.ones((1, 1))).tolist() == [(4 + 2) / (4 + 3 + 2 + 3)]
