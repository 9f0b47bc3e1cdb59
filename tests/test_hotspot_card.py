"""The card of a hotspot model as pages: every word in both languages, the figures as they are, nothing from outside."""

import re

import pytest

from features.hotspot import Places
from tests.test_card_page import LATIN, words_of
from tests.test_hotspot_training import SMALL, TOWN, steady_city
from training import card
from training.card_page import LANGUAGES, texts_of
from training.hotspot import train
from training.hotspot_card_page import CARD, hotspot_page, hotspot_pages


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    trained = train(Places(steady_city(), TOWN), SMALL)
    told = card.hotspot_card(trained, SMALL, snapshot="0123456789abcdef")
    return told, hotspot_pages(trained.backtest, told, tmp_path_factory.mktemp("card"))


def test_the_texts_have_the_same_keys_in_both_languages():
    def keys(texts):
        return {(name, inner) for name, of in texts.items() for inner in (of if isinstance(of, dict) else [""])}

    one, other = (texts_of(language, CARD) for language in LANGUAGES)
    assert keys(one) == keys(other)
    assert all(len(one[name]) == len(other[name]) for name in ("limits", "compared"))


def test_there_is_a_page_for_each_language_with_nothing_from_outside(pages):
    told, files = pages
    assert [file.name for file in files] == ["card.zh-CN.html", "card.en.html", "card.json"]
    for file in files[:2]:
        text = file.read_text()
        assert not re.search(r"https?://|<script|src=\"(?!data:)", text)
        assert told["name"] in text


def test_the_pages_tell_the_figures_and_the_standing_line(pages):
    told, files = pages
    horizon = told["figures"]["horizons"]["4"]
    text = files[1].read_text()
    skill = horizon["models"]["lightgbm"]["deviance_skill"]["value"]
    assert f"{skill:.3f}" in text
    assert ("Reached." in text) == horizon["provident"]["reached"]
    assert "20% of areas" in text
    assert "How much was tested is not accounted for" in text


def test_the_chinese_page_is_chinese(pages):
    _, files = pages
    chinese, english = (words_of(file.read_text()) for file in files[:2])
    assert [run for text in chinese for run in LATIN.findall(text)] == []
    assert any(LATIN.search(text) for text in english)  # it would be found


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_with_simulated_feedback_tells_its_course(pages, language):
    told = {**pages[0], "feedback": {"true_share": 0.166, "forecast_shares": [0.163, 0.17, 0.168]}}
    for share in ("16.6%", "16.3%", "16.8%"):
        assert share in hotspot_page(told, {}, language)
        assert share not in hotspot_page(pages[0], {}, language)
