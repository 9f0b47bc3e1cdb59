import json

import h3
import numpy as np
import pandas as pd
import pytest
import shapely

from features.areas import cells, geometries, locate
from features.errors import ConfigError
from features.gcj02 import in_wgs84, shifted
from features.grids import Grid, Hexagons

SQUARES = Grid(500, 30.0, 105.0)
HEXES = Hexagons(8)


def incidents(longitude, latitude):
    return pd.DataFrame(
        {
            "occurred_on": 10,
            "known_on": 10,
            "kind": "overdose",
            "longitude": np.asarray(longitude, float),
            "latitude": np.asarray(latitude, float),
            "area_id": pd.Series([None] * len(longitude), dtype="str"),
        }
    )


def test_one_incident_opens_its_hexagon_and_the_six_around_it():
    areas = cells(incidents([105.0], [30.0]), HEXES, as_of=10)
    assert len(areas) == 7
    centre = areas.ids.tolist().index(h3.latlng_to_cell(30.0, 105.0, 8))
    assert areas.neighbours.sum(axis=1)[centre] == 6
    assert set(areas.neighbours.sum(axis=1)) == {3, 6}
    assert locate(incidents([105.0, 106.0], [30.0, 30.0]), areas).tolist() == [centre, -1]


def test_a_hexagon_is_drawn_from_its_id_alone():
    name = h3.latlng_to_cell(30.0, 105.0, 8)
    [drawn] = geometries([name], None)
    assert len(drawn["coordinates"][0]) == 7
    assert np.mean(drawn["coordinates"][0][:-1], axis=0) == pytest.approx([105.0, 30.0], abs=0.01)


@pytest.mark.parametrize("tiling", [SQUARES, HEXES, Grid(250, 30.0, 105.0), Grid(1000, 30.0, 105.0)])
def test_centres_lie_in_their_own_cell(tiling):
    ids = tiling.dilated(tiling.ids(np.array([105.0, 105.02]), np.array([30.0, 30.01])))
    assert tiling.ids(*tiling.centres(ids).T).tolist() == ids.tolist()
    assert ids.tolist() == sorted(ids.tolist())


@pytest.mark.parametrize("tiling", [SQUARES, HEXES])
def test_a_block_holds_many_cells_and_each_cell_lies_in_one(tiling):
    drawn = np.random.default_rng(1)
    ids = np.unique(tiling.ids(105 + drawn.uniform(-0.1, 0.1, 4000), 30 + drawn.uniform(-0.1, 0.1, 4000)))
    blocks = tiling.blocks(ids)
    assert 20 < len(ids) / len(np.unique(blocks)) < 70


def test_cells_are_parts_of_the_townships_their_middles_lie_in():
    shape = json.dumps(shapely.geometry.mapping(shapely.box(104.9, 29.9, 105.0, 30.1)))
    table = pd.DataFrame({"area_id": ["T1"], "level": ["township"], "geometry": [shape]})
    areas = cells(incidents([104.999], [30.0]), SQUARES, as_of=10, areas=table)
    west = SQUARES.centres(areas.ids)[:, 0] < 105.0
    assert (areas.parents == np.where(west, "T1", "none")).all()


def test_a_resolution_that_is_no_city_forecast_is_refused():
    with pytest.raises(ConfigError, match="resolution"):
        Hexagons(3)


def test_the_shift_of_chinese_vendors_is_a_few_hundred_metres_and_can_be_taken_back():
    east, north = np.array([106.63, 116.39]), np.array([26.65, 39.91])  # Guiyang, Beijing
    moved = shifted(east, north)
    metres = np.hypot((moved[0] - east) * 111_000 * np.cos(np.radians(north)), (moved[1] - north) * 111_000)
    assert ((metres > 100) & (metres < 800)).all()
    back = in_wgs84(*moved, coordinates="gcj02")
    assert np.concatenate(back) == pytest.approx(np.concatenate([east, north]), abs=1e-6)


def test_outside_china_nothing_is_shifted():
    east, north = np.array([-111.93]), np.array([33.41])
    assert np.concatenate(shifted(east, north)).tolist() == [-111.93, 33.41]


def test_coordinates_are_never_guessed():
    with pytest.raises(ConfigError, match="wgs84"):
        in_wgs84(np.array([106.0]), np.array([26.0]), coordinates="bd09")
