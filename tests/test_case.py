"""The case a gate looks at: a poisoned day is one the model was made for, and records are as old as they are."""

import shutil
from datetime import date
from pathlib import Path

import training
from features.home import Home
from features.intake import ingest
from features.store import Store
from models.artifact import Artifact
from tests.tables import day, history
from training.case import ages_of, day_with_a_future
from training.config import read
from training.gate import fresh_of, newer_of
from training.material import material

TRIAL = """kind            | occurred_on | outcome
           programme_start | 2020-01-01  |
           urine_test      | 2021-06-01  | negative"""


def test_with_a_calendar_the_future_of_the_last_horizon_is_poisoned():
    last_day = day("2021-06-01")
    assert day_with_a_future(history(TRIAL), read(None), last_day=last_day) == last_day - 90


def test_in_a_trial_the_future_of_the_middle_of_its_dates_is_poisoned():
    config = read(Path(training.__file__).parent / "ctn0094.toml")
    weeks = range(14, 141, 7)
    middle = day("2020-01-01") + weeks[len(weeks) // 2]
    assert day_with_a_future(history(TRIAL), config, last_day=day("2021-06-01")) == middle


LATER = "person_id,occurred_on,known_on,source,kind,outcome\nP_LATER,2026-04-10,2026-04-10,community,check_in,kept\n"


def test_a_challenger_from_a_state_before_the_champions_is_old_and_its_records_are_stale(small_home, tmp_path):
    """The store took in a batch of a hundred days later, from which the champion was made, and not the challenger."""
    home = Home(tmp_path / "home")
    shutil.copytree(small_home.path, home.path)
    (tmp_path / "events.csv").write_text(LATER)
    before = material(home, lambda _: None)
    with Store.open(home.store_url) as store:
        ingest(tmp_path / "events.csv", store, received_on=date(2026, 4, 10))
    after = material(home, lambda _: None)
    older, newest = (
        Artifact("", "", {}, {"snapshot": each.snapshot.digest, "snapshot_day": each.last_day})
        for each in (before, after)
    )
    behind = after.last_day - before.last_day
    assert behind == 100
    ages = ages_of(home, older, newest, after.last_day)
    assert (ages.behind_days, ages.challenger < ages.champion) == (behind, True)
    assert not fresh_of(ages, read(None).gate.most_behind_days).passed
    assert newer_of(ages).why == "an older snapshot"
    ages = ages_of(home, newest, older, after.last_day)
    assert fresh_of(ages, 0).passed
    assert newer_of(ages).passed
    nowhere = Artifact("", "", {}, {"snapshot": "f" * 64, "snapshot_day": after.last_day})
    assert "no state this store was ever in" in newer_of(ages_of(home, nowhere, None, after.last_day)).why
