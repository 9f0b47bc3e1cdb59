"""What is to be done for a person and by when, by small histories whose answer is arithmetic."""

from datetime import date, timedelta

import numpy as np

from features.families.schedule import days_overdue
from features.schema import EPOCH
from serving.tasks import Task, schedule_of, tasks
from tests.tables import at, day, history

TREATMENT = """occurred_on | kind            | outcome             | station_id
               2024-01-01  | programme_start | community_treatment | S1
               2024-02-01  | urine_test      | negative            | S1
               2024-02-20  | check_in        | kept                | S1"""


def due(text, as_of, level="regular"):
    """The days of the tasks by code."""
    (found,) = tasks(at(history(text), as_of), [level], schedule="B")
    assert list(found) == sorted(found, key=lambda task: task.due_on)
    return {task.code: task.due_on for task in found}


def test_the_next_test_and_meeting_are_counted_from_the_last():
    assert due(TREATMENT, "2024-03-01") == {
        "test": date(2024, 2, 1) + timedelta(days=15),  # twice a month in the first half year
        "contact": date(2024, 2, 20) + timedelta(days=30),
    }


def test_the_schedule_in_force_is_that_of_the_day_of_the_programme():
    assert due(TREATMENT, "2024-08-01")["test"] == date(2024, 2, 1) + timedelta(days=30)
    assert due(TREATMENT, "2025-01-01")["test"] == date(2024, 2, 1) + timedelta(days=61)


def test_how_often_to_meet_follows_the_level():
    met = date(2024, 2, 20)
    days = {
        level: (due(TREATMENT, "2024-03-01", level)["contact"] - met).days for level in ("intensive", "light", None)
    }
    assert days == {"intensive": 7, "light": 61, None: 30}


def test_without_test_or_meeting_the_start_of_the_programme_counts():
    begun = "\n".join(TREATMENT.splitlines()[:2])
    assert due(begun, "2024-03-01") == {"test": date(2024, 1, 16), "contact": date(2024, 1, 31)}


def test_outside_a_programme_only_what_is_awaited_is_to_be_done():
    ordered = """occurred_on | kind  | outcome             | station_id
                 2024-01-10  | order | community_treatment | S1"""
    assert due(ordered, "2024-01-12") == {"report": date(2024, 1, 25)}


def test_a_hand_over_is_to_be_confirmed_in_fifteen_days():
    moved = TREATMENT + "\n               2024-03-01  | transfer_out    |                     | S1"
    assert due(moved, "2024-03-20")["hand_over"] == date(2024, 3, 16)
    confirmed = moved + "\n               2024-03-10  | transfer_in     |                     | S2"
    assert "hand_over" not in due(confirmed, "2024-03-20")


def test_what_was_not_yet_known_counts_for_nothing():
    late = """occurred_on | known_on   | kind            | outcome
              2024-01-01  | 2024-01-01 | programme_start | community_treatment
              2024-02-01  | 2024-04-01 | urine_test      | negative"""
    assert due(late, "2024-03-01")["test"] == date(2024, 1, 16)


def test_a_task_is_overdue_from_the_day_after_its_last_day():
    task = Task("test", date(2024, 3, 1))
    assert [task.is_overdue(date(2024, 3, each)) for each in (1, 2)] == [False, True]


def test_the_day_of_the_next_test_and_the_days_overdue_say_the_same():
    for as_of in ("2024-01-05", "2024-02-16", "2024-02-17", "2024-09-01", "2026-01-01"):
        past = at(history(TREATMENT), as_of)
        (overdue,) = days_overdue(past, substance="", schedule="B")
        (found,) = tasks(past, [None], schedule="B")
        due_on = next(task.due_on for task in found if task.code == "test")
        assert overdue == max(0, day(as_of) - (due_on - EPOCH).days)
    assert np.isnan(days_overdue(at(history(TREATMENT), "2023-01-01"), substance="", schedule="B")).all()


def test_the_schedule_is_the_one_the_model_goes_by():
    class Model:
        features = ()

    assert schedule_of(Model) == "B"
