"""Feedback, decisions on levels and corrections: who may, what is refused, and what then stands on the worklist."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from pydantic import ValidationError

from features.store import Store
from serving import corrections, feedback
from serving.corrections import CorrectionsAsked
from serving.feedback import Book, Sent
from serving.feedback_messages import (
    AboutPerson,
    CorrectionRequest,
    CorrectionStateRequest,
    FeedbackRequest,
    ReviewRequest,
)
from serving.messages import ScoreRequest
from serving.notes import Notes
from serving.problems import ProblemError
from serving.wording import wording
from serving.worklist import AskedFor, Worklists
from tests.asked_in_process import LEAD, MACHINE, OTHER_WORKER, WORKER, entries, open_desk, visit
from tests.serving_helpers import TODAY, build_city

SOON = str(TODAY + timedelta(days=10))
OVERRIDE = {"kind": "override", "level": "intensive", "reason_code": "known_to_worker", "until": SOON}
SNOOZE = {"kind": "snooze", "reason_code": "just_met", "until": SOON}
COMMENT = {"kind": "comment", "text": "new job\nsince Monday"}


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"))


@pytest.fixture
def book(city, tmp_path):
    return Book(open_desk(city), Notes(tmp_path / "feedback.db"))


def book_on(city, book, today):
    """The same notes on a later day."""
    return Book(open_desk(city, now=lambda: datetime.combine(today, time(9), UTC)), book.notes)


def sent(act, caller, key):
    return Sent(visit(act, caller), key, wording("en"))


def say(book, said, person_id="P002", *, caller=WORKER, key="key-0001", purpose="support_plan"):
    asked = FeedbackRequest.model_validate({"person_id": person_id, "purpose": purpose, "feedback": said})
    return feedback.add(book, asked, sent("POST /v1/feedback", caller, key))


def read(book, person_id="P002", *, caller=WORKER, limit=100, cursor=None):
    asked = AboutPerson(person_id=person_id, purpose="review", limit=limit, cursor=cursor)
    return feedback.page(book, asked, visit("POST /v1/feedback:read", caller), wording("en"))


def review(book, note_id, state="lifted", *, caller=LEAD, key="key-0009"):
    asked = ReviewRequest(note_id=note_id, purpose="review", state=state, text="seen")
    return feedback.review(book, asked, sent("POST /v1/feedback:review", caller, key))


def ask_to_correct(
    book, person_id="P002", *, caller=WORKER, key="key-0001", purpose="support_plan", text="was negative"
):
    asked = CorrectionRequest(person_id=person_id, purpose=purpose, what="wrong", asked_by="person", text=text)
    return corrections.add(book, asked, sent("POST /v1/corrections", caller, key))


def move(book, note_id, state, *, caller=MACHINE, key):
    asked = CorrectionStateRequest(note_id=note_id, purpose="review", state=state)
    return corrections.move(book, asked, sent("POST /v1/corrections:state", caller, key))


def asked_for(book, caller=LEAD, *, limit=50, cursor=None):
    return corrections.page(
        book, CorrectionsAsked("review", limit, cursor), visit("GET /v1/corrections", caller), wording("en")
    )


def code(call, *args, **named):
    with pytest.raises(ProblemError) as refused:
        call(*args, **named)
    return refused.value.code


def fault(call, *args, **named):
    with pytest.raises(ProblemError) as refused:
        call(*args, **named)
    (found,) = refused.value.faults
    return found.field, found.rule


def cases(book, as_of=TODAY, **asked):
    lists = Worklists(book.desk, book.notes)
    wanted = AskedFor(as_of, "support_plan", None, asked.get("limit", 1000), asked.get("cursor"), wording("en"))
    return lists.page(wanted, visit("GET /v1/worklist"))


# Feedback


def test_feedback_is_kept_beside_the_history_and_read_again(city, book):
    with Store.open(f"sqlite:///{city.home.path / 'store.db'}") as store:
        before = store.state_digest()
    kept = [
        say(book, COMMENT, key="key-0001"),
        say(book, {"kind": "outcome", "outcome": "no_relapse", "occurred_on": str(TODAY)}, key="key-0002"),
        say(book, OVERRIDE, key="key-0003", caller=LEAD),
    ]
    told = read(book).feedback
    assert [each.note_id for each in told] == [each.note_id for each in reversed(kept)]
    assert [(each.role, each.own, each.holds) for each in told] == [
        ("station_lead", False, True),
        ("station_worker", True, False),
        ("station_worker", True, False),
    ]
    assert told[-1].feedback.text == COMMENT["text"]
    with Store.open(f"sqlite:///{city.home.path / 'store.db'}") as store:
        assert store.state_digest() == before


def test_an_opinion_is_of_a_score_the_person_was_given(book):
    question = ScoreRequest(person_id="P002", as_of=str(TODAY), purpose="support_plan")
    score = book.desk.score(question, visit("POST /v1/scores"), accept_language="en")
    again = book.desk.score(question, visit("POST /v1/scores"), accept_language="en")
    said = {"kind": "opinion", "score_id": score.score_id, "agrees": False, "reason_code": "record_wrong"}
    assert say(book, {**said, "score_id": again.score_id}, key="key-0000").kind == "opinion"
    assert say(book, {**said, "reasons": [{"code": score.reasons[0].code, "agrees": False}]}).kind == "opinion"
    assert fault(say, book, said, "P004", key="key-0002") == ("feedback.score_id", "unknown_score")
    other = {**said, "reasons": [{"code": "shoe_size", "agrees": True}]}
    assert fault(say, book, other, key="key-0003") == ("feedback.reasons.0.code", "one_of")


@pytest.mark.parametrize(
    ("said", "field", "rule"),
    [
        ({**OVERRIDE, "until": str(TODAY - timedelta(days=1))}, "feedback.until", "out_of_range"),
        ({**OVERRIDE, "until": str(TODAY + timedelta(days=91))}, "feedback.until", "out_of_range"),
        ({**SNOOZE, "until": str(TODAY + timedelta(days=31))}, "feedback.until", "out_of_range"),
        (
            {"kind": "outcome", "outcome": "relapse", "occurred_on": str(TODAY + timedelta(days=1))},
            "feedback.occurred_on",
            "in_the_future",
        ),
    ],
)
def test_what_only_the_day_can_tell_to_be_wrong_is_refused(book, said, field, rule):
    assert fault(say, book, said) == (field, rule)
    assert book.notes.of_person("P002") == []


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "override", "level": "danger", "reason_code": "other", "until": SOON},
        {"kind": "override", "level": "light", "until": SOON},
        {"kind": "snooze", "reason_code": "just_met"},
        {"kind": "comment", "text": ""},
        {"kind": "comment", "text": "x" * 1001},
        {"kind": "comment", "text": "\x00"},
        {"kind": "arrest"},
        {**COMMENT, "more": 1},
    ],
)
def test_what_has_no_place_in_feedback_is_refused(said):
    with pytest.raises(ValidationError):
        FeedbackRequest.model_validate({"person_id": "P002", "purpose": "review", "feedback": said})


def test_the_same_key_and_body_is_one_piece_of_feedback(city, book):
    first, again = say(book, COMMENT), say(book, COMMENT)
    assert first == again
    assert len(read(book).feedback) == 1
    assert code(say, book, OVERRIDE) == "key_used_before"
    assert code(say, book, COMMENT, "P004") == "key_used_before"
    told = [row for row in entries(city, "act = 'POST /v1/feedback'") if row["detail"] == f"comment {first.note_id}"]
    assert len(told) == 2  # each asking is in the record


def test_a_person_of_another_station_is_as_one_nobody_knows(city, book):
    note_id = say(book, COMMENT).note_id
    assert code(say, book, COMMENT, caller=OTHER_WORKER) == code(say, book, COMMENT, "NOBODY") == "unknown_person"
    assert entries(city)[-2]["outcome"] == "other_station"
    assert code(read, book, caller=OTHER_WORKER) == "unknown_person"
    assert code(say, book, COMMENT, "NOBODY", caller=MACHINE) == "unknown_person"
    lead_elsewhere = type(LEAD)("lead", "station_lead", "S2")
    assert code(review, book, note_id, caller=lead_elsewhere) == code(review, book, "no-such-note") == "unknown_note"


def test_the_purpose_is_checked_and_the_sealed_are_closed(book):
    assert code(say, book, COMMENT, purpose="enforcement") == "purpose_refused"
    assert code(say, book, COMMENT, purpose="research") == "purpose_of_others"
    assert code(say, book, COMMENT, "SEALED") == "no_score"
    assert code(read, book, "SEALED") == "no_score"
    assert say(book, COMMENT, "OBJECTED").kind == "comment"  # who objected to scoring is still cared for


def test_pages_of_feedback_together_are_all_of_it(book):
    ids = [say(book, COMMENT, key=f"key-000{number}").note_id for number in range(5)]
    first = read(book, limit=3)
    rest = read(book, limit=3, cursor=first.next)
    assert [each.note_id for each in (*first.feedback, *rest.feedback)] == ids[::-1]
    assert rest.next is None
    say(book, COMMENT, key="key-0009")
    assert code(read, book, limit=3, cursor=first.next) == "list_changed"


# Decisions on the worklist


def test_a_level_set_by_a_worker_stands_until_its_end_or_a_lead_lifts_it(book):
    before = next(case for case in reversed(cases(book).cases) if case.level not in {None, "intensive"})
    note_id = say(book, OVERRIDE, before.person_id).note_id
    after = next(case for case in cases(book).cases if case.person_id == before.person_id)
    assert (after.level, after.level_by, after.level_by_rule) == ("intensive", "station_worker", before.level)
    assert after.level_ends_on == date.fromisoformat(SOON)
    order = [case.person_id for case in cases(book).cases]
    assert order.index(before.person_id) < sum(case.level == "intensive" for case in cases(book).cases)
    review(book, note_id, "confirmed", key="key-0008")
    assert next(case for case in cases(book).cases if case.person_id == before.person_id).level_by == "station_worker"
    review(book, note_id)
    lifted = next(case for case in cases(book).cases if case.person_id == before.person_id)
    assert lifted.model_copy(update={"score_id": before.score_id}) == before
    (told,) = read(book, before.person_id).feedback
    assert (told.holds, [each.state for each in told.reviews]) == (False, ["lifted", "confirmed"])


@pytest.mark.parametrize("caller", [WORKER, LEAD, MACHINE])
def test_who_set_a_level_is_told_by_role(book, caller):
    say(book, OVERRIDE, caller=caller)
    assert next(case for case in cases(book).cases if case.person_id == "P002").level_by == caller.role


def test_who_is_put_off_comes_last_with_the_day_it_ends(book):
    first = cases(book).cases[0]
    say(book, SNOOZE, first.person_id)
    told = cases(book)
    assert told.cases[-1].person_id == first.person_id
    assert told.cases[-1].snoozed_until == date.fromisoformat(SOON)
    assert told.cases[-1].level == first.level
    assert cases(book, TODAY - timedelta(days=1)).cases[-1].snoozed_until is None  # it was not known then


def test_what_is_decided_after_the_last_record_came_holds_on_the_newest_list_and_on_no_earlier_one(city, book):
    later = book_on(city, book, TODAY + timedelta(days=3))  # the records end with TODAY
    rested, level = (case.person_id for case in cases(later).cases[:2])
    say(later, SNOOZE, rested)
    say(later, {**OVERRIDE, "level": "light"}, level, key="key-0002")
    newest = {case.person_id: case for case in cases(later, TODAY).cases}
    assert newest[rested].snoozed_until == date.fromisoformat(SOON)
    assert newest[level].level == "light"
    assert cases(later, TODAY + timedelta(days=1)).cases[-1].person_id == rested  # nothing came between the two
    earlier = cases(later, TODAY - timedelta(days=1)).cases
    assert [case for case in earlier if case.snoozed_until or case.level_by == "station_worker"] == []


def test_a_decision_is_over_on_the_newest_list_once_today_is_past_its_end(city, book):
    say(book, SNOOZE)
    until = date.fromisoformat(SOON)
    assert cases(book_on(city, book, until), TODAY).cases[-1].snoozed_until == until
    after = book_on(city, book, until + timedelta(days=1))
    assert [case for case in cases(after, TODAY).cases if case.snoozed_until] == []


def test_a_decision_between_two_pages_is_told(book):
    cursor = cases(book, limit=5).next
    say(book, SNOOZE, cases(book).cases[0].person_id)
    assert code(cases, book, limit=5, cursor=cursor) == "list_changed"


def test_who_has_no_score_can_be_given_a_level_by_people(book):
    say(book, OVERRIDE, "OBJECTED")
    case = next(case for case in cases(book, TODAY).cases if case.person_id == "OBJECTED")
    assert (case.level, case.level_by, case.level_by_rule, case.risk) == ("intensive", "station_worker", None, None)


# Corrections


def test_a_correction_goes_from_received_to_its_end_and_no_further(book):
    note_id = ask_to_correct(book).note_id
    (told,) = asked_for(book).corrections
    assert (told.note_id, told.state, told.text, told.state_text) == (note_id, "received", "was negative", None)
    assert move(book, note_id, "sent_to_source", key="key-0002").state == "sent_to_source"
    assert code(move, book, note_id, "sent_to_source", key="key-0003") == "state_passed"
    assert move(book, note_id, "sent_to_source", key="key-0002").state == "sent_to_source"  # the same write again
    assert move(book, note_id, "corrected", key="key-0004", caller=LEAD).state == "corrected"
    assert code(move, book, note_id, "rejected", key="key-0005") == "state_passed"
    assert asked_for(book).corrections[0].state == "corrected"


def test_corrections_are_listed_for_whoever_may_ask_about_the_person(book):
    own, other = ask_to_correct(book, "P002"), ask_to_correct(book, "P003", caller=OTHER_WORKER)
    assert [each.note_id for each in asked_for(book).corrections] == [own.note_id]
    assert [each.note_id for each in asked_for(book, MACHINE).corrections] == [other.note_id, own.note_id]
    assert code(move, book, other.note_id, "rejected", caller=LEAD, key="key-0002") == "unknown_note"
    assert code(move, book, "no-such-note", "rejected", caller=LEAD, key="key-0003") == "unknown_note"
    first = asked_for(book, MACHINE, limit=1)
    rest = asked_for(book, MACHINE, limit=1, cursor=first.next)
    assert [first.corrections[0].note_id, rest.corrections[0].note_id] == [other.note_id, own.note_id]
    assert rest.next is None
    assert asked_for(book, limit=1).next is None  # the other station's comes after it, and is not hers


def test_a_sealed_record_is_corrected_on_the_persons_own_request_and_shown_on_no_list(book):
    assert code(ask_to_correct, book, "SEALED") == "no_score"
    assert ask_to_correct(book, "SEALED", purpose="own_request").kind == "correction"
    assert asked_for(book).corrections == []


def test_feedback_is_no_correction_and_the_other_way_round(book):
    comment, correction = say(book, COMMENT).note_id, ask_to_correct(book).note_id
    assert code(move, book, comment, "rejected", key="key-0002") == "unknown_note"
    assert code(review, book, correction) == "unknown_note"
    assert [each.note_id for each in read(book).feedback] == [comment]
