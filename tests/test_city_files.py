"""A city as files: the same for any number of processes, all or nothing, and the truth apart."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import waystation
from features.errors import ConfigError
from features.sources import find
from training.city import build, plan, simulate, write
from training.city.block import BLOCK_PERSONS
from training.city.simulate import AHEAD, in_order
from training.city.write import Part, read_plan, whole_folder, write_parts

UNTIL = date(2024, 6, 30)
SMALL = plan("demo", persons=60, years=1, seed=3, until=UNTIL)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_city_is_the_same_to_the_bit_for_any_number_of_processes(tmp_path: Path) -> None:
    asked = plan("demo", persons=2 * BLOCK_PERSONS + 40, years=1, seed=3, until=UNTIL)
    simulate(asked, tmp_path / "one", processes=1)
    simulate(asked, tmp_path / "two", processes=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert len(pd.read_csv(tmp_path / "one" / "persons.csv")) == asked.persons
    assert pq.ParquetFile(tmp_path / "one" / "events.parquet").num_row_groups == 3


def test_work_in_several_processes_comes_back_whole_and_in_order() -> None:
    n = 5 * AHEAD * 2 + 1
    assert list(in_order(float, n, 2)) == [float(number) for number in range(n)]


def test_a_larger_city_begins_with_the_persons_of_a_smaller_one() -> None:
    one, two = (build(persons=persons, years=1, seed=3, until=UNTIL) for persons in (1_000, 1_001))
    assert two.tables["persons"][:1_000].equals(one.tables["persons"])
    first = two.tables["events"]["person_id"].isin(one.tables["persons"]["person_id"])
    assert two.tables["events"][first].equals(one.tables["events"])


def test_a_city_written_from_memory_holds_what_a_simulated_one_does(tmp_path: Path) -> None:
    simulate(SMALL, tmp_path / "simulated")
    write(build(persons=60, years=1, seed=3, until=UNTIL), tmp_path / "built")
    assert contents(tmp_path / "simulated").keys() == contents(tmp_path / "built").keys()
    for name in ("persons.csv", "events.parquet", "incidents.csv", "truth/use.parquet", "truth/plan.json"):
        one, other = (contents(tmp_path / which)[name] for which in ("simulated", "built"))
        assert one == other


def test_a_run_that_dies_leaves_nothing(tmp_path: Path) -> None:
    def dying() -> Iterator[Part]:
        yield Part({"persons": pd.DataFrame({"person_id": ["P1"]})})
        raise KeyboardInterrupt

    def run() -> None:
        with whole_folder(tmp_path / "city") as aside:
            write_parts(dying(), aside)

    with pytest.raises(KeyboardInterrupt):
        run()
    assert list(tmp_path.iterdir()) == []


def test_the_plan_of_a_city_can_be_read_back(tmp_path: Path) -> None:
    simulate(SMALL, tmp_path / "city")
    assert read_plan(tmp_path / "city") == SMALL


def test_intake_does_not_see_the_truth(tmp_path: Path) -> None:
    simulate(SMALL, tmp_path / "city")
    seen = {path.relative_to(tmp_path / "city").parts[0] for path in find(tmp_path / "city")}
    assert seen == {f"{name}.csv" for name in ("areas", "effort", "incidents", "persons", "stations")} | {
        "events.parquet"
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--preset", "atlantis"], "no preset `atlantis`"),
        (["--persons", "-5"], "persons is -5"),
        (["--persons", "10000000"], "persons is 10000000, expected 1 to 9999999"),
        (["--json", "/dev/null/x.json"], "--json: /dev/null/x.json cannot be written"),
        (["--years", "0"], "years is 0"),
        (["--bias", "all"], "bias is all"),
        (["--until", "soon"], "--until takes a date"),
        (["--until", "2036-01-01"], "expected a day from 2000-01-01 to 2035-12-31"),
        (["--until", "2005-12-31", "--years", "4"], "lives begin 1999-01-04"),
        (["--processes", "0"], "processes is 0"),
        (["--draws", "20"], "--draws would change nothing"),
        (["--horizon-days", "20"], "--horizon-days would change nothing"),
        (["--check"], "folder would change nothing"),
    ],
)
def test_what_makes_no_city_is_refused_and_nothing_written(tmp_path: Path, options: list[str], said: str) -> None:
    result = CliRunner().invoke(waystation.app, ["simulate", str(tmp_path / "city"), *options])
    assert isinstance(result.exception, ConfigError)
    assert said in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(ConfigError, match="not an empty folder"):
        simulate(plan("guiyang"), tmp_path)  # all of Guiyang would take much longer than this test may
    assert contents(tmp_path) == {"mine.txt": b"kept"}


def test_the_command_writes_a_city(tmp_path: Path) -> None:
    options = ["--preset", "demo", "--persons", "50", "--years", "1", "--processes", "1"]
    result = CliRunner().invoke(waystation.app, ["simulate", str(tmp_path / "city"), *options])
    assert result.exit_code == 0
    assert "events of 50 persons" in result.output
    assert len(pd.read_csv(tmp_path / "city" / "persons.csv")) == 50


@pytest.mark.parametrize("options", [["--oracle", "2025-03-09"], ["--draws", "20"]])
def test_a_check_asks_no_oracle(options: list[str]) -> None:
    result = CliRunner().invoke(waystation.app, ["simulate", "--check", *options])
    assert isinstance(result.exception, ConfigError)
    assert f"{options[0]} would change nothing" in str(result.exception)


def test_a_city_that_is_there_is_asked_as_it_is(tmp_path: Path) -> None:
    simulate(SMALL, tmp_path / "city")
    asked = ["simulate", str(tmp_path / "city"), "--oracle", "2024-02-25", "--draws", "2", "--horizon-days", "28"]
    told = ["--processes", "1", "--persons", "60", "--seed", "4"]
    result = CliRunner().invoke(waystation.app, [*asked, *told])
    assert isinstance(result.exception, ConfigError)
    assert "--persons, --seed would change nothing" in str(result.exception)
    figures = tmp_path / "figures.json"
    assert CliRunner().invoke(waystation.app, [*asked, *told[:2], "--json", str(figures)]).exit_code == 0
    oracle = json.loads(figures.read_text(encoding="utf-8"))["oracle"]
    assert (oracle["draws"], oracle["horizon_days"]) == (2, 28)
    (of_date,) = oracle["answers"]
    assert of_date["as_of"] == "2024-02-25"
    assert 0 < of_date["persons"] <= 60
    assert of_date["detected"] <= of_date["observed"] <= 1


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "\xff", '{"preset": "demo"}', '{"preset": "demo", "persons": "6", "years": 1}']
)
def test_a_broken_plan_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "plan.json").write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match=r"plan\.json is not the plan"):
        read_plan(tmp_path)


def test_a_folder_below_a_file_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"/dev/null/x cannot be made"):
        simulate(SMALL, Path("/dev/null/x"))
