"""The texts of the pages: the same keys in both languages, none missing, none unused, and none in templates or code."""

import re
import string
from pathlib import Path

import pytest

import serving.ui
from serving.ui.texts import LANGUAGES, texts
from serving.ui.view import environment

UI = Path(serving.ui.__file__).parent
TEMPLATES = sorted((UI / "templates").glob("*.html"))
CODE = sorted(UI.glob("*.py"))
SCRIPTS = sorted((UI / "static").glob("*.js"))
FORMATS = {"GeoJSON", "CSV", "SVG", "PNG"}
CHINESE = re.compile("[　-〿一-鿿＀-￯]")


def used():
    """Keys named whole, and the beginnings of keys that are finished by a code of ours."""
    whole, begun = set(), set()
    for path in (*TEMPLATES, *CODE):
        text = path.read_text()
        whole |= set(re.findall(r"""["']([a-z_]+\.[a-z_0-9.]+[a-z0-9])["']""", text))
        begun |= set(re.findall(r"""["']([a-z_]+(?:\.[a-z_]*)+)["'] ~""", text))
        begun |= set(re.findall(r"""f["']([a-z_]+(?:\.[a-z_]*)+)\{""", text))
    return whole, begun


def test_both_languages_have_the_same_keys_and_slots():
    zh, en = texts("zh-CN").by_key, texts("en").by_key
    assert set(zh) ^ set(en) == set()
    assert {key for key in zh if slots(zh[key]) != slots(en[key]) and key != "words.day"} == set()


def slots(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_is_used():
    whole, begun = used()
    assert [key for key in texts("en").by_key if key not in whole and not any(map(key.startswith, begun))] == []


def test_every_key_that_templates_name_is_there():
    named = {key for path in TEMPLATES for key in re.findall(r"""\bt\(["']([^"']+)["'][,)]""", path.read_text())}
    named |= {key for path in CODE for key in re.findall(r"""texts\(["']([^"']+)["'][,)]""", path.read_text())}
    assert named - set(texts("en").by_key) == set()
    assert len(named) > 40


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_text_of_its_own(path):
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", path.read_text(), flags=re.DOTALL)
    spoken = re.findall(r"""(?:alt|title|aria-label|placeholder)=["']([^"']*)["']""", text)
    shown = re.sub(r"<[^>]*>", " ", text)
    words = set(re.findall(r"[A-Za-z一-鿿]{2,}", " ".join([shown, *spoken])))
    assert words - FORMATS == set()


@pytest.mark.parametrize("path", [*CODE, *SCRIPTS], ids=lambda path: path.name)
def test_code_holds_no_chinese(path):
    assert CHINESE.search(path.read_text()) is None or path.name == "texts.py"  # which names the languages


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_inline_script_or_style(path):
    text = path.read_text()
    assert not re.search(r"<style|\bstyle=|\bon[a-z]+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert "|safe" not in text.replace(" ", "")
    environment().parse(text)


def test_english_texts_hold_no_chinese_and_days_are_written_as_people_do():
    assert [key for key, text in texts("en").by_key.items() if CHINESE.search(text)] == []
    assert [texts(language).day("2025-01-09") for language in LANGUAGES] == ["2025年1月9日", "9 Jan 2025"]
