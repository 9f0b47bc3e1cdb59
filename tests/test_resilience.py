"""What the running service withstands: requests that are no questions, hostile ones, damage and absence."""

import http.client
import json
import socket
import sqlite3
import time

import pytest

from features.errors import ConfigError
from features.home import Home
from models import artifact, champion
from serving.messages import Ready
from serving.run import serve
from tests.serving_helpers import (
    AS_OF,
    CANARY,
    KEYS,
    NAME,
    QUESTION,
    ask,
    bearer,
    build_city,
    copied,
    problem,
    promote,
    score,
    serving,
)

BEYOND = {"Host": "station.example"}  # as a proxy on this machine asks for others


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("log") / "service.log"


@pytest.fixture(scope="module")
def url(city, log):
    with serving(city.home, log) as address:
        yield address


# What is no question


def test_only_json_in_utf_8_is_read(url):
    body = json.dumps({**QUESTION, "person_id": "P003"}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", ""):
        problem(ask(f"{url}/v1/scores", body, headers={"Content-Type": kind}), 415, "wrong_content_type")
    problem(ask(f"{url}/v1/scores", body, headers={"Content-Encoding": "gzip"}), 415, "wrong_content_type")
    assert ask(f"{url}/v1/scores", body, headers={"Content-Type": 'application/json; charset="UTF-8"'}).status == 200


def test_a_body_over_the_cap_is_refused(url):
    for path, cap in (("scores", 1_048_576), ("scores:batch", 4 * 1_048_576)):
        problem(ask(f"{url}/v1/{path}", b" " * (cap + 1)), 413, "body_too_large")
        assert ask(f"{url}/v1/{path}", b" " * cap).status == 400


def test_a_body_that_does_not_say_its_length_is_refused_once_it_is_too_long(url):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    chunks = (b" " * 65_536 for _ in range(17))
    headers = {"Content-Type": "application/json", **bearer(KEYS[url])}
    connection.request("POST", "/v1/scores", chunks, headers, encode_chunked=True)
    assert connection.getresponse().status == 413


def test_addresses_and_methods_that_do_not_exist_are_problems(url):
    for path in (
        "/v1/persons/P003",
        "/docs.json",
        "/metrics",
        "/schema.json",
        "/livez",
        "/static_content/x",
        "/v1/x:y",
    ):
        problem(ask(url + path), 404, "not_found")
    problem(ask(f"{url}/v1/scores/", {**QUESTION, "person_id": "P003"}), 404, "not_found")
    told = ask(f"{url}/v1/scores")
    problem(told, 405, "method_not_allowed")
    assert told.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("query", "field", "rule"),
    [
        ("colour=red", "colour", "unknown_field"),
        ("as_of=2024-06-01&as_of=2024-06-01", "as_of", "given_twice"),
        ("as_of=2024-06-01&Weeks=4", "Weeks", "unknown_field"),
    ],
)
def test_a_stray_or_repeated_parameter_is_refused(url, query, field, rule):
    told = problem(ask(f"{url}/v1/hotspots?{query}"), 422, "invalid")
    assert [(each["field"], each["rule"]) for each in told["errors"]] == [(field, rule)]


def test_parameters_where_none_is_asked_for_are_refused(url):
    for path in ("/", "/docs", "/openapi.json", "/healthz", "/readyz"):
        problem(ask(f"{url}{path}?x=1"), 422, "invalid")
    problem(ask(f"{url}/v1/scores?person_id=P003", {**QUESTION, "person_id": "P003"}), 422, "invalid")
    problem(ask(f"{url}/v1/scores:batch?language=en", {**QUESTION, "person_ids": ["P003"]}), 422, "invalid")


def test_only_the_socket_says_who_calls(url):
    for told in ("192.0.2.7", "not an address", "127.0.0.1"):
        assert ask(f"{url}/healthz", headers={"X-Forwarded-For": told}).status == 200


def test_probes_may_ask_for_the_head_alone(url):
    for path in ("/healthz", "/readyz"):
        answer = ask(f"{url}{path}", method="HEAD")
        assert (answer.status, answer.body) == (200, b"")


def test_another_host_name_is_refused(url):
    problem(ask(f"{url}/readyz", headers={"Host": "rebound.example"}), 421, "wrong_host")


# Nothing of a person in a log; nothing hostile brings it down


def hostile_bodies():
    good = {**QUESTION, "person_id": CANARY}
    wrong = [
        None,
        True,
        0,
        -1,
        1.5,
        10**30,
        -(10**400),
        "",
        "\x00",
        "x" * 5000,
        [],
        {},
        [[]],
        {"a": {}},
        "\u202e",
        "💥",
        CANARY,
    ]
    for field in ("person_id", "as_of", "purpose", "language", "model", "most", "events", "person"):
        yield from (json.dumps({**good, field: value}).encode() for value in wrong)
    event = {"occurred_on": "2024-01-01", "known_on": "2024-01-01", "kind": "plan"}
    for field in ("occurred_on", "known_on", "kind", "outcome", "value", "revision", "event_id"):
        yield from (
            json.dumps({**QUESTION, "person": {"birth_year": 1980}, "events": [{**event, field: value}]}).encode()
            for value in wrong
        )
    for value in wrong:
        yield json.dumps({**QUESTION, "events": [event], "person": {"birth_year": value}}).encode()
    text = json.dumps(good).encode()
    yield from (text[:cut] for cut in range(0, len(text), 7))
    yield from (text.replace(b"P", byte) for byte in (b"\xff", b"\x00", b"\xc3\x28", b'"', b"\\u0000", b"\\ud800"))
    yield from (b"[" * 100_000, b'{"a":' * 5_000, b"NaN", b"1" * 10_000, b"--boundary\r\n\r\n", text + text)


def test_hostile_bodies_never_bring_a_server_error(url):
    sent = list(hostile_bodies())
    assert len(sent) >= 200
    statuses = [ask(f"{url}/v1/scores", body).status for body in sent]
    assert {status for status in statuses if status >= 500} == set()
    assert score(url).status == 200


def test_hostile_lines_and_headers_never_bring_a_server_error(url):
    host, port = url.removeprefix("http://").split(":")
    for line in (
        b"GET /%ff%fe/%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /v1/hotspots?as_of=%ff&level=%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: \xff\xfe\r\n\r\n",
        b"POST /v1/scores HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: \xff\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /v1/scores HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \xb2\r\n\r\n{}",
        b"POST /v1/scores HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: \xff\r\nContent-Length: 0\r\n\r\n",
        b"BREW /v1/scores HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(line)
            assert connection.recv(12).split()[1][:1] in {b"2", b"4"}, line


def test_no_log_line_names_a_person(url, log):
    score(url, CANARY)
    score(url, CANARY, purpose="enforcement")
    score(url, CANARY, as_of=CANARY)
    ask(f"{url}/v1/scores:batch", {**QUESTION, "person_ids": [CANARY]})
    ask(f"{url}/v1/persons/{CANARY}?who={CANARY}", headers={"X-Request-Id": f"{CANARY} {CANARY}"})
    ask(f"{url}/v1/scores", f'{{"person_id": "{CANARY}", '.encode())
    time.sleep(0.2)
    lines = log.read_text()
    assert "POST /v1/scores 200" in lines
    assert CANARY not in lines


# Promotion, damage, absence


def eventually(answer, wanted, *, seconds=10):
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        got = answer()
        if wanted(got):
            return got
        time.sleep(0.2)
    raise AssertionError(f"did not come within {seconds} s: {got}")


def test_a_damaged_promotion_is_refused_and_told_while_the_last_good_model_answers(city, tmp_path):
    spoilt = copied(city, tmp_path / "home")
    with serving(spoilt.home, tmp_path / "log", WAYSTATION_HOSTS="station.example") as url:
        ready = ask(f"{url}/readyz")
        Ready.model_validate_json(ready.body)
        assert ready.json["models"]
        assert ready.json["refused"] == []
        # Which models those are is told on this machine alone, and not through a proxy on it.
        assert ask(f"{url}/readyz", headers=BEYOND).json == {"status": "ready", "models": None, "refused": None}
        good = champion.read(spoilt.home.champions, NAME)
        other = {**artifact.relapse_to_plain(city.model), "note": "otherwise the same"}
        tag = promote(spoilt.home, NAME, "relapse", city.model.booster, other)
        folder = spoilt.home.bentoml / "models" / tag.replace(":", "/")
        text = (folder / "booster.txt").read_text()
        (folder / "booster.txt").write_text(text[: len(text) // 2])
        told = eventually(lambda: ask(f"{url}/readyz"), lambda answer: answer.json["refused"] != [])
        assert told.status == 200
        assert told.json["refused"][0]["name"] == NAME
        assert told.json["refused"][0]["answering"] == good.digest
        assert score(url).json["model"]["digest"] == good.digest

        with sqlite3.connect(spoilt.home.records) as connection:
            connection.execute("DROP TABLE audit")
        assert "risk" not in problem(score(url), 503, "record_failed")
        problem(ask(f"{url}/v1/hotspots?as_of={AS_OF}"), 503, "record_failed")
        problem(score(url, headers={"Authorization": None}), 503, "record_failed")
        assert ask(f"{url}/readyz").status == 200  # what says nothing of anyone is not recorded


def test_without_model_and_store_the_service_is_up_but_not_ready(tmp_path):
    home = Home(tmp_path / "home")
    with serving(home, tmp_path / "log", WAYSTATION_HOSTS="station.example") as url:
        assert ask(f"{url}/healthz").status == 200
        told = problem(ask(f"{url}/readyz", headers=BEYOND), 503, "not_ready")
        assert not {"waiting_for", "refused"} & set(told)
        told = problem(ask(f"{url}/readyz"), 503, "not_ready")
        assert len(told["waiting_for"]) == 2
        assert ask(f"{url}/readyz", method="HEAD").status == 503
        assert score(url).status == 503
        assert ask(f"{url}/v1/hotspots?as_of={AS_OF}").status == 503
    with pytest.raises(OSError, match="refused"):  # the service ended with the process that started it
        ask(f"{url}/healthz")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_only_the_loopback_interface_is_served(tmp_path, host):
    with pytest.raises(ConfigError, match="nobody holds a key"):
        serve(Home(tmp_path), host=host)


@pytest.mark.parametrize("port", [-1, 0, 65_536, 100_000])
def test_a_port_that_does_not_exist_is_refused(tmp_path, port):
    with pytest.raises(ConfigError, match="from 1 to 65535"):
        serve(Home(tmp_path), port=port)


def test_a_port_that_another_uses_is_told_in_one_sentence_before_anything_is_started(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ConfigError, match="cannot be had"):
            serve(Home(tmp_path / "home"), port=other.getsockname()[1])
    assert not (tmp_path / "home").exists()
