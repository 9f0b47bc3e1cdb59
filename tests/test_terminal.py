"""What the command line shows stays legible in a narrow window."""

from math import log

import pytest

from training.terminal import HEADLINES, PAIRED, console, print_figures, print_table

FIGURE = {"value": 0.8049, "low": 0.7871, "high": 0.8212}
MODELS = ("lightgbm", "logistic", "points", "last_result", "base_rate", "last_years_model")
FIGURES = {"counts": {"persons": 829}, "models": {name: {"auroc": FIGURE, "log_loss": FIGURE} for name in MODELS}}


@pytest.fixture(params=[60, 80, 200])
def width(request, monkeypatch):
    monkeypatch.setattr(console, "_width", request.param)
    return request.param


def test_no_figure_or_name_is_broken_and_no_line_is_too_long(width):
    with console.capture() as told:
        print_figures(FIGURES)
    lines = [line.rstrip() for line in told.get().splitlines()]
    assert max(map(len, lines)) <= width
    words = " ".join(lines).split(" ")
    for whole in ("0.805", "(0.787,0.821)"):
        assert words.count(whole) == 2 * len(MODELS)
    assert set(MODELS) <= set(words)
    assert words.count("auroc") == {60: 3, 80: 2, 200: 1}[width]  # each table begins with the names of its lines


def test_a_table_of_words_is_one_table_whatever_its_cells_hold(width):
    with console.capture() as told:
        print_table(("no", "why"), [("1", "risks too high " * 30), ("2", "很长的理由" * 30)])
    assert told.get().count("why") == 1
    assert max(map(len, told.get().splitlines())) <= width


def test_differences_to_baselines_are_told_with_what_is_surely_ahead_or_behind(monkeypatch):
    monkeypatch.setattr(console, "_width", 80)
    sure, behind, open_ = ((0.04, 0.03, 0.05), (-0.04, -0.05, -0.03), (0.0, -0.01, 0.01))
    ewma, etas = (
        {
            name: dict(zip(("difference", "low", "high"), each, strict=True))
            for name, each in zip(PAIRED, both, strict=True)
        }
        for both in ((sure, open_), (open_, behind))
    )
    line = {"one_in_each_district": False, "share_of_areas": 0.2, "held": FIGURE, "aim": 0.4, "reached": True}
    part = {"models": {"lightgbm": dict.fromkeys(HEADLINES, FIGURE)}, "paired": {"ewma": ewma, "etas": etas}}
    trees = {"trees_over_prior": {"mean_abs_log_ratio": log(1.02)}, "counts": {"origins": 14}}
    with console.capture() as told:
        print_figures({"counts": {}, "horizons": {"4": {**part, **trees, "provident": line}}})
    lines = [" ".join(each.split()) for each in told.get().splitlines()]
    assert "ewma 0.040 (0.030,0.050) ahead 0.000 (-0.010,0.010)" in lines
    assert "etas 0.000 (-0.010,0.010) -0.040 (-0.050,-0.030) behind" in lines
    assert "The prior carries the forecast; the trees move it by 2.0% in the mean." in lines
    assert "few" not in told.get()
    assert all(len(each) <= 80 for each in told.get().splitlines() if not each.startswith("PROVIDENT"))  # a sentence
    with console.capture() as told:
        few = {**trees, "counts": {"origins": 4}}
        print_figures({"counts": {}, "far_off_lines": [2, 9], "horizons": {"4": {**part, **few, "provident": line}}})
    assert "4 origins are few" in told.get()
    assert "mend their dates. Lines: 2, 9." in " ".join(told.get().split())
