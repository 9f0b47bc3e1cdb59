"""The proof of no leak, as a tool: it passes on what is sound and fails loudly on a planted leak."""

from dataclasses import replace

import pandas as pd
import pytest

from features.catalogue import CATALOGUE, Feature, feature
from features.relapse import chosen
from tests.test_cli import waystation
from training import proof, runs
from training.config import read
from training.proof import Facts, Poison, Watched, prove
from training.relapse import train


@pytest.fixture(scope="module")
def made_from(small_home):
    return runs.material(small_home, lambda _: None)


@pytest.fixture(scope="module")
def watched(small_home, made_from):
    config = read(small_home.path / "relapse.toml")
    trained = train(made_from.history, config, snapshot_day=made_from.last_day)
    return Watched(made_from.last_day - 200, config.cohort, chosen(config.features), trained.model)


@pytest.fixture(scope="module")
def tables(made_from):
    snapshot = made_from.snapshot
    events = pd.read_parquet(snapshot.folder / "events.parquet")
    return events, Facts(snapshot.read("persons"), snapshot.read("stations"))


def test_a_thousand_edits_to_the_future_move_nothing(tables, watched):
    done = prove(*tables, watched, Poison(1000, seed=3))
    assert done.moved == ()
    assert sum(done.edits.values()) == 1000
    assert all(done.edits[sort] > 100 for sort in proof.SORTS)
    assert done.scored > 50


def test_a_planted_leak_is_named(tables, watched):
    @feature(family="planted", unit="count", source="", legal_basis="")
    def peeking(past):
        """Records of the next thirty days, count. Zero if none."""
        return past.in_hindsight(100_000).of().ahead(days=30).count()

    try:
        leaky = replace(watched, features=(*watched.features, Feature("peeking")))
        assert "peeking" in prove(*tables, leaky, Poison(200, seed=3)).moved
    finally:
        del CATALOGUE["peeking"]


def test_the_command_says_that_nothing_moved(small_home):
    done = waystation(
        small_home.path, "prove-no-leak", "--as-of", "2025-06-30", "--config", small_home.path / "relapse.toml"
    )
    assert done.returncode == 0, done.stderr
    assert "Nothing moved." in done.stdout
