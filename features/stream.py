"""A table of the store part by part, in the order of a snapshot: no more of it is held at once than one part."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from features.schema import TABLES
from features.store import NOT_IN_BULK, frame_of
from features.tables import STORED, current, stream_plain

ORDER = {"events": ("person_id", "occurred_on", "known_on", "event_id", "revision")}


def stream(connection: sa.Connection, table: str) -> Iterator[pd.DataFrame]:
    """The current rows of a table, extra columns expanded as in `Store.read`; events by person and day, others by key.

    The first part is without rows: it tells the columns and their types, which all parts share.
    """
    contract = TABLES[table]
    names = (*contract.names, "extra")
    are_numbers = _extra_columns(connection, table)
    yield _expanded(frame_of(contract, names, []), are_numbers)
    for rows in stream_plain(connection, _in_order(connection, table)):
        yield _expanded(frame_of(contract, names, rows), are_numbers)


def _in_order(connection: sa.Connection, table: str) -> sa.Select[tuple[Any, ...]]:
    columns: list[sa.ColumnElement[Any]] = [STORED[table].c[name] for name in ORDER.get(table, TABLES[table].key)]
    if connection.dialect.name == "postgresql":  # not by a language's rules: SQLite, Parquet and pandas go by bytes
        columns = [column.collate("C") if isinstance(column.type, sa.Text) else column for column in columns]
    return current(table).order_by(*columns)


def _extra_columns(connection: sa.Connection, table: str) -> Mapping[str, bool]:
    """The columns beyond the contract, by name, and whether every value of one is a number."""
    rows = current(table).subquery()
    query = sa.select(rows.c.extra).where(rows.c.extra.is_not(None))
    found: dict[str, bool] = {}
    for part in stream_plain(connection, query):
        for (text,) in part:
            for name, value in json.loads(text).items():
                is_number = value is None or isinstance(value, float | int)
                found[name] = found.get(name, True) and is_number
    return dict(sorted(found.items()))


def _expanded(frame: pd.DataFrame, are_numbers: Mapping[str, bool]) -> pd.DataFrame:
    held = frame.pop("extra")
    frame = frame.drop(columns=NOT_IN_BULK, errors="ignore")
    if not are_numbers:
        return frame
    rows = [json.loads(text) if isinstance(text, str) else {} for text in held]
    columns = {
        name: _column([row.get(name) for row in rows], is_number=is_number) for name, is_number in are_numbers.items()
    }
    return frame.assign(**columns)


def _column(values: list[Any], *, is_number: bool) -> Any:
    if is_number:
        return np.array(values, dtype="float64")
    return pd.array([None if value is None else str(value) for value in values], dtype="str")
