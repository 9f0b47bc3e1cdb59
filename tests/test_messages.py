"""What may come in: strict types, closed lists, no unknown field, and faults that never show a value."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from features.languages import LANGUAGES
from features.vocabulary import PURPOSES
from serving import bodies
from serving.messages import BatchRequest, ScoreRequest
from serving.problems import RULE_OF, RULES, Fault, ProblemError, faults_of
from serving.wording import wording

GOOD = {"person_id": "P1", "as_of": "2024-06-01", "purpose": "review"}
EVENT = {"occurred_on": "2024-05-01", "known_on": "2024-05-02", "kind": "urine_test", "outcome": "negative"}
STATUS = {"sealed": False, "objected": False, "abstinent_three_years": False}
SENT = {"as_of": "2024-06-01", "purpose": "review", "person": {"birth_year": 1980}, "events": [EVENT], "status": STATUS}
CANARY = "CANARY-7f3a"


def faults(told, kind=ScoreRequest):
    with pytest.raises(ValidationError) as refused:
        kind.model_validate(told)
    return [(each.field, each.rule) for each in faults_of(refused.value.errors())]


def with_event(**other):
    return {**SENT, "events": [EVENT, {**EVENT, **other}]}


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_purpose_of_the_list_is_taken(purpose):
    assert ScoreRequest.model_validate({**GOOD, "purpose": purpose}).purpose == purpose


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"purpose": CANARY}, "purpose", "one_of"),
        ({"purpose": None}, "purpose", "wrong_type"),
        ({"as_of": "01.06.2024"}, "as_of", "not_a_date"),
        ({"as_of": "2024-02-30"}, "as_of", "not_a_date"),
        ({"as_of": "2024-06-01T00:00:00"}, "as_of", "not_a_date"),
        ({"as_of": 1717200000}, "as_of", "not_a_date"),
        ({"as_of": "1066-10-14"}, "as_of", "out_of_range"),
        ({"person_id": 7}, "person_id", "wrong_type"),
        ({"person_id": ""}, "person_id", "wrong_form"),
        ({"person_id": "a\nb"}, "person_id", "wrong_form"),
        ({"person_id": "x" * 129}, "person_id", "wrong_form"),
        ({"most": 0}, "most", "too_small"),
        ({"most": "10"}, "most", "wrong_type"),
        ({"language": "de"}, "language", "one_of"),
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"person_id": None}, "person_id", "person_id_or_events"),
        ({"events": []}, "person_id", "person_id_or_events"),
        ({"person": {"birth_year": 1980}}, "person", "person_needs_events"),
        ({"status": STATUS}, "status", "person_needs_events"),
    ],
)
def test_a_fault_names_field_and_rule(change, field, rule):
    assert faults({**GOOD, **change}) == [(field, rule)]


@pytest.mark.parametrize(
    ("change", "place", "rule"),
    [
        ({"known_on": "2024-04-30"}, "events.1.known_on", "known_before_occurred"),
        ({"outcome": "kept"}, "events.1.outcome", "outcome_of_other_kind"),
        ({"outcome": None}, "events.1.outcome", "outcome_of_other_kind"),
        ({"revision": 2}, "events.1.event_id", "revision_of_nothing"),
        ({"retracted": True}, "events.1.event_id", "revision_of_nothing"),
        ({"value": "12"}, "events.1.value", "wrong_type"),
        ({"value": float("inf")}, "events.1.value", "finite_number"),
        ({"kind": "Urine Test"}, "events.1.kind", "wrong_form"),
        ({"source": "police"}, "events.1.source", "one_of"),
        ({"gps": [1, 2]}, "events.1.gps", "unknown_field"),
    ],
)
def test_an_event_keeps_the_rules_of_the_store(change, place, rule):
    assert faults(with_event(**change)) == [(place, rule)]


@pytest.mark.parametrize(
    ("person", "field", "rule"),
    [
        (None, "person.birth_year", "needed_to_refuse_minors"),
        ({"sex": "male"}, "person.birth_year", "needed_to_refuse_minors"),
        ({"birth_year": "1980"}, "person.birth_year", "wrong_type"),
        ({"birth_year": True}, "person.birth_year", "wrong_type"),
        ({"birth_year": 1899}, "person.birth_year", "too_small"),
        ({"birth_year": 1980, "sex": "M"}, "person.sex", "one_of"),
        ({"birth_year": 1980, "registered_on": 19000}, "person.registered_on", "not_a_date"),
        ({"birth_year": 1980, "iv_days": True}, "person.iv_days", "wrong_type"),
        ({"birth_year": 1980, "iv_days": [1]}, "person.iv_days", "wrong_type"),
        ({"birth_year": 1980, "iv_days": 2**60}, "person.iv_days", "too_large"),
        ({"birth_year": 1980, "arm": "a\nb"}, "person.arm", "wrong_form"),
    ],
)
def test_facts_are_typed_and_bounded(person, field, rule):
    assert faults({**SENT, "person": person}) == [(field, rule)]


@pytest.mark.parametrize(
    ("status", "field", "rule"),
    [
        (None, "status", "needed_to_refuse"),
        ({}, "status.sealed", "missing"),
        ({**STATUS, "sealed": None}, "status.sealed", "wrong_type"),
        ({**STATUS, "objected": "no"}, "status.objected", "wrong_type"),
        ({**STATUS, "colour": "red"}, "status.colour", "unknown_field"),
    ],
)
def test_who_sends_a_history_says_all_that_forbids_a_score(status, field, rule):
    assert faults({**SENT, "status": status})[0] == (field, rule)


def test_kinds_beyond_the_catalogue_are_kept():
    told = ScoreRequest.model_validate(with_event(kind="dance_class", outcome="joined"))
    assert told.events[1].kind == "dance_class"


def test_a_batch_has_at_least_one_and_at_most_a_thousand_persons():
    told = {"as_of": "2024-06-01", "purpose": "review"}
    assert faults({**told, "person_ids": []}, BatchRequest) == [("person_ids", "too_short")]
    assert faults({**told, "person_ids": ["P"] * 1001}, BatchRequest) == [("person_ids", "too_long")]
    assert len(BatchRequest.model_validate({**told, "person_ids": ["P"] * 1000}).person_ids) == 1000


def test_a_fault_says_what_was_expected_where_that_is_ours_to_say():
    told = {**GOOD, "language": "de", "most": "10", "purpose": CANARY, "as_of": "1066-10-14", "model": "A B"}
    with pytest.raises(ValidationError) as refused:
        ScoreRequest.model_validate(told)
    assert {each.field: each.expected for each in faults_of(refused.value.errors())} == {
        "language": "zh-CN, en",
        "most": "integer",
        "purpose": ", ".join(PURPOSES),
        "as_of": "1900-01-01 to 2199-12-31",
        "model": r"^[^\sA-Z\x00-\x1f]{1,64}$",
    }


def test_every_rule_is_our_own_word_and_has_a_text_in_both_languages():
    assert {*RULE_OF.values()} <= set(RULES)
    for language in LANGUAGES:
        assert set(wording(language).texts["rules"]) == set(RULES)
        for rule in RULES:
            assert not set("{}") & set(wording(language).rule(rule, "10"))


def test_a_rule_that_is_not_ours_is_told_without_its_words():
    assert faults_of([{"type": "frozen_set_type", "loc": ("body", "x")}]) == (Fault("x", "invalid"),)


def test_a_fault_never_shows_a_value():
    told = {"person_id": [CANARY], "as_of": CANARY, "purpose": CANARY, "language": CANARY, "most": CANARY}
    with pytest.raises(ValidationError) as refused:
        ScoreRequest.model_validate(told)
    assert len(refused.value.errors()) == 5
    assert CANARY not in repr(faults_of(refused.value.errors()))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "broken_json"),
        (b"{", "broken_json"),
        (b"[]", "broken_json"),
        (b'"text"', "broken_json"),
        (b'{"a": 01}', "broken_json"),
        (b"{'a': 1}", "broken_json"),
        (b'{"a": 1} {"b": 2}', "broken_json"),
        (b'\xef\xbb\xbf{"a": 1}', "broken_json"),
        ('{"a": 1}'.encode("utf-16"), "broken_json"),
        (b'{"a": "\xff"}', "broken_json"),
        (b'{"a": ' + b"9" * 5000 + b"}", "broken_json"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'{"a": {"b": 1, "b": 1}}', "duplicate_key"),
        (b'{"a": NaN}', "invalid"),
        (b'{"a": -Infinity}', "invalid"),
        (b'{"a": 1e999}', "invalid"),
        (b'{"a": "\\ud800"}', "invalid"),
        (b'{"\\ud800": 1}', "invalid"),
        (b'{"a": ' + b"[" * 17 + b"]" * 17 + b"}", "too_deep"),
        (b'{"a": ' + b"[" * 500_000, "too_deep"),
        (b'{"a": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001, "too_deep"),
    ],
)
def test_json_that_is_not_as_we_read_it_is_refused(raw, code):
    with pytest.raises(ProblemError) as refused:
        bodies.parse(raw)
    assert refused.value.code == code


def test_a_number_that_is_not_finite_is_named_by_its_place():
    with pytest.raises(ProblemError) as refused:
        bodies.parse(b'{"events": [{"value": 1}, {"value": NaN}]}')
    assert refused.value.faults == (Fault("events.1.value", "finite_number"),)


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def parsed_or_refused(raw):
    """The value, or the code of the problem; anything else raises."""
    try:
        return bodies.parse(raw)
    except ProblemError as refused:
        return refused.code


@given(st.dictionaries(st.text(), TREES, max_size=5))
def test_ordinary_json_comes_through_unchanged(told):
    assert parsed_or_refused(json.dumps(told).encode()) in (told, "too_deep")


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_but_a_problem(raw):
    assert isinstance(parsed_or_refused(raw), dict | str)
