"""The page of the models: the challenger beside the champion, what has moved, the months, and links where there are."""

import pytest

from features.errors import ConfigError
from features.home import TRACKING_URI
from serving.settings import MLFLOW_PAGES, Settings
from tests.ui_helpers import SCRIPT, ask_as


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


def test_runs_are_linked_to_where_mlflow_is_for_browsers(page):
    assert 'href="https://mlflow.example/lab/#/runs/run-1"' in page
    assert 'href="https://mlflow.example/lab/#/runs/run-2"' in page


def test_without_an_address_of_mlflow_there_is_none_to_link_to(monkeypatch):
    monkeypatch.delenv(MLFLOW_PAGES, raising=False)
    monkeypatch.setenv(TRACKING_URI, "http://a:b@tracking.example")
    assert Settings.of_environment().mlflow_pages is None


@pytest.mark.parametrize(
    "address", ["mlflow.example", "ftp://mlflow.example", "javascript:alert(1)", "https://a:b@m.example"]
)
def test_an_address_of_mlflow_that_is_none_or_holds_a_password_is_refused(monkeypatch, address):
    monkeypatch.setenv(MLFLOW_PAGES, address)
    with pytest.raises(ConfigError, match=MLFLOW_PAGES):
        Settings.of_environment()
