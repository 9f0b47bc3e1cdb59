"""The README's first command, from nothing to an explained score out of a running service, and once more."""

import socket

import pytest

from tests.test_cli import waystation


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_demo_goes_from_nothing_to_a_score_and_reuses_what_is_there(home):
    users = {
        "WAYSTATION_STORE_URL": f"sqlite:///{home}/users.db",
        "MLFLOW_TRACKING_URI": f"sqlite:///{home}/users.mlflow",
    }
    first = waystation(home, "demo", "--once", "--port", free_port(), **users)
    assert first.returncode == 0, first.stdout + first.stderr
    for part in ("risk ", "within 90 days", "尿检", "Township", "镇", "/docs", "mlflow ui", "level=township"):
        assert part in first.stdout, part
    assert "already there" not in first.stdout
    assert (home / "demo" / "store.db").exists()
    assert [path.name for path in home.iterdir()] == ["demo"]  # nothing of the user's is touched
    again = waystation(home, "demo", "--once", "--port", free_port())
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count("already there, reused") == 5
    risks = [[line for line in done.stdout.splitlines() if line.startswith("risk ")] for done in (first, again)]
    assert risks[0] == risks[1]
