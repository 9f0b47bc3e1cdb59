import dataclasses
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import ConfigError, SchemaError, TooLittleHistoryError
from features.hotspot import Places
from models import hotspot as model
from models.hotspot import Learning
from training import hotspot
from training.hotspot import DEFAULT_CONFIG, HotspotConfig, backtest, load_config, train

TEMPE = (
    Path(os.environ.get("WAYSTATION_REFERENCE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    / "tempe_opioid_ems.csv"
)
SMALL = HotspotConfig(
    level="township", origins=3, bootstrap_samples=50, learning=Learning(rounds=20, rows_per_leaf=50, threads=1)
)
TOWN = pd.DataFrame(
    {"area_id": [f"T{n}" for n in range(8)], "level": "township", "geometry": pd.Series([None] * 8, dtype="str")}
)


def steady_city(*, days=900, size=1200, reported_by="citizen", seed=5):
    """Incidents of eight invented townships, each with its own constant rate, T7 the busiest."""
    drawn = np.random.default_rng(seed)
    share = np.arange(1, 9) / 36
    occurred_on = np.sort(drawn.integers(10_000, 10_000 + days, size))
    return pd.DataFrame(
        {
            "occurred_on": occurred_on,
            "known_on": occurred_on + drawn.integers(0, 5, size),
            "kind": "overdose",
            "reported_by": reported_by,
            "longitude": np.nan,
            "latitude": np.nan,
            "area_id": drawn.choice(TOWN["area_id"], size, p=share),
        }
    )


def test_the_file_of_settings_is_the_default():
    assert load_config(DEFAULT_CONFIG) == HotspotConfig()


def test_an_unknown_setting_is_refused_by_name(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("horizon_week = 4\n[learning]\ndepth = 3\n")
    with pytest.raises(ConfigError, match=r"horizon_week.*learning\.depth"):
        load_config(path)


def test_a_setting_of_the_wrong_type_is_refused_by_name(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('horizon_weeks = "four"\nkinds = "overdose"\n')
    with pytest.raises(ConfigError, match=r"horizon_weeks.*kinds"):
        load_config(path)


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ({"level": "street"}, "expected `cell` or `township`"),
        ({"origins": 0}, "origins is too low"),
        ({"reporting_lag_days": -1}, "reporting_lag_days is too low"),
        ({"kinds": ("arrest",)}, "unknown"),
        ({"kinds": ("first_positive",), "level": "cell"}, "no place finer than the township"),
        ({"reporters": ("enforcement",)}, "follows where it looks"),
        ({"history_weeks": 20}, "needs a year"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(setting, reason):
    with pytest.raises(ConfigError, match=reason):
        HotspotConfig(**setting)


def test_incidents_of_enforcement_alone_are_refused():
    mixed = dataclasses.replace(SMALL, reporters=("citizen", "enforcement"))
    with pytest.raises(ConfigError, match="follows where it looks"):
        backtest(Places(steady_city(reported_by="enforcement"), TOWN), mixed)


def test_a_short_history_is_refused():
    with pytest.raises(TooLittleHistoryError, match="too short a history"):
        train(Places(steady_city(days=200), TOWN), SMALL)


def test_townships_need_their_table():
    with pytest.raises(SchemaError, match="areas"):
        train(Places(steady_city(), None), SMALL)


def test_origins_are_sundays_one_horizon_apart_and_their_outcomes_are_complete():
    known = steady_city()
    origins = hotspot._origins(known, SMALL)
    assert (origins % 7 == hotspot.SUNDAY).all()
    assert np.diff(origins).tolist() == [28, 28]
    assert origins[-1] + 28 + SMALL.reporting_lag_days <= known["known_on"].max()


def test_no_row_is_learned_from_before_its_outcome_is_complete():
    dates = hotspot._learning_dates(steady_city(), SMALL, end=10_800)
    assert dates[-1] == 10_800 - 7 * (4 + 2)


def test_at_an_origin_only_complete_and_recent_outcomes_are_learned_from():
    dates = 10_800 - 7 * np.array([300, 214, 6, 5, 0])
    assert hotspot._learnable(dates, SMALL, end=10_800).tolist() == [False, True, True, False, False]


def test_a_horizon_is_open_at_its_start_and_closed_at_its_end():
    rows = steady_city()
    known = rows[rows["known_on"].le(10_890)]
    dates = np.arange(10_400, 10_800, 7)
    city = hotspot._city(Places(known, TOWN), SMALL, as_of=dates, study_as_of=10_800)
    found = hotspot._outcomes(city, np.arange(len(dates)), known_by=10_890)
    slow = [
        [((known["area_id"] == area) & (known["occurred_on"] - day).between(1, 28)).sum() for area in TOWN["area_id"]]
        for day in dates
    ]
    assert found.tolist() == slow


def test_an_outcome_not_known_at_an_origin_is_not_learned_from():
    known = steady_city()
    dates = np.arange(10_400, 10_800, 7)
    city = hotspot._city(Places(known, TOWN), SMALL, as_of=dates, study_as_of=10_800)
    then, later = (hotspot._outcomes(city, np.arange(20), known_by=day).sum() for day in (10_500, 11_000))
    assert then < later


def test_what_comes_after_an_origin_changes_no_forecast_made_there():
    rows = steady_city()
    origin = int(hotspot._origins(rows, SMALL)[0])
    moved = rows.assign(area_id=rows["area_id"].mask(rows["known_on"].gt(origin), "T0"))
    dates = np.append(hotspot._learning_dates(rows, SMALL, end=origin), origin)
    before, after = (
        hotspot._forecasts_at(
            hotspot._city(Places(told, TOWN), SMALL, as_of=dates, study_as_of=origin), len(dates) - 1, SMALL
        )
        for told in (rows, moved)
    )
    assert {name: rates.tolist() for name, rates in before.items()} == {
        name: rates.tolist() for name, rates in after.items()
    }


def test_the_figures_have_the_agreed_shape():
    told = backtest(Places(steady_city(), TOWN), SMALL)
    horizon = told["horizons"]["4"]
    assert {"lightgbm", "prior", "count_12m", "count_all", "ewma", "oracle_counts"} <= {*horizon["models"]}
    metrics = {"hit_rate@0.01", "pai@0.05", "pei@0.2", "deviance_skill", "predicted_over_observed"}
    assert all(metrics <= {*figures} for figures in horizon["models"].values())
    assert {*horizon["models"]["lightgbm"]["deviance_skill"]} == {"value", "low", "high"}
    assert {*horizon["paired"]["ewma"]["deviance_skill"]} == {"difference", "low", "high"}
    assert told["counts"]["origins"] == 3


def test_a_trained_model_forecasts_the_rates_of_a_steady_city():
    rows = steady_city()
    trained = train(Places(rows, TOWN), SMALL)
    told = model.forecast(trained.model, Places(rows, TOWN), as_of=10_890, horizon_weeks=4, level="township")
    told = told.set_index("area_id")["expected"]
    truth = 1200 / 900 * 28 * pd.Series(np.arange(1, 9) / 36, index=TOWN["area_id"])
    assert told.corr(truth) > 0.9
    assert told.sum() == pytest.approx(truth.sum(), rel=0.15)
    assert trained.n_rows == 8 * trained.n_as_of


def test_training_twice_gives_the_same_model_and_figures():
    first, second = (train(Places(steady_city(), TOWN), SMALL) for _ in range(2))
    assert first.model.booster.model_to_string() == second.model.booster.model_to_string()
    assert first.figures == second.figures


@pytest.mark.skipif(not TEMPE.exists(), reason="the Tempe reference data is not here; set WAYSTATION_REFERENCE_DATA")
def test_on_tempe_the_model_is_ahead_of_the_last_year():
    calls = pd.read_csv(TEMPE)
    day = (pd.to_datetime(calls["date"]) - pd.Timestamp(0)).dt.days
    rows = pd.DataFrame({"occurred_on": day, "known_on": day, "longitude": calls["lon"], "latitude": calls["lat"]})
    rows = rows.assign(kind="overdose", reported_by="service", area_id=pd.Series(pd.NA, index=rows.index, dtype="str"))
    told = backtest(Places(rows, None), dataclasses.replace(load_config(), learning=Learning(rounds=60)))
    horizon = told["horizons"]["4"]
    assert told["counts"]["origins"] == 14
    assert horizon["paired"]["count_12m"]["deviance_skill"]["low"] > 0
    assert horizon["models"]["lightgbm"]["hit_rate@0.05"]["value"] > 0.33
