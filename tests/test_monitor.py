"""What `waystation monitor` finds: the index by a plain loop, nothing moved where nothing did, nothing told of few."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.history import History
from features.store import Store
from models import challenger, watch
from models.challenger import Challenger
from models.champion import Champion
from tests.serving_helpers import NAME, build_city
from tests.tables import day
from training.config import read
from training.monitor import Watched, _month, stability
from training.monitor import watch as look

VALUES = st.lists(st.one_of(st.just(math.nan), st.integers(0, 30).map(float)), min_size=1, max_size=80)


def plain(then, now):
    """The index by loops: bins between the tenths of the values then, absent ones apart, half a person in each."""
    present = sorted(value for value in then if not math.isnan(value))
    tenths = [tenth / 10 for tenth in range(1, 10)]  # asked at once: one by one their last bit differs
    edges = sorted(set(np.quantile(present, tenths).tolist())) if present else []

    def bin_of(value):
        return "absent" if math.isnan(value) else sum(value > edge for edge in edges)

    used = {bin_of(value) for value in [*then, *now]}
    shares = []
    for values in (then, now):
        counts = {each: 0.5 + sum(bin_of(value) == each for value in values) for each in used}
        shares.append({each: count / sum(counts.values()) for each, count in counts.items()})
    return sum((shares[1][each] - shares[0][each]) * math.log(shares[1][each] / shares[0][each]) for each in used)


@given(VALUES, VALUES)
def test_the_index_is_that_of_a_plain_loop(then, now):
    assert stability(np.array(then), np.array(now)) == pytest.approx(plain(then, now), abs=1e-12)


def test_nothing_moved_is_zero_and_a_shift_by_one_spread_is_much():
    then = np.random.default_rng(1).normal(size=4000)
    assert stability(then, then) == 0.0
    assert stability(then, np.random.default_rng(2).normal(size=4000)) < 0.02
    assert stability(then, then + 1) > 0.25
    assert stability(then, np.where(np.arange(4000) % 2, np.nan, then)) > 0.25


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("watched"), n_persons=30)


def found(city, trained_on, *, last_day="2024-08-01"):
    with Store.open(city.home.store_url) as store:
        persons = store.read("persons")
        history = History.of(store.person_events(persons["person_id"].tolist()), persons)
    promoted = Champion(NAME, "relapse", "tag", "0" * 64, "run", "0" * 64, "2024-06-01T00:00:00Z")
    return look(history, Watched(promoted, city.model, read(None), day(trained_on)), last_day=day(last_day))


def test_a_model_is_watched_on_the_persons_of_both_days_and_by_month(city, tmp_path):
    told = found(city, "2023-06-01")
    assert (told.then, told.now) == ("2023-06-01", "2024-08-01")
    assert min(told.persons_then, told.persons_now) >= 30
    assert {each.name for each in told.features} == set(city.model.columns)
    assert [each.index for each in told.features] == sorted((each.index for each in told.features), reverse=True)
    assert len(told.months) == 12
    assert [each.was_learned for each in told.months] == sorted(
        (each.was_learned for each in told.months), reverse=True
    )
    watch.write(tmp_path, told)
    assert watch.read(tmp_path, NAME) == told


def test_on_the_day_it_was_trained_on_nothing_has_moved(city):
    told = found(city, "2024-08-01")
    assert told.score.index == 0.0
    assert {each.index for each in told.features} == {0.0}


def test_a_month_of_few_relapses_tells_no_figure_and_counts_come_in_tens():
    def rows(relapses, persons):
        y = np.arange(persons) < relapses
        return pd.DataFrame({"person_id": [f"P{n}" for n in range(persons)], "relapse": y * 1.0, "risk": 0.1 + 0.5 * y})

    few, enough = (_month(rows(n, 47), as_of=day("2024-01-01"), was_learned=False) for n in (9, 19))
    assert (few.persons, few.relapses, few.auroc, few.brier) == (40, None, None, None)
    assert (enough.persons, enough.relapses, enough.auroc.value) == (40, 10, 1.0)
    assert enough.predicted_over_observed.value == pytest.approx((19 * 0.6 + 28 * 0.1) / 19)


def test_what_was_not_found_or_is_damaged_is_none(tmp_path):
    assert watch.read(tmp_path, "none") is None
    (tmp_path / "broken.json").write_text('{"name": 3}')
    assert watch.read(tmp_path, "broken") is None
    assert challenger.read(tmp_path, "broken") is None
    told = Challenger("new", "1" * 64, "run-2", "2" * 64, {"figures": {}})
    challenger.write(tmp_path, told)
    assert challenger.read(tmp_path, "new") == told
