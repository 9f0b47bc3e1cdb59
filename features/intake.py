"""Files of a source to checked rows in the store; what fails goes to quarantine with its reasons.

One delivery is one batch and one transaction: it is stored as a whole or not at all, and sent again it changes nothing.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from features import quarantine, sources
from features.batch import Sorted, append, sort_rows
from features.closing import Touched, close_months, touched
from features.coordinates import agreed, converted, has_places
from features.digest import MODULUS
from features.encodings import UTF_8
from features.errors import SchemaError, StoreError
from features.gcj02 import WGS84
from features.mapping import SourceMapping, absent, apply
from features.quarantine import Refused
from features.schema import DELIVERED, TABLES, Arrival, Conformed, conform, days_since_epoch
from features.sources import SourceFile
from features.store import Store, newest_digest
from features.tables import BATCHES, STORED
from features.vocabulary import KINDS, SUBSTANCES

HEADINGS = ("table", "came", "stored", "unchanged", "updated", "quarantined")


@dataclass(frozen=True)
class TableReport:
    """What became of the rows of one table; the last four counts add up to `came`.

    `updated` are facts that replace earlier ones, and rows held already that a backfill says were known earlier.
    """

    table: str
    came: int
    stored: int
    unchanged: int
    updated: int
    quarantined: int
    reasons: Mapping[str, int]


@dataclass(frozen=True)
class IntakeReport:
    """What became of one delivery; `repeated` when this batch was taken in before and nothing was done."""

    batch_id: str
    batch_no: int
    repeated: bool
    tables: tuple[TableReport, ...]
    state_digest: str
    unmapped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def lines(self) -> list[tuple[str, ...]]:
        """A heading and one line of texts a table, to be printed."""
        return [HEADINGS, *(tuple(str(getattr(table, name)) for name in HEADINGS) for table in self.tables)]

    def reasons(self) -> list[tuple[str, str, int]]:
        """Table, reason and number of rows in quarantine for it, the most frequent first."""
        told = [(table.table, reason, n) for table in self.tables for reason, n in table.reasons.items()]
        return sorted(told, key=lambda line: (-line[2], line[:2]))


@dataclass(frozen=True)
class _Delivery:
    """The files of one delivery and the terms on which they came."""

    files: tuple[SourceFile, ...]
    unmapped: tuple[str, ...]
    mapping: SourceMapping | None
    arrival: Arrival
    coordinates: str
    spreadsheets: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of how the files were read, or why not."""
        others = (file.name for file in self.files if file.encoding != UTF_8)
        garbled = "read as GB18030, for it is no UTF-8; where names look garbled, send it in UTF-8."
        return (
            *(f"{name}: {garbled}" for name in others),
            *(f"{name}: not read; save it as CSV and send that." for name in self.spreadsheets),
        )

    @property
    def content_digest(self) -> str:
        """SHA-256 of everything that decides what is stored, but for the day of arrival."""
        files = [(file.name, file.sha256) for file in self.files]
        mapping = None if self.mapping is None else asdict(self.mapping)
        if mapping is not None:
            del mapping["coordinates"]  # what it declares is what they are read by, or it is refused
        other = [] if self.coordinates == WGS84 else [self.coordinates]
        terms = [files, mapping, self.arrival.backfill, *other]
        return hashlib.sha256(json.dumps(terms, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class _Part:
    """The rows that one file gives to one table, checked."""

    file: SourceFile
    conformed: Conformed
    row_numbers: "pd.Index[Any]"


@dataclass(frozen=True)
class _Parts:
    """All rows that came for one table, and the lines that are no rows."""

    table: str
    parts: tuple[_Part, ...]
    ragged: tuple[Refused, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def came(self) -> int:
        return sum(len(part.row_numbers) for part in self.parts) + len(self.ragged)

    def sound(self) -> pd.DataFrame:
        """Rows without fault, labelled by their place among all rows that came for the table."""
        frames = []
        for start, part in self._placed():
            whole = replace(
                part.conformed, frame=part.conformed.frame.set_axis(range(start, start + len(part.row_numbers)))
            )
            frames.append(whole.sound())
        return pd.concat(frames)

    def faulty(self) -> dict[int, list[str]]:
        """Reasons by place, of the rows that fail by themselves."""
        return {
            start + place: reasons
            for start, part in self._placed()
            for place, reasons in part.conformed.faults.rows.items()
        }

    def refused(self, reasons: Mapping[int, Sequence[str]]) -> Iterator[Refused]:
        """What goes to quarantine, given reasons by place."""
        for start, part in self._placed():
            places = [place for place in sorted(reasons) if start <= place < start + len(part.row_numbers)]
            numbers = part.row_numbers[[place - start for place in places]]
            came = part.file.rows.loc[numbers].astype(object)
            raw = came.where(came.notna(), None).to_dict("records")
            for place, number, row in zip(places, numbers, raw, strict=True):
                text = json.dumps(row, ensure_ascii=False, default=_as_text)
                yield Refused(self.table, part.file.name, int(number), tuple(reasons[place]), text)

    def _placed(self) -> Iterator[tuple[int, _Part]]:
        start = 0
        for part in self.parts:
            yield start, part
            start += len(part.row_numbers)


def _as_text(cell: object) -> str:
    """A cell of a Parquet file that JSON has no word for; a day in the form in which days are read."""
    text = cell.isoformat() if isinstance(cell, date) else str(cell)
    return text.removesuffix("T00:00:00")


def ingest(  # noqa: PLR0913, a delivery has these terms and each is named
    path: Path,
    store: Store,
    *,
    received_on: date,
    mapping: SourceMapping | None = None,
    batch_id: str | None = None,
    backfill: bool = False,
    coordinates: str | None = None,
) -> IntakeReport:
    """What became of a delivery (a folder or one file) after its sound rows were stored, all or none.

    Without a mapping the names of the files are the names of the tables. Nothing was known before it came, unless
    `backfill` says that the declared days of knowledge are to be trusted. Places are in WGS 84 unless `coordinates`
    says that they are to be converted; a mapping that declares others is refused without it.
    """
    delivery = _open(path, mapping, Arrival(received_on, backfill), coordinates)
    batch_id = batch_id or f"{received_on.isoformat()}-{delivery.content_digest[:16]}"
    with store.reading() as connection:
        repeated = _repeated(connection, batch_id, delivery)
    if repeated:
        return repeated
    came = _check(delivery)
    with store.writing() as connection:
        # The same batch may have come in by another process while this one was being checked.
        return _repeated(connection, batch_id, delivery) or _take_in(connection, batch_id, delivery, came)


def _open(path: Path, mapping: SourceMapping | None, arrival: Arrival, coordinates: str | None) -> _Delivery:
    given = agreed(WGS84 if mapping is None else mapping.coordinates, coordinates)
    found = sources.find(path)
    wanted = [file for file in found if _tables_of(file.name, mapping)]
    if not wanted:
        expected = "the names in the mapping" if mapping else ", ".join(f"{name}.csv" for name in DELIVERED)
        raise SchemaError(
            f"{path.resolve().name}: no file here feeds a table; expected {expected} (.csv, .csv.gz or .parquet). "
            "A spreadsheet is saved as CSV first."
        )
    unmapped = tuple(file.name for file in found if file not in wanted)
    files = tuple(sources.read(file) for file in wanted)
    return _Delivery(files, unmapped, mapping, arrival, given, tuple(sources.spreadsheets(path)))


def _tables_of(file_name: str, mapping: SourceMapping | None) -> list[str]:
    if mapping is not None:
        return [table.table for table in mapping.of_file(file_name)]
    return [name for name in DELIVERED if name == sources.stem(file_name)]


def _check(delivery: _Delivery) -> list[_Parts]:
    """The rows for each table, checked; SchemaError names every file that as a whole is not what it should be."""
    parts: dict[str, list[_Part]] = {}
    ragged: dict[str, list[Refused]] = {}
    notes: dict[str, list[str]] = {}
    wrong = []
    for file in delivery.files:
        lines = _ragged(file, _tables_of(file.name, delivery.mapping)[0])
        ragged.setdefault(_tables_of(file.name, delivery.mapping)[0], []).extend(lines)
        for table, frame, remarks in _frames(file, delivery.mapping):
            try:
                conformed = conform(table, frame, arrival=delivery.arrival)
            except SchemaError as error:
                wrong.append(f"{file.name}: {error}")
                continue
            notes.setdefault(table, []).extend(remarks)
            if delivery.coordinates != WGS84 and has_places(conformed):
                conformed = converted(conformed, delivery.coordinates)
                notes[table].append(f"{table}: places converted from {delivery.coordinates} to WGS 84.")
            parts.setdefault(table, []).append(_Part(file, conformed, frame.index))
    if wrong:
        raise SchemaError(" ".join(wrong))
    return [
        _Parts(name, tuple(parts[name]), tuple(ragged.get(name, ())), tuple(notes[name]))
        for name in DELIVERED
        if name in parts
    ]


def _ragged(file: SourceFile, table: str) -> list[Refused]:
    return [
        Refused(table, file.name, number, (reason,), json.dumps({"line": line}, ensure_ascii=False))
        for number, reason, line in file.ragged
    ]


def _frames(file: SourceFile, mapping: SourceMapping | None) -> Iterator[tuple[str, pd.DataFrame, tuple[str, ...]]]:
    if mapping is None:
        yield file.stem, file.rows, ()
        return
    for table in mapping.of_file(file.name):
        mapped = apply(mapping, table, file.rows)
        yield table.table, mapped.frame, (*absent(table, file.rows), *mapped.notes)


def _take_in(connection: sa.Connection, batch_id: str, delivery: _Delivery, came: Iterable[_Parts]) -> IntakeReport:
    """Store what is new and sound, quarantine what is not, and record the batch."""
    day = days_since_epoch(delivery.arrival.received_on)
    trusted = delivery.arrival.backfill
    tables = [
        (parts, sort_rows(connection, TABLES[parts.table], parts.sound(), received_on=day, backfill=trusted))
        for parts in came
    ]
    refused = {
        parts.table: [*parts.ragged, *parts.refused({**parts.faulty(), **rows.refused})] for parts, rows in tables
    }
    report = _report(connection, batch_id, tables, refused)
    _record(connection, report, delivery.arrival, content_digest=delivery.content_digest)
    for parts, rows in tables:
        append(connection, rows, report.batch_no)
        quarantine.keep(connection, refused[parts.table], report.batch_no)
    notes = (
        delivery.notes
        + tuple(note for parts, _ in tables for note in parts.notes)
        + _waiting(connection, tables)
        + _unlisted(tables)
    )
    report = replace(report, unmapped=delivery.unmapped, notes=notes)
    told = [frame for parts, rows in tables if parts.table == "events" for frame in (rows.new, rows.earlier)]
    return _close_months(connection, report, delivery.arrival, touched(connection, told) if told else None)


def _close_months(connection: sa.Connection, report: IntakeReport, arrival: Arrival, days: Touched) -> IntakeReport:
    """The report after the months of stations that were due have been closed, which is a batch of its own."""
    day, table = days_since_epoch(arrival.received_on), TABLES["station_months"]
    due = close_months(connection, days, received_on=day, backfill=arrival.backfill)
    rows = sort_rows(connection, table, due, received_on=day, backfill=arrival.backfill)
    if rows.new.empty:
        return report
    digest = f"{(int(report.state_digest, 16) + rows.digest_change) % MODULUS:064x}"
    closing = IntakeReport(
        f"closing of {report.batch_id}", report.batch_no + 1, repeated=False, tables=(), state_digest=digest
    )
    _record(connection, closing, arrival, content_digest=digest)
    append(connection, rows, closing.batch_no)
    months, stations = rows.new["month"].nunique(), rows.new["station_id"].nunique()
    note = f"station_months: months closed: {months}, stations: {stations}."
    return replace(report, state_digest=digest, notes=(*report.notes, note))


def _waiting(connection: sa.Connection, tables: Iterable[tuple[_Parts, Sorted]]) -> tuple[str, ...]:
    """A note of how many events came before their person: they are kept, and count once the person is registered."""
    arrived = [rows.new["person_id"] for parts, rows in tables if parts.table == "events" and len(rows.new)]
    if not arrived:
        return ()
    registered = {row.person_id for row in connection.execute(sa.select(STORED["persons"].c.person_id).distinct())}
    waiting = int((~arrived[0].isin(registered)).sum())
    if not waiting:
        return ()
    return (f"events: {waiting} rows are of persons not registered yet; they are kept, and count once the person is.",)


def _unlisted(tables: Iterable[tuple[_Parts, Sorted]]) -> tuple[str, ...]:
    """A note of words of events the vocabulary does not list: kept, but one misspelt is not what it should be."""
    events = [rows.new for parts, rows in tables if parts.table == "events" and len(rows.new)]
    of_kinds = "of kinds the vocabulary does not list: {}; they are kept and get the generic features only."
    of_substances = "of substances the vocabulary does not list: {}; they are kept, and count where they are asked for."
    notes = []
    for column, listed, told in (("kind", KINDS, of_kinds), ("substance", SUBSTANCES, of_substances)):
        words = events[0][column].dropna() if events else pd.Series(dtype="str")
        if unlisted := Counter(words[~words.isin(list(listed))]):
            named = ", ".join(f"{word} ({n} rows)" for word, n in unlisted.most_common(10))
            notes.append(f"events: {told.format(named)}")
    return tuple(notes)


def _report(
    connection: sa.Connection,
    batch_id: str,
    tables: Iterable[tuple[_Parts, Sorted]],
    refused: Mapping[str, Sequence[Refused]],
) -> IntakeReport:
    newest = connection.execute(sa.select(sa.func.max(BATCHES.c.batch_no))).scalar() or 0
    change = sum(rows.digest_change for _, rows in tables)
    digest = (int(newest_digest(connection), 16) + change) % MODULUS
    told = tuple(_table_report(parts, rows, refused[parts.table]) for parts, rows in tables)
    return IntakeReport(batch_id, newest + 1, repeated=False, tables=told, state_digest=f"{digest:064x}")


def _table_report(parts: _Parts, rows: Sorted, refused: Sequence[Refused]) -> TableReport:
    return TableReport(
        table=parts.table,
        came=parts.came,
        stored=len(rows.new) + len(rows.earlier) - rows.n_updated,
        unchanged=rows.n_unchanged,
        updated=rows.n_updated,
        quarantined=len(refused),
        reasons=dict(Counter(reason for row in refused for reason in row.reasons)),
    )


def _record(connection: sa.Connection, report: IntakeReport, arrival: Arrival, *, content_digest: str) -> None:
    row = {
        "batch_no": report.batch_no,
        "batch_id": report.batch_id,
        "content_digest": content_digest,
        "received_on": days_since_epoch(arrival.received_on),
        "state_digest": report.state_digest,
        "counts": json.dumps([asdict(table) for table in report.tables]),
        "backfill": arrival.backfill,
    }
    connection.execute(sa.insert(BATCHES), [row])


def _repeated(connection: sa.Connection, batch_id: str, delivery: _Delivery) -> IntakeReport | None:
    """The report of a batch that was taken in before: all its sound rows unchanged."""
    row = connection.execute(sa.select(BATCHES).where(BATCHES.c.batch_id == batch_id)).first()
    if row is None:
        return None
    if row.content_digest != delivery.content_digest:
        raise StoreError(
            "a batch of this id was taken in before with other content (files, mapping or backfill flag); "
            "an id names one delivery, so send this one under an id of its own."
        )
    before = (TableReport(**table) for table in json.loads(row.counts))
    tables = tuple(replace(t, stored=0, updated=0, unchanged=t.came - t.quarantined) for t in before)
    digest = newest_digest(connection)
    return IntakeReport(
        batch_id, row.batch_no, repeated=True, tables=tables, state_digest=digest, unmapped=delivery.unmapped
    )
