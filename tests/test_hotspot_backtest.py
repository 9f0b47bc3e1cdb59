import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from features.errors import TooLittleHistoryError
from features.hotspot import Places
from models.hotspot_baselines import Baselines
from models.hotspot_fit import Learning
from tests.hotspot_helpers import row_of_areas, steady
from training.hotspot_backtest import backtests, forecasts_at, judge
from training.hotspot_config import HotspotConfig
from training.hotspot_files import read_city
from training.hotspot_study import study_of

SMALL = HotspotConfig(
    level="township", origins=3, bootstrap_samples=50, workers=1, learning=Learning(rounds=10, rows_per_leaf=50)
)
RATES = np.linspace(0.02, 0.4, 12)
AREAS = row_of_areas(12)
ORIGIN = 1000 + 7 * 110
BASELINES = {"count_12m", "count_all", "ewma", "kde", "etas", "eb_kernel", "prior"}
METRICS = {
    *(f"{name}@{share}" for name in ("hit_rate", "pai", "pai*", "pei") for share in (0.01, 0.02, 0.05, 0.1, 0.2)),
    "deviance", "deviance_nb", "deviance_skill", "deviance_nb_skill", "predicted_over_observed",
    "pit_coverage_90", "district_coverage_90", "city_coverage_90", "jaccard",
}  # fmt: skip


def city(days=900):
    return steady(RATES, days)


def forecasts(rows, *, planted=None):
    """What every model forecasts at one origin, from a study that holds what came afterwards as well."""
    study = study_of(Places(rows, AREAS), SMALL, day=ORIGIN + 28, study_as_of=ORIGIN)
    study = study if planted is None else planted(study)
    return forecasts_at(study, Baselines(study.evidence), SMALL, ORIGIN).expected


def moved_by_the_future(*, planted=None):
    """The models whose forecast changes when all that became known after the origin is moved to one area."""
    rows = city()
    edited = rows.assign(area_id=rows["area_id"].mask(rows["known_on"] > ORIGIN, "T00"))
    before, after = (forecasts(told, planted=planted) for told in (rows, edited))
    return {name for name in before if not np.array_equal(before[name], after[name])}


def test_what_comes_after_an_origin_changes_no_forecast_made_there():
    assert moved_by_the_future() == set()


def test_a_planted_leak_of_the_next_weeks_into_the_maps_is_seen():
    def leaky(study):
        ahead = np.minimum(np.arange(len(study.as_of)) + 4, len(study.as_of) - 1)
        evidence = dataclasses.replace(study.evidence, maps=study.evidence.maps[ahead])
        return dataclasses.replace(study, evidence=evidence)

    assert moved_by_the_future(planted=leaky) >= {"prior", "lightgbm"}


def test_an_origin_is_forecast_alike_alone_and_among_others():
    rows = city()
    told = judge(Places(rows, AREAS), SMALL)
    origins = judge(Places(rows, AREAS), dataclasses.replace(SMALL, origins=2))
    for name, expected in told.expected.items():
        assert origins.expected[name][-1] == pytest.approx(expected[-1], rel=1e-9), name


def test_the_figures_hold_every_metric_of_every_model_and_are_json():
    figures = judge(Places(city(), AREAS), SMALL).figures
    horizon = figures["horizons"]["4"]
    assert {*horizon["models"]} == BASELINES | {"lightgbm", "oracle_counts"}
    assert {*horizon["paired"]} == BASELINES
    assert all({*model} >= METRICS for model in horizon["models"].values())
    assert all({*paired} >= METRICS for paired in horizon["paired"].values())
    assert horizon["models"]["count_12m"]["deviance_skill"]["value"] == 0.0
    assert {*horizon["models"]["lightgbm"]["deviance_skill"]} == {"value", "low", "high"}
    assert {*horizon["paired"]["ewma"]["deviance_skill"]} == {"difference", "low", "high"}
    assert 0 <= horizon["trees_over_prior"]["trust"] <= 1
    json.dumps(figures, allow_nan=False)


def test_several_horizons_stand_side_by_side():
    two = backtests(Places(city(), AREAS), [SMALL, dataclasses.replace(SMALL, horizon_weeks=1)])
    assert {*two["horizons"]} == {"4", "1"}


def test_the_oracle_knows_what_came():
    oracle = judge(Places(city(), AREAS), SMALL).figures["horizons"]["4"]["models"]["oracle_counts"]
    assert oracle["deviance_skill"]["value"] == pytest.approx(1.0)
    assert oracle["pei@0.2"]["value"] == 1.0


def test_areas_known_by_their_ids_alone_are_forecast_all_the_way(tmp_path):
    rows = city()
    dates = pd.to_datetime(rows["occurred_on"], unit="D").dt.strftime("%Y-%m-%d")
    pd.DataFrame({"date": dates, "area_id": rows["area_id"]}).to_csv(tmp_path / "incidents.csv", index=False)
    places = read_city(tmp_path / "incidents.csv", None, known_lag_days=14).places
    told = judge(places, SMALL).figures
    assert told["counts"]["areas"] == 12
    assert {*told["horizons"]["4"]["models"]} == BASELINES | {"lightgbm", "oracle_counts"}


def test_an_area_first_heard_of_after_the_first_origin_lies_outside():
    rows = city()
    late = rows.assign(area_id=rows["area_id"].mask(rows["occurred_on"] > 1820, "T99"))
    told = judge(Places(late, None), SMALL).figures["counts"]
    assert told["areas"] == 12
    assert told["incidents_outside"] > 0


def test_what_tells_of_no_place_is_counted_apart_and_is_no_miss():
    rows = city()
    lost = rows.assign(area_id=rows["area_id"].mask(rows.index % 10 == 0, None))
    told = judge(Places(lost, AREAS), SMALL)
    counts = told.figures["counts"]
    assert counts["incidents_without_place"] > 0
    assert counts["incidents_outside"] == 0
    assert told.outcome.total.sum() == told.outcome.observed.sum()


def test_a_city_that_lay_still_in_all_weeks_learned_from_is_refused():
    rows = pd.concat([steady(RATES, 30), steady(RATES, 30, first=1000 + 7 * 150)], ignore_index=True)
    with pytest.raises(TooLittleHistoryError, match="none came"):
        judge(Places(rows, AREAS), SMALL)


def test_horizons_in_which_nothing_came_are_not_judged():
    rows = pd.concat([city(days=700), steady(RATES, 7, first=1000 + 7 * 150)], ignore_index=True)
    with pytest.raises(TooLittleHistoryError, match="in any horizon judged"):
        judge(Places(rows, AREAS), SMALL)


def test_without_districts_the_standing_line_promises_none():
    told = judge(Places(city(), AREAS), SMALL).figures["horizons"]["4"]["provident"]
    assert not told["one_in_each_district"]


def test_a_city_in_which_there_is_nothing_to_learn_stays_at_its_prior():
    told = judge(Places(city(), AREAS), SMALL).figures["horizons"]["4"]["trees_over_prior"]
    assert told["mean_abs_log_ratio"] < 0.1


def test_on_tempe_the_model_is_ahead_of_all_that_a_planner_has(reference_data):
    places = read_city(reference_data / "tempe_opioid_ems.csv", None, known_lag_days=14).places
    figures = judge(places, HotspotConfig(level="cell", learning=Learning(rounds=20))).figures
    horizon = figures["horizons"]["4"]
    assert figures["counts"]["origins"] == 14
    assert horizon["models"]["prior"]["deviance_skill"]["value"] > 0.115
    assert horizon["models"]["lightgbm"]["hit_rate@0.05"]["value"] > 0.38
    assert 0.87 < horizon["models"]["lightgbm"]["pit_coverage_90"]["value"] < 0.93
    assert 0.9 < horizon["models"]["lightgbm"]["predicted_over_observed"]["value"] < 1.1
    for name in BASELINES - {"prior"}:
        assert horizon["paired"][name]["deviance_skill"]["low"] > 0, name
