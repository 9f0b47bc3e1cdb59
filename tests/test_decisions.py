"""The reasons of the ledger in the reader's language: what a gate writes is known, anything else stays as written."""

import ast
import re
from pathlib import Path

import pytest

import training
from serving.ui.decisions import Why, whys
from serving.ui.texts import texts

NOT_WRITTEN = {  # into the ledger: a mark in a booster's text, where a fault of a card stands, what changes nothing
    "end of trees",
    "card: feedback",
    "this very model answers already",
}
GATES = ("gate.py", "hotspot_gate.py", "promote.py")


@pytest.mark.parametrize(
    ("written", "zh"),
    [
        ("184 features, all chosen; no item of the card is empty", ["184个特征，均为配置所选", "模型卡各项都已填写"]),
        (
            "warning: its backtest's risks surely are too low, intercept 0.38 (0.25, 0.50), beyond 0.25",
            ["注意：回测中估计的风险明显偏低，截距0.38 (0.25, 0.50)，超出0.25"],
        ),
        ("not asked of the whole gate: sound, leak", ["整个关口中没有查的项目：能否正常作答、泄漏检验"]),
        ("behind ewma, kde", ["不如：指数加权平均、核密度"]),
        ("challenger, sex female: risks too high", ["本模型、性别、女：估计的风险偏高"]),
        (
            "challenger_twin: intercept 0.10 (0.00, 0.20), challenger: intercept –, not surely off by more than 0.25",
            ["少学一段的同款模型：截距0.10 (0.00, 0.20)；本模型：截距–；偏差没有明显超过0.25"],
        ),
        ("instead of relapse-90d:ab12", ["取代 relapse-90d:ab12"]),
    ],
)
def test_a_reason_is_told_in_the_language_of_the_reader(written, zh):
    assert [each.text for each in whys(written, texts("zh-CN"))] == zh
    assert not any(each.lang for each in whys(written, texts("zh-CN")))


def test_in_english_a_reason_says_what_was_written():
    written = "ahead of the 12-month count on deviance, 14 origins; the card is filled in; behind kde"
    told = "; ".join(each.text for each in whys(written, texts("en")))
    assert told == written.replace("kde", texts("en")("models.names.kde"))


def test_a_sentence_that_no_text_knows_stays_as_written_and_says_its_language():
    assert whys("<b>by hand</b>", texts("zh-CN")) == [Why("<b>by hand</b>", "en")]


@pytest.mark.parametrize("name", GATES)
def test_every_sentence_that_a_gate_writes_is_known(name):
    english = texts("en")
    known = "\n".join(
        re.sub(r"{.*?}", "{}", english(f"models.reasons.{key}")) for key in english.under("models.reasons")
    )
    found = {piece for piece in pieces(ast.parse(Path(training.__file__).with_name(name).read_text())) if " " in piece}
    assert found
    assert {each for each in found if each not in known} <= NOT_WRITTEN


def pieces(node):
    """What stands between slots in the strings of a gate, but for those of docstrings, errors and names of persons."""
    if isinstance(node, ast.Raise) or documents(node) or getattr(node, "name", "") == "acting":
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from (each.strip(" ,:;") for each in node.value.split("; "))
    for inside in ast.iter_child_nodes(node):
        yield from pieces(inside)


def documents(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
