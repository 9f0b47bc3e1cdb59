"""The data contract: every table column by column, and `check()`, which reports all faults of a frame at once.

Dates become whole days since 1970-01-01, so that every later comparison is between integers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from features import vocabulary
from features.arrays import Flags
from features.columns import READERS, Type, extras
from features.errors import SchemaError
from features.rowrules import ROW_RULES, conflicting

if TYPE_CHECKING:
    import pandera.pandas as pandera

EPOCH = date(1970, 1, 1)


def days_since_epoch(day: date) -> int:
    """Whole days from 1970-01-01 to a date, the way every date is stored.

    >>> days_since_epoch(date(1970, 1, 31))
    30
    """
    return (day - EPOCH).days


@dataclass(frozen=True)
class Column:
    """One column of the contract; `filled` says that intake supplies a value where none came."""

    name: str
    type: Type
    meaning: str
    required: bool = False
    filled: bool = False
    unit: str | None = None
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def always_there(self) -> bool:
        """Whether every stored row has a value."""
        return self.required or self.filled


@dataclass(frozen=True)
class Table:
    """One table of the contract; `key` identifies a row, `facts` tables keep the latest row of a key.

    `derived`: made here from the other tables, never delivered.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    facts: bool = False
    derived: bool = False
    names: tuple[str, ...] = field(init=False)
    content: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        names = tuple(column.name for column in self.columns)
        object.__setattr__(self, "names", names)
        # known_on says when we learned of a row, not what it says: a row sent again later is the same row.
        content = tuple(name for name in names if name not in {*self.key, "known_on"})
        object.__setattr__(self, "content", (*content, "extra"))

    def place(self, reason: str) -> int:
        """Where a reason stands among the faults of a row: by the column it begins with, other rules last."""
        column = reason.split(" ", 1)[0]
        return self.names.index(column) if column in self.names else len(self.names)


def _day(name: str, meaning: str, *, required: bool = False, filled: bool = False) -> Column:
    low, high = days_since_epoch(date(1900, 1, 1)), days_since_epoch(date(2199, 12, 31))
    return Column(name, "date", meaning, required, filled, unit="day", low=low, high=high)


def _year(name: str, meaning: str) -> Column:
    return Column(name, "integer", meaning, unit="year", low=1900, high=2199)


def _count(name: str, meaning: str, unit: str) -> Column:
    return Column(name, "integer", meaning, unit=unit, low=0)


PERSONS = Table(
    "persons",
    "facts fixed at registration; what can change is an event",
    ("person_id",),
    (
        Column("person_id", "id", "the person, a pseudonym", required=True),
        Column("display_name", "text", "shown to the person's station, nowhere else"),
        Column("sex", "code", "sex as registered", allowed=vocabulary.SEXES),
        _year("birth_year", "year of birth"),
        Column("ethnicity", "text", "ethnicity as registered"),
        Column("household_register", "text", "kind of household register"),
        Column("education", "text", "education at registration"),
        _year("first_use_year", "year of first use"),
        Column("primary_substance", "code", "substance of the registration"),
        _day("registered_on", "day of registration", required=True),
    ),
    facts=True,
)

EVENTS = Table(
    "events",
    "supervision histories, one row an event or a revision of one",
    ("event_id", "revision"),
    (
        Column("event_id", "id", "the event; made from its content where absent", filled=True),
        Column("revision", "integer", "1 is the first; a correction has the next", filled=True, low=1),
        Column("retracted", "flag", "this revision takes the event back", filled=True),
        Column("person_id", "id", "whose history", required=True),
        _day("occurred_on", "day it happened", required=True),
        _day("known_on", "day it was known to the service", filled=True),
        Column("source", "code", "one of the seven sources", required=True, allowed=tuple(vocabulary.SOURCES)),
        Column("kind", "code", "what happened; kinds beyond the catalogue are kept", required=True),
        Column("outcome", "code", "how it ended, one of the outcomes of its kind"),
        Column("substance", "code", "substance it is about"),
        Column("value", "number", "quantity, in the unit of the kind"),
        Column("station_id", "id", "station that recorded it"),
        Column("township_id", "id", "township of residence"),
        Column("note_code", "code", "coded remark"),
    ),
)

STATIONS = Table(
    "stations",
    "the stations and their staff",
    ("station_id",),
    (
        Column("station_id", "id", "the station", required=True),
        Column("name_zh", "text", "name in Chinese"),
        Column("name_en", "text", "name in English"),
        Column("township_id", "id", "township it lies in"),
        _count("social_workers", "social workers employed", "persons"),
        _day("opened_on", "day of opening"),
    ),
    facts=True,
)

AREAS = Table(
    "areas",
    "districts, townships and cells",
    ("area_id",),
    (
        Column("area_id", "id", "the area", required=True),
        Column("level", "code", "kind of area", required=True, allowed=vocabulary.AREA_LEVELS),
        Column("parent_id", "id", "the area it lies in"),
        Column("name_zh", "text", "name in Chinese"),
        Column("name_en", "text", "name in English"),
        _count("population", "inhabitants", "persons"),
        Column("geometry", "json", "outline, GeoJSON in WGS 84"),
    ),
    facts=True,
)

INCIDENTS = Table(
    "incidents",
    "harm in the city, no person in it",
    ("incident_id",),
    (
        Column("incident_id", "id", "the incident; made from its content where absent", filled=True),
        _day("occurred_on", "day it happened", required=True),
        _day("known_on", "day it was known to the service", filled=True),
        Column("kind", "code", "what happened; kinds beyond the catalogue are kept", required=True),
        Column("reported_by", "code", "who reported it", required=True, allowed=vocabulary.REPORTERS),
        Column("longitude", "number", "WGS 84", unit="degrees", low=-180, high=180),
        Column("latitude", "number", "WGS 84", unit="degrees", low=-85, high=85),
        Column("area_id", "id", "area, where no coordinates may be given"),
    ),
)

EFFORT = Table(
    "effort",
    "how hard anyone looked",
    ("area_id", "week", "known_on"),
    (
        Column("area_id", "id", "the area", required=True),
        _day("week", "Monday of the week", required=True),
        _day("known_on", "day it was known to the service", filled=True),
        _count("tests", "tests taken in the week", "tests"),
        _count("contacts", "contacts in the week", "contacts"),
    ),
)

STATION_MONTHS = Table(
    "station_months",
    "the work of each station, month by month, as it stood when the month was closed",
    ("station_id", "month"),
    (
        Column("station_id", "id", "the station", required=True),
        _day("month", "first day of the month", required=True),
        _day("closed_on", "day from which the row was known", required=True),
        _count("persons", "persons on its books at the end of the month", "persons"),
        _count("social_workers", "social workers employed", "persons"),
        _count("tests_given", "urine tests given", "tests"),
        _count("positive_tests", "of these positive", "tests"),
        _count("withheld_tests", "urine tests missed, evaded or refused", "tests"),
        _count("contacts_kept", "check-ins, home visits and family contacts kept", "contacts"),
        _count("contacts_missed", "of these missed", "contacts"),
    ),
    facts=True,
    derived=True,
)

TABLES: Mapping[str, Table] = MappingProxyType(
    {table.name: table for table in (PERSONS, EVENTS, STATIONS, AREAS, INCIDENTS, EFFORT, STATION_MONTHS)}
)
DELIVERED = tuple(name for name, table in TABLES.items() if not table.derived)


@dataclass(frozen=True)
class Arrival:
    """The day a batch came; a backfill trusts the declared days of knowledge."""

    received_on: date
    backfill: bool = False


@dataclass(frozen=True)
class Faults:
    """Every fault of a frame: for each reason, which rows (by position, from 0) it holds for."""

    table: str
    reasons: Mapping[str, Flags]
    n_rows: int

    @property
    def bad(self) -> Flags:
        """One flag a row: whether anything is wrong with it."""
        return np.logical_or.reduce([np.zeros(self.n_rows, dtype=bool), *self.reasons.values()])

    @property
    def rows(self) -> dict[int, list[str]]:
        """Position of each faulty row, with all its reasons."""
        found: dict[int, list[str]] = {int(position): [] for position in np.flatnonzero(self.bad)}
        for reason, mask in self.reasons.items():
            for position in np.flatnonzero(mask):
                found[int(position)].append(reason)
        return found

    @property
    def tally(self) -> dict[str, int]:
        """Number of rows for each reason."""
        return {reason: int(mask.sum()) for reason, mask in self.reasons.items()}

    def __bool__(self) -> bool:
        return bool(self.reasons)


@dataclass(frozen=True)
class Conformed:
    """A frame in the types of the contract (row for row as it came), and what is wrong with it."""

    table: Table
    frame: pd.DataFrame
    faults: Faults

    def sound(self) -> pd.DataFrame:
        """The rows without fault, in their final types, with the labels they had."""
        return settle(self.table, self.frame[~self.faults.bad] if self.faults else self.frame)


def check(table: str, frame: pd.DataFrame, *, arrival: Arrival | None = None) -> Faults:
    """All faults of a frame, row by row; SchemaError when the frame as a whole cannot be read as the table."""
    return conform(table, frame, arrival=arrival).faults


def conform(table: str, frame: pd.DataFrame, *, arrival: Arrival | None = None) -> Conformed:
    """The frame in the types of the contract, and all its faults.

    With an arrival, days of knowledge follow it: what was declared counts in a backfill; otherwise nothing was
    known before it came, and what claims to be known later than that is a fault.
    """
    contract = table_named(table)
    _refuse_unreadable(contract, frame)
    reasons: dict[str, Flags] = {}
    typed = _read_columns(contract, frame, reasons)
    _check_columns(contract, typed, reasons)
    received = None if arrival is None else days_since_epoch(arrival.received_on)
    if received is not None and "known_on" in typed:
        reasons["known_on is after the day of arrival"] = (typed["known_on"] > received).to_numpy()
        typed["known_on"] = typed["known_on"].fillna(received)
    for rule in ROW_RULES[table]:  # on the days as declared: what contradicts itself is a fault whatever the arrival
        reasons[rule.reason] = rule.broken(typed)
    if arrival is not None and not arrival.backfill and "known_on" in typed:
        typed["known_on"] = typed["known_on"].clip(lower=received)
    reasons["another row of the file has the same key and other content"] = conflicting(
        typed, list(contract.key), list(contract.content)
    )
    found = {reason: reasons[reason] for reason in sorted(reasons, key=contract.place) if reasons[reason].any()}
    return Conformed(contract, typed, Faults(table, found, len(frame)))


def table_named(name: str) -> Table:
    """The contract of a table, or SchemaError when there is no such table."""
    if name not in TABLES:
        raise SchemaError(f"there is no table of this name in the contract; it has {', '.join(TABLES)}.")
    return TABLES[name]


def settle(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame in final types: whole numbers and days that are always there int64, otherwise float64 with NaN."""
    whole = [c.name for c in table.columns if c.type in {"date", "integer"} and c.always_there]
    settled = {name: "int64" for name in whole if name in frame and not frame[name].isna().any()}
    flags = {column.name: "bool" for column in table.columns if column.type == "flag"}
    return frame.astype({**settled, **flags})


def pandera_schema(table: str) -> "pandera.DataFrameSchema":
    """The column rules of a table (nulls, closed lists of codes, ranges) as a pandera schema for typed frames."""
    import pandera.pandas as pandera  # over a second to import, and only intake needs it

    def column_schema(column: Column) -> "pandera.Column":
        checks = []
        if column.allowed:
            message = f"{column.name} is not one of: {', '.join(column.allowed)}"
            checks.append(pandera.Check.isin(column.allowed, error=message))
        if column.low is not None:
            checks.append(pandera.Check.ge(column.low, error=f"{column.name} is below the range"))
        if column.high is not None:
            checks.append(pandera.Check.le(column.high, error=f"{column.name} is above the range"))
        return pandera.Column(None, checks=checks, nullable=not column.required, description=column.meaning)

    return pandera.DataFrameSchema({column.name: column_schema(column) for column in table_named(table).columns})


def _refuse_unreadable(table: Table, frame: pd.DataFrame) -> None:
    wrong = [f"column {name} appears twice" for name in sorted(set(frame.columns[frame.columns.duplicated()]))]
    wrong += [f"column {c.name} is absent" for c in table.columns if c.required and c.name not in frame]
    if not wrong:
        present = (column for column in table.columns if column.name in frame)
        faults = ((c.name, READERS[c.type].unreadable_type(frame[c.name])) for c in present)
        wrong = [f"column {name} {fault}" for name, fault in faults if fault]
    if wrong:
        raise SchemaError(
            f"{table.name}: {'; '.join(wrong)}. The data contract expects {', '.join(table.names)}. "
            "Mend the file, or name its columns in a mapping."
        )


def _read_columns(table: Table, frame: pd.DataFrame, reasons: dict[str, Flags]) -> pd.DataFrame:
    typed: dict[str, pd.Series[Any]] = {}
    for column in table.columns:
        reader = READERS[column.type]
        came = frame[column.name] if column.name in frame else pd.Series(None, index=frame.index, dtype="str")
        values, unreadable = reader.read(came)
        typed[column.name] = values
        reasons[f"{column.name} {reader.expected}"] = unreadable
    typed["extra"] = extras(frame[[name for name in frame.columns if name not in table.names]])
    if table is EVENTS:
        typed["revision"] = typed["revision"].fillna(1)
        typed["retracted"] = typed["retracted"].fillna(value=False)
    return pd.DataFrame(typed, index=frame.index)


def _check_columns(table: Table, typed: pd.DataFrame, reasons: dict[str, Flags]) -> None:
    import pandera.pandas as pandera

    unreadable = {c.name: reasons[f"{c.name} {READERS[c.type].expected}"] for c in table.columns}
    try:
        pandera_schema(table.name).validate(typed.reset_index(drop=True), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        for (column, rule), cases in errors.failure_cases.groupby(["column", "check"], sort=False):
            mask = np.zeros(len(typed), dtype=bool)
            mask[cases["index"].to_numpy(dtype="int64")] = True
            if rule == "not_nullable":  # what could not be read is already reported as such
                reasons[f"{column} is missing"] = mask & ~unreadable[column]
            else:
                reasons[str(rule)] = mask
