"""What all tests share: no skip goes unseen, and in CI none is allowed."""

import os
from pathlib import Path

import pytest

from features.home import SETTINGS
from tests import small_city

os.environ.update(SETTINGS)


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.section(
            f"{len(skipped)} TESTS WERE SKIPPED: THIS RUN PROVES LESS", sep="!", red=True, bold=True
        )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("WAYSTATION_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def reference_data():
    """The folder of public data sets; it is no part of this repository."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("WAYSTATION_REFERENCE_DATA", beside))
    if not folder.is_dir():
        pytest.skip("the public data sets are not here; name their folder in WAYSTATION_REFERENCE_DATA")
    return folder


@pytest.fixture(scope="session")
def small_home(tmp_path_factory):
    """A home with a small invented city in its store; read it, and copy it before writing."""
    return small_city.make(tmp_path_factory.mktemp("home"))
