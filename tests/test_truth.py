"""What is true of an invented city, row by row; and nobody but simulator and judge reads it."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.errors import ConfigError
from tests.tables import table
from training.truth import Truth, answered, known, read_truth

ROOT = Path(__file__).parent.parent

# Who judges by the truth, or what use of a model does to it; who asks the oracle for the command line, who writes the
# page about the city, and the demo, which invents one. The simulator itself is told by its folder. An import contract
# says the same of imports; this sees words as well.
JUDGES = ("truth", "oracle", "feedback", "relapse_feedback")
READERS = {f"training/{name}.py" for name in (*JUDGES, "commands", "demo", "simulator_page", "simulator_plots")}
GUARDED = ("training.city", "training.truth", "training.oracle")


def truth_of(answers, uses, draws=100):
    answers = table(answers).astype({"as_of": int, "detected": float, "observed": float, "used_observed": float})
    return Truth(answers, table(uses).astype({"day": int}), horizon_days=90, draws=draws)


TRUTH = truth_of(
    """person_id | as_of | detected | observed | used_observed
       P1        | 100   | 0.2      | 0.8      | 0.6
       P1        | 200   | 0.1      | 1.0      | 0.3
       P2        | 100   | 0        | 0.01     | 0.01""",
    """person_id | day
       P1        | 100
       P1        | 191
       P2        | 190
       P9        | 150""",
)


def rows(text):
    return table(text).astype({"as_of": int, "relapse": float})


def test_the_probability_is_that_of_the_outcome_when_the_row_is_observed():
    told = known(rows("person_id | as_of | relapse\nP1 | 100 | 1\nP1 | 200 | 0"), TRUTH)
    assert told["detected"].probability == pytest.approx([0.2 / 0.8, 0.1])
    assert told["used"].probability == pytest.approx([0.6 / 0.8, 0.3])
    assert list(told["detected"].n_draws) == [80, 100]
    assert told["detected"].noise == pytest.approx([0.25 * 0.75 / 79, 0.1 * 0.9 / 99])


def test_a_row_observed_in_hardly_any_draw_is_given_the_share_of_all():
    told = known(rows("person_id | as_of | relapse\nP1 | 100 | 1\nP2 | 100 | 0"), TRUTH)["detected"]
    assert told.probability[1] == pytest.approx((0.2 + 0) / (0.8 + 0.01))
    assert told.noise[1] == 0


def test_use_counts_from_the_day_after_the_as_of_date_to_the_last_of_the_horizon():
    told = known(rows("person_id | as_of | relapse\nP1 | 100 | 0\nP1 | 200 | 0\nP2 | 100 | 0"), TRUTH)
    assert list(told["used"].came) == [0, 0, 1]  # day 100 is the as-of date, 191 a day too late, 190 just in time


def test_rows_are_told_that_the_oracle_was_not_asked_about():
    asked = answered(rows("person_id | as_of | relapse\nP2 | 100 | 0\nP2 | 200 | 0\nP9 | 100 | 0"), TRUTH)
    assert list(asked) == [True, False, False]


def test_a_city_without_an_oracle_is_told_how_to_ask_one(tmp_path):
    with pytest.raises(ConfigError, match=r"waystation simulate .* --oracle DATE"):
        read_truth(tmp_path)


def test_the_files_are_read_as_they_were_written(tmp_path):
    folder = tmp_path / "truth"
    folder.mkdir()
    sunday = pd.Timestamp("2024-06-30").date()
    written = {"person_id": ["P1"], "as_of": [sunday], "horizon_days": [28], "draws": [7], "detected": [0.5]}
    pd.DataFrame(written).to_parquet(folder / "oracle.parquet")
    pd.DataFrame({"person_id": ["P1"], "used_on": [sunday]}).to_parquet(folder / "use_days.parquet")
    truth = read_truth(tmp_path)
    assert (truth.horizon_days, truth.draws) == (28, 7)
    assert truth.as_of == [np.datetime64(sunday).astype(int)] == list(truth.uses["day"])


def named(path):
    """Whether a module holds the word of the folder, or imports simulator, judge or who reads for them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported = {f"{node.module}.{each.name}" for node in froms for each in node.names}
    imported |= {each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names}
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    # Also in a text: a module may be imported by its name.
    reads = any(word == "truth" or word.startswith(("truth/", *GUARDED)) or "/truth/" in word for word in words)
    return reads or any(f"{each}.".startswith(tuple(f"{name}." for name in GUARDED)) for each in imported)


def test_only_the_simulator_and_the_judge_name_the_truth():
    packages = [path for name in ("features", "models", "serving", "training") for path in (ROOT / name).rglob("*.py")]
    outside = [path for path in packages if "training/city/" not in path.as_posix()]
    assert len(outside) > 100
    assert {path.relative_to(ROOT).as_posix() for path in outside if named(path)} == READERS


@pytest.mark.parametrize(
    "line",
    [
        "from training import city",
        "from training.city import build",
        "import training.truth as told",
        "def f():\n    from training.city.oracle import ask",
        "import_module('training.city')",
        "folder / 'truth'",
        "pd.read_parquet('city/truth/use.parquet')",
    ],
)
def test_whoever_names_the_truth_is_seen(tmp_path, line):
    module = tmp_path / "module.py"
    module.write_text(line)
    assert named(module)
    module.write_text(
        '"""A word on the truth of things."""\nfrom training.cityscape import build\nfrom training import runs'
    )
    assert not named(module)
