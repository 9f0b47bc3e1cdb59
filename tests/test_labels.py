"""What happened after: yes, no, or not observed and why."""

import numpy as np

from tests.tables import at, day, history
from training.labels import Label, label

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
                    "2024-01-01")["why"].tolist() == ["not_tested"]  # fmt: skip


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
    assert told["why"].tolist() == ["not_tested", "isolated", "died"]
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
