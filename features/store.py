"""The history store: append-only tables in SQLite, or in PostgreSQL by another URL. It also answers all reads.

Every date is an integer, whole days since 1970-01-01. A write is one transaction; readers see it whole or not at all.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from features.digest import EMPTY
from features.errors import StoreError
from features.migrate import bring_to, is_current, revision
from features.schema import TABLES, Table, table_named
from features.tables import BATCHES, QUARANTINE, REVISION, STORED, current, fetch_plain

PERSON_EVENTS = TABLES["events"].names
# Names are for the page of one person: no bulk read, and so no snapshot, carries them.
NOT_IN_BULK = "display_name"
EVENTS_OF = sa.select(*(STORED["events"].c[name] for name in PERSON_EVENTS)).where(
    STORED["events"].c.person_id == sa.bindparam("person")
)
PATIENCE_SECONDS = 60  # how long a writer waits for another
WRITERS = 7_927_825  # the advisory lock of all who write to a store in PostgreSQL
TEXT = pd.StringDtype("pyarrow", na_value=np.nan)  # what pandas calls `str`
BY_DAY = itemgetter(*(PERSON_EVENTS.index(name) for name in ("occurred_on", "known_on", "event_id", "revision")))


class Store:
    """The history store. Open it with `Store.open` or `Store.open_home`; close it, or use it in a `with`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        # In SQLite every transaction sees one state; PostgreSQL has to be asked.
        is_postgresql = engine.dialect.name == "postgresql"
        self._unchanging = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if is_postgresql else {}

    @classmethod
    def open(cls, url: str, *, migrate: bool = True) -> Self:
        """The store at a database URL, its tables brought up to date unless `migrate` is false."""
        store = cls(_engine(url))
        try:
            store._bring_up_to_date(migrate=migrate)
        except sa.exc.DatabaseError as error:
            store.close()
            raise _unusable(error) from error
        except StoreError:
            store.close()
            raise
        return store

    @classmethod
    def open_home(cls, home: Path, *, migrate: bool = True) -> Self:
        """The store of a home folder: the SQLite file `store.db` in it, made when absent."""
        home.mkdir(parents=True, exist_ok=True)
        url = sa.URL.create("sqlite", database=str(home / "store.db"))
        return cls.open(url.render_as_string(hide_password=False), migrate=migrate)

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that sees one unchanging state."""
        with self._connected().execution_options(**self._unchanging) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A connection in one transaction, alone among writers: all of it is kept, or nothing."""
        with self._connected().execution_options(writes=True) as connection, _begin_writing(connection):
            yield connection

    def state_digest(self) -> str:
        """64 hex digits that name the set of rows held now, whatever the order or batches in which they came."""
        with self.reading() as connection:
            return newest_digest(connection)

    def counts(self) -> dict[str, int]:
        """Rows of each table (of facts only the current ones), of `batches` and of `quarantine`."""
        asked = {name: sa.select(sa.func.count()).select_from(current(name).subquery()) for name in TABLES}
        others = {table.name: sa.select(sa.func.count()).select_from(table) for table in (BATCHES, QUARANTINE)}
        with self.reading() as connection:
            return {name: connection.execute(query).scalar_one() for name, query in (asked | others).items()}

    def read(self, table: str) -> pd.DataFrame:
        """A whole table as it is now, extra columns expanded; without the names of persons."""
        with self.reading() as connection:
            return read(connection, table)

    def person(self, person_id: str) -> pd.DataFrame:
        """The current facts of one person, extra columns expanded: one row, or none."""
        query = current("persons").where(STORED["persons"].c.person_id == person_id)
        with self.reading() as connection:
            rows = connection.execute(query).fetchall()
        return expanded(frame_of(TABLES["persons"], (*TABLES["persons"].names, "extra"), rows))

    def person_events(self, person_ids: Sequence[str]) -> pd.DataFrame:
        """All revisions of all events of some persons, retractions included, by person and day."""
        rows: list[Any] = []
        with self.reading() as connection:
            for person_id in sorted(set(person_ids)):
                theirs = [row for part in fetch_plain(connection, EVENTS_OF, person=person_id) for row in part]
                rows += sorted(theirs, key=BY_DAY)
        return frame_of(TABLES["events"], PERSON_EVENTS, rows)

    def quarantine(self) -> pd.DataFrame:
        """What could not be stored: batch_no, table_name, file, row_number, reasons and raw (JSON text)."""
        columns = [column for column in QUARANTINE.columns if column.name != "fault_key"]
        query = sa.select(*columns).order_by(QUARANTINE.c.batch_no, QUARANTINE.c.file, QUARANTINE.c.row_number)
        with self.reading() as connection:
            rows = connection.execute(query).fetchall()
        return pd.DataFrame([tuple(row) for row in rows], columns=[column.name for column in columns])

    def _connected(self) -> sa.Connection:
        try:
            return self._engine.connect()
        except sa.exc.DatabaseError as error:
            raise _unusable(error) from error

    def _bring_up_to_date(self, *, migrate: bool) -> None:
        with self.reading() as connection:
            if is_current(connection):
                return
            found = revision(connection)
        if not migrate:
            raise StoreError(
                f"the store has tables {found}, not {REVISION}; `waystation store info` brings it up to date "
                "(in code: open it once with migrate=True)."
            )
        with self.writing() as connection:
            if not is_current(connection):  # another process may have been first
                bring_to(connection)


def _unusable(error: sa.exc.DatabaseError) -> StoreError:
    return StoreError(
        "the store cannot be opened: in SQLite its folder must exist and be writable and its file must be a database "
        "that no other writer holds for a minute; in PostgreSQL the server must answer and let the user make tables. "
        f"The database says: {str(error.orig).strip()}."
    )


def _begin_writing(connection: sa.Connection) -> sa.RootTransaction:
    try:
        transaction = connection.begin()
        if connection.dialect.name == "postgresql":  # SQLite's twin is BEGIN IMMEDIATE, see _begin
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")
    except sa.exc.OperationalError as error:
        raise StoreError("another writer has held the store for a minute; wait until it is done, try again.") from error
    return transaction


def newest_digest(connection: sa.Connection) -> str:
    """The state digest after the newest batch."""
    query = sa.select(BATCHES.c.state_digest).order_by(BATCHES.c.batch_no.desc()).limit(1)
    return connection.execute(query).scalar() or EMPTY


def read(connection: sa.Connection, table: str) -> pd.DataFrame:
    """A whole current table within one connection, so that several reads can share one state."""
    contract = table_named(table)
    names = (*contract.names, "extra")
    parts = [frame_of(contract, names, part) for part in fetch_plain(connection, current(table))]
    parts = parts or [frame_of(contract, names, [])]
    return expanded(pd.concat(parts, ignore_index=True)).drop(columns=NOT_IN_BULK, errors="ignore")


def frame_of(table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Rows of the database as a frame in the types of the contract."""
    types = {column.name: _dtype(column.type, always_there=column.always_there) for column in table.columns}
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    typed = {name: _column(values, types.get(name, "str")) for name, values in zip(names, columns, strict=True)}
    return pd.DataFrame(typed, copy=False)


def _column(values: Sequence[Any], dtype: str) -> Any:
    if dtype == "str":  # by way of Arrow it takes a quarter of the time
        return pd.arrays.ArrowStringArray(pa.array(values, pa.large_string()), dtype=TEXT)  # type: ignore[call-arg]
    return np.array(values, dtype)


def _dtype(kind: str, *, always_there: bool) -> str:
    if kind in {"date", "integer"}:
        return "int64" if always_there else "float64"
    return {"number": "float64", "flag": "bool"}.get(kind, "str")


def extra_columns(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, bool]:
    """The columns beyond the contract that rows hold, by name, and whether every value of one is a number."""
    are_numbers: dict[str, bool] = {}
    for row in rows:
        for name, value in row.items():
            are_numbers[name] = are_numbers.get(name, True) and (value is None or isinstance(value, float | int))
    return dict(sorted(are_numbers.items()))


def expanded(frame: pd.DataFrame, are_numbers: Mapping[str, bool] | None = None) -> pd.DataFrame:
    """The frame with `extra` spread over columns: numbers where every value is one, otherwise text.

    `are_numbers`: the columns of a whole table (see `extra_columns`) of which the frame is a part.
    """
    held = frame.pop("extra")
    if are_numbers is None and held.isna().all():
        return frame
    rows = [json.loads(text) if isinstance(text, str) else {} for text in held]
    columns = extra_columns(rows) if are_numbers is None else are_numbers
    return frame.assign(
        **{name: _extra_column([row.get(name) for row in rows], is_number=columns[name]) for name in columns}
    )


def _extra_column(values: list[Any], *, is_number: bool) -> Any:
    if is_number:
        return np.array(values, dtype="float64")
    return pd.array([None if value is None else str(value) for value in values], dtype="str")


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        is_sqlite = parsed.get_backend_name() == "sqlite"
        arguments: Mapping[str, object] = {"timeout": PATIENCE_SECONDS} if is_sqlite else {}
        # A server may have been restarted since a connection was last used; a file has not.
        engine = sa.create_engine(parsed, connect_args=arguments, pool_pre_ping=not is_sqlite)
    except (sa.exc.ArgumentError, ImportError) as error:
        raise StoreError("the URL of the store is none; expected sqlite:///FILE or postgresql+DRIVER://...") from error
    if is_sqlite:
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's recipe: the driver begins nothing by itself, _begin does
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    # A transaction that reads first and then writes could fail half-way when another writes: writers ask at once.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
