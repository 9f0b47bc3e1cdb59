"""The dictionary of area features: every function and the prior told in both languages, and what absence gives."""

import json

import pytest
from typer.testing import CliRunner

from features.area_dictionary import (
    PRIOR,
    TABLE_OF,
    UNITS,
    area_cells,
    area_dictionary,
    area_functions,
    area_heads,
    chinese,
)
from features.errors import ConfigError
from features.hotspot import CATALOGUE, FEATURES
from features.languages import LANGUAGES
from waystation import app


def test_every_function_and_the_prior_have_words_and_no_words_are_left_over():
    assert set(chinese()["meanings"]) == {PRIOR, *CATALOGUE} == set(UNITS)
    assert set(chinese()["units"]) == set(UNITS.values())
    assert set(chinese()["tables"]) == {"incidents", "areas", *TABLE_OF.values()}


def test_a_meaning_says_what_absence_gives_in_both_languages():
    for entry in area_functions(FEATURES, "zh-CN"):
        assert (entry.meaning[-1], entry.meaning.count("。")) == ("。", 2), entry.name
    for entry in area_functions(FEATURES, "en"):
        absence = entry.meaning.split(". ")[-1].lower()
        assert any(word in absence for word in ("zero", "nan", "never")), entry.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_dictionary_has_the_prior_and_each_column_in_its_order(language):
    told = area_dictionary(FEATURES, language)
    assert [entry.name for entry in told] == [PRIOR, *(feature.name for feature in FEATURES)]
    assert all(all(area_cells(entry)) for entry in told)
    assert len(area_heads(language)) == 4


def test_a_function_names_the_lookbacks_of_its_columns():
    lookbacks = {entry.name: entry.lookbacks for entry in area_functions(FEATURES, "en")}
    assert lookbacks["count"] == ("4w", "13w", "26w", "52w", "all")
    assert lookbacks["season_sin"] == lookbacks[PRIOR] == ()


def test_another_language_is_refused():
    with pytest.raises(ConfigError, match="zh-CN and en"):
        area_dictionary(FEATURES, "fr")


def test_the_command_prints_it_and_writes_functions_and_columns(tmp_path):
    asked = ["features", "hotspot", "--dictionary", "--language", "en", "--json", str(tmp_path / "d.json")]
    ran = CliRunner().invoke(app, asked)
    assert ran.exit_code == 0, ran.output
    told = json.loads((tmp_path / "d.json").read_text())
    assert len(told["features"]) == 1 + len(FEATURES)
    assert len(told["functions"]) == 1 + len(CATALOGUE)
    assert "weeks_since_last" in ran.output
