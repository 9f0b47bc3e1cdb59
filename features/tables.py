"""The tables of the history store. Append-only: every row names the batch that brought it.

Every date is an INTEGER: whole days since 1970-01-01, as `features.schema` reads them.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from features.errors import StoreError
from features.schema import TABLES, Column, Table

ROWS_AT_ONCE = 100_000  # fetched in one part
REVISION = "0004"  # the newest migration; a store at another revision is migrated or refused

SQL_TYPES: Mapping[str, type[sa.types.TypeEngine[Any]]] = MappingProxyType(
    {
        "id": sa.Text,
        "code": sa.Text,
        "text": sa.Text,
        "json": sa.Text,
        "integer": sa.BigInteger,
        "number": sa.Double,
        "date": sa.BigInteger,
        "flag": sa.Boolean,
    }
)

METADATA = sa.MetaData()

BATCHES = sa.Table(
    "batches",
    METADATA,
    sa.Column("batch_no", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("batch_id", sa.Text, nullable=False, unique=True),
    sa.Column("content_digest", sa.Text, nullable=False),
    sa.Column("received_on", sa.BigInteger, nullable=False),
    sa.Column("state_digest", sa.Text, nullable=False),
    sa.Column("counts", sa.Text, nullable=False),
    sa.Column("backfill", sa.Boolean),
)

QUARANTINE = sa.Table(
    "quarantine",
    METADATA,
    sa.Column("fault_key", sa.Text, primary_key=True),
    sa.Column("batch_no", sa.ForeignKey("batches.batch_no"), nullable=False),
    sa.Column("table_name", sa.Text, nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("row_number", sa.BigInteger, nullable=False),
    sa.Column("reasons", sa.Text, nullable=False),
    sa.Column("raw", sa.Text, nullable=False),
)

# Which model answers, and what was refused: see models.ledger. No row is ever changed or removed, triggers see to it.
DECISIONS = sa.Table(
    "decisions",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    *(
        sa.Column(name, sa.Text, nullable=False)
        for name in (
            "promoted_at", "who", "decision", "why", "compared",
            "name", "task", "tag", "digest", "run", "snapshot", "link_before",
        )
    ),
    sa.Column("link", sa.Text, nullable=False, unique=True),
)  # fmt: skip


def _column(table: Table, column: Column) -> sa.Column[Any]:
    kind = SQL_TYPES[column.type]
    return sa.Column(column.name, kind, primary_key=column.name in table.key, nullable=not column.always_there)


def _stored(table: Table) -> sa.Table:
    # A later row of facts stands beside the earlier one; the newest batch wins.
    return sa.Table(
        table.name,
        METADATA,
        *(_column(table, column) for column in table.columns),
        sa.Column("extra", sa.Text),
        sa.Column("row_digest", sa.LargeBinary, nullable=False),
        sa.Column("batch_no", sa.ForeignKey("batches.batch_no"), primary_key=table.facts, nullable=False),
    )


STORED: Mapping[str, sa.Table] = MappingProxyType({name: _stored(table) for name, table in TABLES.items()})
sa.Index("events_by_person", STORED["events"].c.person_id)
sa.Index("events_by_day", STORED["events"].c.occurred_on)

ARRIVING = sa.Table("arriving", sa.MetaData(), sa.Column("key", sa.Text, primary_key=True), prefixes=["TEMPORARY"])


@lru_cache(maxsize=64)  # compiling takes as long as fetching the history of one person
def _compiled(statement: sa.Select[Any], dialect: sa.Dialect) -> sa.Compiled:
    return statement.compile(dialect=dialect)


def fetch_plain(connection: sa.Connection, statement: sa.Select[Any], **parameters: object) -> Iterator[Sequence[Any]]:
    """The rows of a query as the driver's own tuples, in parts of at most ROWS_AT_ONCE.

    SQLAlchemy's row objects and type conversions, of which the plain values stored here need none, would take
    most of the time; the words of the query are still those of the dialect.
    """
    return _fetched(connection, statement, connection.connection.cursor(), parameters)


def stream_plain(connection: sa.Connection, statement: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    """The same of any number of rows, never held all at once: PostgreSQL sends them only as they are asked for."""
    # With a name a cursor is the server's; without one the driver takes in the whole answer first.
    named = ("rows",) if connection.dialect.name == "postgresql" else ()
    return _fetched(connection, statement, connection.connection.cursor(*named), {})


def _fetched(
    connection: sa.Connection, statement: sa.Select[Any], cursor: Any, parameters: Mapping[str, object]
) -> Iterator[Sequence[Any]]:
    compiled = _compiled(statement, connection.dialect)
    driver_error = connection.dialect.loaded_dbapi.Error
    try:
        cursor.execute(str(compiled), _in_order(compiled, compiled.construct_params(parameters) or {}))
        while part := cursor.fetchmany(ROWS_AT_ONCE):
            yield part
    except driver_error as error:
        raise StoreError("the store could not be read; see that its disk and its database are well.") from error
    finally:
        cursor.close()


def insert_plain(connection: sa.Connection, table: sa.Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert rows given column by column, past SQLAlchemy's handling of each row for the same reason."""
    if connection.dialect.name == "postgresql":
        _copy(connection, table, columns)
        return
    compiled: Any = sa.insert(table).compile(dialect=connection.dialect, column_keys=list(columns))
    rows = list(zip(*(columns[name] for name in compiled.positiontup), strict=True))
    if rows:
        connection.exec_driver_sql(str(compiled), rows)


def _copy(connection: sa.Connection, table: sa.Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """PostgreSQL's own way to take in many rows, several times faster than inserting them."""
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(map(quote, columns))
    driver: Any = connection.connection  # psycopg's, of which SQLAlchemy knows the common part only
    with driver.cursor() as cursor, cursor.copy(f"COPY {quote(table.name)} ({names}) FROM STDIN") as copy:
        for row in zip(*columns.values(), strict=True):
            copy.write_row(row)


def _in_order(compiled: Any, named: Mapping[str, Any]) -> list[Any] | Mapping[str, Any]:
    """Parameters in the form the driver takes: by position (SQLite) or by name (PostgreSQL)."""
    return [named[name] for name in compiled.positiontup] if compiled.positional else named


def current(
    table: str, names: Sequence[str] | None = None, *, upto_batch: int | None = None
) -> sa.Select[tuple[Any, ...]]:
    """The contract's columns and `extra`, or those named, of every current row: of facts only the newest row of a key.

    `upto_batch`: the rows that were current after that batch.
    """
    stored, later = STORED[table], STORED[table].alias("later")
    query = sa.select(*(stored.c[name] for name in names or (*TABLES[table].names, "extra")))
    newer = sa.select(sa.func.max(later.c.batch_no))
    if upto_batch is not None:
        query, newer = query.where(stored.c.batch_no <= upto_batch), newer.where(later.c.batch_no <= upto_batch)
    if not TABLES[table].facts:
        return query
    same_key = sa.and_(*(later.c[name] == stored.c[name] for name in TABLES[table].key))
    return query.where(stored.c.batch_no == newer.where(same_key).scalar_subquery())
