"""Which part of a worklist is shown, and a person's place on it: who comes before, who after, on which page."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from features.languages import LANGUAGES
from serving.feedback_messages import FeedbackNote, Override
from serving.to_review import ToReview
from serving.ui.sessions import Sessions
from serving.ui.worklist_query import A_PAGE, REVIEW, Chosen, Seat
from serving.worklist_messages import WorklistCase
from tests.serving_helpers import AS_OF, TODAY
from tests.ui_helpers import PHONE, fetched, session_of, tab

PART = {"tab": "all", "sort": "name"}


def case(number, level="light", *, overdue=False):
    return WorklistCase.model_construct(
        person_id=f"Q{number:03}", display_name=None, level=level, overdue=overdue, to_do=[]
    )


def part(*, search="", level="", tab="all", sort="level"):
    return Chosen(search=search, level=level, tab=tab, sort=sort, page=1)


@pytest.mark.parametrize(
    ("chosen", "before", "after"),
    [
        (part(), "Q001", "Q003"),
        (part(tab="overdue"), "Q000", "Q004"),
        (part(search="q00"), "Q001", "Q003"),
        (part(search="Q004"), None, "Q004"),
        (part(level="intensive"), "Q000", None),  # Q002 is not under it any more: its neighbours there are told
    ],
)
def test_the_neighbours_of_a_person_are_those_of_the_part_that_is_shown(chosen, before, after):
    cases = [case(0, "intensive", overdue=True), case(1), case(2), case(3), case(4, overdue=True)]
    seat = chosen.seat(cases, "Q002")
    assert (seat.case.person_id, seat.before, seat.after) == ("Q002", before, after)


def test_a_person_is_on_the_page_that_shows_them():
    cases = [case(number) for number in range(2 * A_PAGE)]
    assert [part().seat(cases, f"Q{number:03}").page for number in (0, A_PAGE - 1, A_PAGE)] == [1, 1, 2]
    assert part().seat(cases, "NOBODY") == Seat()


def said(number, level):
    told = Override(kind="override", level=level, reason_code="other", until=TODAY.isoformat())
    return {f"Q{number:03}": [FeedbackNote.model_construct(feedback=told)]}


def test_who_was_taken_below_the_highest_level_comes_first_of_what_is_to_review():
    cases = [case(number, level) for number, level in enumerate(("regular", "intensive", "enhanced", "enhanced"))]
    by_rule = ("light", "intensive", "enhanced", "intensive")
    cases = [each.model_copy(update={"level_by_rule": rule}) for each, rule in zip(cases, by_rule, strict=True)]
    waiting = said(0, "regular") | said(1, "enhanced") | said(2, "intensive") | said(3, "enhanced")
    chosen = Chosen("", "", REVIEW, "level", 1, ToReview(waiting, [each.person_id for each in cases]))
    assert [each.person_id for each in chosen.of(cases)] == ["Q003", "Q000", "Q001", "Q002"]
    assert [each.person_id for each in cases if chosen.lowered(each)] == ["Q003"]  # Q001's no longer holds


def test_the_place_on_the_list_is_kept_on_the_way_to_a_person_through_a_decision_and_back(ui_site):
    cookie = session_of(ui_site, ui_site.keys["station_worker"])
    asked = {**PART, "q": Sessions.open(ui_site.home.path).sealed_words("P")}
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    listed = fetched(ui_site, f"/ui/worklist?as_of={AS_OF}&{query}", cookie=cookie).text()
    persons = links(listed, "/ui/person")
    assert [kept(each) for each in persons] == [asked] * len(persons)
    assert len(persons) > 1
    chips = listed.partition('class="bare chips"')[2].partition("</ul>")[0]
    assert [{**kept(each), "level": ""} for each in links(chips, "/ui/worklist")] == [
        {**asked, "level": ""}
    ] * chips.count("<li>")
    page = fetched(ui_site, persons[0], cookie=cookie).text()
    (back,) = (each for each in links(page, "/ui/worklist") if "as_of" in each)
    (after,) = (each for each in links(page, "/ui/person") if "lang=" not in each)
    assert [kept(back), kept(after)] == [asked, asked]
    assert person_of(ui_site, after) == person_of(ui_site, persons[1])
    sent = {name: re.search(rf'name="{name}" value="([^"]*)"', page).group(1) for name in ("form_token", "key")}
    opinion = {**sent, "kind": "opinion", "agrees": "yes", "score_id": score_of(page)}
    assert kept(fetched(ui_site, persons[0], form=opinion, cookie=cookie).headers["location"]) == asked


def test_who_puts_a_person_off_goes_on_from_where_they_were_though_the_person_now_comes_last(ui_site):
    cookie = session_of(ui_site, ui_site.keys["station_worker"])
    listed = fetched(ui_site, f"/ui/worklist?as_of={TODAY}", cookie=cookie).text()
    before, third, after = (person_of(ui_site, each) for each in links(listed, "/ui/person")[1:4])
    page = fetched(ui_site, links(listed, "/ui/person")[2], cookie=cookie).text()
    assert around(ui_site, page) == {"prev": before, "next": after}
    sent = {name: re.search(rf'name="{name}" value="([^"]*)"', page).group(1) for name in ("form_token", "key")}
    (action,) = set(re.findall(r'action="(/ui/person\?[^"]*)"', page))
    snooze = {**sent, "kind": "snooze", "reason_code": "other", "until": (TODAY + timedelta(days=3)).isoformat()}
    kept_at = fetched(ui_site, unescape(action), form=snooze, cookie=cookie).headers["location"]
    page = fetched(ui_site, kept_at, cookie=cookie).text()
    assert person_of(ui_site, kept_at) == third
    assert around(ui_site, page) == {"prev": before, "next": after}
    (following,) = {unescape(each) for each in re.findall(r'rel="next" href="([^"]*)"', page)}
    page = fetched(ui_site, following, cookie=cookie).text()
    assert around(ui_site, page)["prev"] == before  # the next one's own neighbours: nothing is carried further


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phone_shows_three_persons_and_more_at_once_and_unfolds_their_reasons_without_javascript(
    browser, ui_site, language
):
    with tab(browser, ui_site, "station_worker", language=language, viewport=PHONE, script=False) as watched:
        page = watched.page
        page.goto(f"{ui_site.url}/ui/worklist?as_of={AS_OF}")
        rows = page.locator(".worklist tbody tr")
        tops = [row.bounding_box() for row in rows.all()[:6]]
        for first, third in zip(tops, tops[2:], strict=False):  # wherever the screen begins
            assert third["y"] + third["height"] - first["y"] <= PHONE["height"] / 1.5
        row = rows.first
        for shown in (".level", ".figure", ".due"):
            assert row.locator(shown).first.is_visible()
        reasons = row.locator(".folded").first
        assert not reasons.is_visible()
        row.locator(".unfolds").focus()
        page.keyboard.press("Space")
        assert reasons.is_visible()
        assert not rows.nth(1).locator(".folded").first.is_visible()
        assert not page.locator("#q").is_visible()
        page.locator("label[for=find]").click()
        assert page.locator("#q").is_visible()
        page.goto(f"{ui_site.url}/ui/worklist?as_of={AS_OF}&print=yes")
        assert page.locator(".folded:visible").count() == 2 * rows.count()


def person_of(site, address):
    return Sessions.open(site.home.path).person_of(parse_qs(urlsplit(address).query)["of"][0])


def around(site, page):
    """Who is the next and the one before on a page of a person, as its way around says."""
    nav = page.partition("around")[2].partition("</nav>")[0]
    return {rel: person_of(site, unescape(href)) for rel, href in re.findall(r'rel="(\w+)" href="([^"]*)"', nav)}


def score_of(page):
    return re.search(r'name="score_id" value="([^"]*)"', page).group(1)


def links(text, path):
    return [unescape(each) for each in re.findall(r'href="([^"]*)"', text) if each.startswith(path + "?")]


def kept(address):
    told = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    return {name: told[name] for name in ("q", "level", "tab", "sort") if name in told}
