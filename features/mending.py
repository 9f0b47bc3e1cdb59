"""Quarantined rows as a file to be mended and sent again: the columns they came with, and beside them what is wrong.

Intake drops the columns added here, so that the file can be sent as it is once its cells are mended.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from features.errors import ConfigError
from features.spreadsheets import as_it_was

REASONS = "quarantine_reasons"
ROW = "quarantine_row"  # where the row stood, counted from 1 below the header
LINE = "quarantine_line"  # a line that had too many or too few fields, to be spread over the columns
MARKS = (REASONS, ROW, LINE)


def to_mend(quarantine: pd.DataFrame, file: str | None = None) -> pd.DataFrame:
    """One row for each quarantined row of one source file: reasons, row, line, and the columns it came with.

    `quarantine` is `Store.quarantine()`; the file may go unnamed when all its rows came from files of one name.
    """
    rows = quarantine[quarantine["file"] == _the_file(quarantine, file)]
    # Through a mapping one row may feed, and fail, several tables: it is mended once.
    places = rows.groupby(["batch_no", "row_number"], sort=True)
    mended = [
        {
            REASONS: "; ".join(_reasons(place)),
            ROW: number,
            LINE: None,
            **_cells(json.loads(place["raw"].iloc[0])),
        }
        for (_, number), place in places
    ]
    names = dict.fromkeys([*MARKS, *(name for row in mended for name in row)])
    return pd.DataFrame([{name: row.get(name) for name in names} for row in mended], columns=list(names), dtype=object)


def without_marks(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows without the columns added for mending, and without lines that nobody has spread over the columns yet."""
    marked = [name for name in MARKS if name in rows]
    if not marked:
        return rows
    plain = rows.drop(columns=marked).map(as_it_was).rename(columns=as_it_was)
    empty = (plain.isna() | (plain == "")).all(axis=1)
    waiting = rows[LINE].fillna("").ne("") if LINE in rows else False
    return plain[~(empty & waiting)]


def _the_file(quarantine: pd.DataFrame, file: str | None) -> str | None:
    names = sorted(set(quarantine["file"]))
    if file in names or not names:
        return file
    if file is None and len(names) == 1:
        return names[0]
    wrong = "rows of several files are in quarantine" if file is None else "no row of that file is in quarantine"
    raise ConfigError(f"{wrong}; name one with --file: {', '.join(names)}.")


def _reasons(place: pd.DataFrame) -> Iterable[str]:
    for table, reasons in zip(place["table_name"], place["reasons"], strict=True):
        yield from (f"{table}: {reason}" for reason in json.loads(reasons))


def _cells(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The cells as text; a whole number as such, since as 5.0 it would be another id than 5."""
    if set(raw) == {"line"}:
        return {LINE: raw["line"]}
    return {name: int(cell) if isinstance(cell, float) and cell.is_integer() else cell for name, cell in raw.items()}
