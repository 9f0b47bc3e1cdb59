"""A state the store was once in, read from the store of today: it is append-only, and every row names its batch.

A state is named by its digest. The one change ever made to a row, that it was known earlier than had been told, would
go unseen in a row, but not in the digest: it is counted again over all rows, and what does not add up is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa

from features.digest import MODULUS, total
from features.errors import StoreError
from features.hotspot import Places
from features.schema import TABLES
from features.store import NOT_IN_BULK, PERSON_EVENTS, Store, expanded, frame_of
from features.tables import BATCHES, STORED, current, fetch_plain


@dataclass(frozen=True)
class PastPerson:
    """One person as the store knew them in a state: events and facts, and the closed months of all stations."""

    events: pd.DataFrame
    persons: pd.DataFrame
    station_months: pd.DataFrame


def past_person(store: Store, digest: str, person_id: str) -> PastPerson:
    """One person in the state of a digest; StoreError when that state can no longer be had."""
    with store.reading() as connection:
        batch = batch_of(connection, digest)

        def then(table: str, names: Sequence[str]) -> pd.DataFrame:
            query = current(table, names, upto_batch=batch)
            if "person_id" in names:
                query = query.where(STORED[table].c.person_id == person_id)
            return frame_of(TABLES[table], names, _rows(connection, query))

        return PastPerson(
            events=then("events", PERSON_EVENTS),
            persons=expanded(then("persons", (*TABLES["persons"].names, "extra"))).drop(columns=NOT_IN_BULK),
            station_months=then("station_months", TABLES["station_months"].names),
        )


def past_places(store: Store, digest: str) -> Places:
    """The incidents, areas and effort in the state of a digest; StoreError when that state can no longer be had."""
    with store.reading() as connection:
        batch = batch_of(connection, digest)

        def then(table: str) -> pd.DataFrame:
            names = (*TABLES[table].names, "extra")
            rows = _rows(connection, current(table, names, upto_batch=batch))
            return expanded(frame_of(TABLES[table], names, rows))

        return Places(then("incidents"), then("areas"), then("effort"))


def batch_of(connection: sa.Connection, digest: str) -> int:
    """The number of the batch after which the store was in a state, once all rows up to it were found to add up."""
    query = sa.select(sa.func.max(BATCHES.c.batch_no)).where(BATCHES.c.state_digest == digest)
    batch = connection.execute(query).scalar()
    if batch is None:
        raise StoreError("replay: this store was never in the state the answer was given in; open the store it was in.")
    found = sum(_total(connection, name, int(batch)) for name in TABLES) % MODULUS
    if f"{found:064x}" != digest:
        raise StoreError(
            "replay: a later backfill told of earlier days of knowledge, so that state is gone from the store; "
            "restore a copy of the store from before that backfill."
        )
    return int(batch)


def _total(connection: sa.Connection, table: str, batch: int) -> int:
    dated = "known_on" in STORED[table].c
    names = ("row_digest", "known_on") if dated else ("row_digest",)
    rows = _rows(connection, current(table, names, upto_batch=batch))
    return total((bytes(row[0]) for row in rows), [int(row[1]) for row in rows] if dated else None)


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> list[Any]:
    return [row for part in fetch_plain(connection, query) for row in part]
