"""What happened after: yes, no, or not observed and why."""

import numpy as np
import pytest

from tests.tables import at, day, history
from training.labels import Label, ended, label

FOUR_WEEKS = Label(horizon_days=28, substance="opioid")


def labelled(text, *dates, snapshot="2025-01-01", definition=FOUR_WEEKS):
    return label(at(history(text), *dates), definition, snapshot_day=day(snapshot))


def test_a_positive_test_in_the_window_is_a_relapse_and_one_on_the_as_of_date_is_not():
    told = labelled(
        """occurred_on | kind       | outcome  | substance
           2024-01-01  | urine_test | positive | opioid
           2024-01-29  | urine_test | positive | opioid""",
        "2024-01-01",
        "2023-12-31",
        "2024-01-28",
    )
    assert told["relapse"].tolist() == [1, 1, 1]  # day 28 after, day 1 after, day 1 after
    assert labelled("occurred_on | kind | outcome | substance\n2024-01-01 | urine_test | positive | opioid",
                    "2024-01-01")["why"].tolist() == ["no_contact"]  # fmt: skip


def test_a_window_without_a_test_is_not_observed_and_says_why():
    told = labelled(
        """occurred_on | kind            | outcome  | substance
           2024-01-01  | urine_test      | negative | opioid
           2024-03-05  | isolation_start |          |
           2024-06-05  | death           |          | """,
        "2024-01-02",
        "2024-03-01",
        "2024-06-01",
    )
    assert told["why"].tolist() == ["no_contact", "isolated", "died"]
    assert told["relapse"].isna().all()


def test_another_substance_is_neither_relapse_nor_observation():
    told = labelled(
        """occurred_on | kind       | outcome  | substance
           2024-01-10  | urine_test | positive | cocaine""",
        "2024-01-01",
    )
    assert told["why"].tolist() == ["not_tested"]


def test_the_latest_revision_in_the_snapshot_decides():
    text = """event_id | revision | occurred_on | known_on   | kind       | outcome  | substance
              t        | 1        | 2024-01-10  | 2024-01-10 | urine_test | positive | opioid
              t        | 2        | 2024-01-10  | 2024-05-01 | urine_test | negative | opioid"""
    assert labelled(text, "2024-01-01", snapshot="2024-04-01")["relapse"].tolist() == [1]
    assert labelled(text, "2024-01-01", snapshot="2024-06-01")["relapse"].tolist() == [0]


def test_a_row_is_immature_until_horizon_and_reporting_lag_have_passed():
    text = """occurred_on | kind       | outcome  | substance
              2024-01-10  | urine_test | positive | opioid"""
    slow = Label(horizon_days=28, substance="opioid", reporting_lag_days=10)
    assert labelled(text, "2024-01-01", snapshot="2024-02-07", definition=slow)["why"].tolist() == ["immature"]
    assert labelled(text, "2024-01-01", snapshot="2024-02-08", definition=slow)["relapse"].tolist() == [1]


def test_a_label_is_a_number_only_when_observed():
    told = labelled("occurred_on | kind | outcome | substance\n2024-01-10 | urine_test | negative | opioid",
                    "2024-01-01")  # fmt: skip
    assert told["relapse"].tolist() == [0]
    assert not np.isnan(told["relapse"]).any()


def test_met_but_not_tested_is_another_reason_than_nobody_met():
    told = labelled(
        """occurred_on | kind       | outcome | substance
           2024-01-10  | check_in   | kept    |
           2024-02-10  | urine_test | missed  | opioid""",
        "2024-01-01",
        "2024-02-01",
    )
    assert told["why"].tolist() == ["not_tested", "no_contact"]


def test_an_end_after_the_last_negative_test_leaves_the_row_unobserved_and_a_positive_before_it_does_not():
    text = """occurred_on | kind            | outcome  | substance
              2024-01-10  | urine_test      | {}       | opioid
              2024-01-15  | isolation_start |          | """
    negative, positive = (labelled(text.format(outcome), "2024-01-01") for outcome in ("negative", "positive"))
    assert (negative["why"].tolist(), negative["seen_days"].tolist()) == (["isolated"], [14])
    assert (positive["relapse"].tolist(), positive["seen_days"].tolist()) == ([1], [9])


def test_the_ends_are_told_apart():
    told = labelled(
        """occurred_on | kind          | outcome    | substance
           2024-01-10  | programme_end | lost       |
           2024-03-10  | programme_end | imprisoned |
           2024-05-10  | transfer_out  |            |
           2024-07-10  | programme_end | ended      | """,
        "2024-01-01",
        "2024-03-01",
        "2024-05-01",
        "2024-07-01",
    )
    assert told["why"].tolist() == ["lost", "imprisoned", "transferred_out", "programme_ended"]
    assert ended(told["why"]).all()


def test_a_confirmed_hand_over_a_programme_that_follows_a_later_test_and_completion_are_no_ends():
    told = labelled(
        """occurred_on | kind            | outcome    | substance
           2024-01-05  | urine_test      | negative   | opioid
           2024-01-10  | transfer_out    |            |
           2024-01-12  | transfer_in     |            |
           2024-03-05  | urine_test      | negative   | opioid
           2024-03-10  | programme_end   | ended      |
           2024-03-10  | programme_start | methadone  |
           2024-05-10  | transfer_out    |            |
           2024-05-12  | urine_test      | negative   | opioid
           2024-07-12  | urine_test      | negative   | opioid
           2024-07-15  | programme_end   | completed  | """,
        "2024-01-01",
        "2024-03-01",
        "2024-05-01",
        "2024-07-01",
    )
    assert told["relapse"].tolist() == [0, 0, 0, 0]
    assert told["seen_days"].tolist() == [28, 28, 28, 28]


def test_who_ends_one_of_two_programmes_stays_under_observation():
    told = labelled(
        """occurred_on | kind            | outcome             | note_code
           2023-06-01  | programme_start | community_treatment |
           2023-08-01  | programme_start | methadone           |
           2024-01-10  | programme_end   | ended               | methadone
           2024-03-10  | programme_end   | ended               | community_treatment""",
        "2024-01-01",
        "2024-03-01",
    )
    assert told["why"].tolist() == ["no_contact", "programme_ended"]


HALF_A_YEAR = Label(horizon_days=365, kinds=("urine_test", "hair_test"), substance="opioid")


@pytest.mark.parametrize(
    ("earlier", "hair", "expected"),
    [
        ("2023-12-20 | urine_test  | negative | opioid", "2024-03-01", [1]),  # nothing before explains it
        ("2023-12-20 | urine_test  | positive | opioid", "2024-03-01", [0]),  # seen by the hair, before the window
        ("2023-12-20 | self_report | use      | heroin", "2024-03-01", [0]),
        ("2023-12-20 | urine_test  | positive | opioid", "2024-07-10", [1]),  # all it sees lies inside the window
        ("2023-08-01 | urine_test  | positive | opioid", "2024-03-01", [1]),  # too long ago for the hair to see
        ("2023-12-20 | urine_test  | negative | opioid", "2024-01-10", [0]),  # sees nothing of the window
    ],
)
def test_a_hair_test_counts_where_it_tells_of_the_window_itself(earlier, hair, expected):
    text = f"""occurred_on | kind      | outcome  | substance
               {earlier}
               {hair}      | hair_test | positive | opioid"""
    assert labelled(text, "2024-01-01", snapshot="2026-01-01", definition=HALF_A_YEAR)["relapse"].tolist() == expected


def test_surprise_tests_tell_for_themselves():
    told = labelled(
        """occurred_on | kind       | outcome  | substance | note_code
           2024-01-05  | urine_test | positive | opioid    |
           2024-01-10  | urine_test | negative | opioid    | surprise
           2024-03-05  | urine_test | positive | opioid    | surprise
           2024-05-05  | urine_test | negative | opioid    | """,
        "2024-01-01",
        "2024-03-01",
        "2024-05-01",
    )
    assert told["relapse"].tolist() == [1, 1, 0]
    assert np.array_equal(told["surprise"], [0, 1, np.nan], equal_nan=True)
