"""A city as files: the same for any number of processes, all or nothing, and the truth apart."""

import re
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
HOUSE = Path(waystation.__file__).parent
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


# Who judges by the truth, who asks the oracle for the command line, and who writes the page about the city.
NAME_THE_TRUTH = {"training/truth.py", "training/oracle.py", "training/commands.py", "training/simulator_page.py"}


def test_nobody_else_names_the_truth_or_looks_into_the_simulator() -> None:
    named = re.compile(r"training\.city\.(?!presets\b|check\b)\w+|read_plan|[\"'/]truth\b[^ ]")
    files = [path for room in ("features", "models", "serving", "training") for path in (HOUSE / room).rglob("*.py")]
    naming = {str(path.relative_to(HOUSE)) for path in files if named.search(path.read_text(encoding="utf-8"))}
    assert {each for each in naming if not each.startswith("training/city/")} == NAME_THE_TRUTH


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--preset", "atlantis"], "no preset of this name"),
        (["--persons", "-5"], "persons is -5"),
        (["--years", "0"], "years is 0"),
        (["--bias", "all"], "bias is all"),
        (["--until", "soon"], "--until takes a date"),
        (["--processes", "0"], "processes is 0"),
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
