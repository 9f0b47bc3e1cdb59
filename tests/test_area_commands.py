"""Forecasts and warnings on the command line are those of the service, and refusals say what to do."""

import json

import pandas as pd
import pytest

from serving.messages import Forecast, Warnings
from tests.serving_helpers import AS_OF, build_city
from tests.test_cli import waystation


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30).home.path


def test_a_forecast_is_written_as_geojson_or_as_a_table(home, tmp_path):
    for name in ("map.geojson", "table.csv"):
        ran = waystation(home, "forecast", "--as-of", AS_OF, "--out", tmp_path / name, "--language", "en")
        assert ran.returncode == 0, ran.stderr
    drawn = Forecast.model_validate_json((tmp_path / "map.geojson").read_bytes())
    table = pd.read_csv(tmp_path / "table.csv")
    assert table["area_id"].tolist() == [area.properties.area_id for area in drawn.features]
    assert table["expected"].tolist() == [area.properties.expected for area in drawn.features]


def test_warnings_are_told_and_written(home, tmp_path):
    ran = waystation(home, "warnings", "--as-of", AS_OF, "--out", tmp_path / "w.json", "--language", "en")
    assert ran.returncode == 0, ran.stderr
    told = Warnings.model_validate_json((tmp_path / "w.json").read_bytes())
    assert f"{len(told.warnings)} warnings." in ran.stdout
    assert json.loads((tmp_path / "w.json").read_text())["false_alarms"] == 0.05


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--level", "street"], "--level takes"),
        (["--weeks", "3"], "level=township&weeks=4"),
        (["--language", "fr"], "--language takes"),
    ],
)
def test_what_cannot_be_told_is_refused_with_what_can(home, arguments, said):
    ran = waystation(home, "warnings", "--as-of", AS_OF, *arguments)
    assert ran.returncode == 2
    assert said in ran.stderr
