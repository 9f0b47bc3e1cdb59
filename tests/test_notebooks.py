"""Every notebook runs from top to bottom."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "notebooks").glob("*.py")))
def test_a_notebook_runs_from_top_to_bottom(name):
    done = subprocess.run(
        [sys.executable, str(ROOT / "notebooks" / name)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
