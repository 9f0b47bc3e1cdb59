"""Tests of different sight side by side: surprise and schedule, urine and hair, and uses of which none counts twice."""

import numpy as np
import pytest

from features.families import schedule, use
from tests.tables import at, history

SURPRISES = """occurred_on | kind            | outcome   | note_code
               2024-01-01  | programme_start | methadone |
               2024-01-10  | urine_test      | negative  |
               2024-01-20  | urine_test      | positive  |
               2024-01-24  | urine_test      | positive  | surprise
               2024-02-02  | urine_test      | negative  | surprise
               2024-02-03  | urine_test      | evaded    | surprise
               2024-02-05  | urine_test      | positive  | surprise"""


def episodes_at(text, *days, lookback=365):
    return use.use_episodes(at(history(text), *days), days=lookback).tolist()


def test_surprise_tests_are_told_apart_from_scheduled_ones():
    past = at(history(SURPRISES), "2024-02-10")
    assert schedule.surprise_tests(past, days=90).tolist() == [3]
    assert schedule.surprises_not_given(past, days=90).tolist() == [1]
    assert schedule.surprise_positive_share(past, days=90).tolist() == [2 / 3]
    assert schedule.scheduled_positive_share(past, days=90).tolist() == [1 / 2]
    assert schedule.days_since_surprise(past).tolist() == [5]
    assert schedule.surprises_in_programme(past).tolist() == [3]


def test_the_share_of_no_surprise_is_missing():
    past = at(history(SURPRISES), "2024-01-21")
    assert np.isnan(schedule.surprise_positive_share(past, days=90)).all()
    assert schedule.scheduled_positive_share(past, days=90).tolist() == [1 / 2]


def test_tests_given_are_held_against_those_due():
    past = at(history(SURPRISES), "2024-01-10", "2024-01-31")
    # schedule B, one test every 15 days: not one was due after 9 days; after 30 days 2, and 3 had a result
    assert np.isnan(schedule.given_of_due(past, schedule="B", days=90)[0])
    assert schedule.given_of_due(past, schedule="B", days=90)[1] == pytest.approx(3 / (30 / 15))
    # of the last 16 days (those after the 15th) only 16 / 15 tests were due, and 2 had a result
    assert schedule.given_of_due(past, schedule="B", days=16)[1] == pytest.approx(2 / (16 / 15))


def test_one_sample_tested_for_two_substances_is_one_test_given():
    text = """occurred_on | kind            | outcome   | substance
              2024-01-01  | programme_start | methadone |
              2024-01-31  | urine_test      | negative  | opioid
              2024-01-31  | urine_test      | negative  | ketamine"""
    assert schedule.given_of_due(at(history(text), "2024-01-31"), schedule="A", days=90).tolist() == [1 / 1]


def test_positive_urine_tests_of_one_week_are_one_episode():
    text = """occurred_on | kind       | outcome
              2024-01-01  | urine_test | positive
              2024-01-08  | urine_test | positive
              2024-01-09  | urine_test | positive
              2024-01-20  | urine_test | negative"""
    assert episodes_at(text, "2024-01-08", "2024-01-31") == [1, 2]  # the 9th lies out of sight of a use on the 1st


def test_told_use_and_the_test_that_shows_it_are_one_episode():
    text = """occurred_on | kind        | outcome
              2024-01-01  | self_report | use
              2024-01-03  | urine_test  | positive
              2024-02-01  | self_report | use
              2024-02-02  | self_report | none"""
    assert episodes_at(text, "2024-03-01") == [1 + 1]


@pytest.mark.parametrize(
    ("sign_on", "kind", "outcome", "episodes"),
    [
        ("2024-03-01", "urine_test", "positive", 1),  # in the half year the hair shows
        ("2024-03-01", "self_report", "use", 1),
        ("2024-03-01", "urine_test", "negative", 1),  # no sign: the hair alone counts
        ("2024-06-23", "urine_test", "positive", 1),  # may show a use of 14 days before the hair test
        ("2024-06-24", "urine_test", "positive", 2),  # too late for the hair to see the same use
        ("2023-12-31", "urine_test", "positive", 1),  # 182 days before, the last in sight
        ("2023-12-30", "urine_test", "positive", 2),
        ("2024-07-05", "urine_test", "positive", 2),  # another use, after the hair test
    ],
)
def test_a_positive_hair_test_counts_unless_another_sign_lies_in_what_it_sees(sign_on, kind, outcome, episodes):
    text = f"""occurred_on | kind      | outcome
               2024-06-30  | hair_test | positive
               {sign_on}   | {kind}    | {outcome}"""
    assert episodes_at(text, "2024-07-31") == [episodes]


def test_two_hair_tests_that_see_the_same_months_show_one_use():
    text = """occurred_on | kind      | outcome
              2024-01-01  | hair_test | positive
              2024-05-01  | hair_test | positive
              2024-12-31  | hair_test | positive"""
    assert episodes_at(text, "2024-06-01", "2024-12-31") == [1, 1 + 1]
    assert use.uses_by_hair_alone(at(history(text), "2024-12-31"), days=365).tolist() == [2]


def test_a_sign_known_later_stops_the_hair_test_counting_only_then():
    text = """occurred_on | known_on   | kind        | outcome
              2024-06-30  | 2024-06-30 | hair_test   | positive
              2024-03-01  | 2024-07-10 | self_report | use"""
    past = at(history(text), "2024-07-05", "2024-07-20")
    assert use.uses_by_hair_alone(past, days=365).tolist() == [1, 0]


def test_hair_tests_not_given_are_counted_apart():
    text = """occurred_on | kind      | outcome
              2024-01-01  | hair_test | negative
              2024-02-01  | hair_test | missed
              2024-03-01  | hair_test | refused"""
    past = at(history(text), "2024-03-11")
    assert use.hair_tests_not_given(past, days=365).tolist() == [2]
    assert use.days_since_hair_test(past).tolist() == [70]
    assert use.positive_hair_tests(past, days=365).tolist() == [0]
    assert np.isnan(use.days_since_positive_hair(past)).all()
