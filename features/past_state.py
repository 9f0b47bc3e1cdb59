"""A state the store was once in, read from the store of today: it is append-only, and every row names its batch.

A state is named by its digest. The one change ever made to a row, that it was known earlier than had been told, would
go unseen in a row, but not in the digest: it is counted again over all rows, and what does not add up is refused.
"""

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa

from features.digest import MODULUS, total
from features.errors import StoreError
from features.schema import TABLES
from features.store import NOT_IN_BULK, PERSON_EVENTS, Store, frame_of
from features.tables import BATCHES, STORED, fetch_plain


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
        events = _rows(connection, "events", PERSON_EVENTS, batch, person_id)
        names = (*TABLES["persons"].names, "extra")
        persons = frame_of(TABLES["persons"], names, _rows(connection, "persons", names, batch, person_id))
        months = TABLES["station_months"]
        held = frame_of(months, months.names, _rows(connection, "station_months", months.names, batch))
    return PastPerson(frame_of(TABLES["events"], PERSON_EVENTS, events), _expanded(persons), held)


def batch_of(connection: sa.Connection, digest: str) -> int:
    """The number of the batch after which the store was in a state, once all rows up to it were found to add up."""
    query = sa.select(sa.func.max(BATCHES.c.batch_no)).where(BATCHES.c.state_digest == digest)
    batch = connection.execute(query).scalar()
    if batch is None:
        raise StoreError("replay: this store was never in the state the score was given in; open the store it was in.")
    found = sum(_total(connection, name, int(batch)) for name in TABLES) % MODULUS
    if f"{found:064x}" != digest:
        raise StoreError(
            "replay: a later backfill told of earlier days of knowledge, so that state is gone from the store; "
            "restore a copy of the store from before that backfill."
        )
    return int(batch)


def _total(connection: sa.Connection, table: str, batch: int) -> int:
    dated = "known_on" in STORED[table].c
    rows = _rows(connection, table, ("row_digest", *(("known_on",) if dated else ())), batch)
    return total((bytes(row[0]) for row in rows), [int(row[1]) for row in rows] if dated else None)


def _rows(
    connection: sa.Connection, table: str, names: tuple[str, ...], batch: int, person_id: str | None = None
) -> list[Any]:
    """The rows current after a batch: of facts the newest until then."""
    stored = STORED[table]
    query = sa.select(*(stored.c[name] for name in names)).where(stored.c.batch_no <= batch)
    if TABLES[table].facts:
        later = stored.alias("later")
        same_key = sa.and_(*(later.c[name] == stored.c[name] for name in TABLES[table].key), later.c.batch_no <= batch)
        query = query.where(
            stored.c.batch_no == sa.select(sa.func.max(later.c.batch_no)).where(same_key).scalar_subquery()
        )
    if person_id is not None:
        query = query.where(stored.c.person_id == person_id)
    return [row for part in fetch_plain(connection, query) for row in part]


def _expanded(persons: pd.DataFrame) -> pd.DataFrame:
    """The persons with extra columns spread, numbers as numbers, and without names."""
    rows = [json.loads(text) if isinstance(text, str) else {} for text in persons["extra"]]
    extra = pd.DataFrame(rows, index=persons.index)
    return persons.drop(columns=["extra", NOT_IN_BULK]).join(extra)
