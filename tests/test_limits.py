"""How much is answered: at once, in a minute, in what time; and what becomes of those who come when it is too much."""

import asyncio
import json
import socket
import sqlite3
import threading
import time
from contextlib import suppress

import pytest
from starlette.requests import Request

from features.errors import ConfigError
from features.home import Home
from serving.access import Access
from serving.guard import Guard
from serving.limits import Caps, Limits
from serving.problems import ProblemError
from serving.records import Records
from serving.roles import Caller
from serving.settings import Settings
from tests.serving_helpers import AS_OF, KEYS, QUESTION, ask, bearer, build_city, key_for, problem, serving

SLOW_SECONDS = 0.5
WORKER, MACHINE = Caller("w", "station_worker", "S1"), Caller("m", "machine")


def outcomes(counted, *whom):
    """What came of counting each in turn, in one loop: None, or the refusal."""

    async def each_in_turn():
        return [await asyncio.gather(counted(each), return_exceptions=True) for each in whom]

    return [outcome for (outcome,) in asyncio.run(each_in_turn())]


def test_each_caller_has_so_many_requests_a_minute_and_a_machine_more():
    limits = Limits(Caps(a_minute=3, machine_a_minute=5))
    for caller, most in ((WORKER, 3), (Caller("other", "planner"), 3), (MACHINE, 5)):
        *counted, problem = outcomes(limits.count, *[caller] * (most + 1))
        assert counted == [None] * most
        assert (problem.code, problem.status) == ("too_many", 429)
        assert 1 <= int(problem.headers["Retry-After"]) <= 120


def test_failures_are_counted_by_address_and_not_against_callers():
    limits, near = Limits(Caps(failures_a_minute=2)), "192.0.2.1"
    *counted, problem, other = outcomes(limits.count_failure, near, near, near, "192.0.2.2")
    assert (counted, problem.code, other) == ([None, None], "too_many", None)
    assert outcomes(limits.count, WORKER) == [None]


def test_counting_starts_no_threads():
    limits, before = Limits(Caps()), threading.active_count()
    assert outcomes(limits.count, *[WORKER] * 50) == [None] * 50
    assert threading.active_count() == before


def test_places_are_given_back_whatever_happens():
    limits = Limits(Caps(at_once=1))
    with limits.place():
        with pytest.raises(ProblemError) as refused:
            limits.place().__enter__()
        taken = refused.value
    assert (taken.code, taken.status, taken.headers["Retry-After"]) == ("too_busy", 429, "1")
    for _ in range(2):
        with suppress(KeyError), limits.place():
            raise KeyError


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "²"])
def test_a_limit_is_a_whole_number(monkeypatch, text):
    monkeypatch.setenv("WAYSTATION_REQUESTS_AT_ONCE", text)
    with pytest.raises(ConfigError, match="whole number"):
        Settings.of_environment()


def test_an_issuer_named_by_half_is_told(monkeypatch):
    monkeypatch.setenv("WAYSTATION_OIDC_ISSUER", "https://id.example")
    with pytest.raises(ConfigError, match="WAYSTATION_OIDC_AUDIENCE, WAYSTATION_OIDC_JWKS"):
        Settings.of_environment()


# An answer that takes too long


def guarded(home, answer, caps):
    """What comes of a request whose answer is this, and the places that are then free."""
    settings = Settings(home, caps=caps)
    access, records = Access.open(settings), Records(home.records)
    guard = Guard(settings, access, Limits(caps), records)
    scope = {"type": "http", "headers": [(b"authorization", f"Bearer {key_for(home)}".encode())], "request_id": "r" * 8}

    async def asked():
        with pytest.raises(ProblemError) as late:
            await guard.answered(Request(scope), "GET /v1/hotspots", answer)
        with pytest.raises(ProblemError) as meanwhile:
            await guard.answered(Request(scope), "GET /v1/hotspots", answer)
        await asyncio.sleep(2 * SLOW_SECONDS)
        with guard.limits.place():
            return late.value, meanwhile.value

    return asyncio.run(asked())


def test_an_answer_that_takes_too_long_is_refused_recorded_and_keeps_its_place_until_it_ends(tmp_path):
    home, ended = Home(tmp_path), []

    async def slow():
        await asyncio.sleep(SLOW_SECONDS)
        ended.append(True)
        raise KeyError

    late, meanwhile = guarded(home, slow, Caps(at_once=1, answer_seconds=SLOW_SECONDS / 10))
    assert (late.code, late.status, late.headers["Retry-After"]) == ("took_too_long", 503, "1")
    assert meanwhile.code == "too_busy"
    assert ended == [True]
    with sqlite3.connect(home.records) as connection:
        told = [row[0] for row in connection.execute("SELECT outcome FROM audit ORDER BY seq")]
    assert told == ["granted", "took_too_long"]


# Over HTTP


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


def address(url):
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


def head_of(url, length):
    return (
        f"POST /v1/scores HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {KEYS[url]}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def is_full(url):
    """Whether the one place of the service is taken, which shows that a slow request was let in."""
    return ask(f"{url}/v1/hotspots?as_of={AS_OF}").status == 429


def wait_until(holds, *, seconds=10):
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds
        time.sleep(0.05)


def test_back_pressure_a_body_that_never_ends_and_a_stop_that_lets_finish_who_was_let_in(city, tmp_path):
    body = json.dumps({**QUESTION, "person_id": "P002"}).encode()
    with socket.socket() as slow, socket.socket() as last:
        with serving(city.home, tmp_path / "log", WAYSTATION_REQUESTS_AT_ONCE="1") as url:
            slow.connect(address(url))
            slow.sendall(head_of(url, 100) + b"{")  # and then nothing
            wait_until(lambda: is_full(url))
            answer = ask(f"{url}/v1/hotspots?as_of={AS_OF}")
            problem(answer, 429, "too_busy")
            assert answer.headers["retry-after"] == "1"
            assert ask(f"{url}/healthz").status == 200  # probes take no place
            assert b" 408 " in slow.recv(4096).split(b"\r\n")[0]
            assert not is_full(url)
            last.connect(address(url))
            last.sendall(head_of(url, len(body)) + body[:5])
            wait_until(lambda: is_full(url))
            threading.Timer(1.0, last.sendall, [body[5:]]).start()  # by then the service was told to stop
        assert b" 200 " in last.recv(4096).split(b"\r\n")[0]
        with pytest.raises(OSError, match="refused"):
            ask(f"{url}/healthz")


def test_more_than_a_minutes_worth_is_told_to_wait(city, tmp_path):
    with serving(city.home, tmp_path / "log", WAYSTATION_MACHINE_REQUESTS_A_MINUTE="5") as url:
        answers = [ask(f"{url}/v1/hotspots?as_of={AS_OF}") for _ in range(12)]
        problem(answers[-1], 429, "too_many")
        assert int(answers[-1].headers["retry-after"]) >= 1
        planner = bearer(key_for(city.home, "planner"))
        assert ask(f"{url}/v1/hotspots?as_of={AS_OF}", headers=planner).status == 200  # others are not held up by it
