"""How results follow one another, what was told before each, and how it all began: small histories, arithmetic."""

import numpy as np

from features.families import sequence
from tests.tables import at, history

TOLD = history(
    """occurred_on | kind            | outcome  | substance
       2023-12-20  | self_report     | use      | heroin
       2023-12-30  | self_report     | use      | heroin
       2024-01-01  | programme_start | trial    |
       2024-01-05  | urine_test      | positive | opioid
       2024-01-10  | self_report     | use      | heroin
       2024-01-12  | urine_test      | positive | opioid
       2024-01-19  | urine_test      | negative | opioid
       2024-01-20  | urine_test      | missed   | opioid
       2024-01-26  | urine_test      | negative | opioid
       2024-02-09  | urine_test      | positive | opioid"""
)
OPIOID = {"substance": "opioid"}
DATES = "2023-12-31", "2024-01-31", "2024-02-10"


def told(measure, *dates, **arguments):
    return measure(at(TOLD, *(dates or DATES)), **OPIOID, **arguments)


def test_switches_are_counted_between_results_and_a_test_not_given_is_none():
    assert told(sequence.result_switches, days=None).tolist() == [0, 1, 2]  # + + - - +
    assert told(sequence.result_switches, days=20).tolist() == [0, 1, 1]  # since 12 January; since 22 January


def test_the_longest_negative_run_looks_past_a_missed_test_and_ends_at_a_positive():
    assert told(sequence.longest_negative_run, days=None).tolist() == [0, 2, 2]


def test_a_row_of_the_same_result_began_with_its_first_test():
    assert np.array_equal(told(sequence.days_of_same_result), [np.nan, 31 - 19, 1], equal_nan=True)


def test_a_gap_runs_to_the_next_test_or_to_now():
    assert np.array_equal(told(sequence.longest_test_gap, days=90), [np.nan, 7, 14], equal_nan=True)
    past = at(history("occurred_on | kind | outcome\n2024-01-01 | check_in | kept"), "2024-01-11")
    assert sequence.longest_kept_gap(past, kind="check_in", days=90).tolist() == [10]


def test_use_told_up_to_three_days_before_a_test_was_told_before_it():
    assert np.array_equal(told(sequence.use_told_before_test, back=2), [np.nan, 1, 0], equal_nan=True)
    assert np.array_equal(told(sequence.use_told_before_test, back=9), [np.nan] * 3, equal_nan=True)


def test_a_positive_without_use_told_is_named_and_a_negative_never_is():
    assert np.array_equal(told(sequence.unreported_positive, back=0), [np.nan, 0, 1], equal_nan=True)
    assert told(sequence.unreported_positive, "2024-01-15", back=0).tolist() == [0]  # positive, and told


def test_use_told_in_before_and_since_the_programme():
    assert told(sequence.reported_use_trend, "2024-01-15", days=10).tolist() == [1 - 1]
    assert np.array_equal(told(sequence.reported_use_share), [np.nan, 1 / 31, 1 / 41], equal_nan=True)
    assert np.array_equal(told(sequence.reported_use_before, days=10), [np.nan, 1, 1], equal_nan=True)
    assert np.array_equal(told(sequence.reported_use_before, days=28), [np.nan, 2, 2], equal_nan=True)


def test_the_first_days_of_the_programme_end_at_the_as_of_date():
    assert np.array_equal(told(sequence.first_positive_tests, days=28), [np.nan, 2, 2], equal_nan=True)
    assert told(sequence.first_positive_tests, "2024-01-06", days=28).tolist() == [1]


def test_what_became_known_later_is_not_seen():
    late = history(
        """occurred_on | known_on   | kind        | outcome  | substance
           2024-01-05  | 2024-01-05 | urine_test  | positive | opioid
           2024-01-04  | 2024-02-01 | self_report | use      | heroin"""
    )
    before, after = at(late, "2024-01-10"), at(late, "2024-02-01")
    assert sequence.unreported_positive(before, **OPIOID, back=0).tolist() == [1]
    assert sequence.unreported_positive(after, **OPIOID, back=0).tolist() == [0]
