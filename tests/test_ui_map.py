"""The map's record and trend: what the card holds is on the page, in words and as tables, and nothing finer."""

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

from features.hotspot import Places
from serving.hotspots import known_by
from serving.ui import map_record
from serving.ui.map_picture import FILLS
from serving.ui.map_testing import district_tests, fifths, township_tests
from serving.ui.map_trend import catches, trends
from serving.ui.texts import texts
from serving.wording import wording
from tests.hotspot_helpers import incidents, row_of_areas
from tests.serving_helpers import AS_OF
from tests.tables import day
from tests.test_hotspot_record import judged, record
from tests.ui_helpers import PHONE, WIDE, ask_as, tab

LABELS = [f".legend li >> nth={place}" for place in range(6)]
WATCH_TEXT = """() => {
    window.drawn = [];
    const pen = CanvasRenderingContext2D.prototype, fill = pen.fillText;
    pen.fillText = function (text, x, y) {
        const at = this.getTransform();
        window.drawn.push([text, (x + this.measureText(text).width) * at.a, y * at.d]);
        return fill.call(this, text, x, y);
    };
}"""


def horizon(change, low, high):
    paired = {"prior": {"deviance_skill": {"difference": 0.0, "low": low, "high": high}}}
    return {"figures": {"horizons": {"4": {"trees_over_prior": {"mean_abs_log_ratio": change}, "paired": paired}}}}


@pytest.mark.parametrize(
    ("change", "low", "high", "by", "told"),
    [
        (0.0, -0.1, 0.1, "prior_alone", "alike"),
        (0.02, 0.01, 0.1, "prior", "better"),
        (0.6, -0.2, -0.1, "trees", "worse"),
    ],
)
def test_the_page_says_which_of_prior_and_trees_carries_the_forecast(change, low, high, by, told):
    carried = map_record.carried(horizon(change, low, high), 4)
    assert (carried.by, carried.judged) == (by, told)
    for language in ("zh-CN", "en"):
        assert texts(language)(f"map.carried.{by}", change="2%")
        assert texts(language)(f"map.trees.{told}")


def test_a_card_that_does_not_say_is_not_spoken_for():
    assert map_record.carried({}, 4) is None
    assert map_record.carried(horizon(0.1, None, None), 4) is None


def test_a_catch_stands_in_the_column_of_its_model_whatever_the_order_in_the_card():
    told = record(judged(8.0))
    models, lines = catches(told, ["b", "unknown", "a", "ours"])
    assert models == ["b", "a", "ours"]
    for line in lines:
        assert [each.model for each in line.bands] in (models, [])


def test_a_trend_draws_a_box_for_each_count_that_may_be_told_and_for_no_other():
    for trend in trends(record(judged(1.3)), {"D1": "One"}, texts("en")):
        told = [each for each in trend.forecasts if each.observed is not None]
        assert trend.chart.count("<rect") == len(told)
        assert trend.chart.count("<circle") == len(trend.forecasts)
    assert [each.name for each in trends(record(judged(1.3)), {"D1": "One"}, texts("en"))] == [
        "The whole city", "One", "D2",
    ]  # fmt: skip


def test_the_page_tells_the_record_beside_all_a_planner_has(ui_site):
    page = ask_as(ui_site, "planner", f"/ui/map?as_of={AS_OF}&lang=en").text()
    for name in (
        "This model",
        "Prior",
        "12-month count",
        "EWMA",
        "Kernel density",
        "Self-exciting",
        "Count of all years",
    ):
        assert f'<th scope="row">{name}</th>' in page
    assert "What came (upper bound)" not in page
    assert re.search(r"caught \d+% \(\d+% to \d+%\), missed \d+%", page)
    assert "carries the forecast" in page
    assert "surely" in page


def test_the_page_tells_forecast_by_forecast_in_bands_and_what_came_in_tens(ui_site):
    page = ask_as(ui_site, "planner", f"/ui/map?as_of={AS_OF}&lang=en").text()
    trend = page[page.index('id="trend-title"') : page.index('id="each-title"')]
    each = page[page.index('id="each-title"') : page.index('id="top-title"')]
    assert set(re.findall(r"<td>(\d+) to \d+</td>", trend)) <= {f"{ten}0" for ten in range(1, 30)}
    assert len(re.findall(r'<th scope="row">', trend)) == 13
    bands = re.findall(r"caught (\d+)%–(\d+)%, missed (\d+)%–(\d+)%", each)
    assert bands
    assert {(int(high) - int(low), int(low) + int(to), int(high) + int(by)) for low, high, by, to in bands} <= {
        (width, 100, 100) for width in (5, 10, 20, 25)
    }


def test_all_reasons_of_an_area_are_on_the_page_what_hardly_changes_the_forecast_last_and_small(browser, ui_site):
    told = ask_as(ui_site, "planner", f"/ui/map/data.json?as_of={AS_OF}&lang=en").json()
    labels = [each["label"] for each in wording("en").texts["areas"]["families"].values()][1:]
    for reasons, quiet in told["reasons"]:
        lines = " ".join([*reasons, *quiet])
        assert [each for each in labels if each not in lines] == []
        assert all("hardly changes" in line or "less than" in line or "Too few" in line for line in quiet)
    with tab(browser, ui_site, "planner", language="en", script=False) as watched:
        watched.page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}&area={told['areas'][0][0]}")
        without = watched.page.locator("#area li").all_inner_texts()
    with tab(browser, ui_site, "planner", language="en") as watched:
        watched.page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}&area={told['areas'][0][0]}")
        watched.page.wait_for_selector("#map[data-ready=yes]")
        reasons, quiet = told["reasons"][told["areas"][0][4]]
        assert watched.page.locator("#area li").all_inner_texts() == without == [*reasons, *quiet]
        assert watched.page.locator("#area li.hint").all_inner_texts() == quiet != []
        assert watched.faults == []


def test_the_start_that_all_areas_share_is_said_once_and_in_no_list_of_reasons(ui_site):
    told = ask_as(ui_site, "planner", f"/ui/map/data.json?as_of={AS_OF}&lang=en").json()
    start = wording("en").family("base")
    assert not any(start in line for lists in told["reasons"] for lines in lists for line in lines)
    page = ask_as(ui_site, "planner", f"/ui/map?as_of={AS_OF}&lang=en").text()
    assert page.count(texts("en")("map.start")) == 1
    assert start not in page


def test_the_chosen_area_is_seen_beside_the_map_and_below_it_on_a_phone(browser, ui_site):
    with tab(browser, ui_site, "planner", viewport={"width": 1280, "height": 860}) as watched:
        page = watched.page
        page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}")
        page.wait_for_selector("#map[data-ready=yes]")
        page.focus("#map")
        page.keyboard.press("Home")
        page.evaluate("scrollTo(0, 0)")
        chart, area = page.locator("#map").bounding_box(), page.locator("#area").bounding_box()
        assert area["x"] >= chart["x"] + chart["width"]
        assert area["y"] + area["height"] <= 860
        page.set_viewport_size(PHONE)
        chart, area = page.locator("#map").bounding_box(), page.locator("#area").bounding_box()
        assert area["y"] >= chart["y"] + chart["height"]


def test_three_methods_are_seen_and_the_others_fold(browser, ui_site):
    with tab(browser, ui_site, "planner", language="en") as watched:
        watched.page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}")
        record = watched.page.locator("section:has(> #record-title)")
        seen = [each.inner_text() for each in record.locator("tbody th").all() if each.is_visible()]
        assert seen == ["This model", "Prior", "12-month count"]
        single = watched.page.locator("section:has(> #each-title)")
        assert [each.inner_text() for each in single.locator("thead th").all() if each.is_visible()][-2:] == [
            "This model",
            "12-month count",
        ]


# How much was tested


def effort(*rows):
    table = pd.DataFrame(rows, columns=["area_id", "week", "known_on", "tests", "contacts"])
    return table.assign(area_id=table["area_id"].astype("str"))


def test_tests_are_those_of_the_year_as_known_then():
    monday = day("2024-05-20")
    told = effort(
        ("T00", monday, monday + 9, 4.0, 0.0),
        ("T00", monday, monday + 30, 40.0, 0.0),  # corrected later
        ("T00", monday - 7 * 52, monday, 100.0, 0.0),  # over a year ago
        ("T01", monday, monday + 40, 7.0, 0.0),  # not known yet
    )
    places = Places(incidents([monday], "T00"), row_of_areas(3), told)
    assert township_tests(places, date(2024, 6, 1)).dropna().to_dict() == {"T00": 4}
    assert township_tests(Places(places.incidents, None, told), date(2024, 6, 1)).empty
    assert township_tests(Places(places.incidents, row_of_areas(3)), date(2024, 6, 1)).empty


def test_districts_add_up_those_of_their_townships_that_told_any():
    tests = pd.Series({"A": 5.0, "B": 6.0, "C": np.nan, "D": 4.0})
    assert district_tests(tests, {"A": "X", "B": "X", "C": "Y", "D": "Z"}).to_dict() == {"X": 11.0, "Z": 4.0}


@given(st.lists(st.one_of(st.none(), st.integers(0, 60)), max_size=40))
def test_a_fifth_is_told_of_ten_tests_or_more_and_more_tests_are_never_in_a_lower_one(counts):
    tests = pd.Series({f"A{place}": np.nan if n is None else float(n) for place, n in enumerate(counts)}, dtype=float)
    told = fifths(tests)
    assert set(told) == {name for name, n in tests.items() if n >= 10}
    assert set(told.values()) <= set(range(5))
    for one in told:
        assert all(told[one] <= told[other] for other in told if tests[one] <= tests[other])


def test_the_map_of_testing_tells_fifths_and_no_number_and_hatches_where_none_is_reported(ui_site):
    told = ask_as(ui_site, "planner", f"/ui/map/data.json?as_of={AS_OF}&colour=testing&lang=en").json()
    assert {row[0]: row[5:] for row in told["areas"]} == {"T0": [5, 1], "T1": [1, 0], "T2": [3, 0], "T3": [4, 0]}
    assert "highest fifth" in " ".join(told["texts"])
    files = ask_as(ui_site, "planner", f"/ui/map/areas.geojson?as_of={AS_OF}").json()["features"]
    assert {each["properties"]["area_id"]: each["properties"]["testing_fifth"] for each in files} == {
        "T0": None, "T1": 2, "T2": 4, "T3": 5,
    }  # fmt: skip
    page = ask_as(ui_site, "planner", f"/ui/map?as_of={AS_OF}&colour=testing&lang=en").text()
    assert "the fifth with the most tests" in page
    assert "fewer than ten tests, or none reported" in page


# What a planner takes along


def test_a_chosen_area_is_in_the_address_and_shows_again(browser, ui_site):
    with tab(browser, ui_site, "planner", language="en") as watched:
        page = watched.page
        page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}&colour=testing")
        page.wait_for_selector("#map[data-ready=yes]")
        page.focus("#map")
        page.keyboard.press("Home")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("+")
        page.wait_for_function("location.hash.split('/').length === 3")
        told, address = page.inner_text("#area"), page.url
        assert "Township 2" in told
        assert page.evaluate("document.getElementById('link').href") == address
        page.goto("about:blank")
        page.goto(address)
        page.wait_for_selector("#map[data-ready=yes]")
        assert page.inner_text("#area") == told
        assert page.url == address
        assert watched.faults == []


def test_a_chosen_area_is_told_without_javascript(browser, ui_site):
    with tab(browser, ui_site, "planner", language="en", script=False) as watched:
        watched.page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}")
        assert "Choose the name of an area in the table" in watched.page.inner_text("#area")
        assert "by keyboard" not in watched.page.inner_text("#area")
        watched.page.click("#top tbody a >> nth=1")
        assert "90% interval" in watched.page.inner_text("#area")
        assert "area=T2" in watched.page.url


def test_all_that_names_a_day_follows_the_slider(browser, ui_site):
    with tab(browser, ui_site, "planner", language="en") as watched:
        page = watched.page
        page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}")
        page.wait_for_selector("#map[data-ready=yes]")
        assert page.is_hidden("#what-came")
        page.focus("#week")
        page.keyboard.press("Home")
        page.wait_for_selector("#map.past")
        shown = page.get_attribute("#map", "data-shown")
        assert shown != str(AS_OF)
        links = page.locator("a.of-week, .who a, #link, #top tbody a").evaluate_all("all => all.map(a => a.href)")
        assert len(links) == 3 + 1 + 1 + 4
        assert all(f"as_of={shown}" in each for each in links), links
        assert page.input_value("#as_of") == shown
        told, sunday = (texts("en").day(day) for day in (shown, known_by(date.fromisoformat(shown))))
        assert f"As of {told} · model" in page.inner_text("#stamp")
        assert f"what was forecast on {sunday} for the weeks after it" in page.inner_text("#meaning")
        assert "not what came" in page.inner_text("#meaning")
        assert page.is_visible("#what-came")
        assert page.inner_text("#map-status") == ""
        assert watched.faults == []


@pytest.mark.parametrize(
    ("status", "told", "asked"),
    [(503, "service is busy", True), (422, "There is no forecast of this week", False), (0, "session has ended", True)],
)
def test_a_week_that_does_not_come_is_told_and_the_picture_stays_marked_as_the_old_one(
    browser, ui_site, status, told, asked
):
    with tab(browser, ui_site, "planner", language="en") as watched:
        page = watched.page

        def answer(route):
            if f"as_of={AS_OF}" in route.request.url:
                return route.continue_()
            if status:
                return route.fulfill(status=status, body="{}")
            return route.fulfill(status=303, headers={"Location": f"{ui_site.url}/ui/sign-in"})

        page.route("**/ui/map/data.json?*", answer)
        page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}")
        page.wait_for_selector("#map[data-ready=yes]")
        heading, link = page.inner_text("#map-title"), page.get_attribute("#link", "href")
        page.focus("#week")
        page.keyboard.press("Home")
        page.wait_for_selector("#map.stale")
        page.wait_for_function("told => document.getElementById('map-status').textContent.includes(told)", arg=told)
        assert "still those of the week before" in page.inner_text("#map-status")
        assert (page.inner_text("#map-title"), page.get_attribute("#link", "href")) == (heading, link)
        assert page.is_visible("#map-again a") == asked
        page.keyboard.press("End")
        page.wait_for_selector("#map:not(.stale)")
        assert page.inner_text("#map-status") == ""
        assert page.is_hidden("#map-again")


def test_a_map_that_does_not_come_at_all_says_so_and_how_to_go_on(browser, ui_site):
    with tab(browser, ui_site, "planner", language="zh-CN") as watched:
        page = watched.page
        page.route("**/ui/map/data.json?*", lambda route: route.fulfill(status=503, body="{}"))
        page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}")
        page.wait_for_selector("#map[data-ready=failed]", state="hidden")
        assert page.inner_text("#map-status") == texts("zh-CN")("map.unreachable")
        assert f"as_of={AS_OF}" in page.get_attribute("#map-again a", "href")


@pytest.mark.parametrize(("viewport", "language"), [(WIDE, "en"), (PHONE, "en"), (PHONE, "zh-CN")])
def test_the_picture_made_in_the_browser_holds_its_title_legend_and_origin(
    browser, ui_site, tmp_path, viewport, language
):
    with tab(browser, ui_site, "planner", language=language, viewport=viewport) as watched:
        page = watched.page
        page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}")
        page.wait_for_selector("#map[data-ready=yes]")
        page.evaluate(WATCH_TEXT)
        with page.expect_download() as told:
            page.click("#png")
        told.value.save_as(tmp_path / "map.png")
        picture = Image.open(tmp_path / "map.png").convert("RGB")
        across, down = page.eval_on_selector("#map canvas", "canvas => [canvas.width, canvas.height]")
        assert told.value.suggested_filename == f"waystation-map-{AS_OF}.png"
        assert picture.size[0] == across
        below = picture.crop((0, down, *picture.size))
        fills = {ImageColor.getrgb(fill) for fill in FILLS}
        assert fills <= {colour for _, colour in below.getcolors(1 << 24)}  # each class of the legend, on a phone too
        drawn = page.evaluate("window.drawn")
        assert all(right <= across and bottom <= picture.size[1] for _, right, bottom in drawn)
        text = "".join("".join(each for each, _, _ in drawn).split())
        wanted = [page.inner_text(each) for each in ("#map-title", "#stamp", "#aid", "#answer", *LABELS)]
        assert [each for each in wanted if "".join(each.split()) not in text] == []
        assert watched.faults == []
