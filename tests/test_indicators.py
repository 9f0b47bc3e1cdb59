"""The city indicators: definitions on small tables, intervals by arithmetic, and nothing under ten to be had."""

import re
from datetime import date
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from features.history import History
from features.indicators import INDICATORS, Cases, Quarter
from serving.indicators import (
    CITY,
    NO_DISTRICT,
    Figure,
    Shown,
    districts_of,
    indicators,
    quarters,
    told,
    wilson,
)
from serving.ui.indicators_page import panel
from serving.ui.sessions import Sessions
from serving.ui.view import View
from tests.tables import day, events, history, table

GAP = ((None, None), (10, 20))
SPAN = (date(2024, 4, 1), date(2024, 6, 30))


def counted(code, made):
    """Numerator and denominator in the second quarter of 2024."""
    cases = INDICATORS[code](Quarter.of(made, first=day("2024-04-01"), end=day("2024-06-30")))
    return int(cases.counts.sum()), len(cases.counts)


def test_three_years_are_counted_in_the_quarter_they_end_in_and_only_what_came_within_them():
    # 1095 days from 2021-05-01 end on 2024-04-30, from 2021-03-01 on 2024-02-29: another quarter.
    made = history("""person_id | occurred_on | kind            | outcome
                      P1        | 2021-05-01  | programme_start | community_treatment
                      P2        | 2021-05-01  | programme_start | community_treatment
                      P2        | 2022-01-01  | urine_test      | positive
                      P3        | 2021-05-01  | programme_start | community_treatment
                      P3        | 2024-04-30  | isolation_start |
                      P4        | 2021-05-01  | programme_start | community_rehabilitation
                      P4        | 2024-05-01  | urine_test      | positive
                      P5        | 2021-03-01  | programme_start | community_treatment
                      P6        | 2021-05-01  | programme_start | methadone
                      P7        | 2021-05-01  | programme_start | community_treatment
                      P7        | 2023-05-01  | programme_end   | lost""")
    assert counted("three_years_no_relapse", made) == (1 + 1, 5)  # P1 and, a day too late, P4; of P1, 2, 3, 4, 7


def test_an_order_counts_when_its_fifteen_days_are_over_and_is_carried_out_by_a_start_within_them():
    made = history("""person_id | occurred_on | kind            | outcome
                      P1        | 2024-05-01  | order           | community_treatment
                      P1        | 2024-05-16  | programme_start | community_treatment
                      P2        | 2024-05-01  | order           | community_treatment
                      P2        | 2024-05-17  | programme_start | community_treatment
                      P3        | 2024-06-20  | order           | community_treatment
                      P3        | 2024-06-21  | programme_start | community_treatment
                      P4        | 2024-05-01  | order           | community_treatment
                      P4        | 2024-05-02  | programme_start | methadone
                      P5        | 2024-05-01  | order           | methadone
                      P6        | 2024-03-20  | order           | community_treatment
                      P6        | 2024-03-20  | programme_start | community_treatment""")
    assert counted("orders_carried_out", made) == (2, 4)  # P1 and P6 of P1, 2, 4, 6; the days of P3 go on


def test_a_release_is_met_by_a_community_programme_within_fifteen_days():
    made = history("""person_id | occurred_on | kind            | outcome
                      P1        | 2022-05-01  | isolation_start |
                      P1        | 2024-05-01  | isolation_end   |
                      P1        | 2024-05-16  | programme_start | community_rehabilitation
                      P2        | 2024-05-01  | isolation_end   |
                      P2        | 2024-05-17  | programme_start | community_rehabilitation
                      P3        | 2024-05-01  | isolation_end   |
                      P3        | 2024-05-02  | programme_start | methadone
                      P4        | 2024-06-20  | isolation_end   |""")
    assert counted("met_at_release", made) == (1, 3)  # P1 of P1, P2 and P3; the days of P4 go on


def test_what_became_known_after_the_quarter_or_was_taken_back_by_then_is_not_counted():
    made = history("""event_id | revision | retracted | person_id | occurred_on | known_on   | kind         | outcome
                      a        | 1        |           | P1        | 2024-05-01  | 2024-05-01 | transfer_out |
                      b        | 1        |           | P1        | 2024-05-02  | 2024-07-01 | transfer_in  |
                      c        | 1        |           | P2        | 2024-05-01  | 2024-05-01 | transfer_out |
                      d        | 1        |           | P2        | 2024-05-02  | 2024-06-30 | transfer_in  |
                      e        | 1        |           | P3        | 2024-05-01  | 2024-05-01 | transfer_out |
                      e        | 2        | yes       | P3        | 2024-05-01  | 2024-06-30 | transfer_out |
                      f        | 1        |           | P4        | 2024-05-01  | 2024-07-01 | transfer_out |
                      g        | 1        |           | P5        | 2024-05-01  | 2024-05-01 | transfer_out |
                      g        | 2        | yes       | P5        | 2024-05-01  | 2024-07-01 | transfer_out |""")
    assert counted("handed_over", made) == (1, 3)  # P2 of P1, P2 and, taken back too late, P5


CONTROL = """person_id | occurred_on | kind            | outcome
             P1        | 2023-06-01  | programme_start | community_treatment
             P1        | 2023-07-02  | urine_test      | negative
             P1        | 2024-06-30  | check_in        | kept
             P1        | 2023-07-01  | family_contact  | kept
             P1        | 2024-01-01  | job_start       |
             P2        | 2023-06-01  | programme_start | community_treatment
             P2        | 2023-07-01  | urine_test      | negative
             P2        | 2024-06-30  | home_visit      | kept
             P2        | 2024-06-01  | family_contact  | kept
             P3        | 2023-06-01  | programme_start | community_treatment
             P3        | 2024-06-01  | urine_test      | missed
             P3        | 2024-06-01  | check_in        | kept
             P3        | 2024-01-01  | job_start       |
             P3        | 2024-02-01  | job_end         |
             P4        | 2023-06-01  | programme_start | community_treatment
             P4        | 2024-06-01  | programme_end   | completed
             P5        | 2023-06-01  | programme_start | community_treatment
             P5        | 2024-06-01  | isolation_start |
             P6        | 2023-06-01  | programme_start | community_treatment
             P6        | 2024-06-01  | death           |
             P7        | 2023-06-01  | programme_start | community_treatment
             P7        | 2024-06-01  | sealed          |
             P8        | 2021-06-01  | programme_start | community_treatment
             P9        | 2023-06-01  | programme_start | methadone"""


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("met_and_tested", (1, 3)),  # P1; the test of P2 is a day too old (2024 is a leap year), that of P3 was missed
        ("family_met", (1, 3)),  # P2; that of P1 is a day too old
        ("employed", (1, 3)),  # P1; P3 lost the job
        ("active_control", (3, 3 + 2)),  # P4 ended, P8 is three years abstinent; not: isolated, dead, sealed, methadone
    ],
)
def test_shares_of_who_is_under_control_are_all_of_the_same_persons(code, expected):
    assert counted(code, history(CONTROL)) == expected


def test_youth_are_those_known_to_be_under_thirty_five():
    persons = pd.DataFrame({"person_id": [f"P{each}" for each in range(1, 10)]})
    persons["birth_year"] = [1990.0, 1989.0, None, *[2000.0] * 6]
    assert counted("youth", history(CONTROL, persons)) == (1, 3)  # 2024 - 1990 = 34; 35 is none; P3 is not known


@given(st.integers(1, 500), st.data())
def test_an_interval_holds_exactly_the_shares_the_score_test_does_not_refuse(denominator, data):
    numerator = data.draw(st.integers(0, denominator))
    share = numerator / denominator
    for end in wilson(numerator, denominator):
        assert 1.959964**2 * end * (1 - end) / denominator == pytest.approx((share - end) ** 2, rel=1e-4, abs=1e-9)


def test_quarters_end_by_the_day_asked_for():
    assert quarters(date(2024, 8, 15), n=2) == [(date(2024, 1, 1), date(2024, 3, 31)), SPAN]
    assert quarters(date(2024, 6, 29))[-1][1] == date(2024, 3, 31)
    assert quarters(date(2024, 12, 31))[-1] == (date(2024, 10, 1), date(2024, 12, 31))


def shown(sides):
    """What is told of districts by name with (yes, no)."""
    person, counts, district = [], [], []
    for name, (yes, no) in sides.items():
        counts += [True] * yes + [False] * no
        district += [name] * (yes + no)
    person = np.arange(len(counts))
    figures = told(Cases(person, np.array(counts, dtype=bool)), district, SPAN)
    return {each.area_id: each.numerator if each.denominator else None for each in figures}


def test_a_small_side_hides_its_district_and_one_more_so_that_subtraction_gives_nothing():
    assert shown({"A": (50, 30), "B": (40, 12), "C": (60, 3)}) == {CITY: 150, "A": 50, "B": None, "C": None}
    assert shown({"A": (50, 30), "B": (40, 12), "C": (3, 60)})["C"] is None
    assert shown({"A": (50, 4), "B": (40, 5)}) == {CITY: None, "A": None, "B": None}
    assert shown({"A": (50, 4), "B": (40, 6)}) == {CITY: 90, "A": None, "B": None}
    assert shown({"A": (50, 30), NO_DISTRICT: (1, 1)}) == {CITY: 51, "A": None}  # else the one of no district is had
    assert shown({"A": (50, 30), "B": (40, 12)}) == {CITY: 90, "A": 50, "B": 40}


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=6))
def test_neither_rows_nor_totals_give_a_number_under_ten(sides):
    by_name = {f"D{place}": side for place, side in enumerate(sides) if sum(side)}
    if not by_name:
        return
    found = shown(by_name)
    hidden = [name for name in by_name if found[name] is None]
    for side in (0, 1):
        assert all(by_name[name][side] >= 10 for name in by_name if found[name] is not None)
        rest = sum(by_name[name][side] for name in hidden)
        assert found[CITY] is None or not hidden or rest >= 10
    assert found[CITY] is not None or hidden == list(by_name)


def test_a_person_is_of_the_district_of_the_station_that_last_recorded_something():
    rows = [
        f"P{n:03} | 2023-06-01 | programme_start | community_treatment | S1\n"
        f"P{n:03} | 2024-05-01 | check_in | kept | {'S2' if n % 2 else 'S1'}\n"
        f"P{n:03} | 2024-07-01 | check_in | kept | S1\n"
        + (f"P{n:03} | 2024-01-01 | job_start | |\n" if n % 4 < 2 else "")
        for n in range(80)
    ]
    made = events("person_id | occurred_on | kind | outcome | station_id\n" + "".join(rows))
    made["station_id"] = made["station_id"].where(made["station_id"].notna(), None)
    stations = table("""station_id | township_id
                        S1         | T1
                        S2         | T2
                        S3         |""")
    areas = table("""area_id | level    | parent_id
                     A       | district |
                     B       | district |
                     T1      | township | A
                     T2      | township | B""")
    of_station = districts_of(stations, areas)
    assert of_station == {"S1": "A", "S2": "B", "S3": NO_DISTRICT}
    known = History.of(made, pd.DataFrame({"person_id": made["person_id"].unique()}))
    (employed,) = [each for each in indicators(known, of_station, quarters(SPAN[1])) if each.code == "employed"]
    assert [(each.area_id, each.numerator, each.denominator) for each in employed.districts] == [
        ("A", 20, 40),
        ("B", 20, 40),
    ]
    assert (employed.latest.share, employed.latest.interval) == (0.5, wilson(40, 80))
    assert [each.numerator for each in employed.trend] == [None] * 6 + [40, 40]  # jobs began in January


def test_a_panel_shows_share_interval_and_numbers_and_leaves_a_gap_for_what_is_not_told():
    figures = [Figure(CITY, *span, *numbers) for span, numbers in zip(quarters(SPAN[1], n=2), GAP, strict=True)]
    district = Figure("A", *SPAN, None, None)
    view = View(Request({"type": "http", "query_string": b"lang=en", "headers": []}), Sessions(b"0" * 32))
    found = panel(view, Shown("employed", tuple(figures), (district,)), {"A": "North"}, frozenset())
    assert (found.latest.share, found.latest.numbers) == ("50.0%", "10 of 20")
    assert found.latest.interval == "29.9% to 70.1%"  # of the doctest of wilson
    assert [line.share for line in found.quarters] == ["50.0%", "not told"]
    assert [(line.name, line.share) for line in found.districts] == [("North", "not told")]
    assert (found.chart.count("<circle"), len(re.findall(r"Q[1-4] 24", found.chart))) == (
        1,
        2 + 1,
    )  # one point, its title, two ticks


def test_a_quarter_after_the_records_stopped_is_marked_and_no_point_of_the_course():
    spans = quarters(SPAN[1], n=2)
    shown_now = Shown("family_met", tuple(Figure(CITY, *span, 10, 20) for span in spans), ())
    view = View(Request({"type": "http", "query_string": b"lang=en", "headers": []}), Sessions(b"0" * 32))
    found = panel(view, shown_now, {}, {SPAN[1]})
    assert ["nothing recorded" in line.name for line in found.quarters] == [True, False]
    assert found.chart.count("<circle") == 1
    assert found.stopped
    assert panel(view, shown_now, {}, {spans[0][1]}).stopped == ""


@pytest.mark.parametrize(("code", "first"), list(product(INDICATORS, [True, False])))
def test_an_empty_city_has_no_figures(code, first):
    nobody = pd.DataFrame({"person_id": ["P1"] if first else []}, dtype=object)
    known = History.of(events("person_id | occurred_on | kind").assign(person_id=[]), nobody)
    (found,) = [each for each in indicators(known, {}, [SPAN]) if each.code == code]
    assert (found.latest.share, found.latest.interval, found.districts) == (None, None, ())
