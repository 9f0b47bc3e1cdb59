"""Features written part by part: the same rows as in one part, in the memory asked for, after an honest plan."""

import json
from datetime import date

import pandas as pd
import pytest

from features.cohort import Cohort
from features.partitions import Task, features_of
from features.relapse import FeatureChoice, chosen
from features.schema import days_since_epoch
from features.stations import StationMonths
from tests.benchmarks.parts import measured
from tests.test_cli import waystation
from training.feature_files import Asked, plan, remarks, write
from training.material import material

UNTIL = days_since_epoch(date(2025, 12, 31))
LAST_DAYS = tuple(range(UNTIL - 1000, UNTIL, 10))
TASK = Task(Cohort(), chosen(FeatureChoice(lookbacks_days=(30, 90))), LAST_DAYS)


@pytest.fixture(scope="module")
def snapshot(small_home):
    return material(small_home, lambda _: None).snapshot


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_what_is_written_in_parts_is_what_the_whole_gives(snapshot, tmp_path, ending):
    told = []
    n_rows = write(snapshot, TASK, tmp_path / f"out.{ending}", memory_mb=500, tell=told.append)
    assert len(told) > 1  # parts
    months = StationMonths.of(snapshot.read("station_months"))
    whole = features_of(snapshot.read("events"), snapshot.read("persons"), TASK, months)
    read = pd.read_parquet if ending == "parquet" else pd.read_csv
    written = read(tmp_path / f"out.{ending}").assign(as_of=lambda rows: pd.to_datetime(rows["as_of"]))
    assert n_rows == len(written) > 0
    order = ["as_of", "person_id"]
    pd.testing.assert_frame_equal(
        written.sort_values(order, ignore_index=True),
        whole.sort_values(order, ignore_index=True),
        check_dtype=ending == "parquet",
        check_exact=True,
    )


def test_what_fails_half_way_leaves_no_file(snapshot, tmp_path):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(snapshot, TASK, tmp_path / "out.csv", memory_mb=500, tell=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_plan_for_another_size_is_in_proportion(snapshot):
    here = plan(snapshot, TASK, Asked(2000))
    tenfold = plan(snapshot, TASK, Asked(2000, events=10 * here.events))
    assert here.events == snapshot.counts["events"]
    assert here.rows_at_most == snapshot.counts["persons"] * len(LAST_DAYS)
    assert tenfold.persons == 10 * here.persons
    assert tenfold.snapshot_seconds == pytest.approx(10 * snapshot.seconds)
    assert min(here.seconds, tenfold.seconds) > 0
    assert here.parts == 1 < tenfold.parts
    assert here.memory_mb < tenfold.memory_mb < 2000 == plan(snapshot, TASK, Asked(2000, persons=10**6)).memory_mb
    assert plan(snapshot, TASK, Asked(2000, persons=10 * here.persons)).events == tenfold.events


def test_dates_after_the_last_record_and_an_empty_table_are_told(snapshot):
    after = Task(TASK.cohort, TASK.features, (UNTIL - 100, UNTIL + 5000))
    assert remarks(snapshot, TASK, rows=1) == []
    (dates,) = remarks(snapshot, after, rows=1)
    assert str(date(2039, 9, 9)) in dates
    assert len(remarks(snapshot, after, rows=0)) == 2


def test_a_dry_run_plans_and_writes_nothing(small_home, tmp_path):
    figures = tmp_path / "plan.json"
    done = waystation(small_home.path, "features", "--as-of", "2025-06-30", "--dry-run", "--json", figures)
    assert done.returncode == 0, done.stderr
    planned = json.loads(figures.read_text())
    assert planned["persons"] == 300
    assert planned["seconds"] > 0
    assert all(unit in done.stdout for unit in (" s\n", " MB"))
    assert list(tmp_path.iterdir()) == [figures]


def test_a_dry_run_of_areas_is_refused_and_writes_nothing(small_home, tmp_path):
    out = tmp_path / "areas.csv"
    done = waystation(small_home.path, "features", "hotspot", "--as-of", "2025-06-30", "--dry-run", "--out", out)
    assert done.returncode == 2
    assert "--dry-run" in done.stderr
    assert not out.exists()


def test_a_table_without_rows_says_why(small_home, tmp_path):
    out, figures = tmp_path / "out.csv", tmp_path / "told.json"
    done = waystation(small_home.path, "features", "--as-of", "2039-12-31", "--out", out, "--json", figures)
    assert done.returncode == 0, done.stderr
    assert "nobody is in the cohort" in done.stdout
    told = json.loads(figures.read_text())
    assert told["rows"] == 0
    assert "2039-12-31" in told["remarks"][0]


def test_parts_keep_the_peak_of_memory_below_what_was_asked_for():
    in_parts, whole = (measured(8_000, memory_mb=memory_mb, n_features=20) for memory_mb in (500, 4_000))
    assert in_parts["parts"] > 1 == whole["parts"]
    assert in_parts["peak_mb"] < 500
    assert whole["peak_mb"] > in_parts["peak_mb"] + 60  # the bound is felt: all at once takes more
