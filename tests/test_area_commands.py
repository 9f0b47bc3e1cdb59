"""Forecasts and warnings on the command line are those of the service, and refusals say what to do."""

import json

import pandas as pd
import pytest

from serving.area_messages import Forecast, Warnings
from serving.observed_messages import ObservedCounts
from tests.serving_helpers import AS_OF, TODAY, build_city
from tests.test_cli import waystation

SETTLED = int(AS_OF[:4]) - 1


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30).home.path


def test_a_forecast_is_written_as_geojson_or_as_a_table(home, tmp_path):
    for name in ("map.geojson", "table.csv"):
        ran = waystation(home, "forecast", "--as-of", AS_OF, "--out", tmp_path / name, "--language", "en")
        assert ran.returncode == 0, ran.stderr
    drawn = Forecast.model_validate_json((tmp_path / "map.geojson").read_bytes())
    again = waystation(home, "replay", drawn.answer_id)
    assert (again.returncode, "told in the same way" in again.stdout) == (0, True), again.stderr
    table = pd.read_csv(tmp_path / "table.csv")
    spoken = waystation(home, "forecast", "--as-of", AS_OF, "--out", tmp_path / "zh.geojson")
    assert spoken.stdout.isascii()  # the texts of the answer are in Chinese, what the command says is not
    assert Forecast.model_validate_json((tmp_path / "zh.geojson").read_bytes()).language == "zh-CN"
    assert table["area_id"].tolist() == [area.properties.area_id for area in drawn.features]
    assert table["expected"].tolist() == [area.properties.expected for area in drawn.features]


def test_warnings_are_told_and_written(home, tmp_path):
    ran = waystation(home, "warnings", "--as-of", AS_OF, "--out", tmp_path / "w.json", "--language", "en")
    assert ran.returncode == 0, ran.stderr
    told = Warnings.model_validate_json((tmp_path / "w.json").read_bytes())
    assert f"{len(told.warnings)} warnings." in ran.stdout
    assert json.loads((tmp_path / "w.json").read_text())["false_alarms"] == 0.05


def test_observed_counts_are_written_as_they_may_be_told(home, tmp_path):
    asked = ("observed", "--year", SETTLED, "--language", "en", "--out")
    ran = waystation(home, *asked, tmp_path / "o.json", "--by", "quarter")
    assert ran.returncode == 0, ran.stderr
    told = ObservedCounts.model_validate_json((tmp_path / "o.json").read_bytes())
    assert {(each.first_day.month, each.last_day.month) for each in told.counts} == {(1, 3), (4, 6), (7, 9), (10, 12)}
    assert all(each.suppressed == (each.value is None) for each in told.counts)
    assert all(each.value is None or each.value >= 10 for each in told.counts)
    whole = waystation(home, *asked, tmp_path / "o.csv", "--level", "city")
    assert whole.returncode == 0, whole.stderr
    table = pd.read_csv(tmp_path / "o.csv")
    assert table["name"].tolist() == ["The whole city"]
    assert table["value"].iloc[0] >= 10
    assert "1 of 1 counts told" in whole.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--year", TODAY.year], "No table of that year"),
        (["--year", SETTLED, "--level", "cell"], "--level takes city, district, township"),
        (["--year", SETTLED, "--level", "district"], "one_of"),
        (["--year", SETTLED, "--by", "week"], "--by takes year, quarter, month"),
    ],
)
def test_observed_counts_that_there_are_not_are_refused(home, tmp_path, arguments, said):
    ran = waystation(home, "observed", "--out", tmp_path / "o.json", *arguments)
    assert ran.returncode == 2
    assert said in ran.stderr


@pytest.mark.parametrize(
    ("out", "said"), [("missing/o.json", "cannot be written"), ("o.txt", "--out: the ending says"), (".", "cannot be")]
)
@pytest.mark.parametrize(
    "asked", [("forecast", "--as-of", AS_OF), ("warnings", "--as-of", AS_OF), ("observed", "--year", SETTLED)]
)
def test_a_file_that_cannot_be_written_is_refused_with_a_sentence(home, tmp_path, asked, out, said):
    ran = waystation(home, *asked, "--out", tmp_path / out)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--level", "street"], "--level takes"),
        (["--weeks", "3"], "--weeks: no model here forecasts that; there are: --level township --weeks 4"),
        (["--language", "fr"], "--language takes"),
    ],
)
def test_what_cannot_be_told_is_refused_with_what_can(home, arguments, said):
    ran = waystation(home, "warnings", "--as-of", AS_OF, *arguments)
    assert ran.returncode == 2
    assert said in ran.stderr
