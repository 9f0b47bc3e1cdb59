"""The ledger of promotions: what was decided stays as it was written, in the store and in the home."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

import waystation
from features.errors import StoreError
from features.home import STORE_URL, Home
from features.store import Store
from features.tables import DECISIONS
from models import ledger
from models.champion import Champion, Decision, decisions
from models.ledger import faults, following
from training.ledger import catch_up, enter, verify

ROOT = Path(__file__).parent.parent


def decision(number, decided="promoted"):
    """The decision on one invented model after another."""
    told = Champion(
        "relapse-90d", "relapse", f"tag-{number}", f"{number:064x}", f"run-{number}", "s" * 64, "2026-01-01"
    )
    return Decision(decided, "no fault", told, "tester", ({"item": "sound", "passed": True, "figures": {"p": 0.1}},))


def chain(n):
    entries = []
    for number in range(n):
        entries.append(following(entries[-1] if entries else None, decision(number)))
    return entries


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv(STORE_URL, f"sqlite:///{tmp_path / 'store.db'}")
    return Home(tmp_path)


@pytest.fixture
def either(tmp_path, store_url, monkeypatch):
    """A home whose store is each of the two databases in turn."""
    monkeypatch.setenv(STORE_URL, store_url)
    return Home(tmp_path)


def away(monkeypatch):
    monkeypatch.setenv(STORE_URL, "sqlite:////no/such/folder/store.db")


def changed(entries):
    return [replace(each, decision=replace(each.decision, who="nobody")) if each.seq == 3 else each for each in entries]


def forged(entries):
    """The third decision another, its link made anew; those after it are as they were."""
    other = following(entries[1], replace(entries[2].decision, why="because"))
    return [*entries[:2], other, *entries[3:]]


def without_one(entries):
    return [*entries[:2], *entries[3:]]


def without_the_first(entries):
    return entries[1:]


def moved(entries):
    return [*entries[:2], entries[3], entries[2], *entries[4:]]


@pytest.mark.parametrize("spoil", [changed, forged, without_one, without_the_first, moved])
def test_a_chain_that_was_tampered_with_is_told(spoil):
    assert list(faults(chain(5))) == []
    assert list(faults(spoil(chain(5))))


def test_a_changed_entry_is_told_once_and_by_its_number():
    assert list(faults(changed(chain(5)))) == ["Entry 3 is not as it was written."]


def test_an_entry_stands_in_the_store_and_in_the_home_and_reads_back_as_it_was(either):
    entries = [enter(either, decision(number))[-1] for number in range(3)]
    assert entries == chain(3) == ledger.read(either.ledger)
    assert verify(either).entries == tuple(entries)
    assert verify(either).findings == ()
    assert [each.decision for each in entries] == list(decisions(either.ledger))


@pytest.mark.parametrize("act", ["UPDATE decisions SET who = 'nobody'", "DELETE FROM decisions"])
def test_the_store_lets_nobody_change_or_remove_an_entry(either, act):
    enter(either, decision(1))
    with (
        Store.open(either.store_url) as store,
        pytest.raises(sa.exc.DatabaseError, match="append-only"),
        store.writing() as connection,
    ):
        connection.execute(sa.text(act))
    assert verify(either).findings == ()


def test_a_decision_the_store_cannot_hold_is_refused_and_the_file_is_as_before(home, monkeypatch):
    enter(home, decision(1))
    before = home.ledger.read_bytes()
    away(monkeypatch)
    for decided in ("promoted", "refused"):
        with pytest.raises(StoreError, match="nothing was changed"):
            enter(home, decision(2, decided))
    assert home.ledger.read_bytes() == before


def test_a_rollback_goes_on_without_the_store_which_takes_it_in_with_the_next_decision(home, monkeypatch):
    url = home.store_url
    enter(home, decision(1))
    away(monkeypatch)
    back = enter(home, decision(0, "rolled back"))[-1]
    assert (back.seq, "without the store" in back.decision.why) == (2, True)
    monkeypatch.setenv(STORE_URL, url)
    assert "Entry 2 is in the home's file and not in the store" in verify(home).findings[0]
    assert enter(home, decision(3))[1] == back
    assert verify(home).findings == ()
    assert [each.seq for each in verify(home).entries] == [1, 2, 3]


def test_what_a_crash_or_a_loss_kept_from_the_home_is_written_there_by_the_next_decision(home):
    enter(home, decision(1))
    torn = home.ledger.read_bytes()[:-40]
    enter(home, decision(2))
    home.ledger.write_bytes(torn)
    assert [finding.split(";")[0] for finding in verify(home).findings] == [
        "Entry 1 is not in the home's file",
        "Entry 2 is not in the home's file",
    ]
    assert [each.decision.champion.tag for each in enter(home, decision(3))] == ["tag-1", "tag-2", "tag-3"]
    assert verify(home).findings == ()
    home.ledger.unlink()
    catch_up(home)
    assert len(ledger.read(home.ledger)) == 3


def test_a_store_made_anew_takes_in_what_the_home_holds(home, tmp_path, monkeypatch):
    entries = enter(home, decision(1)) and enter(home, decision(2))
    monkeypatch.setenv(STORE_URL, f"sqlite:///{tmp_path / 'anew.db'}")
    assert enter(home, decision(3))[:2] == entries
    assert verify(home).findings == ()


def test_lines_from_before_there_was_a_chain_are_taken_in_with_who_and_when(home):
    old = [decision(1), decision(2, "refused")]
    home.ledger.write_text("".join(json.dumps(asdict(each)) + "\n" for each in old))
    assert [each.decision for each in enter(home, decision(3))] == [*old, decision(3)]
    assert verify(home).findings == ()


def test_where_store_and_home_contradict_each_other_nothing_is_entered(home):
    enter(home, decision(1))
    enter(home, decision(2))
    first = ledger.read(home.ledger)[0]
    ledger.write(home.ledger, [first, following(first, decision(9))])
    assert "Entry 2 is another in the home's file than in the store." in verify(home).findings
    with pytest.raises(StoreError, match=r"Entry 2 is another.*put the table"):
        enter(home, decision(3))


def test_on_a_broken_chain_nothing_is_built(home):
    first = chain(1)[0]
    with Store.open(home.store_url) as store, store.writing() as connection:
        row = {"seq": 1, "link_before": first.link_before, "link": first.link, "decision": "promoted", "why": "because",
               "who": "", "compared": "[]", **asdict(first.decision.champion)}  # fmt: skip
        connection.execute(sa.insert(DECISIONS), [row])
    assert verify(home).findings[0] == "Entry 1 is not as it was written."
    with pytest.raises(StoreError, match="not as it was written"):
        enter(home, decision(2))


ENTERING = """
import sys
from pathlib import Path
from features.home import Home
from models.champion import Champion, Decision
from training.ledger import enter
champion = Champion("relapse-90d", "relapse", "tag", "0" * 64, "run", "s" * 64, "2026-01-01")
while True:
    print(enter(Home(Path(sys.argv[1])), Decision("promoted", "no fault", champion))[-1].link, flush=True)
"""


def test_whoever_is_killed_while_entering_loses_nothing_that_was_acknowledged(home):
    acknowledged = []
    for more in (3, 5):
        process = subprocess.Popen(
            [sys.executable, "-c", ENTERING, str(home.path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        acknowledged += [process.stdout.readline().strip() for _ in range(more)]
        process.kill()
        acknowledged += process.stdout.read().split()
        process.wait()
    entries = enter(home, decision(1))
    assert verify(home).findings == ()
    links = [each.link for each in entries]
    assert [link for link in links if link in set(acknowledged)] == acknowledged
    assert len(links) <= len(acknowledged) + 2 + 1  # at most one by each that was killed before it could tell


def test_the_command_shows_every_decision_and_ends_with_one_where_something_is_wrong(home, tmp_path, monkeypatch):
    monkeypatch.setenv("WAYSTATION_HOME", str(home.path))
    enter(home, decision(1))
    enter(home, replace(decision(2, "refused"), why="of the configuration's [statements] 0 of 7 " + "are stated " * 20))
    whole = CliRunner().invoke(waystation.app, ["ledger", "--json", str(tmp_path / "ledger.json")])
    assert (whole.exit_code, "The ledger is whole." in whole.output) == (0, True)
    assert "[statements] 0 of 7 " + "are stated " * 19 in whole.output  # in one line, whatever the width
    told = json.loads((tmp_path / "ledger.json").read_text())
    assert [each["decision"]["decision"] for each in told["entries"]] == ["promoted", "refused"]
    ledger.write(home.ledger, ledger.read(home.ledger)[:1])
    short = CliRunner().invoke(waystation.app, ["ledger"])
    assert (short.exit_code, "Entry 2 is not in the home's file" in short.output) == (1, True)
