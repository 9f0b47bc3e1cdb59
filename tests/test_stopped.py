"""Records that stopped long before the day asked about: a score, a worklist and the report say so."""

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace

import pytest
from starlette.requests import Request

from features.languages import LANGUAGES
from features.store import Store
from serving.feedback import Book
from serving.histories import STOPPED_DAYS
from serving.indicator_routes import stopped_text
from serving.indicators import Indicators, quarters
from serving.messages import ScoreRequest
from serving.notes import Notes
from serving.one_person import About
from serving.report import report
from serving.report_routes import page_of
from serving.ui import stopped as notices
from serving.ui.sessions import Sessions
from serving.ui.texts import texts as pages
from serving.ui.view import View
from serving.wording import wording
from serving.worklist import AskedFor
from tests.asked_in_process import WORKER, lists_of, open_desk, visit
from tests.serving_helpers import TODAY, build_city

EPOCH = date(1970, 1, 1)


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


@pytest.fixture(scope="module")
def pairs(city):
    """Of every record the days on which it happened and became known."""
    with Store.open(city.home.store_url) as store:
        events = store.person_events(store.read("persons")["person_id"].tolist())
    return list(zip(events["occurred_on"].tolist(), events["known_on"].tolist(), strict=True))


@pytest.fixture(scope="module")
def last(pairs):
    """The last day on which anything was recorded before the records began again today."""
    today = (TODAY - EPOCH).days
    return EPOCH + timedelta(days=max(happened for happened, _ in pairs if happened < today - 2 * STOPPED_DAYS))


def scored(city, as_of, language="en"):
    asked = ScoreRequest(person_id="P002", as_of=str(as_of), purpose="own_request", language=language)
    return open_desk(city).score(asked, visit("POST /v1/scores"), accept_language="")


def test_the_sixty_days_are_counted_from_the_last_record_of_anybody(city, last):
    histories = open_desk(city).histories
    for days, stopped in ((0, False), (STOPPED_DAYS - 1, False), (STOPPED_DAYS, True)):
        assert histories.had_stopped(last + timedelta(days=days), histories.snapshot()) is stopped


def test_the_days_are_those_a_plain_loop_over_all_records_finds(city, pairs, last):
    histories, found = open_desk(city).histories, set()
    for back in range(0, 200, 7):
        day = (last - EPOCH).days + 120 - back
        expected = not any(day - STOPPED_DAYS < happened <= day and known <= day for happened, known in pairs)
        assert histories.had_stopped(EPOCH + timedelta(days=day), histories.snapshot()) is expected
        found.add(expected)
    assert found == {True, False}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_score_says_so_in_both_languages_and_is_silent_else(city, language, last):
    told = scored(city, last + timedelta(days=STOPPED_DAYS), language).stopped
    assert told == wording(language).stopped(STOPPED_DAYS)
    assert str(STOPPED_DAYS) in told
    assert scored(city, last, language).stopped is None


def test_the_worklist_says_so_too(city, last):
    lists = lists_of(city)

    def stopped(day):
        asked = AskedFor(day, "support_plan", None, 10, None, wording("en"))
        return lists.page(asked, visit("GET /v1/worklist", WORKER)).stopped

    assert stopped(last + timedelta(days=STOPPED_DAYS)) == wording("en").stopped(STOPPED_DAYS)
    assert stopped(last) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_newest_page_of_a_list_or_a_person_says_by_today_that_records_stopped_and_an_earlier_one_does_not(
    city, last, language
):
    def notice(today, as_of, newest=None, by_then=None):
        desk = open_desk(city, now=lambda: datetime.combine(today, time(12), UTC))
        app, query = SimpleNamespace(state=SimpleNamespace(desk=desk)), f"lang={language}".encode()
        view = View(Request({"type": "http", "query_string": query, "headers": [], "app": app}), Sessions(b"0" * 32))
        return notices.stopped(view, as_of=as_of, newest=newest, by_then=by_then)

    today, texts = last + timedelta(days=STOPPED_DAYS), pages(language)
    days = {"today": texts.day(today), "day": texts.day(last), "days": STOPPED_DAYS}
    assert notice(today, last) == texts("site.stopped", **days)
    assert notice(today, last - timedelta(days=1)) is None  # it is read as of then
    assert notice(today - timedelta(days=1), last) is None
    before = last - timedelta(days=9)  # a page of half-months, or of places, whose newest day is another
    assert notice(today, before, newest=before) == texts("site.stopped", **{**days, "day": texts.day(before)})
    assert notice(today, today, by_then="said of its own day") == "said of its own day"


def test_the_report_to_the_person_says_so_too(city, last, tmp_path):
    book, texts = Book(open_desk(city), Notes(tmp_path / "feedback.db")), wording("en")
    about = About("P002", "own_request", last + timedelta(days=STOPPED_DAYS), texts)
    assert texts.stopped(STOPPED_DAYS) in page_of(report(book, about, visit("POST /v1/reports", WORKER)), texts)


def test_quarters_of_the_indicators_are_marked_as_a_plain_loop_over_all_records_finds(city, pairs, last):
    made, asked = Indicators(open_desk(city)), last + timedelta(days=200)
    expected = set()
    for _, end in quarters(asked):
        day = (end - EPOCH).days
        if not any(day - STOPPED_DAYS < happened <= day and known <= day for happened, known in pairs):
            expected.add(end)
    assert made.at(asked).stopped == expected
    assert 0 < len(expected) < len(quarters(asked))
    assert stopped_text(made.at(asked), wording("en")) == wording("en").text("indicators", "stopped", days=60)
    assert stopped_text(made.at(last), wording("en")) is None
