"""The programme and the statutory clocks, by small histories whose answer is arithmetic."""

from datetime import date
from itertools import product

import numpy as np
import pytest

from features import programmes
from features.cohort import Cohort, why_not
from features.families import clocks, programme
from features.vocabulary import PROGRAMME_ENDS, PROGRAMMES
from tests.tables import at, history

WAY = """occurred_on | kind                  | outcome                  | value
         2020-01-01  | programme_start       | community_treatment      |
         2020-06-01  | programme_end         | isolated                 |
         2020-06-01  | isolation_start       |                          |
         2020-12-01  | diagnostic_assessment |                          | 71
         2022-06-01  | isolation_end         |                          |
         2022-06-01  | order                 | community_rehabilitation |
         2022-06-11  | programme_start       | community_rehabilitation |
         2022-06-12  | agreement             |                          |
         2023-01-01  | transfer_out          |                          |"""


def same(left, right):
    return np.array_equal(left, right, equal_nan=True)


def test_the_way_through_programmes_is_counted():
    past = at(history(WAY), "2020-02-01", "2021-01-01", "2023-01-11")
    assert programme.programmes_begun(past).tolist() == [1, 1, 2]
    assert programme.programmes_broken_off(past).tolist() == [0, 1, 1]
    assert same(programme.agreement_signed(past), [0, np.nan, 1])
    assert programme.isolations(past).tolist() == [0, 1, 1]
    assert same(programme.last_isolation_days(past), [np.nan, np.nan, 2 * 365])
    assert same(programme.assessment_last(past), [np.nan, 71, 71])
    assert programme.transfers(past, days=365).tolist() == [0, 0, 1]


def test_the_term_is_that_of_the_programme_and_methadone_has_none():
    past = at(history(WAY), "2022-06-21")
    assert programme.days_remaining(past).tolist() == [3 * 365 - 10]
    methadone = at(history("occurred_on | kind | outcome\n2024-01-01 | programme_start | methadone"), "2024-02-01")
    assert np.isnan(programme.days_remaining(methadone)).all()
    assert programme.days_in_programme(methadone).tolist() == [31]


BESIDE = """occurred_on | kind            | outcome             | source           | note_code
            2022-01-01  | order           | community_treatment |                  |
            2022-01-10  | programme_start | community_treatment |                  |
            2022-03-01  | urine_test      | evaded              |                  |
            2022-04-01  | agreement       |                     |                  |
            2024-02-10  | programme_start | methadone           | methadone_clinic |"""


def test_methadone_begun_within_community_treatment_stops_none_of_its_clocks():
    past = at(history(BESIDE), "2024-02-20")
    gone = (date(2024, 2, 20) - date(2022, 1, 10)).days
    assert clocks.strikes(past).tolist() == [1]
    assert clocks.days_to_report(past).tolist() == [9]
    assert programme.days_in_programme(past).tolist() == [gone]
    assert programme.days_remaining(past).tolist() == [3 * 365 - gone]
    assert programme.agreement_signed(past).tolist() == [1]
    assert programme.programme_is(past, programme="community_treatment").tolist() == [1]
    assert programme.programme_is(past, programme="methadone").tolist() == [1]
    assert programme.programme_is(past, programme="community_rehabilitation").tolist() == [0]


@pytest.mark.parametrize(
    ("end", "running"),
    [
        ("ended     | case_unit        |", ["community_treatment"]),  # what was begun last
        ("ended     | methadone_clinic |", ["community_treatment"]),
        ("lost      | methadone_clinic |", ["community_treatment"]),  # the clinic alone has lost the person
        ("completed | case_unit        |", ["methadone"]),  # methadone has no term to complete
        ("ended     | case_unit        | community_treatment", ["methadone"]),  # the end says of what
        ("completed | case_unit        | methadone", ["community_treatment"]),
        ("ended     | case_unit        | trial", ["community_treatment", "methadone"]),  # there is none
        ("isolated  | case_unit        |", []),
        ("lost      | community        |", []),
        ("died      | methadone_clinic |", []),
    ],
)
def test_an_end_ends_what_it_can_mean_and_the_rest_runs_on(end, running):
    past = at(history(f"{BESIDE}\n2024-03-01 | programme_end | {end}"), "2024-03-02")
    found = [each for each in PROGRAMMES if not np.isnan(programmes.running_since(past, (each,))[0])]
    assert found == running
    assert np.isnan(programme.days_in_programme(past)[0]) == (not running)
    assert (why_not(past, Cohort(minimum_tests=0))[0] == "not_in_programme") == (not running)


def test_who_has_one_programme_is_out_of_it_by_any_end():
    for begun, outcome in product(PROGRAMMES, PROGRAMME_ENDS):
        text = f"""occurred_on | kind            | outcome
                   2024-01-01  | programme_start | {begun}
                   2024-02-01  | programme_end   | {outcome}"""
        assert np.isnan(programme.days_in_programme(at(history(text), "2024-02-01"))).all(), (begun, outcome)


def test_rehabilitation_begun_takes_the_place_of_a_treatment_nobody_ended():
    text = """occurred_on | known_on   | kind            | outcome
              2020-01-01  | 2020-01-01 | programme_start | community_treatment
              2020-06-01  | 2022-09-01 | programme_end   | isolated
              2022-06-11  | 2022-06-11 | programme_start | community_rehabilitation"""
    past = at(history(text), "2022-06-21", "2022-09-21")  # the end became known long after
    assert programme.days_in_programme(past).tolist() == [10, 102]
    assert programme.programme_is(past, programme="community_treatment").tolist() == [0, 0]


def test_a_trial_beside_is_not_what_the_law_counts():
    text = """occurred_on | kind            | outcome
              2024-01-01  | programme_start | trial
              2024-01-05  | urine_test      | refused"""
    past = at(history(text), "2024-02-01")
    assert programme.days_in_programme(past).tolist() == [31]
    assert np.isnan(clocks.strikes(past)).all()


def test_outside_a_programme_nothing_is_counted_towards_a_breach():
    past = at(history(BESIDE), "2022-01-09", "2022-01-10")
    for count in (clocks.strikes, clocks.absences, clocks.absent_days, clocks.serious_breach):
        assert same(count(past), [np.nan, 0])


def test_a_refusal_recorded_for_each_substance_is_one_strike():
    rows = [f"2024-02-01 | urine_test | refused | {substance}" for substance in ("opioid", "ketamine", "cocaine")]
    start = "2024-01-01 | programme_start | community_treatment |"
    past = at(history("\n".join(["occurred_on | kind | outcome | substance", start, *rows])), "2024-03-01")
    assert clocks.strikes(past).tolist() == [1]


def test_an_absence_counts_the_days_that_have_passed():
    text = """occurred_on | kind            | outcome             | value
              2023-01-01  | programme_start | community_treatment |
              2023-12-30  | absence         |                     | 60"""
    past = at(history(text), "2023-12-31", "2024-01-29", "2024-03-31")
    assert clocks.absent_days(past).tolist() == [2, 31, 60]
    assert clocks.serious_breach(past).tolist() == [0, 1, 1]


def test_the_last_finished_stay_is_told_during_a_second():
    again = "\n2023-02-01 | programme_end | isolated |\n2023-02-01 | isolation_start | |"
    past = at(history(WAY + again), "2023-02-11")
    assert programme.last_isolation_days(past).tolist() == [2 * 365]
    unknown = WAY + "\n2023-06-01 | isolation_end | |"  # its admission was never recorded
    assert np.isnan(programme.last_isolation_days(at(history(unknown), "2023-06-02"))).all()


def test_no_report_is_awaited_from_a_person_in_isolation():
    text = """occurred_on | kind            | outcome
              2024-01-01  | order           | community_treatment
              2024-02-01  | isolation_start | """
    assert same(clocks.report_days_left(at(history(text), "2024-01-31", "2024-02-01")), [15 - 30, np.nan])


def test_methadone_is_no_report_to_the_station():
    text = """occurred_on | kind            | outcome
              2024-01-01  | order           | community_treatment
              2024-01-05  | programme_start | methadone
              2024-01-12  | programme_start | community_treatment"""
    past = at(history(text), "2024-01-06", "2024-02-01")
    assert same(clocks.report_days_left(past), [15 - 5, np.nan])
    assert same(clocks.days_to_report(past), [np.nan, 11])


def test_fifteen_days_to_report_run_from_the_order_or_the_release():
    past = at(history(WAY), "2022-05-31", "2022-06-04", "2022-06-10", "2022-06-11")
    assert same(clocks.report_days_left(past), [np.nan, 15 - 3, 15 - 9, np.nan])
    released = at(history("occurred_on | kind\n2024-01-01 | isolation_end"), "2024-01-21")
    assert clocks.report_days_left(released).tolist() == [15 - 20]
    assert clocks.days_to_report(past).tolist()[-1] == 10


def test_fifteen_days_to_take_over_run_from_the_transfer():
    past = at(history(WAY), "2022-12-31", "2023-01-11", "2023-01-21")
    assert same(clocks.transfer_days_left(past), [np.nan, 5, -5])


def test_the_review_comes_a_year_into_isolation():
    past = at(history(WAY), "2020-05-31", "2020-06-11", "2021-06-11", "2022-06-01")
    assert same(clocks.isolation_review_days_left(past), [np.nan, 365 - 10, 365 - 375, np.nan])


def test_the_clock_of_three_years_starts_anew_with_a_sign_of_use_or_a_release():
    text = WAY + "\n2022-07-01 | urine_test | positive |"
    past = at(history(text), "2019-12-31", "2020-01-31", "2022-06-21", "2022-07-11")
    assert same(clocks.abstinent_days(past), [np.nan, 30, 20, 10])
    assert same(clocks.days_since_relapse_sign(past), [np.nan, np.nan, np.nan, 10])


@pytest.mark.parametrize(
    ("events", "breach"),
    [
        (["2024-02-01 | urine_test | evaded"] * 2, 0),
        (
            [
                "2024-02-01 | urine_test | evaded",
                "2024-02-02 | hair_test | refused",
                "2024-02-03 | urine_test | evaded",
            ],
            1,
        ),
        (["2024-02-01 | absence | | 30"], 0),
        (["2024-02-01 | absence | | 31"], 1),
        (["2024-02-01 | absence | | 1"] * 3, 1),
        (["2023-02-01 | absence | | 31"], 0),  # before the programme
    ],
)
def test_a_serious_breach_is_reached_at_the_limits_of_the_statute(events, breach):
    rows = ["2024-01-01 | programme_start | methadone", *events]
    filled = [row + " |" * (3 - row.count("|")) for row in rows]
    text = "\n".join(["occurred_on | kind | outcome | value", *filled])
    assert clocks.serious_breach(at(history(text), "2024-03-10")).tolist() == [breach]
