"""The share of the oracle's skill: one for the oracle, none for the base rate, and in between what arithmetic says."""

import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.errors import ConfigError
from training import oracle
from training.city.oracle import Question, write_oracle
from training.config import read
from training.truth import Truth, read_truth

RANDOM = np.random.default_rng(3)
N = 4000
ALL = 10**6  # draws, so many that they leave no noise


def judged(probability, draws=ALL, resamples=50, **risks):
    """The shares of some risks where the oracle says `probability`, and what comes true follows it."""
    people = [f"P{number}" for number in range(N)]
    answers = pd.DataFrame({"person_id": people, "as_of": 100, "observed": 1.0})
    answers = answers.assign(detected=probability["said"], used_observed=probability["said"])
    came = (np.random.default_rng(4).random(N) < probability["true"]).astype(float)
    uses = pd.DataFrame({"person_id": np.array(people)[came == 1], "day": 101})
    predictions = pd.DataFrame({"person_id": people, "as_of": 100, "relapse": came, **risks})
    config = replace(read(None), resamples=resamples)
    return oracle.against_oracle(predictions, Truth(answers, uses, horizon_days=90, draws=draws), config)


TRUE = RANDOM.beta(0.6, 2.4, N)
SHARP = {"said": TRUE, "true": TRUE}


def test_who_says_what_the_oracle_says_has_all_of_its_skill():
    told = judged(SHARP, lightgbm=TRUE)
    for outcome in ("detected", "used"):
        found = told[outcome]["models"]["lightgbm"]
        assert found["auroc_share"]["value"] == pytest.approx(1)
        assert found["brier_share"]["value"] == pytest.approx(1, abs=1e-4)
        assert found["mean_absolute_error"]["value"] == 0


def test_who_gives_everybody_the_same_has_none_of_it():
    told = judged(SHARP, base_rate=np.full(N, 0.2))
    came = told["detected"]["positives"] / N
    found = told["detected"]["models"]["base_rate"]
    assert found["auroc_share"]["value"] == 0
    skill = came * (1 - came) - told["detected"]["oracle"]["brier"]["value"]
    assert found["brier_share"]["value"] == pytest.approx(-((came - 0.2) ** 2) / skill, abs=1e-3)
    assert found["mean_absolute_error"]["value"] == pytest.approx(np.mean(np.abs(0.2 - TRUE)))


def test_a_share_is_arithmetic_on_the_figures_beside_it():
    told = judged(SHARP, lightgbm=(TRUE + 0.2) / 2)["detected"]
    model, best, base = told["models"]["lightgbm"], told["oracle"], told["base_rate"]["brier"]["value"]
    gained = (base - model["brier"]["value"]) / (base - best["brier"]["value"])
    assert model["brier_share"]["value"] == pytest.approx(gained)
    assert model["auroc_share"]["value"] == pytest.approx(
        (model["auroc"]["value"] - 0.5) / (best["auroc"]["value"] - 0.5)
    )
    assert model["brier_share"]["low"] < gained < model["brier_share"]["high"]


def test_the_luck_of_the_draws_is_taken_off_the_brier_score_of_the_oracle():
    few = 20
    right = judged(SHARP, lightgbm=TRUE)["detected"]["oracle"]["brier"]["value"]
    told = [
        judged({"said": np.random.default_rng(seed).binomial(few, TRUE) / few, "true": TRUE}, few, 1, lightgbm=TRUE)
        for seed in range(40)
    ]
    corrected = [each["detected"]["oracle"]["brier"]["value"] for each in told]
    luck = np.mean(TRUE * (1 - TRUE)) / few
    assert np.mean(corrected) == pytest.approx(right, abs=luck / 10)
    assert luck > 0.005


def test_rows_the_oracle_was_not_asked_about_are_counted_and_left_out():
    told = judged(SHARP, lightgbm=TRUE)
    assert (told["rows"], told["rows_not_answered"]) == (N, 0)
    people = pd.DataFrame({"person_id": ["P0", "X"], "as_of": 100, "relapse": [1.0, 0.0], "lightgbm": 0.5})
    answers = pd.DataFrame({"person_id": ["P0"], "as_of": 100, "observed": 1.0, "detected": 0.5, "used_observed": 0.5})
    truth = Truth(answers, pd.DataFrame({"person_id": ["P0"], "day": [101]}), horizon_days=90, draws=100)
    told = oracle.against_oracle(people, truth, replace(read(None), resamples=2))
    assert (told["rows"], told["rows_not_answered"]) == (1, 1)


# Four of them: on two the small city has 11 positives, too few to tell the oracle from a lucky model.
SUNDAYS = (date(2024, 12, 22), date(2025, 3, 16), date(2025, 6, 8), date(2025, 8, 31))


@pytest.fixture(scope="module")
def folder(small_home, tmp_path_factory):
    """The small city with an oracle; a copy, for the home belongs to all tests."""
    folder = tmp_path_factory.mktemp("oracle")
    shutil.copytree(small_home.path / "city" / "truth", folder / "truth")
    write_oracle(folder, Question(SUNDAYS, draws=20))
    return folder


@pytest.fixture(scope="module")
def figures(small_home, folder):
    return oracle.backtest(small_home, small_home.path / "relapse.toml", folder, lambda _: None)


def test_a_backtest_is_judged_on_the_dates_of_the_oracle_alone(figures):
    told = figures["oracle"]
    assert told["as_of"] == [day.isoformat() for day in SUNDAYS]
    assert told["rows"] == figures["counts"]["rows"] > 100
    assert told["rows_not_answered"] == 0
    assert told["detected"]["positives"] == figures["counts"]["positives"]


def test_the_oracle_is_ahead_of_every_model_on_detected_relapse_and_on_true_use(figures):
    for outcome in ("detected", "used"):
        told = figures["oracle"][outcome]
        assert list(told["models"]) == list(figures["models"])
        for model in told["models"].values():
            assert model["brier"]["value"] > told["oracle"]["brier"]["value"]
            assert model["auroc_share"]["value"] < 1 > model["brier_share"]["value"]


def test_no_more_is_true_than_was_found_and_more_was_used_than_detected(figures):
    assert figures["oracle"]["used"]["positives"] > figures["oracle"]["detected"]["positives"]


def test_the_interval_of_a_risk_is_held_against_the_probability_of_the_hidden_state(figures):
    told = figures["oracle"]["interval_coverage"]["lightgbm"]
    rows, held = ([each[name] for each in told["tenths"]] for name in ("rows", "held"))
    assert sum(rows) > 50
    assert told["held"]["value"] == pytest.approx(np.average([each["value"] for each in held], weights=rows))
    assert all(each["interval_low"] < each["risk"] < each["interval_high"] for each in told["tenths"])
    low, mean, high = (
        np.average([each[name] for each in told["tenths"]], weights=rows)
        for name in ("interval_low", "probability", "interval_high")
    )
    assert low < mean < high  # what 20 draws say of one person is too coarse, of all together it is not
    assert oracle.coverage_lines(told)[0][-1] == oracle.shown(told["held"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"horizon_days": 28}, "its horizon is 28 days, the oracle's 90"),
        ({"substance": "heroin"}, "any substance alone"),
        ({"reporting_lag_days": 60}, "2025-08-31 is not mature yet"),
    ],
)
def test_a_task_the_oracle_cannot_judge_is_refused(small_home, folder, change, told):
    config = read(small_home.path / "relapse.toml")
    config = replace(config, label=replace(config.label, **change))
    until = int(np.datetime64("2025-12-31").astype(int))
    with pytest.raises(ConfigError, match=told):
        oracle.on_dates_of(read_truth(folder), config, last_day=until)


def test_hair_tests_do_not_count_before_the_oracle_and_the_figures_say_so(small_home, folder, figures):
    config = read(small_home.path / "relapse.toml")
    both = replace(config, label=replace(config.label, kinds=("urine_test", "hair_test")))
    until = int(np.datetime64("2025-12-31").astype(int))
    assert oracle.on_dates_of(read_truth(folder), both, last_day=until).config.label.kinds == ("urine_test",)
    assert figures["oracle"]["label_kinds"] == ["urine_test"]


def test_dates_not_equally_far_apart_are_refused(small_home):
    answers = pd.DataFrame({"person_id": "P1", "as_of": [20000, 20007, 20021], "horizon_days": 90})
    truth = Truth(answers, pd.DataFrame({"person_id": [], "day": []}), horizon_days=90, draws=10)
    with pytest.raises(ConfigError, match="not equally far apart"):
        oracle.on_dates_of(truth, read(small_home.path / "relapse.toml"), last_day=20400)
