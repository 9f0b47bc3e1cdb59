"""Keys of our own: shown once, kept hashed, good until they expire or are revoked."""

import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ConfigError, StoreError
from features.home import Home
from serving.access import GRANTS, granted, open_grants
from serving.grants import Asked, Grants, new_key
from serving.roles import Caller, station_of
from serving.run import access_is_on, start
from serving.settings import Settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def grants(tmp_path_factory):
    return Grants(tmp_path_factory.mktemp("keys") / "access.db")


def worker(station="S1", *, until=TODAY):
    return Asked("station_worker", station, "of the tests", until)


def kept(grants, asked):
    """A new key that is good, and what is kept of it."""
    new = new_key(asked, now=NOW)
    grants.keep(new)
    return new.text, new.grant


def test_a_key_says_who_holds_it(grants):
    key, made = kept(grants, worker())
    assert grants.caller_of(key, today=TODAY) == Caller(made.key_id, "station_worker", "S1")


def test_the_name_a_key_was_granted_under_is_for_its_holder_s_eyes_alone(grants):
    key, _ = kept(grants, worker())
    caller = grants.caller_of(key, today=TODAY)
    assert caller.name == "of the tests"
    assert "of the tests" not in repr(caller)


def test_a_key_is_good_to_the_end_of_its_last_day(grants):
    key, _ = kept(grants, worker())
    assert grants.caller_of(key, today=TODAY)
    assert grants.caller_of(key, today=TODAY + timedelta(days=1)) is None


def test_a_revoked_key_is_good_no_more_and_keeps_the_moment_it_was_revoked_first(grants):
    key, made = kept(grants, worker())
    gone = grants.revoke(made.key_id, now=NOW)
    assert grants.caller_of(key, today=TODAY) is None
    assert grants.revoke(made.key_id, now=NOW + timedelta(days=1)) == gone


def test_the_file_holds_no_key_and_only_its_owner_reads_it(grants):
    key, made = kept(grants, worker())
    secret = key.split("_", 2)[2]
    files = list(grants.path.parent.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert not [file for file in files if secret.encode() in file.read_bytes()]
    assert [each for each in grants.all() if each.key_id == made.key_id] == [made]


def test_no_two_keys_are_alike(grants):
    keys = [kept(grants, worker())[0] for _ in range(20)]
    assert len({key.split("_", 2)[2] for key in keys}) == 20
    assert min(len(key.split("_", 2)[2]) for key in keys) == 43  # 256 bits


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_no_other_text_is_a_key(grants, text):
    assert grants.caller_of(text, today=TODAY) is None
    assert grants.caller_of(f"ws_{text}", today=TODAY) is None


def test_a_key_with_anything_changed_is_none(grants):
    key, made = kept(grants, worker())
    other, _ = kept(grants, worker())
    secret = key.split("_", 2)[2]
    changed = [
        key[:-1],
        key + "A",
        key.swapcase(),
        f"ws_{made.key_id}_",
        f"ws_{made.key_id}",
        f"ws__{secret}",
        f"ws_{made.key_id}_{other.split('_', 2)[2]}",
        f"ws_{made.key_id}_{secret[:20]}\x00{secret[21:]}",
    ]
    assert [grants.caller_of(each, today=TODAY) for each in changed] == [None] * len(changed)


def test_secrets_are_compared_whole_even_for_ids_that_do_not_exist(grants, monkeypatch):
    import serving.grants as module

    lengths = []
    monkeypatch.setattr(
        module.hmac, "compare_digest", lambda given, held: lengths.append((len(given), len(held))) or given == held
    )
    key, made = kept(grants, worker())
    for each in (key, f"ws_{made.key_id}_x", "ws_000000000000_x", "ws_x"):
        grants.caller_of(each, today=TODAY)
    assert lengths == [(64, 64)] * 4


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked("king", None, "", TODAY), "no such role"),
        (Asked("station_worker", None, "", TODAY), "name it with --station"),
        (Asked("station_lead", "", "", TODAY), "name it with --station"),
        (Asked("planner", "S1", "", TODAY), "leave --station out"),
        (Asked("auditor", None, "x" * 129, TODAY), "printable"),
        (Asked("station_worker", "S\n1", "", TODAY), "printable"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(grants, asked, told):
    with pytest.raises(ConfigError, match=told):
        kept(grants, asked)


def test_a_machine_may_be_held_to_a_station(grants):
    key, _ = kept(grants, Asked("machine", "S1", "", TODAY))
    caller = grants.caller_of(key, today=TODAY)
    assert station_of(caller, "POST /v1/scores") == "S1"
    assert station_of(Caller("k", "machine"), "POST /v1/scores") is None
    assert station_of(Caller("k", "station_worker"), "POST /v1/scores") not in {None, ""}  # never all


def test_access_is_on_while_any_key_is_good(tmp_path):
    home = Home(tmp_path / "home")
    assert not access_is_on(home)
    assert not home.path.exists()
    grants = open_grants(home)
    assert not access_is_on(home)
    _, made = kept(grants, worker(until=Settings(home).today))
    assert access_is_on(home)
    grants.revoke(made.key_id, now=NOW)
    assert not access_is_on(home)
    kept(grants, worker(until=date(2020, 1, 1)))
    assert not access_is_on(home)


def test_no_key_is_good_that_the_record_does_not_tell_of(tmp_path):
    home = Home(tmp_path / "home")
    home.records.mkdir(parents=True)  # no record can be written there
    with pytest.raises(StoreError, match="cannot be written"):
        granted(home, worker(), now=NOW)
    assert open_grants(home).all() == []


def test_the_record_tells_of_a_key_that_could_not_be_kept(tmp_path):
    home = Home(tmp_path / "home")
    granted(home, worker(), now=NOW)
    with closing(sqlite3.connect(home.path / GRANTS)) as keys:
        keys.execute("CREATE TRIGGER full BEFORE INSERT ON grants BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(StoreError, match="cannot be written"):
        granted(home, worker(), now=NOW)
    with closing(sqlite3.connect(home.records)) as record:
        told = record.execute("SELECT outcome, detail FROM audit ORDER BY seq").fetchall()
    assert [outcome for outcome, _ in told] == ["granted", "granted", "not_kept"]
    assert told[1][1] == told[2][1] != told[0][1]
    assert len(open_grants(home).all()) == 1


def test_beyond_this_machine_the_service_is_started_once_somebody_holds_a_key(tmp_path):
    home = Home(tmp_path / "home")
    with socket.socket() as taken:  # so that nothing is started in the end
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match="nobody holds a key"):
            start(home, host="0.0.0.0", port=port)
        kept(open_grants(home), worker(until=Settings(home).today))
        with pytest.raises(ConfigError, match="cannot be had"):
            start(home, host="0.0.0.0", port=port)


# The commands


def waystation(home, *arguments, columns=200):
    done = subprocess.run(
        [sys.executable, str(ROOT / "waystation.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "WAYSTATION_HOME": str(home), "COLUMNS": str(columns)},
    )
    assert "Traceback" not in done.stderr
    return done


def test_keys_are_granted_listed_and_revoked_on_the_command_line_and_the_record_knows(tmp_path):
    grant = ("access", "grant", "--role", "station_worker", "--station", "S1", "--name", "王")
    done = waystation(tmp_path, *grant, "--new-station")
    (key,) = done.stdout.splitlines()  # alone, so that it can be piped
    key_id = key.split("_")[1]
    assert "not shown again" in done.stderr
    listed = waystation(tmp_path, "access", "list").stdout
    assert key_id in listed
    assert "王" in listed
    assert key not in listed
    assert "Revoked" in waystation(tmp_path, "access", "revoke", key_id).stdout
    verdict = waystation(tmp_path, "audit", "verify")
    assert verdict.returncode == 0
    assert "2 entries" in verdict.stdout
    assert "whole" in verdict.stdout
    (tmp_path / "records.head").write_text(f"{9:020} {'0' * 64}\n")
    spoilt = waystation(tmp_path, "audit", "verify")
    assert spoilt.returncode == 1
    assert "3 to 9 are missing" in spoilt.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["access", "grant", "--role", "king"], "no such role"),
        (["access", "grant", "--role", "planner", "--expires", "soon"], "--expires takes a day"),
        (["access", "grant", "--role", "planner", "--expires", "2024-01-31"], "day of --expires is over"),
        (["access", "grant", "--role", "station_worker", "--station", "S99"], "names that station"),
        (["access", "list", "--json", "no/such/folder.json"], "cannot be written"),
        (["access", "revoke", "0123"], "no key has that id"),
        (["access", "list"], "cannot be opened"),
        (["access", "grant", "--role", "planner"], "cannot be opened"),
        (["audit", "verify"], "the key of the record cannot be read"),
    ],
)
def test_a_mistake_ends_with_a_sentence(tmp_path, arguments, told):
    if told == "cannot be opened":
        (tmp_path / "access.db").write_bytes(b"no database" * 100)
    done = waystation(tmp_path, *arguments)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_key_of_a_station_that_records_or_the_list_of_stations_name_is_granted(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "stations.csv").write_text("station_id,name,social_workers\nS7,Seven,2\n")
    assert waystation(tmp_path, "ingest", tmp_path / "in").returncode == 0
    grant = ("access", "grant", "--role", "station_worker", "--station")
    assert waystation(tmp_path, *grant, "S7").returncode == 0
    refused = waystation(tmp_path, *grant, "S8")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert waystation(tmp_path, "access", "list").stdout.count("station_worker") == 1  # none was made of the other


@pytest.mark.parametrize("columns", [40, 80])
def test_ids_and_roles_are_listed_whole_in_a_narrow_window_and_all_of_it_in_a_file(tmp_path, columns):
    grants = open_grants(Home(tmp_path))
    asked = Asked("station_worker", "S-" + "1" * 20, "a name of many words, longer than a line " * 2, NOW.date())
    key_ids = [kept(grants, asked)[1].key_id for _ in range(3)]
    grants.revoke(key_ids[0], now=NOW)
    listed = waystation(tmp_path, "access", "list", "--json", tmp_path / "keys.json", columns=columns).stdout
    assert all(key_id in listed for key_id in key_ids)
    assert listed.count("station_worker") == 3
    assert "…" not in listed
    keys = json.loads((tmp_path / "keys.json").read_text())["keys"]
    assert [each["key_id"] for each in keys] == sorted(key_ids)
    assert {(each["role"], each["station"], each["name"]) for each in keys} == {(asked.role, asked.station, asked.name)}
    assert "digest" not in keys[0]
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
