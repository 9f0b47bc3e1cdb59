"""The client in Python, and scores into a file: against a real service, and against its OpenAPI document."""

import csv
import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from features.errors import ConfigError
from models import champion
from serving.client import Client, RefusedError
from serving.feedback_messages import (
    AboutPerson,
    CorrectionRequest,
    CorrectionStateRequest,
    FeedbackRequest,
    ReviewRequest,
)
from serving.history_messages import ChangesRequest, HistoryRequest
from serving.messages import BatchRequest, ScoreRequest
from serving.report_routes import ReportRequest
from tests.serving_helpers import AS_OF, KEYS, NAME, QUESTION, TODAY, ask, build_city, key_for, score, serving

ROOT = Path(__file__).parent.parent
REFERENCE = "#/components/schemas/"
# Which operation each method of the client asks.
METHODS = """score  | POST /v1/scores
batch              | POST /v1/scores:batch
score_history      | POST /v1/scores:history
changes            | POST /v1/scores:changes
report             | POST /v1/reports
worklist           | GET /v1/worklist
give_feedback      | POST /v1/feedback
feedback           | POST /v1/feedback:read
review             | POST /v1/feedback:review
ask_for_correction | POST /v1/corrections
move_correction    | POST /v1/corrections:state
corrections        | GET /v1/corrections
forecast           | GET /v1/hotspots
forecast_table     | GET /v1/hotspots.csv
warnings           | GET /v1/warnings
observed           | GET /v1/observed
indicators         | GET /v1/indicators
bulletin           | GET /v1/bulletin
models             | GET /v1/models
card               | GET /v1/models/{name}/card
card_page          | GET /v1/models/{name}/card.html
audit              | GET /v1/audit
metrics            | GET /v1/metrics
healthy            | GET /healthz
ready              | GET /readyz"""
OPERATIONS = dict(map(str.strip, line.split("|")) for line in METHODS.splitlines())
ANSWERED = re.compile(r'waystation_answers_total{act="([^"]+)",status="2')
SOON = date.fromordinal(TODAY.toordinal() + 10)


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def url(city, tmp_path_factory):
    with serving(city.home, tmp_path_factory.mktemp("log") / "service.log") as address:
        yield address


@pytest.fixture
def client(url):
    return Client(url, KEYS[url], language="en")


def test_the_client_has_every_operation_of_the_document_and_takes_what_it_says(url):
    told = ask(f"{url}/openapi.json").json
    public = {name for name in vars(Client) if not name.startswith("_")}
    assert public == set(OPERATIONS)
    documented = {f"{method.upper()} {path}" for path, methods in told["paths"].items() for method in methods}
    assert set(OPERATIONS.values()) == documented
    for name, operation in OPERATIONS.items():
        method, path = operation.split()
        answers = told["paths"][path][method.lower()]["responses"]
        (content,) = (answers.get("200") or answers["201"])["content"].values()
        taken = get_type_hints(getattr(Client, name))["return"]
        if "$ref" in content["schema"]:
            assert content["schema"]["$ref"] == REFERENCE + taken.__name__
            assert set(told["components"]["schemas"][taken.__name__]["properties"]) == set(taken.model_fields)
        else:
            assert taken in {str, dict[str, Any]}


def test_every_operation_is_asked_and_answered(city, url, client):
    about, key = {"person_id": "P002", "purpose": "review"}, {"idempotency_key": "client-0001"}
    lead, auditor, planner, keeper = (
        Client(url, key_for(city.home, role, station))
        for role, station in (("station_lead", "S1"), ("auditor", None), ("planner", None), ("administrator", None))
    )
    as_of = date.fromisoformat(AS_OF)
    client.score(ScoreRequest.model_validate({**QUESTION, "person_id": "P002"}))
    client.batch(BatchRequest.model_validate({**QUESTION, "person_ids": ["P002"]}))
    assert client.score_history(HistoryRequest.model_validate(about)).scores
    assert client.changes(ChangesRequest.model_validate({**about, "as_of": AS_OF})).now.person_id == "P002"
    asked = {"person_id": "P002", "as_of": AS_OF, "purpose": "own_request", "language": "en"}
    assert "<html" in client.report(ReportRequest.model_validate(asked))
    assert lead.worklist(TODAY, "review", limit=3).cases
    override = {"kind": "override", "level": "enhanced", "reason_code": "other", "until": str(SOON)}
    kept = client.give_feedback(FeedbackRequest.model_validate({**about, "feedback": override}), **key)
    assert kept == client.give_feedback(FeedbackRequest.model_validate({**about, "feedback": override}), **key)
    assert client.feedback(AboutPerson.model_validate(about)).feedback[0].note_id == kept.note_id
    lifted = {"note_id": kept.note_id, "purpose": "review", "state": "lifted"}
    assert lead.review(ReviewRequest.model_validate(lifted), **key).state == "lifted"
    wrong = {**about, "what": "wrong", "asked_by": "person", "text": "It was negative."}
    asked_for = client.ask_for_correction(CorrectionRequest.model_validate(wrong), idempotency_key="client-0002")
    moved = {"note_id": asked_for.note_id, "purpose": "review", "state": "sent_to_source"}
    client.move_correction(CorrectionStateRequest.model_validate(moved), idempotency_key="client-0003")
    assert client.corrections("review", limit=5).corrections[0].state == "sent_to_source"
    assert len(planner.forecast(as_of, most=1).features) == 4
    assert planner.forecast_table(as_of).startswith("area_id,")
    assert planner.warnings(as_of).note
    assert planner.observed(2023).counts
    assert planner.indicators(as_of).indicators
    assert "<html" in lead.bulletin(date(2024, 5, 31))
    assert NAME in {each.name for each in keeper.models().models}
    assert keeper.card(NAME) == {}
    assert "<html" in keeper.card_page(NAME)
    assert [each.seq for each in auditor.audit(after=1, limit=2).entries] == [2, 3]
    assert auditor.audit(outcome="scored", day=date(2001, 1, 1)).entries == []
    assert client.healthy().status == "up"
    assert client.ready().models
    assert keeper.metrics()
    assert set(ANSWERED.findall(keeper.metrics())) >= set(OPERATIONS.values())


def test_answers_come_as_messages(client, url):
    told = client.score(ScoreRequest.model_validate({**QUESTION, "person_id": "P003"}))
    same = score(url).json
    assert (told.risk, told.model.digest, str(told.as_of)) == (same["risk"], same["model"]["digest"], AS_OF)
    assert told.language == "en"
    batch = client.batch(BatchRequest.model_validate({**QUESTION, "person_ids": ["P003", "P-NOBODY"]}))
    assert ([each.risk for each in batch.scores], batch.refused[0].reason) == ([told.risk], "unknown_person")
    assert len(client.forecast(date.fromisoformat(AS_OF)).features) == 4
    assert client.warnings(date.fromisoformat(AS_OF)).note
    assert client.ready().models


def test_a_refusal_is_an_error_with_the_problem(client, url, city):
    with pytest.raises(RefusedError, match="404") as refused:
        client.score(ScoreRequest.model_validate({**QUESTION, "person_id": "P-NOBODY"}))
    assert refused.value.problem.type == "urn:waystation:problem:unknown_person"
    assert "P-NOBODY" not in str(refused.value)
    with pytest.raises(RefusedError) as refused:
        client.score(ScoreRequest.model_validate({**QUESTION, "person_id": "SEALED"}))
    assert (refused.value.problem.status, refused.value.problem.reason) == (451, "sealed")
    for key, status in (("ws_wrong", 401), (key_for(city.home, "auditor"), 403)):
        with pytest.raises(RefusedError) as refused:
            Client(url, key).forecast(date.fromisoformat(AS_OF))
        assert refused.value.problem.status == status


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://a.example", "waystation.example"])
def test_the_client_speaks_http_alone(address):
    with pytest.raises(ConfigError, match="begin with http"):
        Client(address, "key")


# Into a file


def run(city, *options, as_of=AS_OF):
    """The end of `waystation score` over a home."""
    environment = {**os.environ, "WAYSTATION_HOME": str(city.home.path)}
    command = [sys.executable, "-m", "waystation", "score", "--as-of", as_of, *map(str, options)]
    return subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True, text=True)


def test_scores_in_a_file_are_those_of_the_service_refused_and_recorded_alike(city, url, tmp_path):
    (tmp_path / "whom.csv").write_text("person_id,note\nP003,x\nSEALED,y\nP-NOBODY,z\nP002,w\n", encoding="utf-8-sig")
    out = tmp_path / "scores.json"
    ended = run(city, "--purpose", "review", "--persons", tmp_path / "whom.csv", "--out", out)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(out.read_text())
    assert [each["person_id"] for each in told["scores"]] == ["P003", "P002"]
    assert told["scores"][0]["risk"] == score(url).json["risk"]
    assert told["scores"][0]["reasons"] == score(url).json["reasons"]
    assert [each["reason"] for each in told["refused"]] == ["sealed", "unknown_person"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "P-NOBODY" not in ended.stdout + ended.stderr
    with sqlite3.connect(city.home.records) as connection:
        rows = connection.execute(
            "SELECT outcome, purpose FROM audit WHERE actor = 'command line' AND purpose IS NOT NULL ORDER BY seq"
        )
        assert rows.fetchall() == [(each, "review") for each in ("scored", "sealed", "unknown_person", "scored")]


def test_histories_in_a_file_are_scored_as_those_sent_along(city, url, tmp_path):
    sent = ask(f"{url}/openapi.json").json["components"]["schemas"]["ScoreRequest"]["examples"][1]
    history = {name: sent[name] for name in ("person", "status", "events")}
    sealed = {**history, "status": {**history["status"], "sealed": True}}
    (tmp_path / "told.json").write_text(json.dumps({"A-1": history, "A-2": sealed, "A-3": history}))
    out = tmp_path / "scores.json"
    ended = run(city, "--purpose", "research", "--histories", tmp_path / "told.json", "--out", out, as_of=sent["as_of"])
    assert ended.returncode == 0, ended.stderr
    told, same = json.loads(out.read_text()), ask(f"{url}/v1/scores", sent).json
    assert [each["person_id"] for each in told["scores"]] == ["A-1", "A-3"]
    assert {each["risk"] for each in told["scores"]} == {same["risk"]}
    assert told["scores"][0]["reasons"] == same["reasons"]
    assert [(each["person_id"], each["reason"]) for each in told["refused"]] == [("A-2", "sealed")]
    with sqlite3.connect(city.home.records) as connection:
        rows = connection.execute(
            "SELECT outcome, inline, person_hash FROM audit WHERE purpose = 'research' ORDER BY seq"
        )
        assert rows.fetchall() == [("scored", 1, None), ("sealed", 1, None), ("scored", 1, None)]


def test_a_station_is_scored_into_a_table(city, tmp_path):
    ended = run(city, "--purpose", "review", "--station", "S2", "--language", "en", "--out", tmp_path / "scores.csv")
    assert ended.returncode == 0, ended.stderr
    with (tmp_path / "scores.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {int(row["person_id"][1:]) % 2 for row in rows} == {1}  # of S2 are those with odd numbers
    assert all(0 <= float(row["risk"]) <= 1 for row in rows)
    assert rows[0]["reasons"][:2] in {"'+", "'-"}  # text to a spreadsheet, no formula
    good = champion.read(city.home.champions, NAME)
    assert {(row["model_name"], row["model_tag"], row["model_digest"], row["run"]) for row in rows} == {
        (NAME, good.tag, good.digest, good.run)
    }
    assert not any(text.startswith(("{", "[")) for row in rows for text in row.values())
    assert all(float(row["others"]) == float(row["others"]) for row in rows)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--purpose", "enforcement"], "score:"),
        (["--purpose", "curiosity"], "purpose: one_of"),
        (["--purpose", "review", "--persons", "nowhere.csv"], "person_id"),
        (["--purpose", "review", "--station", "S99"], "score: Unknown station"),
    ],
)
def test_what_the_service_refuses_the_command_refuses_with_a_sentence(city, tmp_path, options, told):
    ended = run(city, *options, "--out", tmp_path / "scores.json")
    assert ended.returncode == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "scores.json").exists()


@pytest.mark.parametrize(
    ("out", "told"),
    [("missing/scores.csv", "cannot be written"), ("scores.xlsx", "expected one of .json, .csv, .parquet")],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_recorded(city, tmp_path, out, told):
    before = recorded(city)
    ended = run(city, "--purpose", "review", "--out", tmp_path / out)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert recorded(city) == before
    assert list(tmp_path.iterdir()) == []


def recorded(city):
    with sqlite3.connect(city.home.records) as connection:
        return connection.execute("SELECT count(*) FROM audit").fetchone()
