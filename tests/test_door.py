"""The outermost part: who is let in, what is written down, and what becomes of a bug."""

import asyncio
import json
import logging

import pytest

from features.home import Home
from features.languages import LANGUAGES
from serving.door import Door
from serving.problems import MOST_FAULTS, faults_of, path_of
from serving.settings import Settings
from serving.wording import wording

CANARY = "CANARY-7f3a"


async def fine(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})


async def broken(scope, receive, send):
    raise KeyError(CANARY)


async def broken_midway(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise KeyError(CANARY)


def answer(
    app,
    tmp_path,
    *,
    client="127.0.0.1",
    host="127.0.0.1:3000",
    request_id="",
    access_is_on=False,
    hosts=(),
    path=f"/{CANARY}",
):
    """Status, headers and body of one request through the door."""
    sent = []

    async def send(message):
        sent.append(message)

    headers = [(b"host", host.encode()), (b"x-request-id", request_id.encode())]
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "client": (client, 1)}
    door = Door(app, Settings(Home(tmp_path), hosts=hosts, new_id=lambda: "made-here"), lambda: access_is_on)
    asyncio.run(door(scope, None, send))
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}, body


@pytest.mark.parametrize("app", [broken, broken_midway])
def test_a_bug_gives_a_calm_answer_and_a_log_line_without_its_message(app, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    status, _, body = answer(app, tmp_path)
    assert status in {500, 200}  # 200 when the answer had begun before the bug
    if status == 500:
        assert json.loads(body)["type"] == "urn:waystation:problem:internal"
    assert "KeyError at broken" in caplog.text
    assert CANARY not in caplog.text + body.decode()


@pytest.mark.parametrize("path", ["/ui", "/ui/worklist"])
def test_a_bug_in_a_page_gives_a_plain_page_with_the_number_of_the_request(tmp_path, caplog, path):
    status, headers, body = answer(broken, tmp_path, path=path, request_id="asked-0001")
    text = body.decode()
    assert (status, headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert "asked-0001" in text
    assert all(wording(language).text("bug", "detail") in text for language in LANGUAGES)
    assert "<script" not in text
    assert "KeyError" not in text
    assert CANARY not in text + caplog.text


def test_the_log_has_no_path_that_is_not_ours(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    answer(fine, tmp_path)
    assert "- - 200" in caplog.text
    assert CANARY not in caplog.text


@pytest.mark.parametrize(
    ("client", "host", "status"),
    [
        ("127.0.0.1", "127.0.0.1:3000", 200),
        ("127.0.0.1", "LOCALHOST", 200),
        ("::1", "[::1]:3000", 200),
        ("192.0.2.7", "127.0.0.1:3000", 421),
        ("10.0.0.1", "localhost", 421),
        ("127.0.0.1", "rebound.example", 421),
        ("127.0.0.1", "", 421),
    ],
)
def test_without_keys_only_this_machine_under_its_own_name_is_answered(tmp_path, client, host, status):
    assert answer(fine, tmp_path, client=client, host=host)[0] == status


@pytest.mark.parametrize(
    ("client", "host", "hosts", "status"),
    [
        ("192.0.2.7", "station.example:443", (), 200),
        ("192.0.2.7", "station.example", ("station.example",), 200),
        ("192.0.2.7", "Station.Example", ("station.example",), 200),
        ("192.0.2.7", "127.0.0.1", ("station.example",), 200),
        ("192.0.2.7", "rebound.example", ("station.example",), 421),
        ("127.0.0.1", "rebound.example", ("station.example",), 421),
        ("127.0.0.1", "rebound.example", (), 421),
        ("127.0.0.1", "station.example", ("station.example",), 200),
    ],
)
def test_with_keys_other_machines_are_answered_under_the_names_it_goes_by(tmp_path, client, host, hosts, status):
    assert answer(fine, tmp_path, client=client, host=host, hosts=hosts, access_is_on=True)[0] == status


@pytest.mark.parametrize(
    ("given", "used"), [("abcdef-123", "abcdef-123"), ("short", "made-here"), ("a" * 65, "made-here")]
)
def test_a_sound_request_id_is_kept_and_another_replaced(tmp_path, given, used):
    assert answer(fine, tmp_path, request_id=given)[1]["x-request-id"] == used


def test_names_of_the_callers_making_are_cut_and_cleaned():
    assert path_of(["events", 3, "x" * 1000]) == "events.3." + "x" * 64
    assert path_of(["a\nb\ud800"]) == "a?b?"


def test_no_more_faults_are_told_than_anyone_reads():
    many = [{"loc": ("body", f"f{number}"), "type": "extra_forbidden"} for number in range(1000)]
    assert len(faults_of(many)) == MOST_FAULTS
