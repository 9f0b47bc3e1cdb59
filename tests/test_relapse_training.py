"""A model is judged on rows it has not seen, and the same input gives the same model."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.errors import ConfigError, TooLittleHistoryError
from features.history import History, read_events
from features.relapse import chosen
from models import artifact
from training.config import at_horizon, read
from training.material import material
from training.relapse import backtest, rows_to_learn, train
from training.rows import prediction_times, rows_of
from training.splits import folds_of


@pytest.fixture(scope="module")
def made_from(small_home):
    return material(small_home, lambda _: None)


@pytest.fixture(scope="module")
def config(small_home):
    return read(small_home.path / "relapse.toml")


@pytest.fixture(scope="module")
def trained(made_from, config):
    return train(made_from.history, config, snapshot_day=made_from.last_day)


def test_the_figures_are_of_the_model_and_every_baseline_on_the_same_rows(trained):
    figures = trained.backtest
    assert list(figures.models) == ["lightgbm", "logistic", "points", "last_result", "base_rate"]
    assert set(figures.models["lightgbm"]) == {"auroc", "auprc", "brier", "log_loss", "slope", "intercept", "ece"}
    assert figures.counts.rows == len(figures.predictions)
    assert figures.counts.positives == figures.predictions["relapse"].sum()
    assert figures.counts.unobserved == sum(figures.why_unobserved.values())


def test_a_model_of_the_invented_city_finds_something_and_not_too_much(trained):
    assert 0.6 < trained.backtest.models["lightgbm"]["auroc"].value < 0.9  # .9 would be a leak


def test_the_same_snapshot_and_configuration_give_the_same_bytes(made_from, config, trained):
    again = train(made_from.history, config, snapshot_day=made_from.last_day)
    assert again.model.booster.model_to_string() == trained.model.booster.model_to_string()
    assert artifact.relapse_to_plain(again.model) == artifact.relapse_to_plain(trained.model)


def test_every_prediction_time_has_a_mature_label(made_from, config):
    times = prediction_times(made_from.history, config, snapshot_day=made_from.last_day)
    assert times["as_of"].max() + 90 + 21 == made_from.last_day


def test_a_correction_after_an_origin_does_not_change_what_isrows_to_learn_there(made_from, config):
    events = read_events(made_from.snapshot.folder / "events.parquet")
    given_tests = events[events["kind"].eq("urine_test") & events["outcome"].isin(["positive", "negative"])]
    corrected = given_tests.assign(
        revision=given_tests["revision"] + 1,
        known_on=made_from.last_day,
        outcome=given_tests["outcome"].astype("str").map({"positive": "negative", "negative": "positive"}),
    )
    later = History.of(pd.concat([events, corrected], ignore_index=True), made_from.snapshot.read("persons"))
    learned, labels = [], []
    for history in (made_from.history, later):
        rows = rows_of(history, config, chosen(config.features), snapshot_day=made_from.last_day)
        labels.append(rows.times["relapse"])
        learned.append([rows_to_learn(rows, history, fold, config) for fold in folds_of(rows.times, config)])
    assert not labels[0].equals(labels[1])
    for before, after in zip(*learned, strict=True):
        assert len(before.times) > 100
        pd.testing.assert_frame_equal(before.times, after.times)


def test_features_that_never_vary_are_left_out(trained):
    for feature in trained.model.features:
        column = trained.rows.table[feature.name].to_numpy()
        assert np.isnan(column).any() or len(set(column)) > 1


def test_too_short_a_history_is_told_and_no_model_is_made(made_from, config):
    first = int(made_from.history.occurred.min())
    with pytest.raises(TooLittleHistoryError, match="relapse-small"):
        backtest(made_from.history, config, snapshot_day=first + 200)


def test_a_horizon_longer_than_the_records_and_a_kind_nobody_knows_are_told_as_that(made_from, config):
    day = made_from.last_day
    with pytest.raises(TooLittleHistoryError, match="too short for a horizon of 5000 days"):
        rows_of(made_from.history, at_horizon(config, 5000), (), snapshot_day=day)
    misspelt = replace(config, label=replace(config.label, kinds=("urin_test",)))
    with pytest.raises(ConfigError, match="kinds lists urin_test"):
        backtest(made_from.history, misspelt, snapshot_day=day)
