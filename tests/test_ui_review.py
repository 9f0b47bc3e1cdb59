"""What a lead says to what workers said, and that no form loses what was typed in it."""

import re

import pytest

from serving.ui.texts import texts
from tests.serving_helpers import AS_OF
from tests.test_ui_person import UNTIL, address, form_of, notes
from tests.ui_helpers import HOSTILE, PHONE, SCRIPT, ask_as, fetched, session_of, tab, violations

SNOOZE = {"kind": "snooze", "reason_code": "other", "until": UNTIL}


def signed_in(site, role):
    return session_of(site, site.keys[role])


def test_a_lead_goes_from_the_tab_of_what_is_to_review_to_each_note_and_on_to_the_next(browser, ui_site):
    worker = session_of(ui_site, ui_site.keys["station_worker"])
    for person_id in ("P022", "P024", "P026"):
        sent = {
            **form_of(ui_site, worker, person_id),
            "kind": "opinion",
            "agrees": "no",
            "text": f"{SCRIPT} {person_id}",
        }
        assert fetched(ui_site, address(ui_site, person_id), form=sent, cookie=worker).status == 303
    to_review = f"{ui_site.url}/ui/worklist?as_of={AS_OF}&tab=review"
    with tab(browser, ui_site, "station_lead", viewport=PHONE) as watched:
        watched.page.goto(to_review)
        assert violations(watched.page) == []
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    with tab(browser, ui_site, "station_lead", script=False) as watched:
        page = watched.page
        page.goto(to_review)
        listed = page.locator("tbody th a:first-child").all_inner_texts()
        assert listed[:3] == ["P026", "P024", "P022"]  # the newest first
        assert f"待复核 ({len(listed)})" in page.inner_text("ul.tabs [aria-current]")
        assert f"{SCRIPT} P026" in page.inner_text("tbody tr:first-child .said")  # the words themselves, only shown
        assert "今天提出" in page.inner_text("tbody tr:first-child")
        assert "%" in page.inner_text("tbody tr:first-child .figure")
        page.click("tbody tr:first-child li a")
        for person_id, after in (("P026", "P024"), ("P024", "P022")):
            assert f"{SCRIPT} {person_id}" in page.inner_text("li.note:target, li.note:has(input[name=text])")
            page.click("li.note:has(input[name=text]) button[value=confirmed]")
            page.wait_for_url("**kept=yes**")
            assert page.inner_text("h1") == person_id
            page.click("[role=status] a[rel=next]")
            assert page.inner_text("h1") == after
        page.click("text=返回清单")
        assert page.locator("tbody th a:first-child").all_inner_texts() == listed[2:]
        assert watched.faults == []


def test_a_worker_has_no_tab_of_what_is_to_review(ui_site):
    assert ask_as(ui_site, "station_worker", f"/ui/worklist?as_of={AS_OF}&tab=review").status == 422
    assert "tab=review" not in ask_as(ui_site, "station_worker", f"/ui/worklist?as_of={AS_OF}").text()


@pytest.mark.parametrize(("language", "person_id"), [("zh-CN", "P018"), ("en", "P028")])
def test_a_review_that_breaks_a_rule_comes_back_with_what_was_typed_and_a_sentence(ui_site, language, person_id):
    worker = signed_in(ui_site, "station_worker")
    said = {**form_of(ui_site, worker, person_id), **SNOOZE}
    assert fetched(ui_site, address(ui_site, person_id), form=said, cookie=worker).status == 303
    lead = signed_in(ui_site, "station_lead")
    page = fetched(ui_site, address(ui_site, person_id), cookie=lead).text()
    (note_id,) = set(re.findall(r'name="note_id" value="([^"]*)"', page))
    sent = {**form_of(ui_site, lead, person_id), "note_id": note_id, "state": "lifted", "text": f"{SCRIPT}\x07"}
    where = address(ui_site, person_id).replace("/ui/person?", "/ui/person/review?")
    answer = fetched(ui_site, f"{where}&lang={language}", form=sent, cookie=lead)
    text = answer.text()
    assert answer.status == 422
    assert texts(language)("person.faults.text") in text.partition('role="alert"')[2].partition("</p>")[0]
    assert f'href="#review-{note_id}"' in text
    assert re.search(rf'id="review-{note_id}"[^>]* value="&lt;script&gt;', text)
    assert SCRIPT not in text
    assert "/ui/person/review?" not in "".join(re.findall(r'href="([^"]*)"', text))  # it is no page
    assert [each[0] for each in notes(ui_site, person_id)].count("review") == 0
    forms = re.findall(r'action="(/ui/person[^?"]*)', text)
    assert set(forms) == {"/ui/person", "/ui/person/report", "/ui/person/review"}
    mended = {**sent, "text": "seen"}
    assert fetched(ui_site, where, form=mended, cookie=lead).headers["location"].startswith("/ui/person?")
    assert [each[0] for each in notes(ui_site, person_id)].count("review") == 1


def test_what_is_written_when_the_session_ends_is_still_there_after_signing_in_again(browser, ui_site):
    with tab(browser, ui_site, "station_worker", language="en", script=False) as watched:
        page = watched.page
        page.goto(f"{ui_site.url}{address(ui_site, 'P020')}")
        page.locator("summary", has_text="Put off").click()
        page.select_option("#snooze-code", "in_hospital")
        page.fill("#snooze-until", UNTIL)
        page.fill("#snooze-text", HOSTILE)
        page.context.clear_cookies(name="waystation_session")
        page.locator("form:has(#snooze-code) button").click()
        assert "still on this page" in page.inner_text("main")
        assert HOSTILE in page.inner_text(".said")
        page.click("main button")  # without having signed in: nothing is lost
        assert "still on this page" in page.inner_text("main")
        with page.context.expect_page() as opened:
            page.click("text=new window")
        opened.value.fill("#key", ui_site.keys["station_worker"])
        opened.value.click("main button")
        opened.value.wait_for_url("**/ui/person**")
        page.click("main button")
        assert "signed in again" in page.inner_text("[role=alert]")
        assert page.input_value("#snooze-text") == HOSTILE
        assert notes(ui_site, "P020") == []
        page.locator("form:has(#snooze-code) button").click()
        page.wait_for_url("**kept=yes**")
        assert [each[0] for each in notes(ui_site, "P020")] == ["snooze"]
        assert [each for each in watched.faults if "401" not in each and "403" not in each] == []
