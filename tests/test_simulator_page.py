"""The page on the simulator says what the simulator does."""

import re

import numpy as np
import pandas as pd

from training import city, simulator_page
from training.city.presets import PRESETS
from training.simulator_plots import draw, tenths

PAGE = simulator_page.PAGE.read_text(encoding="utf-8")
AGAIN = "make it anew: make simulator-docs"


def test_the_page_lists_every_assumption_as_the_code_has_it():
    assert simulator_page.part(PAGE, "assumptions") == simulator_page.assumptions(), AGAIN


def test_the_figures_of_the_page_were_made_under_the_same_assumptions():
    assert simulator_page.digest() in simulator_page.part(PAGE, "figures"), AGAIN


def test_every_assumption_has_a_unit_and_a_source_and_stands_on_the_page():
    for preset in PRESETS.values():
        for each in preset.assumptions():
            assert each.unit
            assert each.source
            assert f"| `{each.name}` |" in PAGE


def test_another_value_is_another_page(monkeypatch):
    before = simulator_page.digest()
    monkeypatch.setattr(simulator_page, "PRESETS", {"demo": PRESETS["demo"]})
    assert simulator_page.digest() != before


def test_every_plot_of_the_page_is_there():
    plots = re.findall(r"\]\((simulator-[a-z]+\.png)\)", PAGE)
    assert len(plots) == 4
    assert all((simulator_page.DOCS / plot).stat().st_size > 0 for plot in plots)


def test_the_plots_can_be_drawn_of_a_small_city(tmp_path):
    built = city.build(persons=150, years=1, seed=5)
    weeks = built.truth["use"].groupby("person_id").tail(1)
    sunday = pd.Timestamp("2025-06-29")
    answer = weeks[["person_id", "hazard"]].assign(as_of=sunday, horizon_days=90, used=0.5, detected=0.2)
    draw(built, answer, tmp_path)
    assert len(list(tmp_path.glob("simulator-*.png"))) == 4
    uses = built.truth["use_days"]
    within = uses[(uses["used_on"] > sunday) & (uses["used_on"] <= sunday + pd.Timedelta(days=90))]
    share = within["person_id"].isin(answer["person_id"]).groupby(within["person_id"]).any().sum() / len(answer)
    assert np.isclose(tenths(built, answer)["used_true"].mean(), share, atol=0.02)  # tenths are not all of one size
