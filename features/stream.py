"""A table of the store part by part, in the order of a snapshot: no more of it is held at once than one part."""

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import pandas as pd
import sqlalchemy as sa

from features.schema import TABLES
from features.store import NOT_IN_BULK, expanded, extra_columns, frame_of
from features.tables import STORED, current, stream_plain

ORDER = {"events": ("person_id", "occurred_on", "known_on", "event_id", "revision")}


def stream(connection: sa.Connection, table: str) -> Iterator[pd.DataFrame]:
    """The current rows of a table, extra columns expanded as in `Store.read`; events by person and day, others by key.

    The first part is without rows: it tells the columns and their types, which all parts share.
    """
    contract = TABLES[table]
    names = (*contract.names, "extra")
    are_numbers = _extra_columns(connection, table)
    for rows in chain([()], stream_plain(connection, _in_order(connection, table))):
        yield expanded(frame_of(contract, names, rows), are_numbers).drop(columns=NOT_IN_BULK, errors="ignore")


def _in_order(connection: sa.Connection, table: str) -> sa.Select[tuple[Any, ...]]:
    columns: list[sa.ColumnElement[Any]] = [STORED[table].c[name] for name in ORDER.get(table, TABLES[table].key)]
    if connection.dialect.name == "postgresql":  # not by a language's rules: SQLite, Parquet and pandas go by bytes
        columns = [column.collate("C") if isinstance(column.type, sa.Text) else column for column in columns]
    return current(table).order_by(*columns)


def _extra_columns(connection: sa.Connection, table: str) -> Mapping[str, bool]:
    """The columns beyond the contract, by name, and whether every value of one is a number."""
    rows = current(table).subquery()
    query = sa.select(rows.c.extra).where(rows.c.extra.is_not(None))
    texts = (text for part in stream_plain(connection, query) for (text,) in part)
    return extra_columns(map(json.loads, texts))
