"""The report for the person concerned: what is held, the score, who read it, how to contest; escaped, no scripts."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from features.languages import LANGUAGES
from serving import feedback
from serving.feedback import Book, Sent
from serving.feedback_messages import FeedbackRequest
from serving.messages import ScoreRequest
from serving.notes import Notes
from serving.one_person import About
from serving.problems import ProblemError
from serving.report import RIGHTS, report
from serving.report_routes import page_of
from serving.wording import wording
from tests.asked_in_process import EVENTS, MACHINE, OTHER_WORKER, WORKER, deliver, entries, open_desk, visit
from tests.serving_helpers import TODAY, build_city, copied

EVIL = '<script>alert(1)</script>&"'


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


@pytest.fixture
def book(city, tmp_path):
    return Book(open_desk(city), Notes(tmp_path / "feedback.db"))


def make(book, person_id="P002", *, purpose="own_request", caller=WORKER, language="en", as_of=TODAY):
    about = About(person_id, purpose, as_of, wording(language))
    return report(book, about, visit("POST /v1/reports", caller))


def code(call, *args, **named):
    with pytest.raises(ProblemError) as refused:
        call(*args, **named)
    return refused.value.code


class Tags(HTMLParser):
    """The tags of a page; wrong nesting is told."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def tags_of(page):
    parser = Tags()
    parser.feed(page)
    assert parser.open == []
    return parser.seen


def test_it_holds_every_record_in_force_and_the_score_with_its_reasons(city, book):
    told = make(book)
    store = book.desk.histories.store()
    assert len(told.records) == len(store.person_events(["P002"]))
    assert [each.day for each in told.records] == sorted((each.day for each in told.records), reverse=True)
    assert {fact.label for fact in told.facts} == {"year of birth", "day of registration"}
    assert told.station == "S1"
    score = book.desk.score(
        ScoreRequest(person_id="P002", as_of=str(TODAY), purpose="own_request"),
        visit("POST /v1/scores"),
        accept_language="en",
    )
    assert (told.score.risk, told.score.reasons) == (score.risk, score.reasons)
    assert len(told.rights) == len(RIGHTS)


def test_the_score_and_the_reading_are_recorded_before_it_is_handed_over(city, book):
    told = make(book)
    reading, scored = entries(city)[-2:]
    assert (reading["outcome"], reading["purpose"], reading["detail"]) == ("answered", "own_request", "report")
    assert (scored["outcome"], scored["score_id"], scored["risk"]) == ("scored", told.score.score_id, told.score.risk)


def test_it_tells_who_read_and_what_was_said(book):
    first = make(book)
    asked = FeedbackRequest.model_validate(
        {
            "person_id": "P002",
            "purpose": "review",
            "feedback": {
                "kind": "override", "level": "light", "reason_code": "other", "until": str(TODAY), "text": "well",
            },
        }
    )  # fmt: skip
    feedback.add(book, asked, Sent(visit("POST /v1/feedback"), "key-0001", wording("en")))
    told = make(book)
    times = {(each.role, each.purpose): each.times for each in told.readers}
    before = {(each.role, each.purpose): each.times for each in first.readers}
    own = ("Worker of the station", "The person's own request")
    assert times[own] - before.get(own, 0) == 2  # the reading and the score of the first report
    assert ("Worker of the station", "Review") in times
    assert [(each.what, each.text) for each in told.notes] == [("Another level of support", "Light support well")]


def test_it_tells_every_estimate_ever_given_also_those_of_later_days(book):
    make(book, "P004")
    earlier = TODAY - timedelta(days=60)
    told = make(book, "P004", as_of=earlier)
    assert [each.as_of for each in told.given] == [TODAY]
    assert f"<td>{wording('en').day(TODAY)}</td>" in page_of(told, wording("en"))
    assert [each.as_of for each in make(book, "P004", as_of=earlier).given] == [TODAY, earlier]


def test_what_is_held_is_told_also_where_no_score_may_be_given(book):
    for person_id, article in (("SEALED", "136"), ("OBJECTED", "24"), ("MINOR", "2"), ("ABSTINENT", "52")):
        told = make(book, person_id)
        assert told.score is None
        assert told.refused
        assert article in told.article
        assert told.records


def test_it_is_made_for_the_persons_own_request_and_within_reach_alone(book):
    assert code(make, book, purpose="support_plan") == "purpose_of_others"
    assert code(make, book, purpose="enforcement") == "purpose_refused"
    assert code(make, book, caller=OTHER_WORKER) == code(make, book, "NOBODY") == "unknown_person"
    assert make(book, caller=MACHINE).score


def test_a_corrected_record_is_told_as_it_stands_now(city, book, tmp_path):
    own = copied(city, tmp_path / "home")
    head = "event_id,revision,retracted,person_id,occurred_on,known_on,source,kind,outcome,substance,station_id\n"
    row = f"{TODAY},{TODAY},community,urine_test"
    rows = f"e1,1,false,P002,{row},positive,opioid,S1\ne1,2,false,P002,{row},negative,opioid,S1\n"
    rows += f"e2,1,false,P002,{row},missed,opioid,S1\ne2,2,true,P002,{row},,,\n"
    deliver(own, tmp_path / "more", events=head + rows)
    before, told = make(book), make(Book(open_desk(own), book.notes))
    (new,) = [each for each in told.records if each not in before.records]
    assert new.corrected
    assert "negative" in new.what


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole_escaped_and_without_scripts(city, tmp_path, language):
    own = copied(city, tmp_path / "home")
    deliver(own, tmp_path / "more", events=f'{EVENTS}P002,{TODAY},{TODAY},community,home_visit,kept,,,"<b>S1</b>"\n')
    book = Book(open_desk(own), Notes(tmp_path / "feedback.db"))
    asked = {"person_id": "P002", "purpose": "review", "feedback": {"kind": "comment", "text": EVIL}}
    sent = Sent(visit("POST /v1/feedback", MACHINE), "key-0001", wording(language))
    feedback.add(book, FeedbackRequest.model_validate(asked), sent)
    page = page_of(make(book, language=language, caller=MACHINE), wording(language))
    seen = tags_of(page)
    assert not {"script", "b", "style", "link", "img", "iframe"} & set(seen)
    assert f'<html lang="{language}">' in page
    assert "&lt;script&gt;" in page
    assert "&lt;b&gt;S1" in page
    assert not re.search(r"https?:|//|None|\{|\}", page)
    assert page_of(make(book, "SEALED", language=language), wording(language)).count("<h2>") == page.count("<h2>")
