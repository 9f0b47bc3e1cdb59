"""What the service answers as it is run: BentoML on loopback over a home with a store and promoted models."""

import json
import math
import sqlite3
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from features.catalogue import compute
from features.history import History
from features.store import Store
from models import champion
from serving.area_messages import Forecast
from serving.messages import BatchAnswer, Score
from tests.serving_helpers import (
    AS_OF,
    CANARY,
    HOTSPOTS,
    NAME,
    QUESTION,
    TODAY,
    ask,
    build_city,
    problem,
    score,
    serving,
)
from tests.tables import day


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def url(city, tmp_path_factory):
    with serving(city.home, tmp_path_factory.mktemp("log") / "service.log") as address:
        yield address


def recorded(home, score_id):
    with sqlite3.connect(home.records) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute("SELECT * FROM audit WHERE score_id = ?", [score_id]).fetchone()


# A score


def test_a_stored_person_gets_the_score_that_training_would_give(city, url):
    told = score(url).json
    Score.model_validate_json(json.dumps(told))
    with Store.open(f"sqlite:///{city.home.path / 'store.db'}") as store:
        persons = store.read("persons")
        history = History.of(store.person_events(persons["person_id"].tolist()), persons)
    times = pd.DataFrame({"person_id": ["P003"], "as_of": [day(AS_OF)]})
    table = compute(history, times, city.model.features)
    assert told["risk"] == city.model.risk(table)[0]
    assert told["log_odds"] == city.model.log_odds(table)[0]


def test_base_and_reasons_and_others_add_up_to_the_log_odds(url):
    for most in (1, 10, 200):
        told = score(url, most=most).json
        parts = [told["base"], told["others"]["contribution"], *(each["contribution"] for each in told["reasons"])]
        assert math.fsum(parts) == pytest.approx(told["log_odds"], abs=1e-9)
        assert told["risk"] == pytest.approx(1 / (1 + math.exp(-told["log_odds"])), abs=1e-12)
    assert told["others"]["count"] == 0


def test_reasons_are_strongest_first_and_each_says_which_way_it_goes(url):
    reasons = score(url, most=200).json["reasons"]
    sizes = [abs(each["contribution"]) for each in reasons]
    assert sizes == sorted(sizes, reverse=True)
    assert all(sizes)
    for each in reasons:
        assert each["direction"] == ("raises" if each["contribution"] > 0 else "lowers")
        assert each["text"]


def test_a_score_says_where_it_comes_from_and_when_it_expires(city, url):
    told = score(url).json
    promoted = champion.read(city.home.champions, NAME)
    assert told["model"] == {"name": NAME, "tag": promoted.tag, "digest": promoted.digest, "run": "run-1"}
    with Store.open(f"sqlite:///{city.home.path / 'store.db'}") as store:
        assert told["snapshot"] == store.state_digest()
    assert told["horizon_days"] == 90
    assert date.fromisoformat(told["expires_on"]) == date.fromisoformat(AS_OF) + timedelta(days=min(30, 90))


def test_the_language_is_that_of_the_body_then_of_the_header_then_chinese(url):
    assert score(url).json["language"] == "zh-CN"
    english = score(url, headers={"Accept-Language": "en"}).json
    assert english["language"] == "en"
    assert english["note"].startswith("An aid to judgement")
    assert score(url, language="zh-CN", headers={"Accept-Language": "en"}).json["language"] == "zh-CN"


def test_the_past_is_asked_as_it_was_known(url):
    early, late = score(url, as_of="2022-09-01").json, score(url).json
    assert early["as_of"] == "2022-09-01"
    assert early["risk"] != late["risk"]


def test_an_answer_is_recorded_before_it_leaves_with_a_hash_for_the_person(city, url):
    told = score(url, CANARY).json
    row = dict(recorded(city.home, told["score_id"]))
    assert (row["outcome"], row["risk"], row["purpose"], row["inline"]) == ("scored", told["risk"], "support_plan", 0)
    assert row["digest"] == told["model"]["digest"]
    assert row["at"].endswith("+00:00")
    assert CANARY not in str(row)
    assert CANARY.encode() not in city.home.records.read_bytes()


# A history in the body


IN_ORDER = {"sealed": False, "objected": False, "abstinent_three_years": False}


def inline(**other):
    events = [
        {"occurred_on": "2023-01-01", "known_on": "2023-01-01", "kind": "programme_start", "outcome": "methadone"},
        {"occurred_on": "2024-03-01", "known_on": "2024-03-02", "kind": "urine_test", "outcome": "positive"},
        {"occurred_on": "2024-05-01", "known_on": "2024-05-02", "kind": "urine_test", "outcome": "negative"},
        {"occurred_on": str(TODAY), "known_on": str(TODAY), "kind": "urine_test", "outcome": "positive"},
    ]
    return {**QUESTION, "person": {"birth_year": 1980}, "events": events, "status": IN_ORDER, **other}


def test_a_history_sent_along_gets_the_score_that_the_same_history_gets_in_the_store(city, url):
    with Store.open(f"sqlite:///{city.home.path / 'store.db'}") as store:
        rows, facts = store.person_events(["P003"]), store.person("P003")
    names = ["kind", "outcome", "substance", "source"]
    events = [
        {
            "occurred_on": str(np.datetime64(row["occurred_on"], "D")),
            "known_on": str(np.datetime64(row["known_on"], "D")),
            **{name: row[name] for name in names if isinstance(row[name], str)},
        }
        for row in rows.to_dict("records")
    ]
    person = {"birth_year": int(facts["birth_year"].iloc[0])}
    body = {**QUESTION, "person": person, "events": events, "status": IN_ORDER}
    told, stored = ask(f"{url}/v1/scores", body).json, score(url).json
    assert told["log_odds"] == stored["log_odds"]
    assert told["reasons"] == stored["reasons"]
    assert told["person_id"] is None
    assert recorded(city.home, told["score_id"])["person_hash"] is None


def test_a_history_sent_along_is_named_by_its_digest_whatever_the_question(url):
    one, other = ask(f"{url}/v1/scores", inline()).json, ask(f"{url}/v1/scores", inline(language="en")).json
    assert len(one["snapshot"]) == 64
    assert one["snapshot"] == other["snapshot"]
    assert one["snapshot"] != ask(f"{url}/v1/scores", inline(person={"birth_year": 1981})).json["snapshot"]


def test_an_event_told_twice_counts_once(url):
    twice = inline()
    twice["events"] = [*twice["events"], {**twice["events"][1], "known_on": "2024-03-09"}]
    assert ask(f"{url}/v1/scores", twice).json["risk"] == ask(f"{url}/v1/scores", inline()).json["risk"]


def test_a_history_sent_along_passes_the_same_refusals(url):
    told = problem(ask(f"{url}/v1/scores", inline(person={"birth_year": 2012})), 451, "no_score")
    assert told["reason"] == "under_18"
    assert problem(ask(f"{url}/v1/scores", inline(events=[])), 409, "no_score")["reason"] == "insufficient_history"


@pytest.mark.parametrize("kind", ["objection", "sealed"])
def test_what_the_law_forbids_today_it_forbids_of_a_history_sent_along(url, kind):
    told = inline()
    told["events"].append(
        {
            "occurred_on": "2024-07-01",
            "known_on": "2024-07-01",
            "kind": kind,
            **({"outcome": "raised"} if kind == "objection" else {}),
        }
    )
    refused = problem(ask(f"{url}/v1/scores", told), 451, "no_score")
    assert refused["reason"] == {"objection": "objected"}.get(kind, kind)


@pytest.mark.parametrize(
    ("person", "field", "rule"),
    [
        ({}, "person.birth_year", "needed_to_refuse_minors"),
        ({"birth_year": None}, "person.birth_year", "needed_to_refuse_minors"),
        ({"birth_year": TODAY.year + 1}, "person.birth_year", "in_the_future"),
        ({"birth_year": 1980, "first_use_year": TODAY.year + 1}, "person.first_use_year", "in_the_future"),
        (
            {"birth_year": 1980, "registered_on": str(TODAY + timedelta(days=3))},
            "person.registered_on",
            "in_the_future",
        ),
        ({"birth_year": 1980, "shoe_size": 43}, "person.shoe_size", "unknown_field"),
        ({"birth_year": 1980, "person_id": "P003"}, "person.person_id", "unknown_field"),
        ({"birth_year": 1980, "display_name": "A"}, "person.display_name", "unknown_field"),
    ],
)
def test_a_fact_that_is_unknown_or_impossible_names_the_field(url, person, field, rule):
    told = problem(ask(f"{url}/v1/scores", inline(person=person)), 422, "invalid")
    assert [(each["field"], each["rule"]) for each in told["errors"]] == [(field, rule)]


def test_a_stored_person_cannot_be_mistaken_for_one_sent_along(city, url):
    problem(score(url, "sent along"), 404, "unknown_person")
    with sqlite3.connect(city.home.records) as connection:
        row = connection.execute("SELECT inline, person_hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    assert row[0] == 0
    assert row[1]


def test_an_event_of_the_future_is_a_fault(url):
    late = (TODAY + timedelta(days=3)).isoformat()
    event = {"occurred_on": late, "known_on": late, "kind": "plan"}
    told = problem(ask(f"{url}/v1/scores", inline(events=[event])), 422, "invalid")
    assert told["errors"] == [{"field": "events.0.known_on", "rule": "in_the_future", "text": "日期不得晚于今天"}]


# No score


@pytest.mark.parametrize(
    ("person_id", "status", "reason"),
    [
        ("SEALED", 451, "sealed"),
        ("OBJECTED", 451, "objected"),
        ("MINOR", 451, "under_18"),
        ("ABSTINENT", 451, "abstinent_three_years"),
        ("LATER_OBJECTED", 451, "objected"),
        ("LATER_SEALED", 451, "sealed"),
        ("EMPTY", 409, "insufficient_history"),
        ("ISOLATED", 409, "isolated"),
        ("OUTSIDE", 409, "not_in_programme"),
    ],
)
def test_who_may_not_be_scored_gets_the_reason_and_the_article(city, url, person_id, status, reason):
    told = problem(score(url, person_id), status, "no_score")
    assert told["reason"] == reason
    assert ("article" in told) == (status == 451)
    with sqlite3.connect(city.home.records) as connection:
        outcomes = [row[0] for row in connection.execute("SELECT outcome FROM audit ORDER BY seq DESC LIMIT 1")]
    assert outcomes == [reason]


def test_a_person_whose_age_is_not_known_gets_a_score_that_says_so(url):
    told = score(url, "AGELESS", language="en").json
    assert told["missing"][0]["feature"] == "birth_year"
    assert "check the age" in told["missing"][0]["text"]
    assert "birth_year" not in {each["feature"] for each in score(url).json["missing"]}


def test_an_unknown_person_is_not_found(url):
    assert "P-NOBODY" not in json.dumps(problem(score(url, "P-NOBODY"), 404, "unknown_person"))


def test_enforcement_is_refused_and_recorded(city, url):
    problem(score(url, purpose="enforcement"), 403, "purpose_refused")
    with sqlite3.connect(city.home.records) as connection:
        row = connection.execute("SELECT purpose, outcome, risk FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    assert row == ("enforcement", "purpose_refused", None)


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"as_of": "2199-01-01"}, "as_of", "in_the_future"),
        ({"as_of": "soon"}, "as_of", "not_a_date"),
        ({"purpose": "curiosity"}, "purpose", "one_of"),
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"most": math.nan}, "most", "finite_number"),
        ({"most": -math.inf}, "most", "finite_number"),
        ({"model": "relapse-other"}, "model", "one_of"),
    ],
)
def test_a_refused_request_names_the_field_and_not_the_value(url, change, field, rule):
    code = "which_model" if field == "model" else "invalid"
    told = problem(score(url, **change), 422, code)
    assert [(each["field"], each["rule"]) for each in told["errors"]] == [(field, rule)]
    assert str(next(iter(change.values()))) not in json.dumps(told).replace(field, "")


# A batch


def test_a_batch_answers_each_person_in_the_order_asked(url):
    person_ids = ["P005", "P-NOBODY", "P003", "SEALED", "P005", *(f"P{number:03}" for number in range(10, 40))]
    told = ask(f"{url}/v1/scores:batch", {**QUESTION, "person_ids": person_ids}).json
    BatchAnswer.model_validate_json(json.dumps(told))
    refused = [(each["person_id"], each["reason"]) for each in told["refused"]]
    assert refused == [("P-NOBODY", "unknown_person"), ("SEALED", "sealed")]
    assert told["refused"][1]["article"]
    scored = [person_id for person_id in person_ids if person_id not in {"P-NOBODY", "SEALED"}]
    assert [each["person_id"] for each in told["scores"]] == scored
    single = score(url, "P003").json
    assert {**told["scores"][1], "score_id": ""} == {**single, "score_id": ""}


def test_a_batch_is_recorded_row_by_row(city, url):
    told = ask(f"{url}/v1/scores:batch", {**QUESTION, "person_ids": ["P005", "EMPTY"]}).json
    assert recorded(city.home, told["scores"][0]["score_id"])["outcome"] == "scored"
    assert recorded(city.home, told["refused"][0]["score_id"])["outcome"] == "insufficient_history"


# Hotspots


def test_a_forecast_is_geojson_with_an_interval_and_reasons(url):
    answer = ask(f"{url}/v1/hotspots?as_of={AS_OF}&weeks=4&level=township&language=en")
    assert answer.status == 200, answer.body[:500]
    assert answer.headers["content-type"] == "application/geo+json"
    told = answer.json
    Forecast.model_validate_json(answer.body)
    assert told["type"] == "FeatureCollection"
    assert (told["weeks"], told["level"], told["model"]["name"]) == (4, "township", HOTSPOTS)
    assert "rounded" in told["note"]
    assert len(told["features"]) == 4
    for area in told["features"]:
        properties = area["properties"]
        assert area["geometry"]["type"] == "Polygon"
        assert properties["low"] <= properties["expected"] < properties["expected_below"] <= properties["high"]
        assert properties["name"].startswith("Township")
        reasons = {reason["code"]: reason for reason in properties["reasons"]}
        assert {*reasons} - {"base"} == {"level", "recent", "neighbours", "season", "city", "effort"}
        assert all((each["direction"] == "none") == (each["contribution"] == 0) for each in reasons.values())
        assert all(each["text"] for each in reasons.values())
    few = ask(f"{url}/v1/hotspots?as_of={AS_OF}&most=2").json["features"]
    assert all(len(area["properties"]["reasons"]) == 2 for area in few)


@pytest.mark.parametrize("as_of", ["1990-01-01", "2022-01-02", "2022-12-30"])
def test_before_a_year_was_known_there_is_no_forecast(url, as_of):
    answer = ask(f"{url}/v1/hotspots?as_of={as_of}")
    assert (answer.status, answer.json["type"].rpartition(":")[2]) == (409, "too_little_history")


def test_no_small_count_is_shown_in_a_forecast(url):
    told = ask(f"{url}/v1/hotspots?as_of={AS_OF}&most=200").json
    for area in (area["properties"] for area in told["features"]):
        assert area["expected"] == int(area["expected"])
        assert all(reason["value"] is None or reason["value"] % 10 == 0 for reason in area["reasons"])
        assert len({reason["code"] for reason in area["reasons"]}) == len(area["reasons"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("as_of=2199-01-01", "as_of"),
        ("as_of=yesterday", "as_of"),
        ("weeks=4", "as_of"),
        (f"as_of={AS_OF}&weeks=3", "weeks"),
        (f"as_of={AS_OF}&weeks=four", "weeks"),
        (f"as_of={AS_OF}&level=cell", "level"),
        (f"as_of={AS_OF}&level=street", "level"),
    ],
)
def test_a_forecast_that_does_not_exist_names_the_field(url, query, field):
    answer = ask(f"{url}/v1/hotspots?{query}")
    assert answer.status == 422
    assert [each["field"] for each in answer.json["errors"]] == [field]
