"""Every page in a real Chromium: both languages, wide and narrow, by keyboard, without JavaScript, hostile names."""

import csv
import io
import re
import shutil
from html import unescape
from itertools import product

import pytest

from features.languages import LANGUAGES
from serving.bulletin_dues import INDICATORS
from serving.services import Services
from serving.ui.texts import texts
from tests.serving_helpers import AS_OF, ask, bearer
from tests.test_access import newest
from tests.ui_helpers import (
    ABSENT,
    HOSTILE,
    PHONE,
    SCRIPT,
    WIDE,
    ask_as,
    fetched,
    iso_days,
    session_of,
    tab,
    violations,
)

PAGES = {
    f"/ui/worklist?as_of={AS_OF}": "station_worker",
    f"/ui/worklist?as_of={AS_OF}&tab=overdue&print=yes": "station_lead",
    "/ui/models": "data_scientist",
    f"/ui/indicators?as_of={AS_OF}": "planner",
    "/ui/bulletin?until=2024-05-31": "station_lead",
    f"/ui/map/warnings?as_of={AS_OF}": "planner",
    "/ui/sign-in": None,
    "/ui/no-such-page": "planner",
    f"/ui/map?as_of={AS_OF}": "planner",
    f"/ui/map?as_of={AS_OF}&colour=band": "station_lead",
}
CSP = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


@pytest.mark.parametrize(("path", "language"), list(product(PAGES, LANGUAGES)))
def test_a_page_is_sound_wide_and_narrow(browser, ui_site, path, language):
    with tab(browser, ui_site, PAGES[path], language=language) as watched:
        page = watched.page
        answer = page.goto(f"{ui_site.url}{path}")
        settled(page)
        assert answer.headers["content-security-policy"] == CSP
        assert page.get_attribute("html", "lang") == language
        assert violations(page) == []
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert violations(page) == []
        expected = ["404"] if path == "/ui/no-such-page" else []
        assert [each for each in watched.faults if "404" not in each or not expected] == []
        text = page.inner_text("body")
        assert re.search("[一-鿿]", text.replace("中文", "").replace("号镇", "")) if language == "zh-CN" else True
        assert ("aid to judgement" if language == "en" else "不得作为处罚") in text
        assert iso_days(page) == []


def settled(page):
    if page.query_selector("#map"):
        page.wait_for_selector("#map[data-ready=yes]")


@pytest.mark.parametrize(("language", "station"), [("zh-CN", f"{HOSTILE}一站"), ("en", f"{HOSTILE} One")])
def test_a_page_names_who_reads_it_and_at_which_station_also_where_it_is_refused(ui_site, language, station):
    for path in (f"/ui/worklist?as_of={AS_OF}", "/ui/models", "/ui/map?as_of=never"):
        told = ask_as(ui_site, "station_worker", f"{path}{'&' if '?' in path else '?'}lang={language}").text()
        who = unescape(told.partition('class="who"')[2].partition("</p>")[0])
        role = texts(language)("roles.station_worker")
        assert f"<strong>tests</strong> · {role} · {station} · " in who
    planner = ask_as(ui_site, "planner", f"/ui/map?as_of={AS_OF}").text()
    assert station not in unescape(planner.partition('class="who"')[2].partition("</p>")[0])


# The worklist


def test_a_hostile_name_on_the_worklist_is_shown_and_never_run(browser, ui_site):
    with tab(browser, ui_site, "station_worker") as watched:
        watched.page.goto(f"{ui_site.url}/ui/worklist?as_of={AS_OF}")
        watched.page.fill("#q", "<script>")
        watched.page.click("form.controls button")
        watched.page.wait_for_url("**q=**")
        assert watched.page.locator(".worklist tbody tr").count() == 1
        assert SCRIPT in watched.page.inner_text(".worklist")
        assert watched.page.input_value("#q") == "<script>"
        assert watched.faults == []


def test_the_worklist_is_searched_filtered_and_sorted_without_javascript(browser, ui_site):
    with tab(browser, ui_site, "station_worker", language="en", script=False) as watched:
        page = watched.page
        page.goto(f"{ui_site.url}/ui/worklist?as_of={AS_OF}")
        everybody = page.locator(".worklist tbody tr").count()
        page.select_option("#level", "intensive")
        page.click("form.controls button")
        page.wait_for_url("**level=intensive**")
        few = page.locator(".worklist tbody tr").count()
        assert 0 < few < everybody
        assert page.locator(".worklist .level").all_inner_texts() == ["●●●● Intensive support"] * few
        page.fill("#q", "nobody is called so")
        page.click("form.controls button")
        page.wait_for_url("**q=**")
        assert "Nobody fits" in page.inner_text("main")
        assert page.input_value("#q") == "nobody is called so"
        assert "nobody" not in page.url
        assert [
            each for each in page.locator("a").evaluate_all("all => all.map(a => a.href)") if "nobody" in each
        ] == []
        assert watched.faults == []


def test_words_searched_for_are_sealed_by_the_service_or_nothing_is_shown(ui_site):
    assert ask_as(ui_site, "station_worker", f"/ui/worklist?as_of={AS_OF}&q=P002").status == 422
    cookie = session_of(ui_site, ui_site.keys["station_worker"])
    assert fetched(ui_site, "/ui/worklist", form={"q": "P002"}, cookie=cookie).status == 403  # no form of the session
    assert fetched(ui_site, "/ui/worklist", form={"q": "P002"}).headers["location"] == "/ui/sign-in"


def test_the_counts_of_tabs_and_levels_are_those_of_the_list(browser, ui_site):
    told = ask(
        f"{ui_site.url}/v1/worklist?as_of={AS_OF}&purpose=review&language=en",
        headers=bearer(ui_site.keys["station_worker"]),
    ).json
    with tab(browser, ui_site, "station_worker", language="en", script=False) as watched:
        watched.page.goto(f"{ui_site.url}/ui/worklist?as_of={AS_OF}")
        tabs = watched.page.locator("ul.tabs").first.locator("a").all_inner_texts()
        chips = watched.page.locator(".chips a").all_inner_texts()
    assert f"All ({told['persons']})" in tabs
    assert f"Overdue ({told['overdue']})" in tabs
    assert chips == [f"{each['text']} {each['persons']}" for each in told["levels"] if each["persons"]]


def test_the_table_of_the_worklist_holds_the_same_persons_and_no_formula(ui_site):
    told = ask_as(ui_site, "station_worker", f"/ui/worklist.csv?as_of={AS_OF}")
    assert told.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(told.body.decode("utf-8-sig"))))
    assert {len(row) for row in rows} == {13}
    assert "P002" in {row[0] for row in rows}
    assert not {row[0] for row in rows} & {"P003", "P001"}  # of the other station
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_the_list_offers_the_help_that_fits_what_help_may_change_the_strongest_first(ui_site):
    listed = f"{ui_site.url}/v1/worklist?as_of={AS_OF}&purpose=review&language=en"
    told = ask(listed, headers=bearer(ui_site.keys["station_worker"])).json
    table = ask_as(ui_site, "station_worker", f"/ui/worklist.csv?as_of={AS_OF}&lang=en").body.decode("utf-8-sig")
    services = Services.of_home(ui_site.home.path)
    expected = {
        case["person_id"]: "; ".join(services.fitting([each["code"] for each in case["changeable"]], "en")[:2])
        for case in told["cases"]
    }
    assert any(expected.values())
    rows = {row["Person"]: row["Help that may fit"] for row in csv.DictReader(io.StringIO(table))}
    assert {person_id: rows[person_id] for person_id in expected} == expected


def test_a_reading_of_the_worklist_is_in_the_record_under_the_purpose_named_at_the_door(ui_site):
    cookie = session_of(ui_site, ui_site.keys["station_worker"], purpose="review")
    assert fetched(ui_site, f"/ui/worklist?as_of={AS_OF}", cookie=cookie).status == 200
    row = newest(ui_site.home)
    assert (row["act"], row["purpose"], row["station"], row["as_of"]) == ("GET /v1/worklist", "review", "S1", AS_OF)


def test_a_worklist_of_another_day_is_headed_by_it_and_writes_every_day_in_one_way(ui_site):
    told = ask_as(ui_site, "station_worker", f"/ui/worklist?as_of={AS_OF}&lang=zh-CN").text()
    day = texts("zh-CN").day(AS_OF)
    assert f"{day}的工作清单" in told
    assert "今日工作清单" not in told
    assert re.search(r"应于\d+年\d+月\d+日前", told)
    assert not re.search(r"应于\d+-", told)
    today = ask_as(ui_site, "station_worker", "/ui/worklist?lang=zh-CN").text()  # its city has records of today
    assert "今日工作清单" in today
    assert "数据可能已停止接入" not in today


def test_another_station_is_not_to_be_had_by_its_name(ui_site):
    assert ask_as(ui_site, "station_worker", f"/ui/worklist?as_of={AS_OF}&station=S2").status == 404
    assert ask_as(ui_site, "planner", f"/ui/worklist?as_of={AS_OF}").status == 403


# The models


def test_models_are_shown_to_those_who_judge_them_and_to_nobody_else(ui_site):
    shown = {
        role: fetched(ui_site, "/ui/models", cookie=session_of(ui_site, key)).status
        for role, key in ui_site.keys.items()
    }
    assert {role for role, status in shown.items() if status == 200} == {"data_scientist", "auditor", "administrator"}
    assert set(shown.values()) == {200, 403}


def test_the_card_of_a_model_is_read_from_its_page_by_those_who_may_and_the_browser_shows_it(browser, ui_site):
    with tab(browser, ui_site, "auditor", language="en") as watched:
        page = watched.page
        page.goto(f"{ui_site.url}/ui/models")
        page.click("text=The whole card >> nth=0")
        page.wait_for_url("**/ui/models/card?**")
        assert page.inner_text("h1")
        assert watched.faults == []
    assert ask_as(ui_site, "planner", "/ui/models/card?name=relapse-90d").status == 403
    assert ask_as(ui_site, "auditor", "/ui/models/card?name=nobody").status == 404


# The indicators


def test_the_page_of_the_indicators_tells_the_numbers_of_the_route(browser, ui_site):
    told = ask(f"{ui_site.url}/v1/indicators?as_of={AS_OF}&language=en", headers=bearer(ui_site.keys["planner"])).json
    assert told["as_of"] == "2024-03-31"  # the last quarter over by then
    with tab(browser, ui_site, "planner", language="en", script=False) as watched:
        watched.page.goto(f"{ui_site.url}/ui/indicators?as_of={AS_OF}")
        panels = dict(each.split("\n", 1) for each in watched.page.locator("section.panel").all_inner_texts())
        assert set(panels) == {each["name"] for each in told["indicators"]}
        for each in told["indicators"]:
            figure = each["trend"][-1]
            numbers = f"{figure['numerator']} of {figure['denominator']}"
            assert ("not told" if figure["share"] is None else numbers) in panels[each["name"]]
            assert ("once there are 10 of both" in panels[each["name"]]) == (figure["share"] is None)
        assert watched.faults == []


# The bulletin


def test_the_bulletin_is_for_leads_and_administrators_and_tells_what_the_route_tells(ui_site):
    shown = {role: ask_as(ui_site, role, "/ui/bulletin?until=2024-05-31").status for role in ui_site.keys}
    assert {role for role, status in shown.items() if status == 200} == {"station_lead", "administrator"}
    assert set(shown.values()) == {200, 403}
    key = ui_site.keys["station_lead"]
    told = ask(f"{ui_site.url}/v1/bulletin?until=2024-05-31&language=en", headers=bearer(key)).body.decode()
    kept = ask_as(ui_site, "station_lead", "/ui/bulletin.html?until=2024-05-31&lang=en")
    assert kept.headers["content-disposition"] == 'attachment; filename="bulletin-2024-05-31.html"'
    assert kept.text() == told
    page = ask_as(ui_site, "station_lead", "/ui/bulletin?until=2024-05-31&lang=en").text()
    assert told.partition("<main>")[2].partition("</main>")[0].strip() in page
    assert "style=" not in page


def test_a_phone_shows_the_reader_s_own_station_first_and_folds_the_cells_that_ask_for_nothing(browser, ui_site):
    with tab(browser, ui_site, "station_lead", viewport=PHONE, script=False) as watched:
        page = watched.page
        page.goto(f"{ui_site.url}/ui/bulletin?until=2024-05-31")
        assert "本站" in page.inner_text("#own")
        tables = page.locator("table.work-of-stations")
        assert tables.count() == 2
        assert tables.first.locator("td:visible").count() == len(INDICATORS)
        quiet = tables.last.locator("td.green, td.too_few")
        assert quiet.count() > 0
        assert [each.is_visible() for each in quiet.all()] == [False] * quiet.count()
        page.locator("label[for=greens]").click()
        assert [each.is_visible() for each in quiet.all()] == [True] * quiet.count()
        page.set_viewport_size(WIDE)
        assert not page.locator("#greens").is_visible()
        assert watched.faults == []


def test_a_half_month_is_chosen_without_javascript(browser, ui_site):
    with tab(browser, ui_site, "administrator", language="en", script=False) as watched:
        page = watched.page
        page.goto(f"{ui_site.url}/ui/bulletin")
        newest = page.input_value("#until")
        page.select_option("#until", index=1)
        page.click("form.controls button")
        page.wait_for_url("**until=**")
        assert page.input_value("#until") < newest
        assert watched.faults == []


@pytest.mark.parametrize("until", ["2024-05-30", "2999-12-31", "2024-02-30", "1990-01-15", "x"])
def test_a_bulletin_is_of_a_half_month_that_is_over(ui_site, until):
    assert ask_as(ui_site, "station_lead", f"/ui/bulletin?until={until}").status == 422


def test_the_bulletin_is_printed_as_pdf(ui_site):
    if shutil.which("chromium") is None:
        pytest.skip(ABSENT)
    answer = ask_as(ui_site, "station_lead", "/ui/bulletin.pdf?until=2024-05-31")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.body.startswith(b"%PDF-")


# The map


def test_names_are_shown_and_never_run(browser, ui_site):
    with tab(browser, ui_site, "planner") as watched:
        watched.page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}")
        settled(watched.page)
        watched.page.focus("#map")
        watched.page.keyboard.press("Home")
        assert SCRIPT in watched.page.inner_text("#area")
        assert SCRIPT in watched.page.inner_text("#top")
        assert watched.faults == []
    raw = ask_as(ui_site, "planner", f"/ui/map/picture.svg?as_of={AS_OF}").text()
    assert SCRIPT not in raw


def test_the_keyboard_walks_over_the_areas(browser, ui_site):
    with tab(browser, ui_site, "planner", language="en") as watched:
        page = watched.page
        page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}")
        settled(page)
        page.focus("#map")
        page.keyboard.press("Home")
        page.keyboard.press("ArrowLeft")
        assert "Township 2" in page.inner_text("#area")
        assert "90% interval" in page.inner_text("#area")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowRight")
        assert "Township 2" in page.inner_text("#area")


def test_a_step_of_the_slider_shows_what_was_forecast_then(browser, ui_site):
    with tab(browser, ui_site, "planner", language="en") as watched:
        page = watched.page
        page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}")
        settled(page)
        assert "passed, but records reach only to" in page.inner_text("#map-title")
        page.focus("#week")
        page.keyboard.press("Home")
        page.wait_for_selector("#map.past")
        assert "(passed)" in page.inner_text("#map-title")
        page.goto(page.get_attribute("#link", "href") if "http" in page.get_attribute("#link", "href")
                  else ui_site.url + page.get_attribute("#link", "href"))  # fmt: skip
        assert "passed" in page.inner_text("#map-title")


def test_the_map_reads_without_javascript(browser, ui_site):
    with tab(browser, ui_site, "planner", language="en", script=False) as watched:
        page = watched.page
        page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}")
        assert page.locator("noscript img, img.picture").count() == 1
        assert page.locator("#top tbody tr").count() == 4
        page.select_option("#colour", "band")
        page.click("form.controls button")
        page.wait_for_url("**colour=band**")
        assert "10 and more" in page.inner_text(".legend")
        assert watched.faults == []


def test_the_files_of_the_map_hold_what_the_page_tells(ui_site):
    told = ask_as(ui_site, "planner", f"/ui/map/areas.geojson?as_of={AS_OF}&lang=en").json()
    assert {each["properties"]["area_id"] for each in told["features"]} == {"T0", "T1", "T2", "T3"}
    table = ask_as(ui_site, "planner", f"/ui/map/areas.csv?as_of={AS_OF}&lang=en")
    assert table.body.startswith(b"\xef\xbb\xbf")
    assert len(table.text().splitlines()) == 1 + 4


@pytest.mark.parametrize(
    "query", ["level=street", "weeks=0", "weeks=x", "as_of=2024-13-01", "as_of=1066-10-14", "colour=red"]
)
def test_a_map_that_cannot_be_made_is_refused_as_a_page(ui_site, query):
    answer = ask_as(ui_site, "planner", f"/ui/map?{query}")
    assert answer.status == 422
    assert "<html" in answer.text()
    assert HOSTILE not in answer.text()
