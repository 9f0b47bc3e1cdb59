"""Every notebook runs from top to bottom, in a home that holds a small invented city and a promoted model."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from features.home import Home
from training import runs
from training.config import read
from training.gate_choice import ON_PAPER
from training.promote import PROMOTED, promote

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def home(small_home, tmp_path_factory):
    """A home with a champion under the default name, made by the small recipe."""
    path = tmp_path_factory.mktemp("notebooks") / "home"
    shutil.copytree(small_home.path, path)
    task = path / "relapse.toml"
    task.write_text(task.read_text().replace('"relapse-small"', '"relapse-90d"'))
    config = read(task)
    # Whether so few persons let a model be ahead of the base rate is another test's question.
    paper = tuple(item for item in ON_PAPER if item != "baselines")
    copied = Home(path)
    copied.settle()
    runs.train_relapse(copied, config, lambda _: None)
    rule = replace(config, gate=replace(config.gate, items=paper))
    decision = promote(copied, config.name, None, now="2026-01-01T00:00:00+00:00", config=rule)
    assert decision.decision == PROMOTED, decision.why
    return copied


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "notebooks").glob("*.py")))
def test_a_notebook_runs_from_top_to_bottom(home, name):
    done = subprocess.run(
        [sys.executable, str(ROOT / "notebooks" / name)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "WAYSTATION_HOME": str(home.path)},
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "notebooks").glob("*.py")))
def test_a_notebook_is_a_jupytext_notebook_with_words_before_each_step(name):
    import jupytext

    cells = jupytext.read(ROOT / "notebooks" / name).cells
    assert cells[0].cell_type == "markdown"
    assert sum(cell.cell_type == "markdown" for cell in cells) >= 4
