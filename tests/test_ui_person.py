"""The page of a person: taken apart in words, by keyboard and without JavaScript, and what is said back is kept."""

import re
import sqlite3
from datetime import date, timedelta

import pytest

from features.catalogue import CATALOGUE
from features.errors import ConfigError
from features.languages import LANGUAGES
from serving.notes import NOTES
from serving.services import Services
from serving.ui.person_page import NEWEST
from serving.ui.sessions import Sessions
from serving.ui.texts import texts
from serving.ui.timeline import PersonEvent, visible, years_of
from serving.ui.timeline_picture import drawing
from serving.wording import wording
from tests.serving_helpers import AS_OF, TODAY
from tests.tables import day
from tests.test_access import newest
from tests.ui_helpers import HOSTILE, PHONE, SCRIPT, fetched, iso_days, session_of, tab, violations

UNTIL = (TODAY + timedelta(days=10)).isoformat()


def address(site, person_id):
    """The address of a person's page, as the service itself would write it."""
    return f"/ui/person?of={Sessions.open(site.home.path).reference_to(person_id)}&as_of={AS_OF}"


def form_of(site, cookie, person_id):
    """Token and key of the forms of a person's page, and the id of the score it shows."""
    text = fetched(site, address(site, person_id), cookie=cookie).text()
    found = {name: re.search(rf'name="{name}" value="([^"]*)"', text) for name in ("form_token", "key", "score_id")}
    return {name: each.group(1) for name, each in found.items() if each}


def notes(site, person_id):
    with sqlite3.connect(site.home.path / NOTES) as connection:
        query = "SELECT kind, role, content FROM notes WHERE person_id = ? ORDER BY seq"
        return connection.execute(query, (person_id,)).fetchall()


# In a browser


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_sound_wide_and_narrow(browser, ui_site, language):
    with tab(browser, ui_site, "station_worker", language=language) as watched:
        page = watched.page
        page.goto(f"{ui_site.url}{address(ui_site, 'P002')}")
        assert SCRIPT in page.inner_text("h1")
        for each in page.query_selector_all("summary"):
            each.click()
        assert iso_days(page) == []
        assert violations(page) == []
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert violations(page) == []
        assert watched.faults == []


def test_the_keyboard_goes_from_the_list_to_a_person_to_a_decision_and_back(browser, ui_site):
    with tab(browser, ui_site, "station_worker", language="en") as watched:
        page = watched.page
        page.goto(f"{ui_site.url}/ui/worklist?as_of={AS_OF}")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        tab_to(page, "/ui/person")
        page.keyboard.press("Enter")
        page.wait_for_url("**/ui/person**")
        tab_to(page, "Put off")
        page.keyboard.press("Enter")
        tab_to(page, "snooze-code")
        page.keyboard.press("Tab")
        page.keyboard.type(f"{TODAY + timedelta(days=3):%m%d%Y}")
        tab_to(page, "Keep")
        page.keyboard.press("Enter")
        page.wait_for_url("**kept=yes**")
        assert "Kept." in page.inner_text("[role=status]")
        tab_to(page, "/ui/worklist")
        page.keyboard.press("Enter")
        page.wait_for_url("**/ui/worklist**")
        assert watched.faults == []


def tab_to(page, wanted, *, most=120):
    """Press Tab until what has the focus names what is wanted: its text, its id or where it leads."""
    script = (
        "(() => { const e = document.activeElement; return [e.innerText, e.id, e.getAttribute('href')].join(' '); })()"
    )
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted in page.evaluate(script):
            return
    raise AssertionError(f"{most} tabs did not lead to {wanted}")


def test_a_level_is_set_without_javascript_and_hostile_words_are_only_shown(browser, ui_site):
    with tab(browser, ui_site, "station_worker", language="en", script=False) as watched:
        page = watched.page
        page.goto(f"{ui_site.url}{address(ui_site, 'P004')}")
        page.locator("summary", has_text="Set another level").click()
        page.select_option("#override-level", "light")
        page.fill("#override-until", UNTIL)
        page.fill("#override-text", HOSTILE)
        page.locator("form:has(#override-level) button").click()
        page.wait_for_url("**kept=yes**")
        assert HOSTILE in page.inner_text(".said")
    with tab(browser, ui_site, "station_lead", language="en") as watched:
        watched.page.goto(f"{ui_site.url}{address(ui_site, 'P004').replace(AS_OF, TODAY.isoformat())}")
        assert "set by: Station worker" in watched.page.inner_text("section[aria-labelledby=level]")
        watched.page.goto(f"{ui_site.url}{address(ui_site, 'P004')}")
        assert HOSTILE in watched.page.inner_text(".said")
        watched.page.locator("li:has(.said) input[name=text]").fill("seen and talked over")
        watched.page.locator("button", has_text="Lift it").click()
        watched.page.wait_for_url("**kept=yes**")
        assert "Lead: lifted: seen and talked over" in watched.page.inner_text("main")
        assert watched.faults == []


# Over HTTP


def test_a_person_of_another_station_is_as_one_nobody_knows(ui_site):
    cookie = session_of(ui_site, ui_site.keys["station_worker"])
    answers = [fetched(ui_site, address(ui_site, each), cookie=cookie) for each in ("P003", "P-NOBODY")]
    assert [each.status for each in answers] == [404, 404]
    shown = [re.sub(r"of=[\w.-]+|%2E|[0-9a-f]{32,}", "", each.text()) for each in answers]
    assert shown[0] == shown[1]
    assert fetched(ui_site, "/ui/person?of=P002", cookie=cookie).status == 404  # an id is no address


def test_no_address_on_the_worklist_holds_an_id(ui_site):
    cookie = session_of(ui_site, ui_site.keys["station_worker"])
    text = fetched(ui_site, f"/ui/worklist?as_of={AS_OF}", cookie=cookie).text()
    assert not [each for each in re.findall(r'href="([^"]*)"', text) if re.search(r"\bP0\d\d\b", each)]


def test_a_reading_is_in_the_record_with_its_purpose(ui_site):
    cookie = session_of(ui_site, ui_site.keys["station_worker"], purpose="transfer")
    assert fetched(ui_site, address(ui_site, "P006"), cookie=cookie).status == 200
    row = newest(ui_site.home)
    assert (row["purpose"], row["role"], row["station"]) == ("transfer", "station_worker", "S1")
    assert row["person_hash"]


@pytest.mark.parametrize(
    ("person_id", "status"), [("SEALED", 451), ("OBJECTED", 200), ("MINOR", 200), ("ISOLATED", 200), ("OUTSIDE", 200)]
)
def test_whom_the_law_forbids_to_score_has_no_score_on_the_page(ui_site, person_id, status):
    cookie = session_of(ui_site, ui_site.keys["station_worker"])
    answer = fetched(ui_site, address(ui_site, person_id), cookie=cookie)
    assert answer.status == status
    assert 'class="big"' not in answer.text()


def test_an_opinion_is_kept_once_however_often_it_is_sent(ui_site):
    cookie = session_of(ui_site, ui_site.keys["station_worker"])
    sent = {
        **form_of(ui_site, cookie, "P008"),
        "kind": "opinion",
        "agrees": "no",
        "level_agrees": "yes",
        "text": "was ill",
        "reason_code": "",
    }
    before = len(notes(ui_site, "P008"))
    for _ in range(2):
        assert fetched(ui_site, address(ui_site, "P008"), form=sent, cookie=cookie).status == 303
    (kept,) = notes(ui_site, "P008")[before:]
    assert kept[:2] == ("opinion", "station_worker")
    assert '"agrees": false' in kept[2]
    assert '"agrees_with_level": true' in kept[2]


@pytest.mark.parametrize("answer", [{}, {"agrees": "perhaps"}])
def test_an_opinion_without_an_answer_is_no_opinion_and_its_text_is_kept(ui_site, answer):
    cookie = session_of(ui_site, ui_site.keys["station_worker"])
    sent = {**form_of(ui_site, cookie, "P012"), "kind": "opinion", "text": "not decided yet", **answer}
    before = notes(ui_site, "P012")
    again = fetched(ui_site, address(ui_site, "P012"), form=sent, cookie=cookie)
    assert again.status == 422
    assert "not decided yet" in again.text()
    assert notes(ui_site, "P012") == before


def test_a_browser_that_asks_for_an_icon_finds_one(ui_site):
    assert fetched(ui_site, "/favicon.ico").headers["location"] == "/ui/static/icon.svg"


@pytest.mark.parametrize("spoilt", [{"form_token": "0" * 64}, {"form_token": ""}])
def test_nothing_is_written_without_the_token_of_the_session(ui_site, spoilt):
    cookie = session_of(ui_site, ui_site.keys["station_worker"])
    sent = {**form_of(ui_site, cookie, "P010"), "kind": "snooze", "reason_code": "other", "until": UNTIL, **spoilt}
    assert fetched(ui_site, address(ui_site, "P010"), form=sent, cookie=cookie).status == 403
    assert notes(ui_site, "P010") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_that_breaks_a_rule_comes_back_with_what_was_typed_and_a_sentence(ui_site, language):
    cookie = session_of(ui_site, ui_site.keys["station_worker"])
    sent = {**form_of(ui_site, cookie, "P010"), "kind": "snooze", "reason_code": "in_hospital", "until": "2199-01-01"}
    sent["text"] = f"first line\r\n{SCRIPT}"
    answer = fetched(ui_site, f"{address(ui_site, 'P010')}&lang={language}", form=sent, cookie=cookie)
    text = answer.text()
    assert answer.status == 422
    last = TODAY + timedelta(days=30)
    told = texts(language)("person.faults.until", first=texts(language).day(TODAY), last=texts(language).day(last))
    assert told in text.partition('role="alert"')[2].partition("</p>")[0]
    assert "feedback.until" not in text
    assert re.search(r"<details open>.*first line\r?\n&lt;script&gt;", text, re.DOTALL)
    assert '<option value="in_hospital" selected>' in text
    assert f'min="{TODAY}" max="{last}" value="2199-01-01"' in text
    assert SCRIPT not in text
    assert notes(ui_site, "P010") == []


def test_a_text_of_several_lines_is_kept(ui_site):
    cookie = session_of(ui_site, ui_site.keys["station_worker"])
    sent = {**form_of(ui_site, cookie, "P016"), "kind": "snooze", "reason_code": "other", "until": UNTIL}
    answer = fetched(ui_site, address(ui_site, "P016"), form={**sent, "text": "one\r\ntwo"}, cookie=cookie)
    assert answer.status == 303
    assert '"text": "one\\ntwo"' in notes(ui_site, "P016")[-1][2]


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "a b c d e f", "<script>"])
def test_a_form_without_a_sound_key_keeps_nothing(ui_site, key):
    cookie = session_of(ui_site, ui_site.keys["station_worker"])
    sent = {**form_of(ui_site, cookie, "P014"), "kind": "snooze", "reason_code": "other", "until": UNTIL, "key": key}
    assert fetched(ui_site, address(ui_site, "P014"), form=sent, cookie=cookie).status == 422
    assert notes(ui_site, "P014") == []


def test_a_worker_reviews_nothing(ui_site):
    cookie = session_of(ui_site, ui_site.keys["station_worker"])
    sent = {**form_of(ui_site, cookie, "P010"), "note_id": "x" * 32, "state": "lifted"}
    where = address(ui_site, "P010").replace("/ui/person?", "/ui/person/review?")
    assert fetched(ui_site, where, form=sent, cookie=cookie).status == 403


def test_the_report_for_the_person_is_recorded_as_the_person_s_own_request(ui_site):
    cookie = session_of(ui_site, ui_site.keys["station_worker"])
    where = address(ui_site, "P012").replace("/ui/person?", "/ui/person/report?")
    assert fetched(ui_site, where, form={"form_token": "0"}, cookie=cookie).status == 403
    answer = fetched(ui_site, where, form=form_of(ui_site, cookie, "P012"), cookie=cookie)
    assert answer.status == 200
    assert "<script" not in answer.text()
    assert newest(ui_site.home)["purpose"] == "own_request"


# The parts


def row(event_id, revision, occurred_on, known_on, *, retracted=False, outcome="kept"):
    return {
        "event_id": event_id, "revision": revision, "retracted": retracted, "occurred_on": day(occurred_on),
        "known_on": day(known_on), "kind": "check_in", "outcome": outcome, "substance": None,
    }  # fmt: skip


ROWS = [
    row("E1", 1, "2024-01-01", "2024-01-02"),
    row("E1", 2, "2024-01-01", "2024-03-01", outcome="missed"),
    row("E2", 1, "2024-01-05", "2024-02-20"),
    row("E3", 1, "2024-01-07", "2024-01-07"),
    row("E3", 2, "2024-01-07", "2024-02-01", retracted=True),
]


@pytest.mark.parametrize(
    ("as_of", "told"),
    [
        ("2024-01-10", {("kept", False, False), ("kept", False, False)}),
        ("2024-02-25", {("kept", False, False), ("kept", True, False)}),
        ("2024-03-02", {("missed", False, True), ("kept", True, False)}),  # known in time, corrected later
    ],
)
def test_the_timeline_tells_what_was_known_and_what_came_late_or_was_corrected(as_of, told):
    found = visible(ROWS, day(as_of))
    assert {(each.outcome, each.is_late, each.is_corrected) for each in found} == told


CORRECTED = [
    row("E1", 1, "2024-01-01", "2024-01-02", outcome="kept"),
    row("E1", 2, "2024-01-01", "2024-02-01", outcome="missed"),
    row("E1", 3, "2024-01-03", "2024-03-01", outcome="missed"),
    row("E2", 2, "2024-01-05", "2024-01-05"),
    row("E3", 1, "2024-01-07", "2024-01-07"),
    row("E3", 2, "2024-01-07", "2024-02-01", retracted=True),
    row("E3", 3, "2024-01-07", "2024-02-02"),
    row("E4", 1, "2023-12-01", "2024-01-30") | {"value": 40.0, "kind": "dose", "outcome": "taken"},
    row("E4", 2, "2023-12-01", "2024-02-01") | {"value": 40.0, "kind": "dose", "outcome": "taken"},
]


def notes_told(as_of):
    """What is noted of each record, by day, as known on a day."""
    found = sorted(visible(CORRECTED, day(as_of)), key=lambda each: each.occurred_on, reverse=True)
    years = years_of(found, texts("en"), wording("en"))
    return {str(each.event.occurred_on): each.notes for year in years for each in year.entries}


def test_a_corrected_record_says_what_it_said_before_and_since_when_and_a_late_one_by_how_many_days():
    assert notes_told("2024-01-15")["2024-01-01"] == ()
    assert notes_told("2024-02-01")["2024-01-01"] == ("corrected 1 Feb 2024; before, it said: check-in kept",)
    told = notes_told("2024-03-01")
    assert told["2024-01-03"] == ("corrected 1 Mar 2024; before, it said: 1 Jan 2024, check-in missed",)
    assert told["2024-01-05"] == ("corrected 5 Jan 2024; what it said before was taken back or is not held",)
    assert told["2024-01-07"] == ("corrected 2 Feb 2024; what it said before was taken back or is not held",)
    assert told["2023-12-01"] == (
        "recorded 30 Jan 2024, days late: 60",
        "corrected 1 Feb 2024 in something that is not listed here",
    )


def test_every_record_is_listed_under_its_year_and_each_of_two_years_has_a_mark_that_leads_to_it():
    days = [date(2020, 1, 1) + timedelta(days=9 * n) for n in range(200)][::-1]
    events = [PersonEvent(each, each, "check_in", "kept", None, is_corrected=False) for each in days]
    years = years_of(events, texts("en"), wording("en"))
    assert [each.year for each in years] == [2024, 2023, 2022, 2021, 2020]
    assert [each.event.occurred_on for year in years for each in year.entries] == days
    svg = drawing(years, days[0], texts("en"))
    shown = [each for each in days if each > days[0] - timedelta(days=730)]
    places = [int(each) for each in re.findall(r'<a href="#record-(\d+)"><title>', svg)]
    assert sorted(places) == list(range(len(shown)))
    assert len(shown) > 80


def test_a_mark_is_reached_by_keyboard_and_opens_the_year_of_its_record(browser, ui_site):
    with tab(browser, ui_site, "station_worker", language="en", script=False) as watched:
        page = watched.page
        page.goto(f"{ui_site.url}{address(ui_site, 'P012')}")
        counts = [int(each) for each in re.findall(r", records: (\d+)", page.inner_text("section:has(#records)"))]
        marks = page.locator(".timeline a")
        assert len(counts) > 1
        assert sum(counts) == page.locator(".events li").count()
        first = marks.first
        first.focus()
        title, to = first.locator("title").text_content(), first.get_attribute("href")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{to}")
        assert page.is_visible(to)
        assert " ".join(page.inner_text(to).split()).startswith(title.split(" · ")[0])
        assert watched.faults == []


def test_a_phone_shows_the_newest_months_first_the_names_of_the_lanes_and_a_way_to_the_forms(browser, ui_site):
    with tab(browser, ui_site, "station_worker", viewport=PHONE, script=False) as watched:
        page = watched.page
        page.goto(f"{ui_site.url}{address(ui_site, 'P012')}")
        box = page.locator(".newest").bounding_box()
        last, names = page.locator(".marks a").last.bounding_box(), page.locator(".lanes").bounding_box()
        assert names["x"] == pytest.approx(box["x"], abs=1)
        assert names["x"] + names["width"] < last["x"]
        assert last["x"] + last["width"] <= box["x"] + box["width"]
        assert page.locator(".swipe").is_visible()
        assert page.locator(".events li:visible").count() <= NEWEST
        page.click("a[href='#say']")
        assert 0 <= page.locator("#say").bounding_box()["y"] < PHONE["height"]


def test_marks_tell_found_from_failed_from_kept():
    def sign(outcome):
        return PersonEvent(date(2024, 1, 1), date(2024, 1, 1), "urine_test", outcome, None, is_corrected=False).sign

    assert [sign(each) for each in ("positive", "missed", "negative", None)] == ["found", "failed", "kept", "kept"]


def test_there_is_help_for_every_reason_that_help_can_change(tmp_path):
    services = Services.of_home(tmp_path)
    changeable = [code for code, definition in CATALOGUE.items() if definition.changeable]
    assert [code for code in changeable if not services.fitting([code], "en")] == []
    named = {code for offer in services.offers for code in offer.codes}
    assert named == set(changeable)


def test_the_operator_s_own_table_of_services_is_taken_and_its_faults_told(tmp_path):
    own = tmp_path / "services.toml"
    own.write_text('[[service]]\nzh-CN = "茶"\nen = "Tea"\ncodes = ["missed_tests"]\n')
    assert Services.of_home(tmp_path).fitting(["employed", "missed_tests"], "zh-CN") == ["茶"]
    for broken in ('[[service]]\nen = "Tea"\ncodes = []\n', own.read_text().replace("missed_tests", "astrology"), "["):
        own.write_text(broken)
        with pytest.raises(ConfigError, match=r"services"):
            Services.of_home(tmp_path)
