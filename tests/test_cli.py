"""The command line, run as its users run it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from features.errors import ConfigError, sentence
from waystation import app

ROOT = Path(__file__).parent.parent


def waystation(home, *arguments, **environment):
    return subprocess.run(
        [sys.executable, str(ROOT / "waystation.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=900,  # a bound on what hangs, not a figure
        cwd=ROOT,
        check=False,
        env={**os.environ, "WAYSTATION_HOME": str(home), "COLUMNS": "200", **environment},
    )


@pytest.fixture(scope="module")
def home(small_home, tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "home"
    shutil.copytree(small_home.path, path)
    return path


def test_the_same_delivery_twice_changes_nothing(home, tmp_path):
    again = waystation(home, "ingest", home / "city", "--backfill", "--json", tmp_path / "report.json")
    assert again.returncode == 0, again.stderr
    tables = json.loads((tmp_path / "report.json").read_text())["tables"]
    assert {table["table"] for table in tables} == {"persons", "events", "stations", "areas", "incidents", "effort"}
    assert all(table["stored"] == table["updated"] == 0 for table in tables)
    assert all(table["unchanged"] == table["came"] > 0 for table in tables)


def test_features_of_persons_and_areas_are_written_to_a_file(home, tmp_path):
    persons = waystation(
        home, "features", "relapse", "--as-of", "2025-06-30,2025-12-31", "--out", tmp_path / "p.parquet"
    )
    assert persons.returncode == 0, persons.stderr
    table = pd.read_parquet(tmp_path / "p.parquet")
    assert set(table["as_of"].dt.strftime("%Y-%m-%d")) == {"2025-06-30", "2025-12-31"}
    assert "missed_tests_90d" in table
    areas = waystation(home, "features", "hotspot", "--as-of", "2025-12-28", "--out", tmp_path / "a.csv")
    assert areas.returncode == 0, areas.stderr
    assert {"area_id", "as_of", "count_52w"} <= set(pd.read_csv(tmp_path / "a.csv"))


def test_a_backtest_prints_its_figures_and_writes_them(home, tmp_path):
    out = tmp_path / "out.json"
    done = waystation(home, "backtest", "relapse", "--config", home / "relapse.toml", "--json", out)
    assert done.returncode == 0, done.stderr
    figures = json.loads(out.read_text())
    assert set(figures["counts"]) >= {"persons", "rows", "positives", "unobserved"}
    assert set(figures["models"]) == {"lightgbm", "logistic", "last_result", "points", "base_rate"}
    assert set(figures["models"]["lightgbm"]["auroc"]) == {"value", "low", "high"}
    assert f"{figures['models']['lightgbm']['auroc']['value']:.3f}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ingest", "no/such/folder"], "no such file or folder"),
        (["backtest", "relapse", "--config", "no.toml"], "no.toml"),
        (["features", "relapse", "--as-of", "yesterday", "--out", "x.csv"], "--as-of takes a date"),
        (["promote", "relapse"], "train first"),
        (["rollback", "relapse"], "no earlier champion"),
        (["serve", "--host", "0.0.0.0"], "nobody holds a key yet"),
        (["backtest", "relapse", "--config", "."], "cannot be read (Is a directory)"),
        (["score", "--as-of", "2025-12-31", "--purpose", "support_plan", "--out", "x.json"], "the store"),
    ],
)
def test_a_mistake_ends_with_a_sentence_and_no_traceback(tmp_path, arguments, told):
    done = waystation(tmp_path / "empty", *arguments)
    assert done.returncode == 2
    assert told in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("backtest relapse --coordinates gcj02", "--coordinates would change nothing"),
        ("backtest hotspot --known-lag-days 3 --unit area", "--unit, --known-lag-days would change nothing"),
        ("backtest relapse --truth city --origins 3", "--origins would change nothing"),
        ("backtest relapse --truth city --incidents some.csv", "name the task `hotspot`"),
        ("train relapse --horizon-weeks 1", "--horizon-weeks would change nothing"),
        ("train hotspot --horizon-days 28", "--horizon-days would change nothing"),
        ("promote hotspot --horizon-days 28", "--horizon-days would change nothing"),
        ("rollback hotspot --horizon-days 28", "--horizon-days would change nothing"),
        ("features --dictionary --as-of 2025-01-01", "--as-of would change nothing"),
        ("features hotspot --dictionary --config some.toml", "--config would change nothing"),
        ("features --as-of 2025-01-01 --out x.csv --persons 9 --language en", "--language would change nothing"),
        ("features --as-of 2025-01-01 --out x.csv --persons 9", "--persons would change nothing"),
        ("features hotspot --as-of 2025-01-01 --out x.csv --memory-mb 9", "--memory-mb would change nothing"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(asked, told):
    result = CliRunner().invoke(app, asked.split())
    assert isinstance(result.exception, ConfigError)
    assert told in str(result.exception)


def spoilt(home, file):
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"no database, no key, no TOML \xff")
    return home


@pytest.mark.parametrize(
    ("file", "arguments", "told"),
    [
        ("store.db", ["store", "info"], "file is not a database"),
        ("services.toml", ["serve"], "services.toml: not readable as TOML"),
        ("access.db", ["access", "list"], "the keys in access.db cannot be opened"),
    ],
)
def test_a_spoilt_file_of_the_home_ends_with_a_sentence_that_names_it(tmp_path, file, arguments, told):
    home = spoilt(tmp_path / "家 home", tmp_path / "家 home" / file)
    done = waystation(home, *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert told in done.stderr


def test_a_home_that_is_a_file_and_a_terminal_without_chinese_end_with_a_sentence(tmp_path):
    (tmp_path / "家").write_text("")
    done = waystation(tmp_path / "家", "store", "info", PYTHONIOENCODING="ascii")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "/? cannot be used (File exists)" in done.stderr


def test_of_errors_of_the_system_those_of_a_file_are_the_users_and_others_are_bugs():
    assert "x.csv: Permission denied" in str(sentence(PermissionError(13, "Permission denied", "x.csv")))
    assert sentence(BrokenPipeError(32, "Broken pipe")) is None
    assert sentence(OSError("no number")) is None


def test_an_empty_store_is_told(tmp_path):
    for arguments in (["train", "relapse"], ["backtest", "hotspot"]):
        done = waystation(tmp_path / "empty", *arguments)
        assert done.returncode == 2
        assert "ingest" in done.stderr


def test_the_front_door_opens_without_what_its_commands_need():
    heavy = {"pandas", "numpy", "sqlalchemy", "lightgbm", "mlflow", "bentoml", "fastapi", "pydantic"}
    script = f"import sys, waystation; print(sorted({heavy!r} & {{*sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert loaded.stdout.strip() == "[]"
