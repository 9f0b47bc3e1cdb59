"""The level of support: a rule of risk and capacity that can be done with pencil and paper."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import support
from serving.support import CASES_A_WORKER, HOLDS_DAYS, LEVELS, MEET_EVERY_DAYS, PLACES_A_WORKER, Capacity, levels

ONE = Capacity(1, told=True)
RISKS = st.lists(st.floats(0, 1), max_size=80)


def counted(found):
    return {level: found.count(level) for level in LEVELS}


def test_of_thirty_persons_of_a_worker_three_six_and_twelve_are_offered_more():
    risks = np.linspace(0.10, 0.40, 30)
    assert counted(levels(risks, ONE)) == {"intensive": 3, "enhanced": 6, "regular": 12, "light": 30 - 3 - 6 - 12}
    assert levels(risks, ONE)[-3:] == ["intensive"] * 3


def test_places_of_the_workers_of_a_station_are_counted_together():
    risks = np.linspace(0.10, 0.40, 60)
    assert counted(levels(risks, Capacity(2, told=True)))["intensive"] == 2 * 3


def test_equal_risks_share_the_higher_level():
    assert levels(np.array([0.4, 0.3, 0.2, 0.2, 0.2, 0.1]), ONE) == [
        "intensive", "intensive", "intensive", "intensive", "intensive", "enhanced",
    ]  # fmt: skip


def test_a_risk_of_one_half_is_enhanced_at_least_and_one_under_a_twentieth_light():
    many = np.concatenate((np.full(40, 0.9), [0.5, 0.499], np.full(10, 0.049)))
    assert levels(many, Capacity(0, told=True)) == ["enhanced"] * 41 + ["light"] * 11
    assert levels(np.array([0.049, 0.01]), ONE) == ["light", "light"]


def test_where_the_number_of_workers_is_not_told_they_are_as_many_as_the_persons_would_need():
    assert [Capacity.of(None, n_persons=n).workers for n in (0, 30, 31)] == [1, 1, 2]
    assert not Capacity.of(None, n_persons=1).told
    assert Capacity.of(2, n_persons=500) == Capacity(2, told=True)
    assert Capacity(2, told=True).persons == 2 * CASES_A_WORKER


def by_hand(risk, risks, workers):
    """The rule as it is written, person by person."""
    if risk < 0.05:
        return "light"
    place, level = sum(other > risk for other in risks), "light"
    for name, end in (("regular", 21), ("enhanced", 9), ("intensive", 3)):
        level = name if place < end * workers else level
    return "enhanced" if risk >= 0.5 and level in {"regular", "light"} else level


@given(RISKS, st.integers(0, 4))
def test_the_levels_are_those_of_the_rule_done_by_hand(risks, workers):
    found = levels(np.array(risks), Capacity(workers, told=True))
    assert found == [by_hand(risk, risks, workers) for risk in risks]


@given(RISKS, st.integers(0, 4))
def test_a_higher_risk_never_means_less_support(risks, workers):
    found = levels(np.array(sorted(risks, reverse=True)), Capacity(workers, told=True))
    assert [LEVELS.index(level) for level in found] == sorted(LEVELS.index(level) for level in found)


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_ends_by_itself_and_with_its_score_at_the_latest(level):
    as_of, score_ends = date(2024, 6, 1), date(2024, 7, 1)
    assert support.ends_on(level, as_of, score_ends) == as_of + timedelta(days=14 if level == "intensive" else 30)
    assert support.ends_on(level, as_of, as_of + timedelta(days=9)) == as_of + timedelta(days=9)


def test_the_words_of_the_rule_are_those_of_the_code():
    assert set(MEET_EVERY_DAYS) == set(HOLDS_DAYS) == set(LEVELS)
    places = {**PLACES_A_WORKER, "light": CASES_A_WORKER - sum(PLACES_A_WORKER.values())}
    meetings = sum(n * 30 / MEET_EVERY_DAYS[level] for level, n in places.items())
    assert round(meetings) == 42  # as docs/support.md says


def test_no_level_is_a_word_that_marks_a_person():
    assert not {"danger", "suspect", "high", "risk", "red"} & {word for level in LEVELS for word in level.split("_")}
