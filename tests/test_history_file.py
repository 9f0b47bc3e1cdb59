"""Histories in a file: each understood before any is scored, and what is wrong told by place, never by name."""

import json

import pytest

from features.errors import ConfigError
from serving.history_file import scores_of_histories
from serving.problems import ProblemError
from tests.asked_in_process import entries, open_desk
from tests.serving_helpers import AS_OF, build_city

ASKED = {"as_of": AS_OF, "purpose": "review"}
TEST = {"occurred_on": "2024-01-01", "known_on": "2024-01-01", "kind": "urine_test", "outcome": "negative"}
STATUS = {"sealed": False, "objected": False, "abstinent_three_years": False}
GOOD = json.dumps({"person": {"birth_year": 1980}, "status": STATUS, "events": [TEST]})


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("7", [("history 2: events", "wrong_type")]),
        ('{"person": {"birth_year": 1980}, "events": []}', [("history 2: status", "needed_to_refuse")]),
        (GOOD.replace("negative", "kept"), [("history 2: events.0.outcome", "outcome_of_other_kind")]),
        (GOOD.replace("2024-01-01", "2024-13-01"), None),
        (GOOD.replace('"known_on": "2024', '"known_on": "2199'), [("history 2: events.0.known_on", "in_the_future")]),
    ],
)
def test_what_is_wrong_with_one_is_told_by_its_place(city, tmp_path, second, told):
    (tmp_path / "told.json").write_text(f'{{"A-1": {GOOD}, "A-2": {second}}}')
    with pytest.raises(ProblemError) as refused:
        scores_of_histories(open_desk(city), tmp_path / "told.json", ASKED)
    assert refused.value.code == "invalid"
    assert all(each.field.startswith("history 2: ") for each in refused.value.faults)
    assert told is None or [(each.field, each.rule) for each in refused.value.faults] == told
    assert "A-" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "code"),
    [("[1]", "broken_json"), (f'{{"A-1": {GOOD}, "A-1": {GOOD}}}', "duplicate_key"), ("{", "broken_json")],
)
def test_a_file_that_is_no_object_of_histories_is_refused_and_nothing_recorded(city, tmp_path, text, code):
    (tmp_path / "told.json").write_text(text)
    desk, before = open_desk(city), entries(city)
    with pytest.raises(ProblemError) as refused:
        scores_of_histories(desk, tmp_path / "told.json", ASKED)
    assert refused.value.code == code
    assert entries(city) == before


def test_a_file_that_cannot_be_read_is_told(city, tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        scores_of_histories(open_desk(city), tmp_path / "absent.json", ASKED)


def test_no_history_is_an_answer_too(city, tmp_path):
    (tmp_path / "told.json").write_text("{}")
    told = scores_of_histories(open_desk(city), tmp_path / "told.json", ASKED)
    assert (told.scores, told.refused) == ([], [])


def test_who_has_too_little_is_refused_under_the_name_in_the_file_and_recorded_without_it(city, tmp_path):
    (tmp_path / "told.json").write_text(f'{{"A-1": {GOOD}}}')
    told = scores_of_histories(open_desk(city), tmp_path / "told.json", ASKED)
    assert [(each.person_id, each.reason) for each in told.refused] == [("A-1", "not_in_programme")]
    assert entries(city)[-1]["outcome"] == "not_in_programme"
    assert "A-1" not in str(entries(city))
