import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
import shapely

from features.errors import ConfigError, SchemaError, TooLittleHistoryError
from features.gcj02 import shifted
from features.hotspot import Places
from training.hotspot_config import HotspotConfig
from training.hotspot_files import far_off, read_areas, read_city
from training.hotspot_study import counted_places
from training.runs import CityFiles, backtest_files


def written(folder, text, name="incidents.csv"):
    path = folder / name
    path.write_text("\n".join(line.strip() for line in text.strip().splitlines()) + "\n", encoding="utf-8")
    return path


def places(folder, text, *, lag=14, **how):
    return read_city(written(folder, text), None, known_lag_days=lag, **how).places.incidents


POINTS = """date,lon,lat
            2024-01-01,105.1,30.1
            2024-01-20,105.2,30.2
            2024-01-31,,"""


def test_an_incident_is_known_when_the_lag_has_passed_and_the_files_last_date_is_its_last_news(tmp_path):
    told = places(tmp_path, POINTS)
    assert (told["known_on"] - told["occurred_on"]).tolist() == [14]  # the others were not known on 2024-01-31


def test_without_a_lag_all_is_known_at_once_and_a_place_may_be_missing(tmp_path):
    told = places(tmp_path, POINTS, lag=0)
    assert told["longitude"].tolist()[:2] == [105.1, 105.2]
    assert np.isnan(told["longitude"].iloc[2])
    assert told["kind"].eq("overdose").all()


def test_area_ids_keep_their_zeros(tmp_path):
    told = places(tmp_path, "date,area_id\n2024-01-01,007\n2024-02-01,010", lag=0)
    assert told["area_id"].tolist() == ["007", "010"]
    assert told["longitude"].isna().all()


def test_a_declared_day_of_news_wins_over_the_lag(tmp_path):
    told = places(tmp_path, "date,area_id,known_on\n2024-01-01,A,2024-01-03\n2024-02-01,A,2024-02-01")
    assert (told["known_on"] - told["occurred_on"]).tolist() == [2, 0]


def test_where_no_day_of_news_is_declared_the_lag_stands_for_it(tmp_path):
    told = places(tmp_path, "date,area_id,known_on\n2024-01-01,A,\n2024-01-02,A,2024-01-05\n2024-02-01,A,2024-02-01")
    assert (told["known_on"] - told["occurred_on"]).tolist() == [14, 3, 0]
    empty = places(tmp_path, "date,area_id,known_on\n2024-01-01,A,\n2024-02-01,A,", lag=0)
    assert (empty["known_on"] - empty["occurred_on"]).tolist() == [0, 0]


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    text = """date,lon,lat,known_on
              soon,105.1,30.1,2024-01-01
              2024-01-02,east,30.1,later
              2024-01-03,105.1,3010,
              2024-01-04,,30.1,"""
    with pytest.raises(SchemaError) as refused:
        places(tmp_path, text)
    told = str(refused.value)
    assert "`date` is not a date such as 2025-12-31. Lines: 2;" in told
    assert "`known_on` is not a date such as 2025-12-31. Lines: 3;" in told
    assert "`lon` is not a number. Lines: 3;" in told
    assert "`lat` is not in degrees. Lines: 4;" in told
    assert "one of `lon` and `lat` is empty; expected both or none. Lines: 5" in told
    assert not any(value in told for value in ("soon", "east", "later", "3010"))


def test_coordinates_of_chinese_vendors_are_converted_only_when_said_so(tmp_path):
    east, north = shifted(np.array([106.63]), np.array([26.65]))
    text = f"date,lon,lat\n2024-01-01,{east[0]},{north[0]}"
    assert places(tmp_path, text, lag=0)["longitude"].iloc[0] == east[0]
    assert places(tmp_path, text, lag=0, coordinates="gcj02")["longitude"].iloc[0] == pytest.approx(106.63, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("day,lon,lat\n2024-01-01,1,1", "no column `date`"),
        ("date,x\n2024-01-01,1", "no place"),
        ("date;lon;lat\n2024-01-01;1;1", "not parted by commas"),
        ("date,lon,lat,Longitude\n2024-01-01,1,1,1", "lon: more than one column"),
        ("date,lon,lat\n12/31/2024,1,1", "not a date such as"),
        ("date,lon,lat\n2024-12,1,1", "not a date such as"),
        ("date,lon,lat\n2024-01-01,1,1\nsoon,1,1", "not a date.*Lines: 3"),
        ("date,lon,lat\n2024-01-01,412000,3700000", "not in degrees.*Lines: 2"),
    ],
)
def test_what_cannot_be_read_is_refused_by_line_and_shows_no_value(tmp_path, text, reason):
    with pytest.raises(SchemaError, match=reason) as refused:
        places(tmp_path, text)
    assert "soon" not in str(refused.value)
    assert "412000" not in str(refused.value)


@pytest.mark.parametrize(
    "told",
    [
        "2024-03-31T23:30:00-07:00", "2024-03-31 01:30:00.000Z", "2024/3/31 1:05 PM", "20240331", "2024.03.31",
        " 2024-03-31 12:00:00 UTC", "2024-03-31T12:00+0200",
    ],
)  # fmt: skip
def test_the_day_of_a_date_is_that_of_its_own_clock_whatever_form_it_has(tmp_path, told):
    read = places(tmp_path, f"date,area_id\n{told},A\n2024-03-30T23:59:59-06:00,A", lag=0)
    assert (read["occurred_on"] - read["occurred_on"].iloc[1]).tolist() == [1, 0]  # two time zones in one file


def test_names_in_capitals_a_mark_at_the_start_and_other_columns_do_not_matter(tmp_path):
    path = tmp_path / "export.csv"
    path.write_bytes('\ufeff"Date","LON"," Lat ","Street"\r\n"2024-01-01","105.1","30.1","a, b"\r\n'.encode())
    told = read_city(path, None, known_lag_days=0).places.incidents
    assert told[["longitude", "latitude"]].to_numpy().tolist() == [[105.1, 30.1]]
    assert "street" not in told


def test_where_a_geocoder_found_nothing_there_is_no_place(tmp_path):
    told = places(tmp_path, "date,lon,lat\n2024-01-01,0,0\n2024-01-02,0,51.5", lag=0)
    assert told["longitude"].isna().tolist() == [True, False]  # London lies on the meridian of 0
    assert told["latitude"].isna().tolist() == [True, False]


def test_areas_that_hold_no_incident_at_all_are_refused(tmp_path):
    days = np.arange("2022-01-01", "2024-12-31", dtype="datetime64[D]")
    ids = written(tmp_path, "date,area_id\n" + "\n".join(f"{day},7.0" for day in days))
    areas = written(tmp_path, "area_id\n7\n8", "areas.csv")
    with pytest.raises(SchemaError, match="letter by letter"):
        backtest_files(CityFiles(ids, areas, "area"), None, lambda step: None)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.csv"):
        read_city(tmp_path / "nowhere.csv", None, known_lag_days=0)


def test_areas_come_from_geojson_with_outline_and_parent(tmp_path):
    box = shapely.geometry.mapping(shapely.box(0, 0, 1, 1))
    facts = {"area_id": "T1", "parent_id": "D1", "population": 4200}
    feature = {"type": "Feature", "properties": facts, "geometry": box}
    path = written(tmp_path, json.dumps({"type": "FeatureCollection", "features": [feature]}), "areas.geojson")
    table = read_areas(path)
    assert table[["area_id", "level", "parent_id"]].to_numpy().tolist() == [["T1", "township", "D1"]]
    assert shapely.from_geojson(table["geometry"].iloc[0]).area == 1.0
    assert table["population"].tolist() == [4200]


def test_areas_of_another_projection_or_without_ids_are_refused(tmp_path):
    plain = {"type": "FeatureCollection", "crs": {"properties": {"name": "EPSG:3857"}}, "features": []}
    with pytest.raises(SchemaError, match="WGS 84"):
        read_areas(written(tmp_path, json.dumps(plain), "areas.json"))
    with pytest.raises(SchemaError, match="area_id"):
        read_areas(written(tmp_path, "name\nT1", "areas.csv"))
    with pytest.raises(SchemaError, match="twice"):
        read_areas(written(tmp_path, "area_id\nT1\nT1", "areas.csv"))


def geojson(*facts):
    features = [{"type": "Feature", "properties": each, "geometry": None} for each in facts]
    return json.dumps({"type": "FeatureCollection", "features": features})


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (["Township", " TOWNSHIP ", "District", "City"], ["township", "township", "district", "city"]),
        (["township", "", "district"], ["township", "", "district"]),
        (["", "", ""], ["township"] * 3),
        (["Ward", "ward ", ""], ["township"] * 3),  # the city's own word for its townships
        (["cell", "cell"], ["township"] * 2),
    ],
)
def test_levels_are_read_without_capitals_and_blanks_and_where_none_is_told_all_are_townships(tmp_path, told, expected):
    rows = [f"A{number},{level},x" for number, level in enumerate(told)]
    outlines = geojson(*({"area_id": f"A{number}", "level": level} for number, level in enumerate(told)))
    for path in (
        written(tmp_path, "\n".join(["area_id,level,name_en", *rows]), "areas.csv"),
        written(tmp_path, outlines, "areas.geojson"),
    ):
        assert read_areas(path)["level"].fillna("").tolist() == expected


@pytest.mark.parametrize(
    ("told", "numbers", "why"),
    [
        (["District", "district", "City"], (1, 2, 3), "no area is a township"),
        (["district", "", "cell"], (1,), "no area is a township"),
        (["township", "ward", "district"], (2,), "none of township, district, city"),
        (["ward", "quarter", ""], (1, 2), "none of township, district, city"),
    ],
)
def test_levels_that_would_make_districts_townships_are_refused_where_they_are(tmp_path, told, numbers, why):
    rows = [f"A{number},{level},x" for number, level in enumerate(told)]
    lines = written(tmp_path, "\n".join(["area_id,level,name_en", *rows]), "areas.csv")
    with pytest.raises(SchemaError, match=rf"areas\.csv: .*{why}.*Lines: {', '.join(str(n + 1) for n in numbers)}$"):
        read_areas(lines)
    facts = [{"area_id": f"A{number}", "level": level} for number, level in enumerate(told)]
    outlines = written(tmp_path, geojson(*facts), "areas.geojson")
    with pytest.raises(SchemaError, match=rf"areas\.geojson: .*{why}.*Features: {', '.join(map(str, numbers))}$"):
        read_areas(outlines)


def test_the_name_of_a_feature_is_its_name_in_both_languages_where_it_has_no_other(tmp_path):
    facts = [{"id": 1, "Name": "Hatfield"}, {"id": 2, "name": "Hat", "name_en": "Hatton"}, {"id": 3, "name": None}]
    table = read_areas(written(tmp_path, geojson(*facts), "areas.geojson"))[["name_zh", "name_en"]]
    assert table.fillna("").to_numpy().tolist() == [["Hatfield", "Hatfield"], ["", "Hatton"], ["", ""]]


def test_coordinates_that_are_unknown_or_would_change_nothing_are_refused(tmp_path):
    ids = written(tmp_path, "date,area_id\n2024-01-01,A")
    with pytest.raises(ConfigError, match="`bd09` is unknown"):
        read_city(ids, None, known_lag_days=0, coordinates="bd09")
    with pytest.raises(ConfigError, match="would change nothing"):
        read_city(ids, None, known_lag_days=0, coordinates="gcj02")
    box = shapely.to_geojson(shapely.box(106, 26, 107, 27)).replace('"', '""')
    outlines = written(tmp_path, f'area_id,geometry\nA,"{box}"', "areas.csv")
    assert read_city(ids, outlines, known_lag_days=0, coordinates="gcj02").places.areas is not None


def test_a_file_of_names_alone_is_called_empty(tmp_path):
    with pytest.raises(SchemaError, match="holds no incident"):
        places(tmp_path, "date,area_id")


def test_incidents_without_points_are_not_forecast_by_cell_but_area(tmp_path):
    ids = written(tmp_path, "date,area_id\n2024-01-01,A")
    with pytest.raises(ConfigError, match="--unit area"):
        backtest_files(CityFiles(ids, known_lag_days=0), None, lambda step: None)


def test_where_no_kind_counts_the_kinds_asked_and_found_are_told_and_no_other_word_of_the_file(tmp_path):
    told = places(tmp_path, "date,area_id,kind\n2024-01-01,A,treatment_entry\n2024-01-02,A,somebody", lag=0)
    asked = replace(HotspotConfig(), kinds=("overdose",))
    with pytest.raises(TooLittleHistoryError) as refused:
        counted_places(Places(told, None), asked)
    assert "Kinds: overdose asked, treatment_entry, others that are unknown found" in str(refused.value)
    assert "Reporters: citizen, service asked, service found" in str(refused.value)
    assert "somebody" not in str(refused.value)


def test_a_few_dates_far_from_all_others_are_left_out_and_their_lines_named(tmp_path):
    days = [date(2023, 1, 1) + timedelta(days=n) for n in range(300)]
    lines = [f"{day},33.4,-111.9" for day in [date(1900, 1, 1), *days, date(2031, 1, 1)]]
    path = written(tmp_path, "date,lat,lon\n" + "\n".join(lines) + "\n")
    city = read_city(path, None, known_lag_days=14)
    assert city.far_off == (2, 303)
    clean = written(tmp_path, "date,lat,lon\n" + "\n".join(lines[1:-1]) + "\n")
    assert city.places.incidents.equals(read_city(clean, None, known_lag_days=14).places.incidents)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([0, 1, 2], []),
        ([*range(99), 98 + 182], [98 + 182]),  # one of a hundred
        ([*range(99), 98 + 181], []),  # not so far
        ([*range(98), 500, 501], []),  # two of a hundred are no slip
        ([500, *range(99)], [500]),
        ([*range(0, 40_000, 200)], []),  # a city where every incident is far from the next
    ],
)
def test_only_few_dates_are_slips(days, expected):
    days = np.array(days, np.int64)
    assert days[far_off(days)].tolist() == expected
