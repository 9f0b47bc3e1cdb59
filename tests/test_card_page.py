"""The card as a page: whole in both languages, warning of small stations, with no request to anyone."""

import re
import shutil

import pytest

from features.home import Home
from training import runs
from training.card_page import LANGUAGES, texts_of
from training.config import read


@pytest.fixture(scope="module")
def pages(small_home, tmp_path_factory):
    """The pages logged with a training, by language."""
    path = tmp_path_factory.mktemp("card") / "home"
    shutil.copytree(small_home.path, path)
    home = Home(path)
    home.settle()
    run = runs.train_relapse(home, read(home.path / "relapse.toml"), lambda _: None)
    folder = home.mlflow_artifacts / run.tracked.run / "artifacts" / "card"
    return {language: (folder / f"card.{language}.html").read_text(encoding="utf-8") for language in LANGUAGES}


def keys(texts, prefix=""):
    for name, text in texts.items():
        yield from keys(text, f"{prefix}{name}.") if isinstance(text, dict) else [f"{prefix}{name}"]


def test_both_languages_have_the_same_texts():
    one, other = (set(keys(texts_of(language))) for language in LANGUAGES)
    assert one == other


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_asks_nobody_for_anything(pages, language):
    page = pages[language].replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|<script|<link|url\(|@import", page)
    assert not re.search(r'(src|href)="(?!data:)', page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_warns_of_stations_too_small_for_figures_of_their_own(pages, language):
    heading = f"<h2>{texts_of(language)['stations']}</h2>"
    assert heading in pages[language]
    warning = pages[language].split(heading)[1].split("</div>")[0]
    assert "50" in warning  # persons from which on a station is told of
    assert re.search(r"\d\.\d\d \(\d\.\d\d, \d\.\d\d\)", warning)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reliability_plot_has_an_interval_for_each_tenth(pages, language):
    label = texts_of(language)["reliability"]
    plot = re.search(rf'<svg[^>]*aria-label="{re.escape(label)}".*?</svg>', pages[language], re.DOTALL)[0]
    assert plot.count("<circle") == 10
    assert plot.count("<polyline") == 10 + 1  # the line on which risks are right
