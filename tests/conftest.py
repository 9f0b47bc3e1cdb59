"""What all tests share: no skip goes unseen, and in CI none is allowed."""

import os
import tempfile
from pathlib import Path

import pytest

from features.home import SETTINGS
from tests import postgres, small_city, ui_helpers

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


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL of this test session's own."""
    if postgres.binaries() is None:
        pytest.skip(postgres.ABSENT)
    # Not below pytest's folder: the server's user may not enter it, and the path of a socket must be short.
    with (
        tempfile.TemporaryDirectory(prefix="waystation-", ignore_cleanup_errors=True) as folder,
        postgres.running(Path(folder)) as server,
    ):
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def new_store_url(request, tmp_path):
    """A function that gives the URL of another empty store on each call; what uses it is tested on both databases."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_server").database
    numbers = iter(range(1000))
    return lambda: f"sqlite:///{tmp_path / f'store{next(numbers)}.db'}"


@pytest.fixture
def store_url(new_store_url):
    """The URL of an empty store, on each of the two databases in turn."""
    return new_store_url()


@pytest.fixture(scope="session")
def ui_site(tmp_path_factory):
    """A running service over a small invented city, for the tests of its pages."""
    with ui_helpers.site(tmp_path_factory.mktemp("ui")) as site:
        yield site


@pytest.fixture(scope="module")  # while it runs no other event loop can, so it is not kept for the session
def browser():
    """A real Chromium."""
    with ui_helpers.chromium() as started:
        yield started
