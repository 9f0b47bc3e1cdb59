"""Forecasts of larger areas are sums, and all levels told together tell no more of an area than its own band does."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from features.areas import AreaSet
from features.grids import Grid
from features.intake import ingest
from features.schema import days_since_epoch
from features.store import Store
from models.hotspot import Dispersions
from serving.disclosure import Band, Told, among_highest, width_of_band
from serving.findings import Findings, findings
from serving.hotspots import Asked, forecast, places_of
from serving.problems import ProblemError
from serving.totals import CITY, DISTRICT, Level, by_level, summed_up, totals
from serving.wording import wording
from tests.asked_in_process import open_desk
from tests.serving_helpers import AS_OF, TODAY, build_city

WIDTH = width_of_band(4)
DISTRICTS = {"T0": "D1", "T1": "D1", "T2": "D2"}  # T3 is part of none


def a_level(rates, widths):
    """The finest level: expected counts, each told in a band of its own width."""
    rates, widths = np.array(rates, float), np.array(widths, float)
    at_least = np.floor(rates / widths) * widths
    ids = np.array([f"T{number}" for number in range(len(rates))])
    return Level(ids, rates, at_least, at_least + widths, np.arange(len(rates)))


def all_levels(finest, district):
    """The finest, the districts of which some areas are part, and the city."""
    middle = summed_up(finest, np.where(district == "none", finest.ids, district))
    return [finest, middle, summed_up(middle, np.full(len(district), CITY))]


def drawn(seed):
    """Expected counts, widths of bands and districts of some areas: even widths, or some wider than others."""
    draw = np.random.default_rng(seed)
    n = int(draw.integers(2, 10))
    widths = draw.choice([0.2, 0.5, 1.0, 2.0, 5.0], n) if seed % 2 else np.full(n, WIDTH)
    return a_level(draw.gamma(0.7, 4.0, n), widths), draw.choice(["D1", "D2", "D3", "none"], n)


def known_of(levels, place, aim):
    """The attack: how low and how high an area can be, from the ends told of every area of every level."""
    rows = [(level.within == each, low, high) for level in levels
            for each, (low, high) in enumerate(zip(level.at_least, level.below, strict=True))]  # fmt: skip
    sums = np.array([row for row, _, _ in rows], float)
    bounds = [high for _, _, high in rows] + [-low for _, low, _ in rows]
    goal = np.array(levels[aim].within == place, float)
    ends = [linprog(sign * goal, A_ub=np.vstack([sums, -sums]), b_ub=bounds).fun for sign in (1, -1)]
    return ends[0], -ends[1]


@pytest.mark.parametrize("seed", range(40))
def test_all_levels_together_leave_every_area_anywhere_in_what_is_told_of_it(seed):
    levels = all_levels(*drawn(seed))
    for aim, level in enumerate(levels):
        for place in range(len(level.ids)):
            told = (level.at_least[place], level.below[place])
            assert known_of(levels, place, aim) == pytest.approx(told, abs=1e-6)


def test_the_same_attack_narrows_an_area_where_totals_are_simply_rounded():
    levels = all_levels(a_level([3.4, 0.2], [1.0, 5.0]), np.array(["D1", "D1"]))
    city = levels[2]
    rounded = replace(city, at_least=np.floor(city.rates / 5) * 5, below=np.floor(city.rates / 5) * 5 + 5)
    low, high = known_of([*levels[:2], rounded], 1, 0)
    assert (low, high) == pytest.approx((0.0, 2.0))  # told: 0 to 5


@pytest.mark.parametrize("seed", range(40))
def test_a_total_lies_in_the_piece_that_is_told_of_it_and_where_bands_are_even_in_a_band(seed):
    finest, district = drawn(seed)
    for level in all_levels(finest, district):
        assert np.bincount(level.within, finest.rates) == pytest.approx(level.rates)
        assert (level.at_least <= level.rates + 1e-9).all()
        assert (level.rates < level.below + 1e-9).all()
        if not seed % 2:
            assert level.at_least == pytest.approx(np.floor(level.rates / WIDTH) * WIDTH)
            assert level.below == pytest.approx(level.at_least + WIDTH)


def test_a_place_among_all_is_the_smallest_share_that_holds_it():
    assert among_highest(np.array([1.0, 5.0, 3.0, 2.0])) == [1.0, 0.05, 0.5, 1.0]
    assert among_highest(np.array([5.0])) == [1.0]


@pytest.mark.parametrize("n_areas", [*range(2, 50), 112, 777])
def test_a_share_told_holds_the_rank_of_the_area_it_is_told_of(n_areas):
    told = among_highest(-np.arange(n_areas, dtype=np.float64))
    assert told[0] == 0.05  # the highest one, "the highest of 4 areas" where that is less than one area
    assert all(share >= rank / n_areas - 1e-12 for rank, share in enumerate(told[1:], start=2))


GRID = Grid(500, 26.65, 106.63)
TABLE = pd.DataFrame(
    {"area_id": ["T1", "T2", "D1"], "level": ["township"] * 2 + ["district"], "parent_id": ["D1", "D1", None]}
)
CELLS = AreaSet(
    "cell", np.array(["c0", "c1", "c2", "c3"]), None, None, GRID, None, np.array(["T1", "T1", "T2", "none"])
)
SPREAD = SimpleNamespace(dispersions=Dispersions(0.3, 0.2, 0.1))


def of_cells(rates):
    at_least = np.floor(np.array(rates))
    bands = [Band(low, low + 1, 0.0, 9.0, 1.0) for low in at_least.tolist()]
    return Findings(np.array(rates), tuple(Told(name, band, ()) for name, band in zip(CELLS.ids, bands, strict=True)))


@pytest.mark.parametrize(
    ("level", "sums"), [("township", {"T1": 4.0, "T2": 0.4}), ("district", {"D1": 4.4}), ("city", {"city": 7.0})]
)
def test_townships_districts_and_the_city_add_up_from_cells(level, sums):
    found = totals(SPREAD, of_cells([1.5, 2.5, 0.4, 2.6]), CELLS, TABLE, level=level)
    assert dict(zip([each.area_id for each in found.told], found.rates.tolist(), strict=True)) == pytest.approx(sums)
    for each in found.told:
        assert each.band.at_least <= sums[each.area_id] < each.band.below
        assert each.reasons == ()


def test_cells_that_nobody_says_the_townships_of_add_up_to_the_city_alone():
    blocks = replace(CELLS, parents=np.array(["block:0:0"] * 4))
    found = totals(SPREAD, of_cells([1.5, 2.5, 0.4, 2.6]), blocks, None, level="city")
    assert found.rates == pytest.approx([7.0])
    with pytest.raises(ProblemError, match="no_districts"):
        totals(SPREAD, of_cells([1.5, 2.5, 0.4, 2.6]), blocks, None, level="township")


# Over the desk of a city


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A city whose townships are part of districts, one of none."""
    city = build_city(tmp_path_factory.mktemp("city"), n_persons=30)
    with Store.open(city.home.store_url) as store:
        rows = store.read("areas")
        parents = rows["area_id"].map(DISTRICTS)
        names = pd.DataFrame({"area_id": ["D1", "D2"], "level": "district", "name_en": ["East", "West"]})
        folder = tmp_path_factory.mktemp("more")
        pd.concat([rows.assign(parent_id=parents), names]).to_csv(folder / "areas.csv", index=False)
        assert not ingest(folder, store, received_on=TODAY).tables[0].quarantined
    return open_desk(city)


def asked(level, **other):
    return Asked(date.fromisoformat(AS_OF), other.get("weeks", 4), level, 3, wording("en"))


def told(desk, level):
    return {each.properties.area_id: each.properties for each in forecast(desk, asked(level)).answer.features}


def test_districts_and_the_city_add_up_from_townships(desk):
    places, _ = places_of(desk)
    [(_, model)] = desk.champions.hotspots()
    as_of = days_since_epoch(date.fromisoformat(AS_OF))
    rates = {level: by_level(model, places, as_of=as_of, level=level).rates for level in (DISTRICT, CITY)}
    finest = findings(model, places, as_of=as_of).rates
    assert rates[DISTRICT] == pytest.approx([finest[0] + finest[1], finest[2]])
    assert rates[CITY] == pytest.approx([finest.sum()])


def test_all_days_of_a_week_have_the_forecast_of_its_sunday_and_the_next_week_another(desk):
    sunday = date(2024, 5, 19)
    made = [forecast(desk, replace(asked("township"), as_of=sunday + timedelta(days=n))) for n in range(8)]
    assert {each.answer.known_by for each in made[:7]} == {sunday}
    assert len({each.marks for each in made[:7]}) == 1
    assert made[7].marks.rates != made[0].marks.rates


def test_larger_areas_are_told_over_the_desk_with_names_and_without_reasons(desk):
    districts, city = told(desk, DISTRICT), told(desk, CITY)
    assert [each.name for each in districts.values()] == ["East", "West"]
    assert city[CITY].name == "The whole city"
    assert city[CITY].reasons == []
    assert {each.level for each in districts.values()} == {DISTRICT}
    assert city[CITY].low <= city[CITY].expected < city[CITY].expected_below <= city[CITY].high
    assert sum(each.expected for each in districts.values()) < city[CITY].expected_below


def test_the_interval_of_the_city_is_of_its_own_dispersion(desk):
    places, _ = places_of(desk)
    [(_, model)] = desk.champions.hotspots()
    as_of = days_since_epoch(date.fromisoformat(AS_OF))
    wide = replace(model, dispersions=replace(model.dispersions, city=1.0))
    [narrow], [wider] = (by_level(each, places, as_of=as_of, level=CITY).told for each in (model, wide))
    assert wider.band.high - wider.band.low > narrow.band.high - narrow.band.low
