"""The dictionary: every function told in both languages, with what it comes from and what it rests on."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import training
from features.catalogue import CATALOGUE, make
from features.dictionary import articles_in_chinese, cells, chinese, dictionary, functions, heads
from features.errors import ConfigError
from features.languages import LANGUAGES
from features.relapse import FeatureChoice, chosen
from features.statutes import CLOCKS
from features.vocabulary import SOURCES
from tests.every_feature import every_feature
from training.config import read
from training.terminal import console
from waystation import app


def test_every_function_has_a_chinese_meaning_and_no_meaning_is_left_over():
    assert set(chinese()["meanings"]) == set(CATALOGUE)


def test_every_unit_and_family_has_a_chinese_word_and_no_word_is_left_over():
    assert set(chinese()["units"]) == {definition.unit for definition in CATALOGUE.values()}
    assert set(chinese()["families"]) == {definition.family for definition in CATALOGUE.values()}


def test_a_meaning_says_what_absence_gives_in_chinese_too():
    for code, meaning in chinese()["meanings"].items():
        assert meaning.endswith("。"), code
        assert meaning.count("。") == 2, code
        assert ("缺失" in meaning) == ("issing" in CATALOGUE[code].meaning), code


def test_every_feature_names_its_sources_unless_it_is_a_fact_at_registration():
    for definition in CATALOGUE.values():
        assert set(definition.sources) <= set(SOURCES), definition.code
        assert bool(definition.sources) == (definition.family != "facts"), definition.code


def test_all_seven_sources_are_heard():
    assert {source for feature in chosen(FeatureChoice()) for source in feature.definition.sources} == set(SOURCES)


def test_what_the_law_counts_cites_the_table_of_statutes():
    articles = {clock.article for clock in CLOCKS.values()}
    for definition in CATALOGUE.values():
        cited = definition.legal_basis
        assert not cited or any(article in cited for article in articles), definition.code
        assert cited or definition.family != "statutory clocks", definition.code


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_entry_is_written_for_every_feature_there_can_be(language):
    features = every_feature()
    entries = dictionary(features, language)
    assert [entry.name for entry in entries] == [feature.name for feature in features]
    assert all(entry.meaning and entry.unit and entry.family and entry.source for entry in entries)


def test_an_entry_reads_the_same_in_both_languages():
    strikes = [make("strikes")]
    zh, en = (dictionary(strikes, language)[0] for language in LANGUAGES)
    assert zh.meaning == "本次措施内逃避或拒绝检测的次数（三次为严重违反），没有为零。不在法定措施期内为缺失。"
    assert en.meaning == (
        "Tests evaded or refused in the programme, three a serious breach. Zero if none; missing outside a programme."
    )
    assert (zh.unit, zh.family, zh.changeable) == ("次数", "法定期限", "否")
    assert zh.source == "社区（乡镇）、药物维持治疗门诊、社会化戒毒康复站"
    assert en.source == "community, methadone_clinic, rehab_station"
    assert (zh.legal_basis, en.legal_basis) == ("《戒毒条例》第19-20条", "Drug Rehabilitation Regulation art. 19-20")


@pytest.mark.parametrize(("language", "answers"), [("zh-CN", ["是", "否"]), ("en", ["yes", "no"])])
def test_a_column_over_all_history_is_told_as_not_changeable(language, answers):
    features = [make("positive_tests", substance="", days=days) for days in (90, None)]
    assert [entry.changeable for entry in dictionary(features, language)] == answers


def test_articles_of_two_laws_are_cited_one_after_the_other():
    assert articles_in_chinese(CLOCKS["abstinence"].article) == "《戒毒条例》第7、43条；《禁毒法》第52条"


def test_a_language_the_dictionary_is_not_written_in_is_refused():
    with pytest.raises(ConfigError, match="zh-CN and en"):
        dictionary([], "fr")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_prints_the_dictionary_and_writes_it(language, tmp_path):
    out = tmp_path / "dictionary.json"
    done = CliRunner().invoke(app, ["features", "--dictionary", "--language", language, "--json", str(out)])
    assert done.exit_code == 0, done.output
    assert heads(language).source in done.output
    written = json.loads(out.read_text(encoding="utf-8"))["features"]
    assert [entry["name"] for entry in written] == [feature.name for feature in chosen(FeatureChoice())]
    assert set(written[0]) == {"name", "meaning", "unit", "family", "changeable", "source", "legal_basis"}
    assert {entry["name"] for entry in json.loads(out.read_text(encoding="utf-8"))["functions"]} == set(CATALOGUE)


def test_the_catalogue_is_told_by_function_with_the_columns_a_configuration_has_of_it():
    told = {entry.name: entry for entry in functions(chosen(FeatureChoice()), "en")}
    assert set(told) == set(CATALOGUE)
    missed, unused = told["missed_tests"], told["transfer_days_left"]
    assert missed.arguments == ("substance", "days")
    assert missed.lookbacks == ("30d", "90d", "180d", "365d", "ever")
    assert missed.columns == tuple(f"missed_tests_{lookback}" for lookback in missed.lookbacks)
    assert (unused.lookbacks, unused.columns) == ((), ())
    assert cells(missed, "en")[0].split("\n") == ["missed_tests", "  substance, days", "  30d 90d 180d 365d ever"]
    assert "未选用" in cells(functions([], "zh-CN")[0], "zh-CN")[0]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", ["60", "80", "200"])
def test_no_name_is_broken_across_lines_in_a_window_that_can_hold_one(language, width, monkeypatch):
    monkeypatch.setattr(console, "_width", int(width))
    config = str(Path(training.__file__).parent / "ctn0094.toml")
    done = CliRunner().invoke(app, ["features", "--dictionary", "--language", language, "--config", config])
    words = set(done.output.split())
    assert set(CATALOGUE) <= words
    assert {feature.name for feature in chosen(read(Path(config)).features)} <= words


def test_the_command_asks_for_dates_and_a_file_when_no_dictionary_is_wanted():
    done = CliRunner().invoke(app, ["features", "relapse"])
    assert isinstance(done.exception, ConfigError)
    assert "--as-of" in str(done.exception)
