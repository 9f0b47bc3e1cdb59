"""Noise on what is told of areas: as wide as asked for, the same whenever the same is asked, and said so."""

from datetime import date

import numpy as np
import pytest

from features.errors import ConfigError
from features.hotspot import Places
from features.schema import days_since_epoch
from models.hotspot import look, predict
from serving.disclosure import told, width_of_band
from serving.hotspots import Asked, forecast, places_of
from serving.noise import Noise
from serving.observed_counts import AskedYear, observed_counts
from serving.settings import Settings
from serving.suppression import protected
from serving.totals import CITY, by_level
from serving.warnings import warnings
from serving.wording import wording
from tests.asked_in_process import open_desk
from tests.serving_helpers import AS_OF, build_city
from tests.test_suppression import LEVELS, SPANS, WHOLE, a_city, hierarchy

MANY = range(20_000)
NOISE = Noise(0.5, b"secret")
DAY = days_since_epoch(date.fromisoformat(AS_OF))
ASKED = Asked(date.fromisoformat(AS_OF), 4, "township", 3, wording("en"))


def test_noise_on_counts_is_whole_without_bias_and_as_wide_as_its_budget_says():
    drawn = np.array([NOISE.whole("a", place) for place in MANY])
    p = np.exp(-0.5)
    assert np.var(drawn) == pytest.approx(2 * p / (1 - p) ** 2, rel=0.06)
    assert abs(drawn.mean()) < 0.1
    assert (drawn == 0).mean() == pytest.approx((1 - p) / (1 + p), abs=0.01)


def test_noise_on_other_numbers_is_laplace_of_the_scale_over_epsilon():
    drawn = np.array([NOISE.scaled(2.0, place) for place in MANY])
    assert np.var(drawn) == pytest.approx(2 * (2.0 / 0.5) ** 2, rel=0.06)
    assert np.median(np.abs(drawn)) == pytest.approx(2.0 / 0.5 * np.log(2), rel=0.03)


def test_noise_is_the_same_for_the_same_number_and_key_and_another_for_any_other():
    assert NOISE.whole("T1", 17) == Noise(0.5, b"secret").whole("T1", 17)
    others = [Noise(0.5, b"other"), NOISE.about("2023"), NOISE.about("2024")]
    draws = [tuple(each.whole(place) for place in range(50)) for each in (NOISE, *others)]
    assert len(set(draws)) == len(draws)
    assert len({tuple(NOISE.whole(place, count) for place in range(50)) for count in range(9)}) == 9


@pytest.mark.parametrize("epsilon", [0.0, -1.0, float("nan"), float("inf"), 101.0])
def test_a_budget_that_cannot_be_meant_is_refused(epsilon):
    with pytest.raises(ConfigError, match="epsilon"):
        Noise(epsilon, b"secret")


# On observed counts


@pytest.mark.parametrize("seed", range(8))
def test_noise_changes_numbers_and_not_which_are_told(seed):
    areas, counts = a_city(seed)
    plain, noisy = protected(counts, areas), protected(counts, areas, NOISE)
    pairs = [
        pair
        for level in LEVELS
        for pair in zip(plain.observed(level, SPANS), noisy.observed(level, SPANS), strict=True)
    ]
    assert all(one.suppressed == other.suppressed for one, other in pairs)
    told_apart = [one.value - other.value for one, other in pairs if one.value is not None]
    assert any(told_apart)
    assert min(other.value for _, other in pairs if other.value is not None) >= 10
    assert noisy.observed("city", SPANS) == protected(counts, areas, NOISE).observed("city", SPANS)


def test_larger_areas_carry_the_noise_of_their_parts_so_that_adding_up_averages_nothing_out():
    areas = hierarchy(2, 2, 1)
    counts = np.array([[50] * 4, [45] * 4, [44] * 4, [43] * 4])
    table = protected(counts, areas, NOISE)
    townships = [each.value for each in table.observed("township", WHOLE)]
    districts = [each.value for each in table.observed("district", WHOLE)]
    assert districts == [sum(townships[:2]), sum(townships[2:])]
    assert table.observed("city", WHOLE)[0].value == sum(townships)
    periods = [(place, place + 1) for place in range(4)]
    by_district = np.array([each.value for each in table.observed("district", periods)]).reshape(2, 4)
    assert by_district.sum(axis=0).tolist() == [each.value for each in table.observed("city", periods)]


# On forecasts


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


@pytest.fixture(scope="module")
def model_and_places(city):
    desk = open_desk(city)
    [(_, model)] = desk.champions.hotspots()
    return model, places_of(desk)[0]


def test_one_incident_moves_all_expected_counts_together_by_less_than_a_band(model_and_places):
    model, places = model_and_places
    rows = places.incidents
    known = rows[rows["known_on"] <= DAY].sort_values("occurred_on")
    expected = predict(model, look(model, places, as_of=DAY))
    for gone in [*known.index[-10:], *known.index[::40]]:
        without = predict(model, look(model, Places(rows.drop(index=gone), places.areas, places.effort), as_of=DAY))
        assert np.abs(without - expected).sum() < width_of_band(4)


def test_a_forecast_with_noise_has_no_reasons_and_other_bands_the_same_each_time(model_and_places):
    model, places = model_and_places
    table = look(model, places, as_of=DAY)
    plain, first, again = (told(model, table, noise) for noise in (None, NOISE, Noise(0.5, b"secret")))
    assert first == again
    assert all(each.reasons == () for each in first)
    assert [each.band for each in first] != [each.band for each in plain]
    assert [each.area_id for each in first] == [each.area_id for each in plain]
    assert all(each.band.at_least >= 0 for each in first)


def test_totals_are_sums_of_the_numbers_with_noise(model_and_places):
    model, places = model_and_places
    own, whole = (by_level(model, places, as_of=DAY, level=each, noise=NOISE).rates for each in ("township", CITY))
    assert whole == pytest.approx([own.sum()])


def test_a_service_set_to_noise_says_so_in_every_answer_that_has_it(city):
    quiet, noisy = open_desk(city), open_desk(city, noise_epsilon=0.5)
    plain, told_so = (forecast(desk, ASKED).answer for desk in (quiet, noisy))
    assert (plain.noise_epsilon, told_so.noise_epsilon) == (None, 0.5)
    assert "epsilon 0.5" in told_so.note
    assert "epsilon" not in plain.note
    assert plain.answer_id != told_so.answer_id
    year = AskedYear(ASKED.as_of.year - 1, "city", "year", wording("zh-CN"))
    counts = observed_counts(noisy, year)
    assert counts.noise_epsilon == 0.5
    assert "ε=0.5" in counts.note
    assert observed_counts(open_desk(city, noise_epsilon=0.5), year) == counts  # the key is kept in the home
    assert warnings(noisy, ASKED).answer.warnings == warnings(quiet, ASKED).answer.warnings


@pytest.mark.parametrize("given", ["0", "-1", "much", "nan"])
def test_a_setting_that_cannot_be_meant_is_refused(monkeypatch, given):
    monkeypatch.setenv("WAYSTATION_NOISE_EPSILON", given)
    with pytest.raises(ConfigError, match=r"noise|NOISE"):
        Settings.of_environment()


def test_the_setting_is_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("WAYSTATION_NOISE_EPSILON", "1.5")
    assert Settings.of_environment().noise_epsilon == 1.5
    monkeypatch.setenv("WAYSTATION_NOISE_EPSILON", "")
    assert Settings.of_environment().noise_epsilon is None
