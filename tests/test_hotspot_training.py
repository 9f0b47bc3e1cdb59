import dataclasses

import numpy as np
import pandas as pd
import pytest

from features.errors import ConfigError, SchemaError, TooLittleHistoryError, UnfitModelError
from features.hotspot import Places
from models import artifact
from models import hotspot as model
from models.hotspot_fit import Learning, least_within_error
from models.prior import counts_after
from training.hotspot import look_at, train
from training.hotspot_backtest import judge
from training.hotspot_config import DEFAULT_CONFIG, HotspotConfig, load_config
from training.hotspot_study import origins_of, study_of

SMALL = HotspotConfig(
    level="township",
    origins=3,
    bootstrap_samples=50,
    workers=1,
    learning=Learning(rounds=20, rows_per_leaf=50, threads=1),
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
        ({"kinds": ("arrest",)}, "kinds lists arrest; expected some of overdose"),
        ({"kinds": ("first_positive",), "level": "cell"}, "no place finer than the township"),
        ({"reporters": ("enforcement",)}, "follows where it looks"),
        ({"history_weeks": 20}, "needs a year"),
        ({"horizon_weeks": 9}, "at most 8"),
        ({"cell_size_m": 100}, "expected 250 to 1000"),
        ({"h3_resolution": 12}, "expected 6 to 10"),
        ({"recent_days": "guessed"}, "corrected"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(setting, reason):
    with pytest.raises(ConfigError, match=reason):
        HotspotConfig(**setting)


def test_incidents_of_enforcement_alone_are_refused():
    mixed = dataclasses.replace(SMALL, reporters=("citizen", "enforcement"))
    with pytest.raises(ConfigError, match="follows where it looks"):
        judge(Places(steady_city(reported_by="enforcement"), TOWN), mixed)
    with pytest.raises(ConfigError, match="follows where it looks"):  # also where its reports are not counted anyway
        judge(Places(steady_city(reported_by="enforcement"), TOWN), SMALL)


def test_a_short_history_is_refused():
    with pytest.raises(TooLittleHistoryError, match="too short a history"):
        train(Places(steady_city(days=200), TOWN), SMALL)


def test_townships_need_their_table_or_incidents_that_name_them():
    nowhere = steady_city().assign(area_id=pd.Series([None] * 1200, dtype="str"))
    with pytest.raises(SchemaError, match="areas"):
        train(Places(nowhere, None), SMALL)


def test_origins_are_sundays_one_horizon_apart_and_their_outcomes_are_complete():
    known = steady_city()
    origins = origins_of(known, SMALL)
    assert (origins % 7 == model.SUNDAY).all()
    assert np.diff(origins).tolist() == [28, 28]
    assert origins[-1] + 28 + SMALL.reporting_lag_days <= known["known_on"].max()


def study(rows, *, day):
    return study_of(Places(rows, TOWN), SMALL, day=day, study_as_of=day)


def test_no_row_is_learned_from_before_its_outcome_is_complete():
    city = study(steady_city(), day=10_800)
    assert city.as_of[city.lessons(SMALL, day=10_800).weeks[-1]] == 10_800 - 7 * (4 + 2)


def test_only_complete_and_recent_outcomes_after_a_year_of_history_are_learned_from():
    city = study(steady_city(), day=10_800)
    short = dataclasses.replace(SMALL, learning_weeks=30)
    learned = city.as_of[city.lessons(short, day=10_700).weeks]
    assert learned[-1] <= 10_700 - 7 * (4 + 2)
    assert learned[0] >= learned[-1] - 7 * 30
    assert city.as_of[city.lessons(SMALL, day=10_800).weeks[0]] >= 10_000 + 7 * 52 - 1
    assert set(np.diff(learned)) == {14}  # horizons overlap by half


def test_a_horizon_is_open_at_its_start_and_closed_at_its_end():
    rows = steady_city()
    known = rows[rows["known_on"].le(10_890)]
    city = study(known, day=10_800)
    found = counts_after(city.evidence.past, np.arange(len(city.as_of)), known_by=10_890)
    slow = [
        [((known["area_id"] == area) & (known["occurred_on"] - day).between(1, 28)).sum() for area in TOWN["area_id"]]
        for day in city.as_of
    ]
    assert found.tolist() == slow


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


def test_a_trained_model_is_small_and_forecasts_alike_from_its_artifact(tmp_path):
    rows, areas = steady_city(), TOWN.assign(parent_id=["D1"] * 3 + ["D2"] * 5)
    trained = train(Places(rows, areas), SMALL)
    plain = artifact.hotspot_to_plain(trained.model, name="hotspot-township-4w")
    artifact.save(tmp_path / "model", booster=trained.model.booster, model=plain, card={})
    assert sum(file.stat().st_size for file in (tmp_path / "model").iterdir()) < 200_000
    again = artifact.hotspot_of(artifact.read(tmp_path / "model"))
    asked = {"as_of": 10_890, "horizon_weeks": 4, "level": "township"}
    told, before = (model.forecast(each, Places(rows, areas), **asked) for each in (again, trained.model))
    pd.testing.assert_frame_equal(told, before, check_exact=True)


def test_outlines_that_came_after_the_training_are_noticed():
    rows = steady_city()
    trained = train(Places(rows, TOWN), SMALL)
    with pytest.raises(UnfitModelError, match="Train and promote the model again"):
        model.look(trained.model, Places(rows, TOWN.assign(parent_id="D1")), as_of=10_890)


def steered_city():
    """T7 is tested as always until the last year, then four times as much, and as much more is found there."""
    rows = steady_city(days=1200, size=3000).assign(kind="first_positive")
    last = rows["area_id"].eq("T7") & rows["occurred_on"].gt(10_800)
    found = pd.concat([rows, rows[last], rows[last], rows[last]], ignore_index=True)
    monday = 9_999 - (9_999 - 4) % 7 + 7 * np.arange(172)
    effort = pd.DataFrame({"area_id": np.repeat(TOWN["area_id"].to_numpy(str), 172), "week": np.tile(monday, 8)})
    more = effort["area_id"].eq("T7") & effort["week"].gt(10_800)
    effort = effort.assign(known_on=effort["week"] + 7, tests=np.where(more, 40, 10), contacts=0)
    return rows, found, effort.reset_index(drop=True)


def test_where_more_is_found_only_because_more_is_tested_the_forecast_stays():
    rows, found, effort = steered_city()
    forecasts = {}
    for name, places in {"even": Places(rows, TOWN), "steered": Places(found, TOWN, effort)}.items():
        trained = train(places, SMALL).model
        assert trained.scope.at_equal_effort == (name == "steered")
        told = model.forecast(trained, places, as_of=11_150, horizon_weeks=4, level="township")
        forecasts[name] = told["expected"].to_numpy()
    assert forecasts["steered"] == pytest.approx(forecasts["even"], rel=0.1)
    raw = train(Places(found, TOWN, effort), dataclasses.replace(SMALL, at_equal_effort=False)).model
    told = model.forecast(raw, Places(found, TOWN, effort), as_of=11_150, horizon_weeks=4, level="township")
    assert told["expected"].iloc[7] > 2 * forecasts["even"][7]


def test_beside_counts_at_equal_effort_a_model_tells_how_many_were_seen():
    _, found, effort = steered_city()
    places = Places(found, TOWN, effort)
    table = model.look(train(places, SMALL).model, places, as_of=11_150)
    day = 11_150 - (11_150 - model.SUNDAY) % 28
    seen = found[found["known_on"].le(day) & found["occurred_on"].between(day - 363, day)]
    assert table["told_52w"].tolist() == seen["area_id"].value_counts().reindex(TOWN["area_id"]).tolist()
    assert table["count_52w"].iloc[7] < 0.4 * table["told_52w"].iloc[7]
    assert table["times_as_heavy"].tolist() == [1.0] * 8


def test_the_features_of_a_day_are_those_of_every_area():
    told = look_at(Places(steady_city(), TOWN), SMALL, day=10_700)
    assert told["area_id"].astype(str).tolist() == TOWN["area_id"].tolist()


def test_trees_are_trusted_no_further_than_chance_allows():
    drawn = np.random.default_rng(3).normal(0, 1, 26)
    same, better = np.full(26, 10.0), np.full(26, 10.0) + 0.1 * drawn
    assert least_within_error(np.array([same, better - better.mean() + 9.999]), overlap=2.0) == 0
    assert least_within_error(np.array([same, better - 1.0]), overlap=2.0) == 1
    assert least_within_error(np.array([same, same + 1.0]), overlap=2.0) == 0
