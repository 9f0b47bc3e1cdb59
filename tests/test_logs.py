"""The log: lines of JSON with known fields, and nothing that a caller wrote or a library filled in."""

import json
import logging
import re
import time

import pytest

from serving.logs import FIELDS, formatter
from serving.roles import MATRIX
from tests.benchmarks.hostile import spoken
from tests.hostile_lines import lines
from tests.serving_helpers import CANARY, KEYS, QUESTION, TODAY, ask, build_city, score, serving

ARBITER = re.compile(rb"^\S+ \[(INFO|WARNING)\] \[cli\] ")  # of the process that starts the workers


def line(name, message, *arguments, error=None, **extra):
    """The line a record becomes."""
    told = (type(error), error, None) if error else None
    record = logging.LogRecord(name, logging.WARNING, "file", 1, message, arguments, told)
    record.__dict__.update(extra)
    return json.loads(formatter().format(record))


def test_our_messages_are_told_in_full():
    told = line("waystation", "model %s refused: %s", "relapse-90d", "damaged", act="GET /", status=200)
    assert told["event"] == "model relapse-90d refused: damaged"
    assert (told["act"], told["status"], told["level"], told["logger"]) == ("GET /", 200, "warning", "waystation")
    assert list(told) == [name for name in FIELDS if name in told]


def test_of_what_a_library_says_neither_values_nor_further_lines_are_told():
    told = line("uvicorn.error", "request %s failed\nof " + CANARY, CANARY)
    assert told["event"] == "request ... failed"
    assert line("asyncio", "x" * 10_000)["event"] == "x" * 200


@pytest.mark.parametrize(
    ("written", "arguments", "event"),
    [
        ("Service %s initialized", ("waystation",), "Service ... initialized"),
        ("%(who)s took %.2f s, 100%% of %5d", ({"who": CANARY},), "... took ... s, 100%% of ..."),
        ("100% done", (), "100% done"),  # nothing is filled in
    ],
)
def test_no_placeholder_stands_where_a_library_fills_something_in(written, arguments, event):
    assert line("bentoml", written, *arguments)["event"] == event


def test_of_an_error_the_sort_and_the_place_are_told_and_not_its_message():
    with pytest.raises(KeyError) as caught:
        dict[str, int]()[CANARY]
    error = (caught.type, caught.value, caught.tb)
    record = logging.LogRecord("uvicorn.error", logging.ERROR, "f", 1, "bad", (), error)
    text = formatter().format(record)
    assert CANARY not in text
    assert json.loads(text)["error"].startswith("KeyError at test_of_an_error")


def test_fields_that_nobody_listed_are_left_out():
    assert set(line("waystation", "x", person_id=CANARY, name_of=CANARY)) <= set(FIELDS)


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


def everywhere(url):
    """The canary in every place of every operation of the document: path, query, headers, body, as value and name."""
    document = ask(f"{url}/openapi.json").json
    headers = {"X-Request-Id": CANARY, "Accept-Language": CANARY, "Referer": CANARY, "User-Agent": CANARY}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            names = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
            query = "&".join(f"{name}={CANARY}" for name in [*names, CANARY])
            body = {**QUESTION, "person_id": CANARY, CANARY: CANARY} if "requestBody" in operation else None
            filled = re.sub(r"\{[^}]*\}", CANARY, path)
            for address in (filled, f"{filled}?{query}", f"{filled}/{CANARY}"):
                ask(url + address, body, headers=headers, method=method.upper())
                ask(
                    url + address, body, headers={**headers, "Authorization": f"Bearer {CANARY}"}, method=method.upper()
                )


def test_no_person_is_in_the_log_whatever_is_asked_and_each_line_is_json(city, tmp_path):
    log = tmp_path / "log"
    with serving(city.home, log) as url:
        for person_id in (CANARY, "SEALED", "P-NOBODY"):
            score(url, person_id)
            score(url, person_id, as_of=str(TODAY))
        ask(f"{url}/v1/scores:batch", {**QUESTION, "person_ids": [CANARY, "P003"]})
        everywhere(url)
        for each in lines():
            if CANARY.encode() in each:
                spoken(url, each.replace(b"{key}", KEYS[url].encode()))
        time.sleep(0.2)
    raw = log.read_bytes()
    assert CANARY.encode() not in raw
    told = [json.loads(each) for each in raw.splitlines() if not ARBITER.match(each)]
    assert all(set(each) <= set(FIELDS) for each in told)
    acts = {each.get("act") for each in told}
    assert {act for act in MATRIX if "with" not in act} <= acts
