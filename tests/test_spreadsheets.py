"""What a spreadsheet would run is only shown by it, and comes back as it was."""

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from features.spreadsheets import as_it_was, calm, write_csv


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "'=1", "+0.31 a reason"]
)
def test_text_that_begins_like_a_formula_gets_an_apostrophe(cell):
    assert calm(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "P001", "-0.5", "+3", "-1e-5", "1-2", "'quoted'", 3, -0.5, None])
def test_numbers_and_other_text_stay_as_they_are(cell):
    assert calm(cell) is cell


@given(st.text(st.sampled_from("'=+-@\t1e.a")))
@example("''=")
def test_what_was_calmed_comes_back_as_it_was(cell):
    assert as_it_was(calm(cell)) == cell


def test_a_table_is_written_without_formulas_in_its_cells_and_heads(tmp_path):
    write_csv(pd.DataFrame({"=id": ["=HYPERLINK(1)", "P1"], "risk": [-0.5, 1.0]}), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8-sig") == "'=id,risk\n'=HYPERLINK(1),-0.5\nP1,1.0\n"
