import json

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from features.areas import OUTSIDE, cells, geometries, locate, middle_of, townships
from features.errors import SchemaError, TooLittleHistoryError
from features.grids import Grid, transformer

CENTRE = Grid(500, 30.0, 105.0)


def incidents(points, *, kind="overdose", area_id=None, known_on=10):
    longitude, latitude = zip(*points, strict=True)
    return pd.DataFrame(
        {
            "incident_id": [f"I{number}" for number in range(len(points))],
            "occurred_on": 10,
            "known_on": known_on,
            "kind": kind,
            "reported_by": "citizen",
            "longitude": pd.Series(longitude, dtype=float),
            "latitude": pd.Series(latitude, dtype=float),
            "area_id": pd.Series([area_id] * len(points), dtype="str"),
        }
    )


def metres(east, north):
    return transformer(CENTRE.latitude, CENTRE.longitude).transform(east, north, direction="INVERSE")


def square(west, south, size=1.0):
    return json.dumps(shapely.geometry.mapping(shapely.box(west, south, west + size, south + size)))


def township_table(**geometry):
    return pd.DataFrame(
        {"area_id": list(geometry), "level": "township", "geometry": pd.Series(list(geometry.values()), dtype="str")}
    )


def test_cell_edges_lie_at_multiples_of_the_cell_size():
    points = np.array([metres(1, 1), metres(499, 499), metres(501, 1), metres(-1, -1)])
    found = CENTRE.columns_and_rows(points[:, 0], points[:, 1])
    assert found.tolist() == [[0, 0], [0, 0], [1, 0], [-1, -1]]


def test_a_cell_is_as_large_as_it_says():
    outline = CENTRE.polygons(np.array([[12, -4]]))[0]
    x, y = transformer(CENTRE.latitude, CENTRE.longitude).transform(*np.array(outline.exterior.coords).T)
    assert shapely.Polygon(np.column_stack([x, y])).area == pytest.approx(500 * 500, rel=1e-6)


def test_a_cell_is_drawn_from_its_id_alone():
    drawn = geometries([CENTRE.name(12, -4), "T1"], None)
    [exact] = CENTRE.polygons(np.array([[12, -4]]))
    assert shapely.geometry.shape(drawn[0]).equals_exact(exact, 1e-5)
    assert drawn[1] is None


def test_cells_of_several_grids_are_drawn_where_they_lie():
    other = Grid(1000, 31.0, 104.0)
    names = [grid.name(column, 3) for column in range(3) for grid in (CENTRE, other)]
    for name, drawn in zip(names, geometries(names, None), strict=True):
        grid, column = (CENTRE, other)[name.startswith("c1000")], int(name.split(":")[3])
        [exact] = grid.polygons(np.array([[column, 3]]))
        assert shapely.geometry.shape(drawn).equals_exact(exact, 1e-5)


def test_an_outline_is_told_to_a_metre_and_a_township_without_one_has_none():
    table = township_table(T1=square(105.123456789, 30, 0.1), T2=None)
    [drawn, none] = geometries(["T1", "T2"], table)
    assert none is None
    assert drawn["type"] == "Polygon"
    degrees = [each for point in drawn["coordinates"][0] for each in point]
    assert 105.12346 in degrees
    assert all(each == round(each, 5) for each in degrees)


def test_the_centre_of_a_grid_does_not_move_with_one_more_incident():
    few = Grid.around(np.array([105.001, 105.002]), np.array([30.001, 30.002]), cell_size_m=500)
    more = Grid.around(np.array([105.001, 105.002, 105.003]), np.array([30.001, 30.002, 30.0]), cell_size_m=500)
    assert few == more == CENTRE


def test_one_incident_opens_its_cell_and_the_eight_around_it():
    areas = cells(incidents([metres(10, 10)]), CENTRE, as_of=10)
    assert len(areas) == 9
    centre = areas.ids.tolist().index(CENTRE.name(0, 0))
    corner = areas.ids.tolist().index(CENTRE.name(1, 1))
    assert areas.neighbours.sum(axis=1)[centre] == 8
    assert areas.neighbours.sum(axis=1)[corner] == 3


def test_an_incident_not_yet_known_opens_no_cell():
    table = incidents([metres(10, 10), metres(90_000, 10)], known_on=[10, 11])
    assert len(cells(table, CENTRE, as_of=10)) == 9
    assert len(cells(table, CENTRE, as_of=11)) == 18


def test_no_incident_no_study_area():
    with pytest.raises(TooLittleHistoryError):
        cells(incidents([metres(10, 10)]), CENTRE, as_of=9)


def test_first_positives_are_never_placed_in_a_cell():
    areas = cells(incidents([metres(10, 10)]), CENTRE, as_of=10)
    assert locate(incidents([metres(10, 10)], kind="first_positive"), areas).tolist() == [OUTSIDE]


def test_a_point_far_from_all_cells_is_outside():
    areas = cells(incidents([metres(10, 10)]), CENTRE, as_of=10)
    inside, outside = locate(incidents([metres(10, 10), metres(90_000, 10)]), areas)
    assert areas.ids[inside] == CENTRE.name(0, 0)
    assert outside == OUTSIDE


def test_points_fall_into_townships_and_given_ids_pass_through():
    areas = townships(township_table(T1=square(0, 0), T2=square(1, 0)))
    assert locate(incidents([(0.5, 0.5), (1.5, 0.5), (9, 9)]), areas).tolist() == [0, 1, OUTSIDE]
    assert locate(incidents([(np.nan, np.nan)], kind="first_positive", area_id="T2"), areas).tolist() == [1]


def test_a_point_on_a_border_belongs_to_the_first_township():
    areas = townships(township_table(T2=square(1, 0), T1=square(0, 0)))
    assert areas.ids[locate(incidents([(1.0, 0.5)]), areas)].tolist() == ["T1"]


def test_townships_that_touch_are_neighbours():
    areas = townships(township_table(T1=square(0, 0), T2=square(1, 0), T3=square(5, 5)))
    assert areas.neighbours.toarray().tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_without_geometry_there_are_no_neighbours_and_ids_still_work():
    areas = townships(township_table(T1=None, T2=None))
    assert areas.neighbours is None
    assert locate(incidents([(0.5, 0.5)], area_id="T2"), areas).tolist() == [1]
    assert locate(incidents([(0.5, 0.5)]), areas).tolist() == [OUTSIDE]


def test_a_geometry_that_is_not_geojson_is_refused():
    with pytest.raises(SchemaError, match="GeoJSON"):
        townships(township_table(T1="POLYGON ((0 0))"))


ROUND = st.lists(st.floats(0.1, 1.0), min_size=3, max_size=9)  # distances of corners from a point inside


@given(ROUND, st.floats(-180, 180), st.floats(-89, 88), st.booleans())
def test_the_middle_of_an_outline_is_its_centroid_as_shapely_finds_it(distances, east, north, turned):
    angles = np.linspace(0, 2 * np.pi, len(distances), endpoint=False)
    corners = [(east + r * np.cos(a), north + r * np.sin(a)) for r, a in zip(distances, angles, strict=True)]
    outline = shapely.Polygon(corners[::-1] if turned else corners)
    found, centroid = middle_of(shapely.geometry.mapping(outline)), outline.centroid
    assert found == pytest.approx((centroid.x, centroid.y), abs=0.5e-4 + 1e-9)


@pytest.mark.parametrize(
    "outline",
    [
        shapely.box(0, 0, 3, 3).difference(shapely.box(2, 2, 2.5, 2.5)),
        shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(4, 0, 5, 3)]),
        shapely.Polygon([(1, 1), (2, 2), (1, 1)]),  # no area: the middle of a line
    ],
)
def test_outlines_with_holes_in_parts_or_without_area_have_a_middle_too(outline):
    assert middle_of(shapely.geometry.mapping(outline)) == pytest.approx(outline.centroid.coords[0], abs=1e-4)
