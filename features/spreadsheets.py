"""Tables that people open with a spreadsheet: CSV with the mark by which it knows UTF-8, and nothing it would run."""

import re
from pathlib import Path

import pandas as pd

from features.columns import NUMBER

RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")
QUOTE = "'"
A_NUMBER = re.compile(NUMBER)


def calm(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe before it.

    >>> calm("=1+1"), calm("-0.5"), calm(-0.5), calm("negative")
    ("'=1+1", '-0.5', -0.5, 'negative')
    """
    runs = isinstance(cell, str) and cell.lstrip(QUOTE).startswith(RUN_BY_SPREADSHEETS) and not A_NUMBER.fullmatch(cell)
    return f"{QUOTE}{cell}" if runs else cell


def as_it_was(cell: object) -> object:
    """The cell without the apostrophe that `calm` put before it."""
    return cell[1:] if isinstance(cell, str) and cell.startswith(QUOTE) and calm(cell[1:]) == cell else cell


def write_csv(rows: pd.DataFrame, out: Path) -> None:
    """Write the rows for a spreadsheet."""
    rows.map(calm).rename(columns=calm).to_csv(out, index=False, encoding="utf-8-sig")
