"""The page of the models: the challenger beside the champion, what has moved, the months, and links where there are."""

import pytest

from features.errors import ConfigError
from serving.settings import MLFLOW_PAGES, Settings
from tests.serving_helpers import serving
from tests.ui_helpers import SCRIPT, Site, ask_as


@pytest.fixture(scope="module")
def page(ui_site):
    return ask_as(ui_site, "data_scientist", "/ui/models?lang=en").text()


def test_the_challenger_stands_beside_the_one_that_answers(page):
    assert "The newest trained (challenger)" in page
    assert "Digest 1111111111111111" in page
    assert "0.900 (0.800 to 0.950)" in page


def test_the_page_tells_what_moved_since_training_the_most_first_and_runs_no_name(page):
    assert "index 0.150, some change; mean 0.100, now 0.200" in page
    assert "0.300 much change" in page
    assert "0.010 little change" in page
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page


def test_months_are_told_once_mature_and_those_of_the_training_are_marked(page):
    row = page[page.index("1 Jan 2023") :]
    assert "outcome known in training" in row[:200]
    assert "20 or more" in row[:400]
    later = page[page.index("1 Feb 2023") :]
    assert "outcome known in training" not in later
    assert "too few to tell" in later


def test_the_record_of_a_hotspot_model_is_drawn(page):
    assert "The whole city: forecasts and what came" in page


def test_runs_are_linked_to_where_mlflow_is_for_browsers_and_nowhere_else(ui_site, page, tmp_path):
    assert "/#/runs/" not in page
    with serving(ui_site.home, tmp_path / "log", **{MLFLOW_PAGES: "https://mlflow.example/lab/"}) as url:
        linked = ask_as(Site(url, ui_site.home, ui_site.keys, None), "auditor", "/ui/models?lang=en").text()
    assert 'href="https://mlflow.example/lab/#/runs/run-1"' in linked
    assert 'href="https://mlflow.example/lab/#/runs/run-2"' in linked


@pytest.mark.parametrize(
    "address", ["mlflow.example", "ftp://mlflow.example", "javascript:alert(1)", "https://a:b@m.example"]
)
def test_an_address_of_mlflow_that_is_none_or_holds_a_password_is_refused(monkeypatch, address):
    monkeypatch.setenv(MLFLOW_PAGES, address)
    with pytest.raises(ConfigError, match=MLFLOW_PAGES):
        Settings.of_environment()
