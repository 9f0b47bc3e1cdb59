"""A city in plain files is forecast without a store, by a model fitted on them or a promoted one, by the same rules."""

import json
from datetime import date, timedelta

import numpy as np
import pytest
from typer.testing import CliRunner

import waystation
from features.errors import ConfigError, StoreError
from features.home import Home
from features.store import Store
from serving.area_messages import Forecast
from serving.disclosure import FAMILIES
from serving.replay import replay
from tests.serving_helpers import AS_OF, HOTSPOTS, build_city, invent_places


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The tables of an invented city of four townships, as a planner may have them."""
    folder = tmp_path_factory.mktemp("files")
    invent_places(folder, np.random.default_rng(5))
    return folder


def asked(home, monkeypatch, out, *more):
    """The forecast that the command writes; its errors are raised."""
    for name in ("WAYSTATION_HOME", "BENTOML_HOME"):  # the command sets both; they are put back after the test
        monkeypatch.setenv(name, str(home))
    asked = ["forecast", "--as-of", AS_OF, "--out", str(out), "--language", "en", *map(str, more)]
    ran = CliRunner().invoke(waystation.app, asked, catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    told = Forecast.model_validate_json(out.read_bytes())
    assert told.note in ran.output  # both are English here
    return told


def test_a_city_in_files_is_forecast_by_a_model_fitted_on_them_and_again_the_same(files, tmp_path, monkeypatch):
    of = ("--incidents", files / "incidents.csv", "--areas", files / "areas.csv")
    told, again = (asked(tmp_path / "home", monkeypatch, tmp_path / f"{n}.geojson", *of) for n in (1, 2))
    assert told == again
    assert (told.model.name, told.model.tag, told.model.run) == ("fitted-township-4w", "", "")
    assert [each.properties.name for each in told.features] == [f"Township {n}" for n in range(4)]
    for each in told.features:
        assert each.properties.expected == int(each.properties.expected)
        assert {reason.code for reason in each.properties.reasons} >= {*FAMILIES[1:]}
        assert {reason.effect for reason in each.properties.reasons if reason.code == "effort"} == {
            "not known, as no tests by area are held"
        }
    home = Home(tmp_path / "home")
    with Store.open(home.store_url) as store, pytest.raises(StoreError, match="the same command on them has its id"):
        replay(home.records, store, told.answer_id, lambda tag, digest: None)


def test_what_became_known_after_the_sunday_changes_no_forecast_of_files(files, tmp_path, monkeypatch):
    rows = (files / "incidents.csv").read_text()
    later = date.fromisoformat(AS_OF) - timedelta(days=2)  # a Thursday
    cut = tmp_path / "more.csv"
    cut.write_text(rows + f"{later},{later},treatment_entry,service,T1\n" * 30)
    one, other = (
        asked(
            tmp_path / "home", monkeypatch, tmp_path / "o.geojson", "--incidents", file, "--areas", files / "areas.csv"
        )
        for file in (files / "incidents.csv", cut)
    )
    assert one.features == other.features
    assert one.model == other.model
    assert one.answer_id != other.answer_id  # of other files


def test_a_promoted_model_answers_on_files_where_it_is_named(files, tmp_path, monkeypatch):
    home = build_city(tmp_path, n_persons=30).home.path
    of = ("--incidents", files / "incidents.csv", "--areas", files / "areas.csv")
    told = asked(home, monkeypatch, tmp_path / "o.geojson", *of, "--model", HOTSPOTS)
    assert (told.model.name, len(told.features)) == (HOTSPOTS, 4)
    with pytest.raises(ConfigError, match="there are: hotspot-township-4w"):
        asked(home, monkeypatch, tmp_path / "o.geojson", *of, "--model", "another")


def test_files_read_by_another_option_have_another_id_and_the_same_command_the_same(files, tmp_path, monkeypatch):
    home = build_city(tmp_path, n_persons=30).home.path
    rows = [line.split(",") for line in (files / "incidents.csv").read_text().splitlines()]
    dated = tmp_path / "dated.csv"  # without the day on which an incident was known, so that the lag stands for it
    dated.write_text("\n".join(",".join([row[0], *row[2:]]) for row in rows))
    of = ("--incidents", dated, "--areas", files / "areas.csv", "--model", HOTSPOTS)
    options = [(), (), ("--known-lag-days", 28), ("--coordinates", "gcj02"), ("--unit", "grid:500")]
    first, again, *others = (asked(home, monkeypatch, tmp_path / "o.geojson", *of, *each) for each in options)
    assert first == again
    assert first.features not in [each.features for each in others[:2]]  # so they are other answers
    assert {each.model.digest for each in others} == {first.model.digest}
    assert len({each.answer_id for each in (first, *others)}) == 1 + len(others)


def test_options_of_files_without_files_are_refused(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="go with --incidents"):
        asked(tmp_path, monkeypatch, tmp_path / "o.geojson", "--unit", "area")
    assert json.dumps([*tmp_path.iterdir()]) == "[]"
