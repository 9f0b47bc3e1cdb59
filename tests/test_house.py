"""Rules of the house that no other tool checks."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TRACKED = [
    ROOT / name for name in subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout.splitlines()
]  # fmt: skip
CODE = [path for path in TRACKED if path.suffix == ".py" and path.exists()]


def test_no_file_is_longer_than_four_hundred_lines():
    assert [path.name for path in CODE if len(path.read_text().splitlines()) > 400] == []


def test_no_committed_file_names_a_package_index_or_a_path_of_one_machine():
    index = re.compile(r"--(extra-)?index-url|files\.pythonhosted|pypi\.org/simple|registry\.npmjs|/root/|/home/[a-z]")
    texts = [path for path in TRACKED if path.exists() and path.suffix in {".py", ".toml", ".md", ".lock", ".txt", ""}]
    here = Path(__file__)
    assert [path.name for path in texts if path != here and index.search(path.read_text(errors="replace"))] == []


def test_both_locks_hold_a_digest_for_every_package():
    for name in ("requirements.lock", "requirements-dev.lock"):
        packages = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
        pinned = [text for text in packages if "==" in text.split("\n", maxsplit=1)[0]]
        assert len(pinned) > 80
        assert all("--hash=sha256:" in text for text in pinned)


def test_the_run_time_lock_is_part_of_the_other():
    def pins(name):
        return set(re.findall(r"^([a-z0-9][\w.-]*(?:\[[^]]*\])?==[^ \\]+)", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


@pytest.mark.parametrize("first", ["README.md", "README.zh-CN.md"])
def test_the_readme_names_the_two_commands(first):
    text = (ROOT / first).read_text()
    assert "make demo" in text
    assert "make test" in text
