import dataclasses
import functools
import json

import numpy as np
import pandas as pd
import pytest
import shapely

from features import hotspot
from features.areas import OUTSIDE, townships
from features.errors import ArtifactError, ConfigError, TooLittleHistoryError, UnfitModelError
from features.grids import Grid
from features.hotspot import FEATURES, Feature, Places, compute, counted, visible_past
from models import artifact
from models import hotspot as model
from models.counts import dispersion_of
from models.hotspot import Dispersions, Scope
from models.hotspot_fit import Learning, Lessons, fit
from models.prior import Recent, evidence_of

SCOPE = Scope("township", 4, ("overdose",), ("citizen",), None)
LIGHT = Learning(rounds=20, rows_per_leaf=20, threads=1)


def table(text):
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return pd.DataFrame(rows, columns=header).apply(
        lambda column: pd.to_numeric(column) if "_on" in column.name else column
    )


def incidents(text):
    given = table(text)
    return given.assign(kind="overdose", reported_by="citizen", longitude=np.nan, latitude=np.nan)


def town(*, outlined=True):
    # T1 borders T2, T2 borders T3.
    boxes = [json.dumps(shapely.geometry.mapping(shapely.box(west, 0, west + 1, 1))) for west in range(3)]
    geometry = pd.Series(boxes if outlined else [None] * 3, dtype="str")
    return pd.DataFrame({"area_id": ["T1", "T2", "T3"], "level": "township", "geometry": geometry})


def value(feature, rows, as_of, area="T1", *, outlined=True, effort=None):
    past = visible_past(rows, effort, townships(town(outlined=outlined)), as_of=np.array([as_of]), horizon_weeks=4)
    told = compute(past, [feature])
    return told.set_index("area_id").loc[area, feature.name]


def random_city(seed=1, *, days=900, size=900):
    """Incidents of three invented townships, T1 the busiest, some of them learned late."""
    drawn = np.random.default_rng(seed)
    occurred_on = np.sort(drawn.integers(1000, 1000 + days, size))
    late = np.where(drawn.random(size) < 0.3, drawn.integers(1, 60, size), 0)
    return pd.DataFrame(
        {
            "occurred_on": occurred_on,
            "known_on": occurred_on + late,
            "area_id": drawn.choice(["T1", "T2", "T3", "elsewhere"], size, p=[0.6, 0.2, 0.1, 0.1]),
            "kind": "overdose",
            "reported_by": "citizen",
            "longitude": np.nan,
            "latitude": np.nan,
        }
    )


@functools.cache
def of_random_city():
    return fitted(random_city())


def fitted(rows, learning=LIGHT):
    dates = np.arange(1225, 1850, 7)
    past = visible_past(rows, None, townships(town()), as_of=dates, horizon_weeks=4)
    told, evidence = compute(past), evidence_of(past, Recent())
    learned = fit(Lessons(evidence, told, np.arange(26, len(dates) - 6), int(dates[-1])), SCOPE, learning, FEATURES)
    return learned, told.assign(prior=learned.prior.expected(evidence).ravel())


LATE = incidents("""
    area_id | occurred_on | known_on
    T1      | 1000        | 1000
    T1      | 1001        | 1020
    T2      | 1005        | 1005
    nowhere | 1005        | 1005
""")


def test_an_incident_counts_once_it_is_known():
    assert value(Feature("count", 4), LATE, 1010) == 1
    assert value(Feature("count", 4), LATE, 1020) == 1 + 1


def test_a_lookback_is_open_at_its_start_and_closed_at_its_end():
    assert value(Feature("count", 4), LATE, 1000) == 1
    assert value(Feature("count", 4), LATE, 1000 + 27) == 2
    assert value(Feature("count", 4), LATE, 1000 + 28) == 1
    assert value(Feature("count", 4), LATE, 1001 + 28) == 0
    assert value(Feature("count"), LATE, 1001 + 28) == 2


def test_an_incident_known_only_after_its_lookback_never_counts_in_it():
    assert all(value(Feature("count", 1), LATE, as_of) == 0 for as_of in range(1020, 1040))


def test_the_ring_holds_the_neighbours_and_not_the_area_itself():
    assert value(Feature("ring", 4), LATE, 1010, "T1") == 1
    assert value(Feature("ring", 4), LATE, 1010, "T2") == 1 + 0
    assert value(Feature("ring", 4), LATE, 1010, "T3") == 1


def test_a_smoothed_rate_averages_the_area_and_its_neighbours():
    two_weeks = 1013  # known by then: one incident in T1, one in T2, in fourteen days
    assert value(Feature("near", 52), LATE, two_weeks, "T1") == pytest.approx((1 + 1) / 2 / 2)
    assert value(Feature("near", 52), LATE, two_weeks, "T3") == pytest.approx((1 + 0) / 2 / 2)
    near = {"T1": (1 + 1) / 2 / 2, "T2": (1 + 1 + 0) / 3 / 2}
    assert value(Feature("vicinity", 52), LATE, two_weeks, "T1") == pytest.approx((near["T1"] + near["T2"]) / 2)


def test_without_outlines_the_ring_is_missing_and_not_zero():
    assert np.isnan(value(Feature("ring", 4), LATE, 1010, outlined=False))


def test_the_city_counts_what_lies_in_no_area():
    assert value(Feature("city", 4), LATE, 1010) == 1 + 1 + 1


def test_weeks_since_the_last_incident_follow_what_is_known():
    assert value(Feature("weeks_since_last"), LATE, 1014) == (1014 - 1000) / 7
    assert value(Feature("weeks_since_last"), LATE, 1022) == (1022 - 1001) / 7
    assert np.isnan(value(Feature("weeks_since_last"), LATE, 1022, "T3"))


def test_a_rate_is_over_the_history_there_is():
    assert value(Feature("rate", 52), LATE, 1013) == 1 / 2  # one incident in fourteen days
    assert np.isnan(value(Feature("rate", 52), LATE, 999))


def test_exponential_weights_of_a_steady_city_give_its_rate():
    steady = incidents("area_id | occurred_on | known_on\n" + "\n".join(f"T1|{day}|{day}" for day in range(1000, 1100)))
    assert value(Feature("ewma", 4), steady, 1099) == pytest.approx(7.0)


def test_an_incident_one_half_life_old_weighs_half():
    fresh, old = (value(Feature("ewma", 4), LATE, as_of) for as_of in (1000 + 20_000, 1000 + 20_000 + 28))
    assert old == pytest.approx(fresh / 2)


def test_the_season_is_that_of_the_middle_of_the_target_window():
    year = 365.25
    assert value(Feature("season_cos"), LATE, round(3 * year) - 14) == pytest.approx(1.0, abs=1e-3)
    assert value(Feature("season_sin"), LATE, round(3.25 * year) - 14) == pytest.approx(1.0, abs=1e-3)


def test_effort_is_missing_where_none_was_ever_reported():
    effort = pd.DataFrame({"area_id": ["T1", "T1"], "week": [994, 1001], "known_on": [1003, 1010], "tests": [30, 40]})
    assert value(Feature("tests", 4), LATE, 1008, effort=effort) == 30
    assert value(Feature("tests", 4), LATE, 1010, effort=effort) == 30 + 40
    assert value(Feature("tests", 4), LATE, 1100, effort=effort) == 0
    assert np.isnan(value(Feature("tests", 4), LATE, 1010, "T2", effort=effort))
    assert np.isnan(value(Feature("tests", 4), LATE, 1010))


def test_inhabitants_are_those_of_the_table_and_missing_where_it_tells_none():
    people = pd.Series([4200, None, None], dtype="Int64")
    told = visible_past(
        LATE, None, townships(town().assign(population=people)), as_of=np.array([1010]), horizon_weeks=4
    )
    assert compute(told, [Feature("inhabitants")])["inhabitants"].tolist()[0] == 4200
    assert compute(told, [Feature("inhabitants")])["inhabitants"].isna().tolist()[1:] == [True, True]
    assert np.isnan(value(Feature("inhabitants"), LATE, 1010))


def test_counts_equal_a_plain_loop_over_a_random_city():
    rows, dates = random_city(), np.array([1100, 1333, 1340, 1800])
    past = visible_past(rows, None, townships(town()), as_of=dates, horizon_weeks=4)
    told = compute(past, [Feature("count", 13)])
    for as_of, area, found in zip(told["as_of"], told["area_id"], told["count_13w"], strict=True):
        slow = [
            row.area_id == area and as_of - 13 * 7 < row.occurred_on <= as_of and row.known_on <= as_of
            for row in rows.itertuples()
        ]
        assert found == sum(slow)


def test_future_incidents_change_no_feature():
    rows, as_of = random_city(), 1500
    unknown = (rows["occurred_on"] > as_of) | (rows["known_on"] > as_of)
    edited = rows.assign(area_id=rows["area_id"].mask(unknown, "T3"))
    assert unknown.sum() > 100
    before, after = (
        compute(visible_past(told, None, townships(town()), as_of=np.array([as_of]), horizon_weeks=4))
        for told in (rows, edited)
    )
    pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_one_as_of_date_asked_alone_gives_the_same_bits():
    rows, dates, areas = random_city(), np.arange(1300, 1400, 7), townships(town())
    many = compute(visible_past(rows, None, areas, as_of=dates, horizon_weeks=4))
    alone = [compute(visible_past(rows, None, areas, as_of=np.array([day]), horizon_weeks=4)) for day in dates]
    pd.testing.assert_frame_equal(many, pd.concat(alone, ignore_index=True), check_exact=True)


def test_features_survive_the_trip_through_json():
    plain = json.loads(json.dumps([feature.to_plain() for feature in FEATURES]))
    assert tuple(Feature.from_plain(each) for each in plain) == FEATURES
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)


def test_every_calculation_says_its_unit_and_what_absence_gives():
    assert all(len((function.__doc__ or "").split(". ")) >= 2 for function in hotspot.CATALOGUE.values())


def test_an_unknown_feature_is_refused():
    with pytest.raises(ConfigError, match="catalogue"):
        Feature("arrests", 4)


def test_cells_leave_out_what_has_no_place_finer_than_the_township():
    rows = pd.DataFrame({"kind": ["overdose", "first_positive"], "reported_by": ["citizen", "service"]})
    chosen = {"kinds": ["overdose", "first_positive"], "reporters": ["citizen", "service"]}
    assert len(counted(rows, level="township", **chosen)) == 2
    assert counted(rows, level="cell", **chosen)["kind"].tolist() == ["overdose"]


def test_contributions_with_the_prior_sum_to_the_log_rate():
    learned, rows = of_random_city()
    told = model.contributions(learned, rows)
    assert told.sum(axis=1).to_numpy() == pytest.approx(np.log(model.predict(learned, rows)))
    assert {"prior", "base"} <= {*told.columns}


def test_the_same_seed_gives_the_same_trees():
    rows = random_city()
    first, second = (fitted(rows)[0].booster.model_to_string() for _ in range(2))
    assert first == second


@pytest.mark.parametrize("grid", [None, Grid(500, 33.41, -111.93)])
def test_a_model_survives_the_trip_through_its_artifact(tmp_path, grid):
    learned, rows = of_random_city()
    learned = dataclasses.replace(learned, scope=dataclasses.replace(SCOPE, grid=grid))
    plain = artifact.hotspot_to_plain(learned, name="hotspot-township-4w")
    artifact.save(tmp_path / "model", booster=learned.booster, model=plain, card={})
    again = artifact.hotspot_of(artifact.read(tmp_path / "model"))
    kept = ("features", "prior", "trust", "dispersions", "scope")
    assert [getattr(again, each) for each in kept] == [getattr(learned, each) for each in kept]
    assert model.predict(again, rows).tolist() == model.predict(learned, rows).tolist()


@pytest.mark.parametrize("weights", ["level_weights", "map_weights", "kinds"])
def test_a_model_of_other_maps_or_levels_than_this_release_draws_is_refused_when_it_is_opened(weights):
    learned, _ = of_random_city()
    plain = artifact.hotspot_to_plain(learned, name="hotspot-township-4w")
    plain["prior"][weights] = plain["prior"][weights][:-1]
    held = artifact.Artifact("digest", learned.booster.model_to_string(), json.loads(json.dumps(plain)), {})
    with pytest.raises(UnfitModelError, match="train and promote the model again"):
        artifact.hotspot_of(held)


def test_an_artifact_of_another_task_holds_no_hotspot_model():
    with pytest.raises(ArtifactError, match="does not hold a hotspot model"):
        artifact.hotspot_of(artifact.Artifact("digest", "tree", {"task": "relapse"}, {}))


def test_a_forecast_is_higher_where_more_occurs_and_lies_in_its_interval():
    rows = random_city()
    places = Places(rows, town())
    told = model.forecast(of_random_city()[0], places, as_of=1850, horizon_weeks=4, level="township").set_index(
        "area_id"
    )
    assert told["expected"].idxmax() == "T1"
    assert told["low"].le(told["expected"]).all()
    assert told["high"].ge(told["expected"]).all()


def test_what_is_not_known_yet_changes_no_forecast():
    rows = random_city()
    learned = of_random_city()[0]
    visible = rows[rows["known_on"].le(1600)]
    full, cut = (
        model.forecast(learned, Places(told, town()), as_of=1600, horizon_weeks=4, level="township")
        for told in (rows, visible)
    )
    pd.testing.assert_frame_equal(full, cut, check_exact=True)


def test_a_horizon_the_model_was_not_made_for_is_refused():
    rows = random_city()
    with pytest.raises(ConfigError, match="trained for"):
        model.forecast(of_random_city()[0], Places(rows, town()), as_of=1850, horizon_weeks=1, level="township")


YEAR_DAYS = 7 * 52


@pytest.mark.parametrize("days", [-100, -1, 0, 100, YEAR_DAYS - 2])
def test_without_a_year_of_known_history_there_is_no_forecast(days):
    rows = random_city()
    with pytest.raises(TooLittleHistoryError, match="52 weeks"):
        model.look(of_random_city()[0], Places(rows, town()), as_of=rows["occurred_on"].min() + days)


def test_a_year_of_known_history_is_enough_and_counts_from_when_it_was_known():
    rows = random_city()
    learned, first = of_random_city()[0], rows["occurred_on"].min()
    prompt = rows.assign(known_on=rows["occurred_on"])
    assert len(model.look(learned, Places(prompt, town()), as_of=first + YEAR_DAYS - 1)) == 3
    untold = rows.assign(known_on=rows["known_on"].clip(lower=1500))
    assert len(model.look(learned, Places(untold, town()), as_of=1500)) == 3
    with pytest.raises(TooLittleHistoryError):
        model.look(learned, Places(untold, town()), as_of=1499)


def test_records_that_stopped_long_before_are_no_end_of_harm():
    rows = random_city()
    learned, last = of_random_city()[0], int(rows["known_on"].max())
    days = np.unique(rows["known_on"])
    allowed = max(model.SILENT_DAYS, 2 * int(np.diff(days).max()))
    assert len(model.look(learned, Places(rows, town()), as_of=last + allowed)) == 3
    with pytest.raises(TooLittleHistoryError, match="longer than usual"):
        model.look(learned, Places(rows, town()), as_of=last + allowed + 1)


def test_a_city_without_incidents_gets_no_forecast():
    rows = random_city()
    with pytest.raises(TooLittleHistoryError):
        model.look(of_random_city()[0], Places(rows.iloc[:0], town()), as_of=1850)


def test_overdispersed_counts_get_a_wider_interval():
    learned, _ = of_random_city()
    narrow, wide = (
        model.interval(dataclasses.replace(learned, dispersions=Dispersions(dispersion, 0.0, 0.0)), np.array([20.0]))
        for dispersion in (0.0, 0.5)
    )
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_dispersion_is_the_variance_above_poisson():
    drawn, mean = np.random.default_rng(3), np.full(100_000, 5.0)
    negative_binomial = drawn.negative_binomial(2, 2 / (2 + 5), len(mean)).astype(float)
    assert dispersion_of(negative_binomial, mean) == pytest.approx(1 / 2, rel=0.05)
    assert dispersion_of(mean, mean) == 0.0


def test_an_incident_of_an_unknown_area_lies_outside():
    past = visible_past(LATE, None, townships(town()), as_of=np.array([1010]), horizon_weeks=4)
    assert past.incidents.area.tolist() == [0, 0, 1, OUTSIDE]
