"""Histories for an answer: the same as training's, of one state, and without the names of persons."""

from datetime import date

import numpy as np
import pytest

from features.asof import Visible
from features.history import History
from features.intake import ingest
from features.store import Store
from serving.histories import StoredHistories

PERSONS = """person_id,display_name,birth_year,registered_on,arm,iv_days
P1,Invented One,1980,2023-01-01,Methadone,3
P2,Invented Two,,2023-01-01,,
P3,Invented Three,1990,2023-01-01,Buprenorphine,0.5
"""
EVENTS = """event_id,revision,person_id,occurred_on,known_on,source,kind,outcome,substance,value
a,1,P1,2023-02-01,2023-02-01,community,urine_test,positive,opioid,
a,2,P1,2023-02-01,2023-03-01,community,urine_test,negative,opioid,
b,1,P1,2023-02-05,2023-02-09,methadone_clinic,dose,taken,,62.5
c,1,P3,2023-02-01,2023-02-01,community,check_in,kept,,
"""


@pytest.fixture
def url(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "persons.csv").write_text(PERSONS)
    (tmp_path / "in" / "events.csv").write_text(EVENTS)
    where = f"sqlite:///{tmp_path / 'store.db'}"
    with Store.open(where) as store:
        report = ingest(tmp_path / "in", store, received_on=date(2024, 1, 1), backfill=True)
        assert not any(table.quarantined for table in report.tables)
    return where


def trained_on(url, person_ids):
    with Store.open(url) as store:
        persons = store.read("persons")
        persons = persons[persons["person_id"].isin(person_ids)]
        return History.of(store.person_events(person_ids), persons), store.state_digest()


@pytest.mark.parametrize("person_ids", [["P1"], ["P2"], ["P3", "P1", "P3"]])
def test_a_history_is_the_one_that_training_sees(url, person_ids):
    held = StoredHistories(url).of(person_ids)
    expected, digest = trained_on(url, sorted(set(person_ids)))
    assert held.snapshot == digest
    for name in ("person_ids", "first", "occurred", "known", "until", "value"):
        np.testing.assert_array_equal(getattr(held.history, name), getattr(expected, name))
    assert held.history.levels == expected.levels
    for column, codes in expected.codes.items():
        np.testing.assert_array_equal(held.history.codes[column], codes)


def facts_of(history, column):
    """A fact of each person, as a feature is told it."""
    return Visible.at(history, {"person_id": history.person_ids, "as_of": [0] * len(history.person_ids)}).fact(column)


@pytest.mark.parametrize("person_ids", [["P1", "P2", "P3"], ["P3", "P1"], ["P2"]])
def test_facts_are_those_of_training_without_the_name(url, person_ids):
    told, expected = StoredHistories(url).of(person_ids).history, trained_on(url, person_ids)[0]
    assert "display_name" not in told.persons
    for column in ("birth_year", "registered_on", "arm", "iv_days", "sex"):
        assert facts_of(told, column).tolist() == facts_of(expected, column).tolist()
    if "P1" in person_ids:
        assert facts_of(told, "birth_year")[0] == 1980.0
        assert facts_of(told, "arm")[0] == "Methadone"


def test_a_person_the_store_does_not_know_has_no_history(url):
    assert list(StoredHistories(url).of(["P9", "P1"]).history.person_ids) == ["P1"]
    assert list(StoredHistories(url).of(["P9"]).history.person_ids) == []
