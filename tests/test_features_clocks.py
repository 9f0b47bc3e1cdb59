"""The programme and the statutory clocks, by small histories whose answer is arithmetic."""

import numpy as np
import pytest

from features import family_clocks as clocks
from features import family_programme as programme
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
