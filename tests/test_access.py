"""Who may do what, over HTTP: every role on every route for a person of the own station, of another, and for none."""

import json
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime
from itertools import product
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from features.errors import ArtifactError
from features.vocabulary import PURPOSES
from serving.access import revoked
from serving.ask import NotAnsweredError, Service
from serving.desk import Desk
from serving.first_key import key_of_a_worker
from serving.guard import Visit
from serving.messages import ScoreRequest
from serving.problems import ProblemError
from serving.purposes import MAY_NAME
from serving.roles import ALL, MATRIX, MAY_NAME_A_STATION, OF_A_STATION, OWN, REFUSED, ROLES, WITH_EVENTS, YES, Caller
from serving.settings import Settings
from tests.serving_acts import STATUS, asked, history
from tests.serving_helpers import AS_OF, KEYS, QUESTION, ask, bearer, build_city, key_for, problem, serving

WHOSE = {"own": "P002", "other": "P003", "none": "P-NOBODY"}  # seen from S1
MACHINE_AT_S1 = "machine at a station"
PERSONS = [act for act, cells in MATRIX.items() if {OWN, ALL} & set(cells.values())]
LISTS = ["GET /v1/corrections"]  # of whoever the caller may ask about
UNKNOWN = {
    "GET /v1/worklist": "unknown_station",
    "POST /v1/feedback:review": "unknown_note",
    "POST /v1/corrections:state": "unknown_note",
}


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def url(city, tmp_path_factory):
    with serving(city.home, tmp_path_factory.mktemp("log") / "service.log") as address:
        yield address


@pytest.fixture(scope="module")
def keys(city):
    made = {role: key_for(city.home, role, "S1" if role in OF_A_STATION else None) for role in ROLES}
    return {**made, MACHINE_AT_S1: key_for(city.home, "machine", "S1")}


def rows(home, **wanted):
    with sqlite3.connect(home.records) as connection:
        connection.row_factory = sqlite3.Row
        where = " AND ".join(f"{name} = ?" for name in wanted)
        return [dict(row) for row in connection.execute(f"SELECT * FROM audit WHERE {where}", [*wanted.values()])]


def newest(home):
    with sqlite3.connect(home.records) as connection:
        connection.row_factory = sqlite3.Row
        return dict(connection.execute("SELECT * FROM audit ORDER BY seq DESC LIMIT 1").fetchone())


def expected(role, act, whose):
    """What the table says: 403, or an answer, or that nobody knows the person."""
    cell = MATRIX[act]["machine" if role == MACHINE_AT_S1 else role]
    if cell == REFUSED:
        return "not_your_role"
    sees_all = cell == ALL and role != MACHINE_AT_S1
    is_seen = cell == YES or act in LISTS or whose == "own" or (sees_all and whose == "other")
    return "answered" if is_seen else UNKNOWN.get(act, "unknown_person")


def outcome(answer, act):
    """What came back, in the same words."""
    if answer.status in {200, 201}:
        if not answer.headers["content-type"].startswith("application/json"):
            return "answered"
        refused = answer.json.get("refused", []) if act == "POST /v1/scores:batch" else []
        return refused[0]["reason"] if refused else "answered"
    return answer.json["type"].rpartition(":")[2]


# The matrix


@pytest.mark.parametrize("act", MATRIX)
def test_every_role_gets_what_the_table_says_for_own_other_and_none(url, keys, act):
    found, told = {}, {}
    for role, whose in product(keys, WHOSE):
        answer = asked(url, act, WHOSE[whose], bearer(keys[role]))
        found[role, whose], told[role, whose] = outcome(answer, act), expected(role, act, whose)
    assert found == told


@pytest.mark.parametrize("act", MATRIX)
def test_without_a_key_nothing_is_answered(url, act):
    answer = asked(url, act, "P002", {"Authorization": None})
    problem(answer, 401, "no_key")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_table_has_a_line_for_every_route_and_no_other(url):
    told = ask(f"{url}/openapi.json").json["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in told.items() for method in methods if path[:4] == "/v1/"}
    assert routes == set(MATRIX) - {WITH_EVENTS}


def test_what_must_hold_of_the_table_whatever_is_added_to_it():
    for cells in MATRIX.values():
        assert set(cells) == set(ROLES)
        assert set(cells.values()) <= {REFUSED, OWN, ALL, YES}
    for act, role in product((*PERSONS, WITH_EVENTS), ("planner", "data_scientist", "auditor", "administrator")):
        assert MATRIX[act][role] == REFUSED
    for act, role in product(PERSONS, OF_A_STATION):
        assert MATRIX[act][role] in {OWN, REFUSED}
    assert [MATRIX["POST /v1/scores"][role] for role in OF_A_STATION] == [OWN, OWN]
    assert [role for role, cell in MATRIX[WITH_EVENTS].items() if cell != REFUSED] == ["machine"]
    assert [role for role, cell in MATRIX["GET /v1/audit"].items() if cell != REFUSED] == ["auditor"]
    assert set(OF_A_STATION) < set(MAY_NAME_A_STATION) < set(ROLES)


def test_who_asks_is_in_the_record_of_the_answer(city, url, keys):
    worker = keys["station_worker"].split("_")[1]
    answer = asked(url, PERSONS[0], "P002", bearer(keys["station_worker"]))
    row = newest(city.home)
    assert (row["actor"], row["role"], row["station"]) == (worker, "station_worker", "S1")
    assert (row["act"], row["outcome"], row["purpose"]) == (PERSONS[0], "scored", "support_plan")
    assert (row["score_id"], row["risk"]) == (answer.json["score_id"], answer.json["risk"])
    assert row["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("role", "act", "recorded"),
    [
        ("planner", PERSONS[0], "not_your_role"),
        ("planner", "GET /v1/hotspots", "answered"),
        ("station_worker", WITH_EVENTS, "not_your_role"),
        ("auditor", "GET /v1/audit", "answered"),
    ],
)
def test_requests_that_read_no_person_are_recorded_too(city, url, keys, *, role, act, recorded):
    answer = asked(url, act, "P002", bearer(keys[role]))
    row = newest(city.home)
    assert (row["role"], row["act"], row["outcome"]) == (role, act.removesuffix(" with events"), recorded)
    assert row["request_id"] == answer.headers["x-request-id"]


# Persons of other stations


def test_a_person_of_another_station_answers_exactly_as_an_unknown_one(city, url, keys):
    same = {**bearer(keys["station_worker"]), "X-Request-Id": "the-same-request"}
    other, unknown = (asked(url, PERSONS[0], WHOSE[whose], same) for whose in ("other", "none"))
    assert (other.status, other.body) == (unknown.status, unknown.body)
    assert {**other.headers, "date": ""} == {**unknown.headers, "date": ""}
    told = [asked(url, PERSONS[1], WHOSE[whose], same).json["refused"][0] for whose in ("other", "none")]
    hidden = ("score_id", "person_id")
    assert [{**each, **dict.fromkeys(hidden, "")} for each in told] == [{**told[0], **dict.fromkeys(hidden, "")}] * 2
    assert [rows(city.home, score_id=each["score_id"])[0]["outcome"] for each in told] == [
        "other_station",
        "unknown_person",
    ]


def test_sealed_or_not_a_person_of_another_station_is_unknown(city, url):
    elsewhere = bearer(key_for(city.home, "station_lead", "S2"))
    for person_id in ("SEALED", "OBJECTED", "MINOR", "EMPTY", "P-NOBODY"):
        problem(asked(url, PERSONS[0], person_id, elsewhere), 404, "unknown_person")
    nowhere = bearer(key_for(city.home, "station_worker", "S9"))
    problem(asked(url, PERSONS[0], "P002", nowhere), 404, "unknown_person")


def test_the_same_is_read_from_the_store_for_a_person_of_another_station_and_an_unknown_one(city):
    desk = Desk.open(Settings(city.home), lambda tag: city.home.bentoml / "models" / tag.replace(":", "/"))
    visit = Visit(PERSONS[0], "r", Caller("key", "station_worker", "S1"))
    statements = []
    sa.event.listen(desk.histories.store()._engine, "checkout", lambda it, *_: it.set_trace_callback(statements.append))

    def read(person_id):
        question = ScoreRequest.model_validate({**QUESTION, "person_id": person_id})
        statements.clear()
        with suppress(ProblemError):
            desk.score(question, visit, accept_language="en")
        return [each.replace(person_id, "?") for each in statements]

    read("P-NOBODY")  # what is read once for everybody
    assert read("P003") == read("P-NOBODY")
    assert len(read("P002")) > len(read("P003"))


# Purposes


@pytest.mark.parametrize("role", ["station_worker", "station_lead", "machine"])
def test_each_role_names_the_purposes_of_its_column_and_no_others(city, url, keys, role):
    for purpose in PURPOSES:
        answer = ask(
            f"{url}/v1/scores", {**QUESTION, "person_id": "P002", "purpose": purpose}, headers=bearer(keys[role])
        )
        if purpose in MAY_NAME[role]:
            assert answer.status == 200
        else:
            assert problem(answer, 403, "purpose_of_others")["names"] == [
                each for each in PURPOSES if each in MAY_NAME[role]
            ]
            row = newest(city.home)
            assert (row["outcome"], row["purpose"]) == ("purpose_of_others", purpose)
            assert row["person_hash"]


def test_research_is_done_on_histories_that_name_nobody(url):
    assert ask(f"{url}/v1/scores", {**history(), "purpose": "research"}).status == 200
    assert "research" not in set.union(*(set(names) for role, names in MAY_NAME.items() if "events" not in role))


@pytest.mark.parametrize("purpose", ["enforcement", "curiosity", "", "Enforcement"])
def test_enforcement_and_whatever_else_is_refused_and_recorded(city, url, keys, purpose):
    body = {**QUESTION, "person_id": "P002", "purpose": purpose}
    answer = ask(f"{url}/v1/scores", body, headers=bearer(keys["station_lead"]))
    assert answer.status == (403 if purpose == "enforcement" else 422)
    row = newest(city.home)
    assert row["outcome"] == ("purpose_refused" if purpose == "enforcement" else "purpose_unknown")
    assert row["request_id"] == answer.headers["x-request-id"]


# Histories sent along


@pytest.mark.parametrize("reason", STATUS)
def test_what_the_sender_says_of_a_person_forbids_a_score(city, url, reason):
    told = problem(ask(f"{url}/v1/scores", {**history(), "status": {**STATUS, reason: True}}), 451, "no_score")
    assert told["reason"] == reason
    assert told["article"]
    row = newest(city.home)
    assert (row["outcome"], row["inline"], row["person_hash"]) == (reason, 1, None)


def test_a_history_sent_along_needs_the_status_and_is_recorded_like_any_other(city, url):
    body = history()
    del body["status"]
    told = problem(ask(f"{url}/v1/scores", body), 422, "invalid")
    assert [(each["field"], each["rule"]) for each in told["errors"]] == [("status", "needed_to_refuse")]
    score_id = ask(f"{url}/v1/scores", history()).json["score_id"]
    row = rows(city.home, score_id=score_id)[0]
    assert (row["outcome"], row["inline"], row["role"]) == ("scored", 1, "machine")


# The record


def test_an_auditor_reads_the_record_page_by_page(url, keys):
    auditor = bearer(keys["auditor"])
    seen, after = [], 0
    for _ in range(3):
        entries = ask(f"{url}/v1/audit?after={after}&limit=2", headers=auditor).json["entries"]
        seen, after = seen + [each["seq"] for each in entries], entries[-1]["seq"]
    assert seen == list(range(1, 3 * 2 + 1))
    assert ask(f"{url}/v1/audit?after={2**53}", headers=auditor).json == {"entries": []}
    assert "P00" not in json.dumps(ask(f"{url}/v1/audit?limit=1000", headers=auditor).json)


def test_an_auditor_asks_for_entries_of_one_outcome_actor_or_day(url, keys):
    def asked(**named):
        told = ask(f"{url}/v1/audit?{urlencode({'limit': 1000, **named})}", headers=bearer(keys["auditor"]))
        return told.json["entries"]

    every = asked()
    first = every[0]
    wanted = {"outcome": first["outcome"], "actor": first["actor"], "day": first["at"][:10]}
    for chosen in ({"outcome"}, {"actor"}, {"day"}, {"outcome", "actor", "day"}):
        found = asked(**{name: wanted[name] for name in chosen})[: len(every)]
        same = [
            each
            for each in every
            if all((each["at"][:10] if name == "day" else each[name]) == wanted[name] for name in chosen)
        ]
        assert same
        assert found[: len(same)] == same  # the reading itself adds entries at the end
        assert all(each["seq"] > every[-1]["seq"] for each in found[len(same) :])
    assert asked(day="2001-01-01") == asked(actor="nobody") == []
    assert ask(f"{url}/v1/audit?day=monday", headers=bearer(keys["auditor"])).status == 422


def test_reading_far_beyond_a_caseload_raises_an_alarm(city, url):
    key = key_for(city.home, "station_worker", "S1")
    body = {**QUESTION, "person_ids": [f"X{number}" for number in range(91)]}
    assert ask(f"{url}/v1/scores:batch", body, headers=bearer(key)).status == 200
    (alarm,) = rows(city.home, outcome="unusual_volume")
    assert alarm["actor"] == key.split("_")[1]


def test_a_key_is_refused_from_the_request_after_it_was_revoked(city, url):
    key = key_for(city.home, "planner")
    path = f"{url}/v1/hotspots?as_of={AS_OF}"
    assert ask(path, headers=bearer(key)).status == 200
    revoked(city.home, key.split("_")[1], now=datetime.now(UTC))
    problem(ask(path, headers=bearer(key)), 401, "bad_key")
    assert [row["outcome"] for row in rows(city.home, detail=key.split("_")[1])] == ["revoked"]
    assert KEYS[url] != key


def test_the_demo_asks_with_the_key_of_a_worker_at_the_persons_station_and_keeps_no_older_one(city, url):
    host, port = url.removeprefix("http://").split(":")
    first, second = (key_of_a_worker(city.home, "P003", now=datetime.now(UTC)) for _ in range(2))
    told = Service(host, int(port), second).score({**QUESTION, "person_id": "P003"}, language="en")
    assert told["person_id"] == "P003"
    assert newest(city.home)["station"] == "S2"
    forecast = Service(host, int(port), second).forecast(as_of=AS_OF, weeks=4, level="township", language="en")
    assert forecast["features"]
    with pytest.raises(NotAnsweredError, match="401"):
        Service(host, int(port), first).score({**QUESTION, "person_id": "P003"}, language="en")
    with pytest.raises(ArtifactError, match="which station"):
        key_of_a_worker(city.home, "P-NOBODY", now=datetime.now(UTC))
