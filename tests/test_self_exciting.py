import numpy as np
import pytest

from models.self_exciting import fit_self_exciting


def outbreaks(*, yielded, weeks=600, areas=10, seed=4):
    """Weekly counts of areas of which each incident brings about so many others in the weeks after."""
    drawn = np.random.default_rng(seed)
    counts, excited = np.zeros((weeks, areas)), np.zeros(areas)
    for week in range(weeks):
        counts[week] = drawn.poisson(0.3 + yielded * excited)
        excited = 0.7 * excited + 0.3 * counts[week]
    return counts


def test_incidents_that_follow_none_are_seen_as_such():
    assert fit_self_exciting(outbreaks(yielded=0.0), [None], None).yielded < 0.1


def test_incidents_that_follow_others_are_seen_as_such():
    assert fit_self_exciting(outbreaks(yielded=0.6), [None], None).yielded == pytest.approx(0.6, abs=0.12)


def test_the_fitted_rates_add_up_to_what_came():
    counts = outbreaks(yielded=0.5)
    assert fit_self_exciting(counts, [None], None).fitted.sum() == pytest.approx(counts.sum(), rel=0.02)


def test_after_an_outbreak_more_is_expected_and_ever_less_later():
    counts = outbreaks(yielded=0.5)
    counts[-1, 3] = 12
    process = fit_self_exciting(counts, [None], None)
    soon, later = (process.expected(skipped=weeks, horizon_weeks=4) for weeks in (0, 8))
    assert soon[3] == soon.max()
    assert soon[3] > later[3] > 0


def test_a_longer_horizon_expects_the_sum_of_its_parts():
    process = fit_self_exciting(outbreaks(yielded=0.4), [None], None)
    parts = process.expected(skipped=0, horizon_weeks=3) + process.expected(skipped=3, horizon_weeks=1)
    assert process.expected(skipped=0, horizon_weeks=4) == pytest.approx(parts)
