"""What is in a store: rows, days, batches, quarantine, snapshots, size; nothing of any person."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from features.migrate import revision
from features.schema import EPOCH, TABLES
from features.snapshot import MANIFEST
from features.store import Store, newest_digest
from features.tables import BATCHES, METADATA, QUARANTINE, STORED, current

DAYS = ("occurred_on", "week", "known_on")


@dataclass(frozen=True)
class Period:
    """The first and the last day on which something is held, both None where nothing is."""

    first: date | None
    last: date | None


@dataclass(frozen=True)
class TableInfo:
    """One table: its current rows, and the period of each of its days (of events: all revisions)."""

    table: str
    rows: int
    days: Mapping[str, Period]


@dataclass(frozen=True)
class BatchInfo:
    """How many deliveries were taken in, how many of them as backfills (where that was noted), and when they came."""

    batches: int
    backfills: int
    received_on: Period


@dataclass(frozen=True)
class Snapshots:
    """How many snapshots lie beside the store, and their size."""

    snapshots: int
    size_bytes: int


@dataclass(frozen=True)
class StoreInfo:
    """What `waystation store info` tells."""

    database: str
    revision: str | None
    state_digest: str
    size_bytes: int
    tables: tuple[TableInfo, ...]
    persons_with_events: int
    batches: BatchInfo
    quarantined: Mapping[str, Mapping[str, int]]  # table, reason: rows, whether mended since or not
    snapshots: Snapshots

    def lines(self) -> list[tuple[str, ...]]:
        """One line of texts a table: name, rows, first and last day it is about, first and last day it was known."""
        return [
            (each.table, str(each.rows), _span(each, "occurred_on", "week"), _span(each, "known_on"))
            for each in self.tables
        ]

    def sentences(self) -> list[str]:
        """Quarantine and all the rest, to be printed."""
        batches, snapshots = self.batches, self.snapshots
        told = ((table, reason, n) for table, reasons in self.quarantined.items() for reason, n in reasons.items())
        return [
            *(f"quarantined from {table}: {n} rows: {reason}" for table, reason, n in told),
            f"{self.persons_with_events} persons with events",
            f"{batches.batches} batches, {batches.backfills} of them backfills, last {batches.received_on.last or '-'}",
            f"{snapshots.snapshots} snapshots, {snapshots.size_bytes / 1e6:.1f} MB",
            f"{self.database}, tables {self.revision}, {self.size_bytes / 1e6:.1f} MB, state {self.state_digest[:12]}",
        ]

    def to_plain(self) -> dict[str, Any]:
        """All of it in the types of JSON, days as ISO dates."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), default=date.isoformat))
        return plain


def _span(table: TableInfo, *names: str) -> str:
    periods = (table.days[name] for name in names if name in table.days)
    return next((f"{period.first} to {period.last}" for period in periods if period.first), "")


def describe(store: Store, snapshots: Path) -> StoreInfo:
    """What is in the store at one moment, and in the folder of its snapshots."""
    with store.reading() as connection:
        events = STORED["events"]
        return StoreInfo(
            database=connection.dialect.name,
            revision=revision(connection),
            state_digest=newest_digest(connection),
            size_bytes=_size_bytes(connection),
            tables=tuple(_table(connection, name) for name in TABLES),
            persons_with_events=connection.execute(
                sa.select(sa.func.count()).select_from(sa.select(events.c.person_id).distinct().subquery())
            ).scalar_one(),
            batches=_batches(connection),
            quarantined=_quarantined(connection),
            snapshots=_snapshots(snapshots),
        )


def _table(connection: sa.Connection, name: str) -> TableInfo:
    rows = connection.execute(sa.select(sa.func.count()).select_from(current(name).subquery())).scalar_one()
    days = [column for column in DAYS if column in STORED[name].c]
    return TableInfo(name, rows, {column: _period(connection, STORED[name].c[column]) for column in days})


def _period(connection: sa.Connection, column: sa.Column[int]) -> Period:
    first, last = connection.execute(sa.select(sa.func.min(column), sa.func.max(column))).one()
    return Period(_day(first), _day(last))


def _day(number: int | None) -> date | None:
    return None if number is None else EPOCH + timedelta(days=number)


def _batches(connection: sa.Connection) -> BatchInfo:
    rows, backfills = connection.execute(
        sa.select(sa.func.count(), sa.func.count(sa.case((BATCHES.c.backfill, 1)))).select_from(BATCHES)
    ).one()
    return BatchInfo(rows, backfills, _period(connection, BATCHES.c.received_on))


def _quarantined(connection: sa.Connection) -> Mapping[str, Mapping[str, int]]:
    query = sa.select(QUARANTINE.c.table_name, QUARANTINE.c.reasons, sa.func.count())
    told: dict[str, Counter[str]] = {}
    for table, reasons, n in connection.execute(query.group_by(QUARANTINE.c.table_name, QUARANTINE.c.reasons)):
        told.setdefault(table, Counter()).update(dict.fromkeys(json.loads(reasons), n))
    return {table: dict(told[table].most_common()) for table in TABLES if table in told}


def _size_bytes(connection: sa.Connection) -> int:
    if connection.dialect.name == "sqlite":
        pages, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size")
        )
        return int(pages * size)
    sizes = (sa.func.pg_total_relation_size(table.name) for table in METADATA.sorted_tables)
    return sum(connection.execute(sa.select(size)).scalar_one() for size in sizes)


def _snapshots(folder: Path) -> Snapshots:
    found = [manifest.parent for manifest in folder.glob(f"*/{MANIFEST}") if not manifest.parent.name.startswith(".")]
    return Snapshots(len(found), sum(_sizes(found)))


def _sizes(folders: list[Path]) -> Iterator[int]:
    for folder in folders:
        yield from (file.stat().st_size for file in folder.iterdir())
