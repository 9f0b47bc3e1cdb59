"""Contact, treatment, service and life, by small histories whose answer is arithmetic."""

import numpy as np

from features.families import any_kind, contact, life, service, treatment
from tests.tables import at, history


def test_missed_appointments_in_a_row_end_with_one_kept():
    past = at(
        history("""occurred_on | kind       | outcome
                   2024-01-01  | home_visit | missed
                   2024-01-05  | home_visit | kept
                   2024-01-10  | home_visit | missed
                   2024-01-20  | home_visit | missed
                   2024-01-21  | check_in   | kept"""),
        "2024-01-06",
        "2024-01-31",
    )
    assert contact.missed_contact_run(past, kind="home_visit").tolist() == [0, 2]
    assert contact.days_since_met(past).tolist() == [1, 10]


def test_a_talk_with_the_family_or_a_missed_test_is_no_meeting():
    past = at(
        history("""occurred_on | kind           | outcome
                   2024-01-01  | family_contact | kept
                   2024-01-02  | urine_test     | evaded"""),
        "2024-01-31",
    )
    assert np.isnan(contact.days_since_met(past)).all()


def test_a_weekly_record_covers_its_day_and_the_six_after_it_as_far_as_they_have_passed():
    past = at(
        history("""occurred_on | kind | outcome | value | note_code
                   2024-01-01  | dose | taken   | 40    |
                   2024-01-02  | dose | taken   | 40    |
                   2024-01-10  | dose | taken   | 60    | week
                   2024-01-17  | dose | taken   | 60    | week"""),
        "2024-01-18",
    )
    assert treatment.dose_days(past, days=30).tolist() == [4]
    assert treatment.covered_days(past, days=30).tolist() == [2 + 7 + 2]  # of the second week two days have passed
    assert treatment.covered_days(past, days=5).tolist() == [3 + 2]  # 14 to 16 by the row of the 10th, 17 and 18


def test_a_day_with_a_weekly_and_a_daily_record_is_covered_once():
    past = at(
        history("""occurred_on | kind | outcome | value | note_code
                   2024-01-08  | dose | taken   | 40    | week
                   2024-01-08  | dose | taken   | 40    |
                   2024-01-10  | dose | taken   | 40    |
                   2024-01-12  | dose | taken   | 60    | week
                   2024-01-13  | dose | missed  |       | """),
        "2024-01-31",
    )
    assert treatment.covered_days(past, days=30).tolist() == [18 - 8 + 1]


def test_the_longest_gap_may_be_the_one_that_lasts():
    past = at(
        history("""occurred_on | kind | outcome | value
                   2024-01-01  | dose | taken   | 40
                   2024-01-02  | dose | taken   | 40
                   2024-01-12  | dose | taken   | 60"""),
        "2023-12-31",
        "2024-01-15",
        "2024-01-31",
    )
    assert np.array_equal(treatment.longest_dose_gap(past, days=90), [np.nan, 10, 19], equal_nan=True)
    assert np.array_equal(treatment.longest_dose_gap(past, days=20), [np.nan, 10, 19], equal_nan=True)


def test_the_dose_tends_from_one_lookback_to_the_next():
    past = at(
        history("""occurred_on | kind | outcome | value
                   2024-01-01  | dose | taken   | 40
                   2024-01-12  | dose | taken   | 60
                   2024-01-14  | dose | missed  |"""),
        "2024-01-15",
    )
    assert treatment.dose_trend(past, days=10).tolist() == [60 - 40]
    assert treatment.doses_missed(past, days=10).tolist() == [1]
    assert treatment.days_since_dose(past).tolist() == [3]
    assert np.isnan(treatment.dose_trend(past, days=30)).all()


def test_services_are_counted_by_their_kind():
    past = at(
        history("""occurred_on | kind          | outcome
                   2024-01-01  | counselling   | kept
                   2024-01-02  | counselling   | missed
                   2024-01-03  | group_service | kept
                   2024-01-04  | training      | kept
                   2024-01-05  | training      | missed
                   2024-01-06  | placement     |
                   2024-01-07  | assistance    |
                   2024-01-08  | plan          |"""),
        "2024-01-11",
    )
    assert service.sessions_kept(past, kind="counselling", days=30).tolist() == [1]
    assert service.sessions_kept_share(past, kind="counselling", days=30).tolist() == [1 / 2]
    assert service.days_since_session(past, kind="group_service").tolist() == [8]
    assert service.trainings(past, days=30).tolist() == [1]
    assert service.trainings_missed(past, days=30).tolist() == [1]
    assert service.placements(past, days=30).tolist() == [1]
    assert service.days_since_placement(past).tolist() == [5]
    assert service.assistances(past, days=30).tolist() == [1]
    assert service.days_since_plan(past).tolist() == [3]


def test_days_in_a_job_are_those_of_the_lookback():
    past = at(
        history("""occurred_on | kind
                   2024-01-01  | job_start
                   2024-01-11  | job_end
                   2024-01-21  | job_start"""),
        "2023-12-31",
        "2024-01-15",
        "2024-01-30",
    )
    # 1 to 10 January is 10 days; 21 to 30 January another 10
    assert np.array_equal(life.days_employed(past, days=90), [np.nan, 10, 20], equal_nan=True)
    # the ten days up to 15 January begin on the 6th: 5 of them are in the first job; those up to the 30th in the second
    assert life.days_employed(past, days=10).tolist()[1:] == [5, 10]
    assert life.jobs_begun(past, days=90).tolist() == [0, 1, 2]
    assert life.jobs_ended(past, days=90).tolist() == [0, 1, 1]


def test_a_job_whose_start_nobody_recorded_gives_no_days_but_is_no_unknown():
    past = at(history("occurred_on | kind\n2024-01-11 | job_end"), "2024-01-20")
    assert life.days_employed(past, days=30).tolist() == [0]


def test_leaves_are_told_apart_by_the_written_report_they_need():
    past = at(
        history("""occurred_on | kind  | value
                   2024-01-01  | leave | 2
                   2024-01-05  | leave | 3
                   2024-01-10  | leave | 14
                   2024-01-20  | leave |"""),
        "2024-01-31",
    )
    assert life.long_leaves(past, days=90).tolist() == [2]
    assert life.short_leaves(past, days=90).tolist() == [1]  # of the one without a length nobody knows
    assert life.leave_days(past, days=90).tolist() == [2 + 3 + 14]


def test_days_of_a_leave_that_are_still_to_come_do_not_count():
    past = at(history("occurred_on | kind | value\n2024-01-30 | leave | 14"), "2024-01-30", "2024-01-31", "2024-03-31")
    assert life.leave_days(past, days=90).tolist() == [1, 2, 14]


def test_who_loses_one_of_two_jobs_has_one_left_and_isolation_ends_both():
    past = at(
        history("""occurred_on | kind
                   2024-01-01  | job_start
                   2024-01-11  | job_start
                   2024-01-21  | job_end
                   2024-02-01  | isolation_start
                   2024-02-11  | job_start
                   2024-02-21  | job_end"""),
        "2023-12-31",
        "2024-01-31",
        "2024-02-10",
        "2024-02-11",
        "2024-02-29",
    )
    assert np.array_equal(life.employed(past), [np.nan, 1, 0, 1, 0], equal_nan=True)
    assert np.array_equal(life.days_employed(past, days=30)[1:], [30, 31 - 11, 31 - 12 + 1, 1 + 10], equal_nan=True)


def test_who_was_isolated_and_never_had_a_job_recorded_is_not_said_to_have_none():
    past = at(history("occurred_on | kind\n2024-02-01 | isolation_start"), "2024-02-29")
    assert np.isnan(life.employed(past)).all()
    assert np.isnan(life.days_employed(past, days=30)).all()


def test_days_on_the_special_ward_last_until_discharge():
    past = at(
        history("""occurred_on | kind
                   2024-01-01  | ward_start
                   2024-01-08  | ward_end"""),
        "2024-01-04",
        "2024-02-01",
    )
    assert life.ward_days(past, days=90).tolist() == [4, 7]


def test_kinds_the_catalogue_does_not_know_are_counted_together():
    past = at(
        history("""occurred_on | kind
                   2024-01-01  | yoga
                   2024-01-02  | football
                   2024-01-03  | plan"""),
        "2024-01-05",
    )
    assert any_kind.unlisted_events(past, days=30).tolist() == [2]
    assert any_kind.days_since_unlisted(past).tolist() == [3]
