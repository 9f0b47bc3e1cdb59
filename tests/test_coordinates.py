"""Places of a delivery in GCJ-02: kept as they came, converted where that is asked for, never guessed."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.errors import ConfigError
from features.gcj02 import shifted
from features.intake import ingest
from features.mapping import SourceMapping, TableMapping, read_mapping
from features.store import Store

MONDAY, TUESDAY = date(2024, 1, 8), date(2024, 1, 9)
POINT = (106.63, 26.65)
SHIFTED = tuple(float(each[0]) for each in shifted(*(np.array([degrees]) for degrees in POINT)))
MAPPED = SourceMapping((TableMapping("incidents", ("incidents.csv",), columns=()),), coordinates="gcj02")


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


@pytest.fixture
def file(tmp_path):
    """An incident where a map of a Chinese vendor shows it."""
    east, north = SHIFTED
    path = tmp_path / "incidents.csv"
    path.write_text(
        "occurred_on,known_on,kind,reported_by,longitude,latitude\n"
        f"2024-01-02,2024-01-05,overdose,citizen,{east!r},{north!r}\n"
    )
    return path


@pytest.mark.parametrize(("coordinates", "held"), [(None, SHIFTED), ("wgs84", SHIFTED), ("gcj02", POINT)])
def test_places_are_kept_as_they_came_or_converted_where_that_is_asked_for(store, file, coordinates, held):
    report = ingest(file, store, received_on=MONDAY, coordinates=coordinates)
    assert store.read("incidents")[["longitude", "latitude"]].iloc[0].tolist() == pytest.approx(held, abs=1e-6)
    assert len(report.notes) == (coordinates == "gcj02")
    assert abs(SHIFTED[0] - POINT[0]) > 1e-3


def test_outlines_are_converted_and_what_is_faulty_waits_as_it_came(store, tmp_path):
    east, north = SHIFTED
    ring = [[east, north], [east + 0.01, north], [east, north + 0.01], [east, north]]
    areas = {"area_id": ["T1", "T2"], "level": ["township", "village"], "name_zh": ["甲", "乙"]}
    outline = json.dumps({"type": "Polygon", "coordinates": [ring]})
    pd.DataFrame({**areas, "geometry": [outline, outline]}).to_csv(tmp_path / "areas.csv", index=False)
    [report] = ingest(tmp_path / "areas.csv", store, received_on=MONDAY, coordinates="gcj02").tables
    assert (report.stored, report.quarantined) == (1, 1)
    corner = json.loads(store.read("areas")["geometry"].iloc[0])["coordinates"][0][0]
    assert corner == pytest.approx(POINT, abs=1e-6)
    assert json.loads(json.loads(store.quarantine()["raw"].iloc[0])["geometry"])["coordinates"] == [ring]


def test_a_converted_delivery_sent_again_changes_nothing_and_unconverted_is_another(store, file):
    [first], [again], [other] = (
        ingest(file, store, received_on=day, coordinates=coordinates).tables
        for day, coordinates in ((MONDAY, "gcj02"), (TUESDAY, "gcj02"), (MONDAY, None))
    )
    assert (first.stored, again.unchanged) == (1, 1)
    assert (other.stored, other.unchanged) != (0, 1)


@pytest.mark.parametrize("asked", [None, "wgs84"])
def test_a_mapping_that_declares_other_coordinates_is_refused_until_they_are_to_be_converted(store, file, asked):
    with pytest.raises(ConfigError, match="--coordinates gcj02"):
        ingest(file, store, received_on=MONDAY, mapping=MAPPED, coordinates=asked)
    assert store.counts()["batches"] == 0


def test_coordinates_nobody_knows_are_refused(store, file, tmp_path):
    with pytest.raises(ConfigError, match="unknown"):
        ingest(file, store, received_on=MONDAY, coordinates="bd09")
    (tmp_path / "m.toml").write_text('coordinates = "bd09"\ntables = []\n')
    with pytest.raises(ConfigError, match="bd09"):
        read_mapping(tmp_path / "m.toml")
