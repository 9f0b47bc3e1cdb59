"""What the prior starts from is told in parts that add up to it, and each moves with what it is named for."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.areas import inhabited
from features.hotspot import visible_past
from models.prior import Prior, Recent, evidence_of
from models.prior_parts import FAMILIES, prior_parts

AS_OF = 2800
QUIET, BUSY = "A00", "A24"
SIDE = 5
NAMES = [f"A{place:02}" for place in range(SIDE * SIDE)]


def split(rows, *, placed=True):
    """The parts of a prior that weighs all maps and levels alike, and what it expects, by area; placed on a square."""
    areas = inhabited(rows, as_of=AS_OF)
    if placed:
        metres = 1000.0 * np.array([divmod(place, SIDE) for place in range(len(areas))], float)
        areas = replace(areas, centres_m=metres)
    past = visible_past(rows, None, areas, as_of=np.array([AS_OF]), horizon_weeks=4)
    evidence = evidence_of(past, Recent(0))
    alike = [tuple(np.full(n, 1 / n)) for n in (len(evidence.kinds), evidence.levels.shape[1])]
    prior = Prior(evidence.kinds, *alike, evidence.recent)
    parts = pd.DataFrame({family: part[0] for family, part in prior_parts(prior, evidence).items()}, index=NAMES)
    return parts, prior.expected(evidence)[0]


def records(*more):
    """An incident of every area each 40 days, and more: (area, first day, last day, each so many days)."""
    runs = [*((name, 1000 + place, AS_OF, 40) for place, name in enumerate(NAMES)), *more]
    days = [(name, day) for name, first, last, each in runs for day in range(first, last + 1, each)]
    area_id, day = zip(*days, strict=True)
    told = {"area_id": area_id, "occurred_on": day, "known_on": day, "kind": "overdose", "reported_by": "citizen"}
    return pd.DataFrame({**told, "longitude": np.nan, "latitude": np.nan})


@pytest.mark.parametrize("placed", [True, False])
def test_the_parts_add_up_to_the_log_of_the_prior(placed):
    parts, expected = split(records((BUSY, 1000, AS_OF, 9), (QUIET, 2700, AS_OF, 5)), placed=placed)
    assert tuple(parts.columns) == FAMILIES
    assert parts.sum(axis=1).to_numpy() == pytest.approx(np.log(expected), abs=1e-9)


def test_the_base_is_the_even_share_of_the_city_over_all_its_history():
    rows = records((BUSY, 1000, AS_OF, 9))
    days = AS_OF - 1000 + 1
    assert split(rows)[0]["base"].to_numpy() == pytest.approx(np.log(len(rows) / days * 28 / len(NAMES)))


def test_a_place_with_more_over_the_years_has_the_highest_level_and_lifts_those_around_it():
    parts, _ = split(records((BUSY, 1000, AS_OF, 9)))
    assert parts["level"].idxmax() == BUSY
    assert parts["neighbours"].nlargest(2).index.isin(["A19", "A23"]).all()  # they border the corner that it is
    assert parts["neighbours"].idxmin() == BUSY


def test_without_outlines_and_larger_areas_the_neighbours_add_nothing():
    parts, _ = split(records((BUSY, 1000, AS_OF, 9)), placed=False)
    assert parts["neighbours"].to_numpy() == pytest.approx(0.0, abs=1e-12)


def test_what_came_lately_is_recent_and_lifts_the_city():
    before, after = (split(records(*more))[0] for more in ([], [(BUSY, 2700, AS_OF, 5)]))
    moved = (after - before).loc[BUSY]
    assert after["recent"].idxmax() == BUSY
    assert moved["recent"] > moved["level"] > 0
    assert moved["city"] > 0
    assert after["city"].nunique() == after["season"].nunique() == 1


def test_a_city_with_its_incidents_in_one_half_of_the_year_has_a_season():
    around = [(name, 1000 + 365 * year, 1100 + 365 * year, 5) for year in range(5) for name in NAMES]
    assert split(records(*around))[0]["season"].abs().max() > split(records())[0]["season"].abs().max() + 0.1
