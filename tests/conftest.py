"""What all tests share: no skip goes unseen, and in CI none is allowed."""

import os

import pytest

from features.home import SETTINGS

os.environ.update(SETTINGS)


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.section(f"{len(skipped)} TESTS WERE SKIPPED: THIS RUN PROVES LESS", sep="!", red=True, bold=True)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("WAYSTATION_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
