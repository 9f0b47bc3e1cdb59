"""What came in the weeks of a forecast: told by counts that are told already, under their own days, and by no other."""

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.schema import days_since_epoch
from serving.observed import observed_year
from serving.ui.map_areas import MapArea, MapForecast, Outline
from serving.ui.map_came import Came, Count, Interval, months_of, nearest, spans_of
from serving.ui.map_marks import about, came_in, columns_of, legend, marks
from serving.ui.map_page import MEANINGS, TITLES
from serving.ui.map_picture import picture
from serving.ui.map_query import MapQuery
from serving.ui.texts import texts
from tests.serving_helpers import AS_OF
from tests.test_hotspot_record import came_between, judged, record
from tests.test_observed import AREAS, TODAY, yearly
from tests.ui_helpers import ask_as, tab

FIRST = date(2024, 3, 1)
SUNDAY = date(2024, 3, 3)
DAY = timedelta(days=1)


def span(start, days, **counts):
    told = {place: None if n is None else Count(n, n + 9) for place, n in counts.items()}
    return Came(FIRST + start * DAY, FIRST + (start + days - 1) * DAY, told, of_all_kinds=False)


# Which span


@pytest.mark.parametrize(
    ("spans", "chosen"),
    [
        ([span(-28, 28, city=10), span(0, 28, city=20), span(28, 28, city=30)], 1),
        ([span(-10, 28, city=10), span(18, 28, city=20)], 0),  # 18 of its days and 10
        ([span(0, 28, city=None), span(14, 28, city=20)], 1),  # one that tells a number before one that does not
        ([span(0, 28, city=None), span(14, 28, city=None)], 0),
        ([span(15, 28, city=10)], None),  # 13 of 28 days
        ([span(-3, 31, city=10), span(0, 28, city=20)], 1),  # the shorter
        ([span(0, 28, city=10), span(0, 28, city=10, D1=10)], 1),
        (
            [replace(span(0, 28, city=10), of_all_kinds=True), span(10, 28, city=20)],
            1,
        ),  # of the kinds that are forecast
        ([replace(span(0, 28, city=10), of_all_kinds=True), span(15, 28, city=20)], 0),
        ([], None),
    ],
)
def test_the_span_that_overlaps_most_tells_what_came(spans, chosen):
    assert nearest(spans, FIRST, FIRST + 27 * DAY) is (None if chosen is None else spans[chosen])


@given(st.integers(-60, 60), st.integers(1, 60))
def test_a_span_that_tells_less_than_half_of_the_days_tells_nothing(start, days):
    weeks = {FIRST + each * DAY for each in range(28)}
    shared = len(weeks & {FIRST + each * DAY for each in range(start, start + days)})
    assert (nearest([span(start, days, city=10)], FIRST, FIRST + 27 * DAY) is not None) == (2 * shared >= 28)


# What is told


@pytest.mark.parametrize("a_day", [1.3, 8.0])
def test_spans_hold_what_came_and_no_number_that_the_record_does_not_tell(a_day):
    of = judged(a_day)
    told = record(of)
    spans = list(spans_of(told))
    assert len(spans) == len(told.totals[0].forecasts)
    for place, each in enumerate(spans):
        assert each.by_place == {
            total.area_id: None if n is None else Count(n, n + 9)
            for total in told.totals
            for n in [total.forecasts[place].observed]
        }
        for district, count in each.by_place.items():
            within = None if district == "city" else district
            came = came_between(of, days_since_epoch(each.first), days_since_epoch(each.last), districts=within)
            assert count is None or count.at_least <= came <= count.at_most
        ends = {name: (interval.low, interval.high) for name, interval in each.forecasts.items()}
        assert ends == {of.area_id: (of.forecasts[place].low, of.forecasts[place].high) for of in told.totals}
    assert any(count for each in spans for count in each.by_place.values())


def test_months_hold_the_numbers_of_the_observed_table_and_join_without_a_gap():
    table = observed_year(yearly([200, 160, 150, 150]), AREAS, year=2023, today=TODAY)
    months = list(months_of(table, 2023))
    assert [each.first for each in months] == [date(2023, month, 1) for month in range(1, 13)]
    assert all(one.last + DAY == other.first for one, other in pairwise(months))
    assert months[-1].last == date(2023, 12, 31)
    for level in ("city", "district"):
        for each in table.observed(level, [(month, month + 1) for month in range(12)]):
            told = months[each.span[0]].by_place[each.area_id]
            assert told == (None if each.value is None else Count(each.value, each.value))
    assert {name for each in months for name in each.by_place} == {"city", "D0", "D1"}


# On the map


def square(west):
    ring = [[west, 0], [west + 1, 0], [west + 1, 1], [west, 1], [west, 0]]
    return {"type": "Polygon", "coordinates": [ring]}


def forecast(came, *, districts=("D1", "D2")):
    areas = tuple(
        MapArea(f"T{n}", f"T{n}", "", square(n), BAND, "", (), (), False, 0, 0, district=f"D{n}") for n in (1, 2)
    )
    outlines = tuple(Outline(each, f"name of {each}", square(int(each[1]))) for each in districts)
    names = {each.area_id: each.name for each in outlines}
    return MapForecast(areas, outlines, names, False, came, MADE)


BAND = MADE = None  # nothing here reads them
EN = texts("en")
TOLD = span(0, 28, city=40, D1=30, D2=None)


def test_a_square_stands_in_each_district_and_an_empty_one_where_the_number_is_not_told():
    drawn = marks(forecast(TOLD), EN)
    assert [(each.label, each.at_least) for each in drawn] == [("30–39", 30), ("", None)]
    assert [round(each.at[0], 1) for each in drawn] == [1.4, 2.4]  # the mean of five points, the first twice
    svg = picture(forecast(TOLD), drawn, colour="share", title="t")
    assert svg.count("stroke-dasharray") == 1
    assert svg.count("<rect") == 2


def test_without_districts_there_is_one_square_for_the_city():
    (mark,) = marks(forecast(span(0, 28, city=40), districts=()), EN)
    assert (mark.label, mark.at_least) == ("40–49", 40)
    assert mark.at[0] == pytest.approx((1.4 + 2.4) / 2)


def test_an_area_is_told_the_number_of_its_district_else_that_of_the_city():
    of = forecast(TOLD)
    assert [came_in(of, each, EN) for each in of.areas] == ["name of D1: 30–39", "The whole city: 40–49"]
    assert [columns_of(of, each)["observed_in"] for each in of.areas] == ["D1", "city"]
    assert [columns_of(of, each)["observed_most"] for each in of.areas] == [39, 49]
    nothing = forecast(span(0, 28, city=None, D1=None))
    assert came_in(nothing, nothing.areas[0], EN) == "The whole city: not told"
    assert columns_of(nothing, nothing.areas[0])["observed_least"] is None


def test_what_came_stands_beside_what_was_forecast_of_the_same_place_and_days():
    of = forecast(replace(TOLD, forecasts={"D1": Interval(20.0, 41.0)}))
    assert [came_in(of, each, EN) for each in of.areas] == [
        "name of D1: 30–39 (forecast of it: 20 to 41)",
        "The whole city: 40–49",
    ]


def test_weeks_that_are_not_over_say_nothing_of_what_came():
    none = forecast(None)
    query = MapQuery(FIRST, FIRST, FIRST, 4, "township", "share")
    assert (marks(none, EN), legend(None, EN), about(query, None, EN)) == ((), "", "")
    assert {came_in(none, each, EN) for each in none.areas} == {EN("words.none")}
    assert set(columns_of(none, none.areas[0]).values()) == {None}


@pytest.mark.parametrize(
    ("last_known", "today", "stage"), [(28, 28, "past"), (27, 28, "coming"), (0, 29, "unrecorded"), (30, 99, "past")]
)
def test_weeks_that_passed_by_today_without_records_are_neither_past_nor_to_come(last_known, today, stage):
    for as_of in (SUNDAY, SUNDAY + timedelta(6)):  # all days of a week are told the weeks after its Sunday
        query = MapQuery(as_of, SUNDAY + timedelta(last_known), SUNDAY + timedelta(today), 4, "township", "share")
        assert (query.stage, query.first, query.until) == (stage, SUNDAY + timedelta(1), SUNDAY + timedelta(28))
    for language in ("zh-CN", "en"):
        assert texts(language)(TITLES[stage], first="", last="", latest="")
        assert texts(language)(MEANINGS[stage], day="", latest="")


# In the service


def weeks_of(site):
    """What the map's script is given of each week of the slider, by as-of date."""
    page = ask_as(site, "planner", f"/ui/map?as_of={AS_OF}&lang=en").text()
    days = re.search(r'data-days="([^"]+)"', page)[1].split(",")
    return page, {day: ask_as(site, "planner", f"/ui/map/data.json?as_of={day}&lang=en").json() for day in days}


def test_no_week_of_the_slider_tells_a_number_that_the_page_does_not_tell_below(ui_site):
    page, weeks = weeks_of(ui_site)
    trend = page[page.index('id="trend-title"') : page.index('id="each-title"')]
    months = page[page.index('id="months-title"') : page.index('id="trend-title"')]
    told = {*re.findall(r"<td>(\d+) to \d+</td>", trend), *re.findall(r"<td>(\d+)</td>", months)}
    past = [each for each in weeks.values() if each["over"]]
    seen = {str(mark[3]) for each in past for mark in each["came"]["marks"] if mark[3] is not None}
    assert seen
    assert seen <= told
    assert all(
        each["came"]["marks"] == [] and not each["came"]["legend"] for each in weeks.values() if not each["over"]
    )


def test_the_files_of_a_week_hold_what_came_and_of_which_days(ui_site):
    _, weeks = weeks_of(ui_site)
    day = next(day for day, each in weeks.items() if each["over"] and each["came"]["marks"])
    (told,) = {
        (row["observed_in"], row["observed_first"], row["observed_last"], row["observed_least"], row["observed_most"])
        for each in ask_as(ui_site, "planner", f"/ui/map/areas.geojson?as_of={day}").json()["features"]
        for row in [each["properties"]]
    }
    assert told[0] == "city"
    assert date.fromisoformat(told[2]) - date.fromisoformat(told[1]) == timedelta(days=27)
    assert told[4] == told[3] + 9
    assert told[3] == weeks[day]["came"]["marks"][0][3]
    table = ask_as(ui_site, "planner", f"/ui/map/areas.csv?as_of={day}").text().splitlines()
    assert all(line.endswith(",".join(str(each) for each in told)) for line in table[1:])


def test_a_passed_week_draws_what_came_and_says_so_in_panel_table_and_legend(browser, ui_site):
    with tab(browser, ui_site, "planner", language="en") as watched:
        page = watched.page
        page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}")
        page.wait_for_selector("#map[data-ready=yes]")
        assert page.is_hidden("#came")
        page.evaluate("""() => {
            window.drawn = [];
            const pen = CanvasRenderingContext2D.prototype, fill = pen.fillText;
            pen.fillText = function (text, x, y) { window.drawn.push(text); return fill.call(this, text, x, y); };
        }""")
        page.focus("#week")
        page.keyboard.press("Home")
        page.wait_for_selector("#map.past")
        page.wait_for_selector("#came:not([hidden])")
        page.focus("#map")
        page.keyboard.press("Home")
        told = page.inner_text("#area .came").removeprefix("Came: ")
        label = re.fullmatch(r"The whole city: (\d+0–\d+9) \(forecast of it: \d+ to \d+\)", told)[1]
        assert label in page.evaluate("window.drawn")
        assert page.inner_text("#top tbody tr >> nth=0 >> td >> nth=2") == told
        assert "Orange squares" in page.inner_text("#meaning")
        assert watched.faults == []
