"""A real trial takes the whole path by the commands of the README: ingest, train, promote, serve, a score over HTTP."""

import json

import pytest

from features.home import Home
from features.snapshot import Snapshot
from serving.ask import Service
from serving.run import start
from tests.test_cli import waystation
from tests.test_demo import free_port

CONFIG = ("--config", "training/ctn0094.toml")


@pytest.fixture(scope="module")
def home(reference_data, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("trial"))
    mapping = ("--mapping", "features/mappings/ctn0094.toml")
    done = waystation(home.path, "ingest", reference_data / "ctn0027", *mapping, "--backfill")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(scope="module")
def figures(home):
    done = waystation(home.path, "train", "relapse", *CONFIG, "--json", home.path / "figures.json")
    assert done.returncode == 0, done.stderr
    return json.loads((home.path / "figures.json").read_text())["relapse-ctn"]


def test_the_trial_gives_the_rows_and_the_skill_that_are_published_with_it(figures):
    model, paired = figures["models"]["lightgbm"], figures["paired"]
    counts = [figures["counts"][name] for name in ("rows", "persons", "positives", "unobserved")]
    assert counts == [3058, 829, 1275, 161]
    assert model["auroc"]["value"] >= 0.803
    assert model["auprc"]["value"] >= 0.744
    assert model["brier"]["value"] <= 0.1765
    assert 0.9 <= model["slope"]["value"] <= 1.1
    for other in ("logistic", "points", "last_result", "base_rate"):
        assert paired[other]["auroc"]["low"] > 0
        assert paired[other]["log_loss"]["high"] < 0


def test_a_person_of_the_trial_gets_an_explained_score_out_of_a_running_service(home, figures):
    assert figures
    promoted = waystation(home.path, "promote", "relapse", *CONFIG)
    assert promoted.returncode == 0, promoted.stderr
    snapshot = Snapshot.open(next(home.snapshots.glob("*")))
    tests = snapshot.read("events").query("kind == 'urine_test' and substance == 'opioid' and outcome == 'negative'")
    person_id = tests.query("10957 + 28 < occurred_on <= 10957 + 56")["person_id"].iloc[
        0
    ]  # a good week, so in the cohort
    granted = waystation(home.path, "access", "grant", "--role", "machine", "--name", "trial")
    service = Service("127.0.0.1", free_port(), key=granted.stdout.split()[0])
    process = start(home, port=service.port, log=home.path / "service.log")
    try:
        service.wait_until_ready(seconds=90, alive=lambda: process.poll() is None)
        told = service.score({"person_id": person_id, "as_of": "2000-02-26", "purpose": "review"}, language="en")
    finally:
        process.terminate()
        process.wait()
    assert 0 < told["risk"] < 1
    assert told["horizon_days"] == 28
    assert told["snapshot"] == snapshot.digest
    parts = [reason["contribution"] for reason in told["reasons"]] + [told["others"]["contribution"]]
    assert told["base"] + sum(parts) == pytest.approx(told["log_odds"], abs=1e-6)
