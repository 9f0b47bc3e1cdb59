"""The card as a page: whole in both languages, warning of small stations, with no request to anyone."""

import json
import re
import shutil
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from features.errors import ArtifactError
from features.home import Home
from models import artifact
from training import runs
from training.card_charts import charts
from training.card_items import items
from training.card_page import LANGUAGES, MEASURES, Pictures, page_of, texts_of
from training.card_words import answers, shown
from training.config import read
from training.shap_plots import seeded


@pytest.fixture(scope="module")
def folder(small_home, tmp_path_factory):
    """What is logged of a card with a training."""
    path = tmp_path_factory.mktemp("card") / "home"
    shutil.copytree(small_home.path, path)
    home = Home(path)
    home.settle()
    run = runs.train_relapse(home, read(home.path / "relapse.toml"), lambda _: None)
    return home.mlflow_artifacts / run.tracked.run / "artifacts" / "card"


@pytest.fixture(scope="module")
def pages(folder):
    """The pages by language."""
    return {language: (folder / f"card.{language}.html").read_text(encoding="utf-8") for language in LANGUAGES}


@pytest.fixture(scope="module")
def card(folder):
    return json.loads((folder / "card.json").read_text(encoding="utf-8"))


def test_the_artifact_holds_the_pages_word_for_word_and_none_that_was_edited(folder, pages, tmp_path):
    own = tmp_path / "artifact"
    shutil.copytree(folder.parent / "artifact", own)
    digest = artifact.read(own).digest
    assert {language: artifact.read_page(own, language, expected=digest) for language in LANGUAGES} == pages
    assert artifact.read_page(own, "fr", expected=digest) is None
    (own / "card.en.html").write_text(pages["en"].replace("0", "1", 1), encoding="utf-8")
    with pytest.raises(ArtifactError, match="edited"):
        artifact.read_page(own, "en", expected=digest)
    with pytest.raises(ArtifactError, match="edited"):
        artifact.read_page(own, "zh-CN", expected="0" * 64)


def test_plots_shake_their_points_alike_each_time_and_leave_the_generator_as_it_was():
    shap_draws = np.random.mtrand._rand  # from NumPy's global generator, which is this one
    before = shap_draws.get_state()[1].tolist()
    drawn = []
    for _ in range(2):
        with seeded():
            drawn.append(shap_draws.random_sample(5).tolist())
    assert drawn[0] == drawn[1]
    assert shap_draws.get_state()[1].tolist() == before


class Words(HTMLParser):
    """All that a reader reads or is read to, but for names in code."""

    def __init__(self):
        super().__init__()
        self.read, self._inside = [], []

    def handle_starttag(self, tag, attrs):
        self._inside += [tag] * (tag in {"style", "code"})
        self.read += [text for name, text in attrs if name in {"alt", "aria-label", "title"}]

    def handle_endtag(self, tag):
        if self._inside and tag == self._inside[-1]:
            self._inside.pop()

    def handle_data(self, data):
        self.read += [] if self._inside else [data]


def words_of(page):
    reader = Words()
    reader.feed(page)
    return reader.read


def table_of(page, name):
    return re.search(rf'<table id="{name}">.*?</table>', page, re.DOTALL)[0]


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
def test_a_page_says_what_it_is_no_ground_for_and_its_wide_tables_are_reached_by_keyboard(pages, language):
    assert texts_of(language)["aid"] in pages[language]
    scrolled = re.findall(r'<div class="scroll"[^>]*>', pages[language])
    assert scrolled
    assert set(scrolled) == {'<div class="scroll" tabindex="0">'}


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


TICK = re.compile(r'text-anchor="(?:end|middle)" >(-?[0-9][^<]*)</text>')


@pytest.mark.parametrize("scale", [1e-4, 0.062, 0.247, 1.0])
def test_ticks_are_round_numbers_that_a_reader_can_read_off(card, scale):
    """Of a decision curve of any height; the thresholds along it are the configuration's own."""
    curve = [
        {"threshold": 0.05 * place, **{name: {"value": scale * (3 - place)} for name in ("lightgbm", "everyone")}}
        for place in (1, 2, 3)
    ]
    figures = {**card["figures"], "decision_curve": curve}
    told = TICK.findall(str(charts({**card, "figures": figures}, texts_of("en"), "en")["decision"]))[len(curve) :]
    apart = {f"{float(high) - float(low):.3g}" for low, high in pairwise(told)}
    assert len(told) >= 3
    assert len(apart) == 1
    assert apart.pop().strip("0.")[0] in "125"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_heading_stands_twice_in_a_row_and_no_column_is_beyond_the_measures(pages, language):
    headings = re.findall(r"<h[23]>(.*?)</h[23]>", pages[language])
    assert all(one != other for one, other in pairwise(headings))
    assert table_of(pages[language], "figures").split("</tr>")[0].count("<th>") == 1 + len(MEASURES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_of_nearly_everyone_and_the_auroc_of_a_constant_are_not_left_without_a_word(card, language):
    texts, figures = texts_of(language), card["figures"]
    lists = figures["capacity"]

    def page_with(share):
        listed = {**lists["30_a_worker"]["lightgbm"], "listed": {"value": share, "low": None, "high": None}}
        of = {"30_a_worker": {**lists["30_a_worker"], "lightgbm": listed}}
        return page_of({**card, "figures": {**figures, "capacity": of}}, Pictures("", (), ()), language)

    assert texts["list_of_all"].format(share="95%") in page_with(0.95)
    assert texts["list_of_all"].split("{share}")[0] not in page_with(0.5)
    assert texts["constant_note"] in page_with(0.5)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_meaning_of_a_feature_stands_beside_its_plot(pages, language):
    meanings = re.findall(r"</code></td><td>(.*?)</td>", table_of(pages[language], "meanings"))
    beside = re.findall(r'</figcaption><p class="note">(.*?)</p><img', pages[language])
    assert beside == meanings[: len(beside)]
    assert len(beside) == 3


LATIN = re.compile(r"[A-Za-z][A-Za-z'’-]*(?:[ ,;:.]+[A-Za-z][A-Za-z'’-]*){2,}")
INTERVAL = r"-?\d+\.\d+ \(-?\d+\.\d+, -?\d+\.\d+\)"


def test_the_chinese_page_is_chinese(pages):
    found = [run for text in words_of(pages["zh-CN"]) for run in LATIN.findall(text)]
    assert found == []
    assert any(LATIN.search(text) for text in words_of(pages["en"]))  # it would be found


def test_an_answer_that_speaks_of_figures_gives_them(card):
    for language in LANGUAGES:
        told = {number: answer for number, _, answer in answers(card, texts_of(language), language)}
        assert all(told.values())
        assert shown(card["figures"]["models"]["lightgbm"]["slope"], digits=3) in told["23a"]
        assert shown(card["figures"]["by_age_days"]["90"]["auroc"]) in told["12f"]
        assert card["code"]["revision"][:16] in told["18f"]
        assert f"{card['figures']['fairness']['attributes']['sex']['male']['persons']:,}" in told["20b"]
        for number in ("2", "10", "11", "13", "16", "20a", "20c", "21", "24", "25"):
            assert re.search(r"\d", told[number]), number


def test_the_operators_statements_stand_in_english_where_given_and_else_as_written(card):
    told = {number: answer for number, _, answer in answers(card, texts_of("en"), "en")}
    assert (told["18a"], told["18d"]) == ("None: the city is invented.", "未注册：虚构城市。")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_tells_what_lists_find_how_old_a_model_may_get_and_what_testing_changes(pages, card, language):
    figures, page = card["figures"], pages[language]
    for size in ("30", "5"):
        lists = table_of(page, f"list-{size}")
        assert len(re.findall(INTERVAL, lists)) == 4 * len(figures["capacity"][f"{size}_a_worker"])  # all but days
        for model, found in figures["capacity"][f"{size}_a_worker"].items():
            assert texts_of(language)["models"][model] in lists
            assert shown(found["precision"]) in lists
            assert shown(found["still_listed_after_days"]["45"]) in lists
            assert shown(found["lead_days_50"], digits=0) in lists
    ages = table_of(page, "age")
    assert all(shown(of["auroc"], digits=3) in ages for of in figures["by_age_days"].values())
    corrected = table_of(page, "corrected")
    for part in (figures["models"], figures["weighted"], figures["surprise"]["models"]):
        assert shown(part["lightgbm"]["auroc"], digits=3) in corrected
    everyone = figures["fairness"]["everyone"]["figures"]
    assert {"missed_weighted", "missed_gap_weighted", "intercept_weighted"} <= set(everyone)
    assert shown(everyone["missed_weighted"]) in table_of(page, "groups-corrected")


def test_a_figure_told_twice_on_a_card_has_one_interval(card):
    figures = card["figures"]
    everyone = figures["fairness"]["everyone"]["figures"]
    assert everyone["intercept"] == figures["models"]["lightgbm"]["intercept"]
    assert everyone["slope"] == figures["models"]["lightgbm"]["slope"]
    assert everyone["intercept_weighted"] == figures["weighted"]["lightgbm"]["intercept"]


def test_last_years_model_stands_beside_where_there_was_one(card):
    figures = card["figures"]
    models = {**figures["models"], "last_years_model": figures["models"]["points"]}
    page = page_of({**card, "figures": {**figures, "models": models}}, Pictures("", (), ()), "en")
    assert "<th>Last year&#39;s model</th>" in page


def test_without_a_calendar_and_stations_the_page_leaves_lists_and_ages_out(card):
    figures = {name: of for name, of in card["figures"].items() if name != "by_age_days"}
    page = page_of({**card, "figures": {**figures, "capacity": None, "stations": None}}, Pictures("", (), ()), "zh-CN")
    assert 'id="age"' not in page
    assert 'id="list-' not in page
    assert "没有日历时间" in page


def test_a_district_is_told_by_its_name(pages, card):
    names = card["figures"]["fairness"]["district_names"]
    told = {district for district, group in card["figures"]["fairness"]["attributes"]["district"].items()}
    assert all(f"区县：{names[district]['zh-CN']}" in pages["zh-CN"] for district in told)


def test_a_card_of_which_nothing_is_known_is_told_with_dashes():
    empty = [answer for _, _, answer in answers({}, texts_of("en"), "en")]
    assert len(empty) == len(items())
    assert sum("–" in answer for answer in empty) > 30
