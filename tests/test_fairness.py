"""Within each group the risk should be right; a list leaves nobody out; found more is not the same as tested more."""

import numpy as np
import pandas as pd
import pytest

from training import fairness
from training.capacity import listed
from training.evaluate import intercept
from training.fairness import Audit, Registers, groups_of

HOW = Audit(least_persons=20, least_relapses=5, resamples=50, persons_a_worker=10)


def rows_of(relapse, *, station="S1", surprise=np.nan, weight=1.0):
    n = len(relapse)
    return pd.DataFrame(
        {
            "person_id": [f"P{number}" for number in range(n)],
            "as_of": 19_000,
            "station": station,
            "relapse": np.asarray(relapse, dtype=float),
            "surprise": surprise,
            "weight": weight,
        }
    )


def half_and_half(n):
    return {"sex": pd.Series(["female", "male"] * (n // 2), dtype="str")}


def audit(rows, risk, groups, workers=None):
    return fairness.audit(rows, np.asarray(risk, dtype=float), groups, workers=workers or {}, how=HOW)


def test_calibration_is_told_for_each_group_and_is_that_of_its_own_rows():
    random = np.random.default_rng(1)
    risk = np.full(400, 0.3)
    true = np.where(np.arange(400) % 2 == 0, 0.5, 0.3)  # women relapse more often than the risk says
    rows = rows_of(random.random(400) < true)
    told = audit(rows, risk, half_and_half(400)).attributes["sex"]
    women = rows["relapse"].to_numpy()[::2]
    assert told["female"].figures["intercept"].value == intercept(women, risk[::2], np.ones(200))
    assert told["female"].figures["relapse"].value == women.mean()
    assert told["female"].figures["predicted_over_observed"].value == pytest.approx(0.3 * 200 / women.sum())
    assert told["female"].figures["intercept"].low > 0
    assert told["male"].figures["intercept"].low < 0 < told["male"].figures["intercept"].high


def test_a_group_too_small_to_be_told_of_has_neither_size_nor_figures():
    groups = {"sex": pd.Series(["female"] * 10 + ["male"] * 90, dtype="str")}
    told = audit(rows_of([1, 0] * 50), np.full(100, 0.5), groups).attributes["sex"]
    assert (told["female"].persons, told["female"].relapses, dict(told["female"].figures)) == (None, None, {})
    assert told["male"].persons == 90


def test_a_group_in_which_next_to_nobody_relapsed_is_not_told_of():
    relapse = np.where(np.arange(100) % 2 == 0, np.arange(100) < 50, np.arange(100) == 1)
    told = audit(rows_of(relapse), np.full(100, 0.3), half_and_half(100)).attributes["sex"]
    assert told["female"].relapses == 25
    assert told["male"].relapses is None


def test_many_rows_of_few_persons_are_few_persons():
    rows = rows_of([1, 0] * 50).assign(person_id=[f"P{number % 10}" for number in range(100)])
    assert audit(rows, np.full(100, 0.5), {}).everyone.persons is None


def test_who_is_selected_and_who_is_missed_is_counted_at_the_stations_capacity():
    risk = np.where(np.arange(100) % 2 == 0, 0.9, 0.1) + np.arange(100) / 10_000  # the ten highest are women
    rows = rows_of([1, 1, 0, 0] * 25)
    told = audit(rows, risk, half_and_half(100), {"S1": 1}).attributes["sex"]
    relapsed_and_listed = int(rows["relapse"].to_numpy()[80:100:2].sum())
    assert told["female"].figures["selected"].value == 10 / 50
    assert told["male"].figures["selected"].value == 0
    assert told["male"].figures["missed"].value == 1
    assert told["female"].figures["missed"].value == 1 - relapsed_and_listed / 25
    assert told["male"].figures["missed_gap"].value == pytest.approx(1 - (1 - relapsed_and_listed / 50))


def test_who_is_missed_is_also_counted_with_rows_standing_for_the_unobserved():
    """Of 25 relapses each, the list holds five of women, which stand for three each, and none of men."""
    number = np.arange(100)
    women = number % 2 == 0
    rows = rows_of([1, 1, 0, 0] * 25, weight=np.where(women & (number >= 80), 3.0, 1.0))
    told = audit(rows, np.where(women, 0.9, 0.1) + number / 10_000, half_and_half(100), {"S1": 1}).attributes["sex"]
    figures = told["female"].figures
    assert (figures["missed"].value, figures["missed_weighted"].value) == (20 / 25, 20 / (20 + 3 * 5))
    assert figures["missed_gap_weighted"].value == pytest.approx(20 / 35 - 45 / 60)


def test_selection_and_missed_relapses_by_group_are_those_that_fairlearn_counts():
    """fairlearn knows no resampling of persons and no least number, so it is no part of the audit; its sums are."""
    theirs = pytest.importorskip(
        "fairlearn.metrics", reason="fairlearn is newer than this environment: make .venv/.dev"
    )
    random = np.random.default_rng(5)
    n = 600
    risk, workers = random.random(n), {"S1": 4, "S2": 2}
    relapse = (random.random(n) < risk).astype(float)
    weight, group = random.uniform(1, 3, n), pd.Series(random.choice(["a", "b", "c"], n), dtype="str")
    rows = rows_of(relapse, weight=weight).assign(station=random.choice(["S1", "S2"], n))
    told = audit(rows, risk, {"ethnicity": group}, workers)
    on_list = listed(rows, risk, workers, persons_a_worker=HOW.persons_a_worker)
    missed = theirs.false_negative_rate
    frame = theirs.MetricFrame(
        metrics={"selected": theirs.selection_rate, "missed": missed, "missed_weighted": missed},
        y_true=relapse.astype(int),
        y_pred=on_list.astype(int),
        sensitive_features=group,
        sample_params={"missed_weighted": {"sample_weight": weight}},
    )
    for name in frame.overall.index:
        assert told.everyone.figures[name].value == pytest.approx(frame.overall[name])
        ours = {each: group.figures[name].value for each, group in told.attributes["ethnicity"].items()}
        assert ours == pytest.approx(frame.by_group[name].to_dict())
    gaps = frame.by_group["missed"] - frame.overall["missed"]
    ours = {each: group.figures["missed_gap"].value for each, group in told.attributes["ethnicity"].items()}
    assert ours == pytest.approx(gaps.to_dict())


def test_unobserved_rows_count_for_who_is_selected_and_for_nothing_else():
    relapse = np.array([1.0, 0.0] * 50)
    relapse[:20] = np.nan
    everyone = audit(rows_of(relapse), np.linspace(0.9, 0.1, 100), {}, {"S1": 1}).everyone
    assert (everyone.rows, everyone.figures["selected"].value, everyone.figures["missed"].value) == (80, 10 / 100, 1)


def test_without_workers_there_is_no_list_and_nothing_is_said_of_one():
    assert "selected" not in audit(rows_of([1, 0] * 50), np.full(100, 0.5), {}).everyone.figures


def test_found_more_because_tested_more_shows_in_surprise_tests():
    """Women are tested twice as often, so their relapses are found; the risk follows what is found."""
    n = 400
    women = np.arange(n) % 2 == 0
    relapse = np.where(women, np.arange(n) % 10 < 5, np.arange(n) % 10 < 2)
    surprise = (np.arange(n) // 2) % 5 == 0  # as often in both
    told = audit(rows_of(relapse, surprise=surprise.astype(float)), np.where(women, 0.5, 0.2), half_and_half(n))
    figures = told.attributes["sex"]["female"].figures
    observed, predicted = relapse[women].sum(), 0.5 * 200
    of_all = relapse.sum() / (0.5 * 200 + 0.2 * 200)
    assert figures["found_relative"].value == pytest.approx(observed / predicted / of_all)
    assert figures["surprise_relative"].high < figures["found_relative"].low


def test_weights_move_the_weighted_intercept_alone():
    relapse = np.array([1.0, 0.0] * 50)
    told = audit(rows_of(relapse, weight=np.where(relapse == 1, 2.0, 1.0)), np.full(100, 0.5), {}).everyone
    assert told.figures["intercept"].value == pytest.approx(0, abs=1e-9)
    assert told.figures["intercept_weighted"].value == pytest.approx(np.log(2))  # two relapses to one


def registers(**persons):
    return Registers(
        pd.DataFrame({"person_id": ["P0", "P1"], **persons}),
        pd.DataFrame({"station_id": ["S1", "S2"], "township_id": ["T1", "T2"]}),
        pd.DataFrame({"area_id": ["D1", "T1", "T2"], "parent_id": [None, "D1", "D1"]}),
    )


def test_groups_are_those_of_the_registers_on_the_day():
    rows = rows_of([1, 0]).assign(as_of=18_262)  # 2020-01-01
    told = groups_of(rows, registers(sex=["female", "male"], birth_year=[1996.0, 1995.0]))
    assert list(told["sex"]) == ["female", "male"]
    assert list(told["age_band"]) == ["under 25", "25-34"]  # 24 and 25
    assert list(told["district"]) == ["D1", "D1"]


def test_what_is_not_recorded_is_said_to_be_not_recorded():
    told = groups_of(rows_of([1, 0]), registers(sex=pd.Series([None, None], dtype="str")))
    assert told["sex"] is told["ethnicity"] is told["age_band"] is None
    assert audit(rows_of([1, 0] * 50), np.full(100, 0.5), {"sex": None}).attributes == {"sex": None}


def test_of_surprise_tests_nothing_is_told_where_too_few_were_positive():
    n = 400
    surprise = np.zeros(n)
    surprise[1::20] = 1  # all of men's tests
    told = audit(rows_of([1, 1, 0, 0] * (n // 4), surprise=surprise), np.full(n, 0.5), half_and_half(n)).attributes[
        "sex"
    ]
    assert [("surprise_relative" in told[sex].figures) for sex in ("female", "male")] == [False, True]
