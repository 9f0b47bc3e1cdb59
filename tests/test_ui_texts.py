"""The texts of the pages: the same keys in both languages, none missing, none unused, and none in templates or code."""

import ast
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
WORDS = re.compile(r"[A-Za-z]{2,}[,;:]? [A-Za-z]{2,}")
MARKUP = re.compile(r"<[^>]*>?|[a-z-]+=\"[^\"]*\"?")
SELECTOR = re.compile(r"[#.][a-z]|^use strict$")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
NO_TEXTS = {  # codes, names of languages and of events
    "map_page.py": {"share, band"},
    "sessions.py": {"nothing of ours is empty, or that long"},  # an error of ours, which no page tells
    "texts.py": {"中文"},
    "map.js": {"move zoom resize viewreset", "zoomend dragend"},
}
CHINESE = re.compile("[　-〿一-鿿＀-￯]")


KEY = r"[a-z_]+(?:\.[a-z_0-9]+)+"
PART = (
    "[a-z_0-9]+"  # what stands for a part that a code of ours fills in: no dot, so that a section is not used at once
)


def used():
    """Keys named whole, and patterns of keys of which a part is filled in."""
    whole, filled = set(), set()
    for path in (*TEMPLATES, *CODE):
        text = path.read_text()
        whole |= set(re.findall(rf"""["']({KEY})["']""", text))
        joined = re.findall(r"""\(("[a-z_.]+"(?: ~ (?:"[a-z_.]+"|[a-z_.]+(?:\([^()]*\))?))+)[,)]""", text)
        joined += re.findall(r"""\(('[a-z_.]+'(?: ~ (?:'[a-z_.]+'|[a-z_.]+(?:\([^()]*\))?))+)[,)]""", text)
        filled |= {"".join(_part(each) for each in told.split(" ~ ")) for told in joined}
        filled |= {
            "".join(PART if each[0] == "{" else re.escape(each) for each in re.findall(r"\{[^}]*\}|[^{}]+", told))
            for told in re.findall(r"""f["']([a-z_]+\.[a-z_.{}]*\{[^"']*)["']""", text)
        }
    return whole, {each for each in filled if not each.startswith("ui")}


def _part(told):
    return re.escape(told[1:-1]) if told[0] in "\"'" else PART


def unused(keys, whole, filled):
    """Keys that nothing names, neither themselves nor their section nor by a part that is filled in."""
    named = {*whole} | {key for key in keys if key.rpartition(".")[0] in whole and key.count(".") > 1}
    return [key for key in keys if key not in named and not any(re.fullmatch(each, key) for each in filled)]


def test_both_languages_have_the_same_keys_and_slots():
    zh, en = texts("zh-CN").by_key, texts("en").by_key
    assert set(zh) ^ set(en) == set()
    assert {key for key in zh if slots(zh[key]) != slots(en[key]) and key != "words.day"} == set()


def slots(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_is_used():
    assert unused(texts("en").by_key, *used()) == []


def test_a_text_that_nothing_names_is_found_in_every_section_that_is_not_all_codes():
    whole, filled = used()
    sections = {key.rpartition(".")[0] for key in texts("en").by_key}
    found = {
        each.rpartition(".")[0] for each in unused([f"{each}.nobody_names_it" for each in sections], whole, filled)
    }
    of_codes = sections - found
    assert of_codes == {"levels", "months", "navigation", "purposes", "roles"} | {
        f"map.{each}" for each in ("carried", "fifths", "tested", "trees")
    } | {
        f"models.{each}"
        for each in (
            "attributes",
            "decisions",
            "gate_items",
            "group_codes",
            "groups",
            "judged",
            "metrics",
            "moved",
            "names",
            "reasons",
        )
    } | {
        f"person.{each}"
        for each in (
            "effects",
            "families",
            "faults",
            "kinds",
            "opinion_codes",
            "override_codes",
            "reviews",
            "snooze_codes",
        )
    }


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


def spoken(path):
    """The string constants of a file that look like words to a reader: without docstrings, markup and selectors."""
    text = path.read_text()
    if path.suffix == ".js":
        told = {"".join(each) for each in re.findall(r"\"([^\"\n]*)\"|'([^'\n]*)'|`([^`]*)`", text)}
        return sorted(each for each in told if WORDS.search(each) and not SELECTOR.search(each)) + CHINESE.findall(text)
    tree = ast.parse(text)
    inside = [node for node in ast.walk(tree) if isinstance(node, DOCUMENTED)]
    documented = {id(node.body[0].value) for node in inside if isinstance(node.body[0], ast.Expr)}
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    told = [MARKUP.sub(" ", each.value) for each in strings if id(each) not in documented]
    return [each for each in told if WORDS.search(each) or CHINESE.search(each)]


@pytest.mark.parametrize("path", [*CODE, *SCRIPTS], ids=lambda path: path.name)
def test_code_holds_no_text(path):
    assert [each for each in spoken(path) if each not in NO_TEXTS.get(path.name, ())] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.py", 'title = "Where harm comes"'),
        ("page.py", 'title = f"{n} 人"'),
        ("page.js", 'told.textContent = "no areas here";'),
    ],
)
def test_a_text_in_code_is_found(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert spoken(tmp_path / name)


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
