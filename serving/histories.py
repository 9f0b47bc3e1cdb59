"""Where a person's history comes from: the store, or the body of the request. Both end as the same `History`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from itertools import chain
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from features.arrays import Objects
from features.history import History, NamedColumns
from features.schema import EPOCH, TABLES, days_since_epoch
from features.stations import StationMonths
from features.store import EVENTS_OF, NOT_IN_BULK, PERSON_EVENTS, Store, newest_digest, read
from features.tables import STORED, current, fetch_plain
from models.relapse import RelapseModel
from serving import stations
from serving.kept import Kept
from serving.messages import FIRST_DAY, Event, Facts, ScoreRequest
from serving.problems import MOST_FAULTS, Fault, ProblemError, path_of
from serving.store_answers import store_answers

STOPPED_DAYS = 60  # a city of which nothing at all was recorded for so long has not gone quiet: no records came
MOST_DAYS = 1_000  # as-of dates about which it is kept whether all records had stopped
SENT_ALONG = "\x00sent along"  # stands for the person of a history in the body; no id can be spelled like it
PERSON_FACTS = TABLES["persons"].names
STILL_COMING = (
    sa.select(sa.literal(1))
    .where(
        STORED["events"].c.occurred_on > sa.bindparam("after"), STORED["events"].c.occurred_on <= sa.bindparam("day")
    )
    .where(STORED["events"].c.known_on <= sa.bindparam("day"))
    .limit(1)  # by the index of the days, so the first that is found will do
)
PERSON = current("persons").where(STORED["persons"].c.person_id == sa.bindparam("person"))


@dataclass(frozen=True)
class Held:
    """A history, and the digest of the state it was read from."""

    history: History
    snapshot: str


@dataclass
class StoredHistories:
    """Histories in the store, which is opened when first asked and tried again when that failed."""

    url: str
    _store: Store | None = None
    _months: tuple[str, StationMonths] | None = None  # of the state of that digest
    _seen_at: tuple[str, dict[str, list[str]]] | None = None  # of the state of that digest
    _stopped: Kept[tuple[str, int, bool]] = field(default_factory=lambda: Kept(MOST_DAYS))  # by state and day
    _last_known: Kept[tuple[str, str, date, date]] = field(
        default_factory=lambda: Kept(MOST_DAYS)
    )  # the day comes last
    _lock: Lock = field(default_factory=Lock)

    def of(self, person_ids: Sequence[str]) -> Held:
        """The histories of those persons that the store knows, all of one state."""
        with store_answers():
            return self._read(person_ids)

    def seen_at(self, station_id: str) -> Sequence[str]:
        """The persons of whom a station ever recorded anything; read for all stations once in each state."""
        snapshot, held = self.snapshot(), self._seen_at
        if held is None or held[0] != snapshot:
            held = self._seen_at = (snapshot, stations.seen_at(self.store()))
        return held[1].get(station_id, ())

    def snapshot(self) -> str:
        """The digest of the state the store is in."""
        with store_answers():
            return self.store().state_digest()

    def had_stopped(self, as_of: date, snapshot: str) -> bool:
        """Whether nothing that happened to anybody in the STOPPED_DAYS before a day was known on it, in a state."""
        day = days_since_epoch(as_of)
        return self._stopped.get((snapshot, day), lambda: self._had_stopped(day), key_of=lambda made: made[:2])[2]

    def _had_stopped(self, day: int) -> tuple[str, int, bool]:
        """The state that was asked, the day, and the answer."""
        with store_answers(), self.store().reading() as connection:
            found = connection.execute(STILL_COMING, {"after": day - STOPPED_DAYS, "day": day}).first()
            return newest_digest(connection), day, found is None

    def last_known_day(self, table: str, *, today: date) -> date:
        """The last day, today at most, on which a row of a table became known; today where none ever did."""
        key = (self.snapshot(), table, today)
        return self._last_known.get(key, lambda: self._last_known_of(table, today), key_of=lambda made: made[:3])[3]

    def _last_known_of(self, table: str, today: date) -> tuple[str, str, date, date]:
        """The state that was asked, the table, today, and the day."""
        known_on = STORED[table].c.known_on
        query = sa.select(sa.func.max(known_on)).where(known_on <= days_since_epoch(today))
        with store_answers(), self.store().reading() as connection:
            found = connection.execute(query).scalar()
            last = today if found is None else EPOCH + timedelta(days=int(found))
            return newest_digest(connection), table, today, last

    def _read(self, person_ids: Sequence[str]) -> Held:
        facts: list[dict[str, Any]] = []
        rows: list[Sequence[Any]] = []
        with self.store().reading() as connection:  # one state: what comes in meanwhile is not seen
            snapshot = newest_digest(connection)
            for person_id in sorted(set(person_ids)):
                if found := _rows(connection, PERSON, person_id):
                    facts.append(_facts_of(found[0]))
                    rows += _rows(connection, EVENTS_OF, person_id)
            months = self._months_of(connection, snapshot)
        return Held(History.of(_columns(rows), _facts(facts), months), snapshot)

    def _months_of(self, connection: sa.Connection, snapshot: str) -> StationMonths:
        """The closed months of all stations, read once for each state of the store: they are the same for everyone."""
        held = self._months
        if held is None or held[0] != snapshot:
            held = self._months = (snapshot, StationMonths.of(read(connection, "station_months")))
        return held[1]

    def is_reachable(self) -> bool:
        """Whether the store answers."""
        try:
            self.store().state_digest()
        except (ProblemError, sa.exc.SQLAlchemyError):
            return False
        return True

    def store(self) -> Store:
        """The open store; ProblemError when it cannot be opened."""
        with self._lock:
            if self._store is None:
                with store_answers():
                    self._store = Store.open(self.url, migrate=False)
            return self._store


def _rows(connection: sa.Connection, query: sa.Select[Any], person_id: str) -> list[Sequence[Any]]:
    return [row for part in fetch_plain(connection, query, person=person_id) for row in part]


def _facts_of(row: Sequence[Any]) -> dict[str, str | float]:
    """The facts of one person that are recorded, without the name; extra columns spread, every number a float."""
    *contract, extra = row
    told = dict(zip(PERSON_FACTS, contract, strict=True)) | json.loads(extra or "{}")
    return {
        name: float(value) if isinstance(value, int | float) else str(value)
        for name, value in told.items()
        if value is not None and name != NOT_IN_BULK
    }


def _facts(told: Sequence[dict[str, Any]]) -> dict[str, Objects]:
    """The facts of some persons as columns, None where one has none; always with the column of their ids."""
    names = dict.fromkeys(("person_id", *chain(*told)))
    return {name: np.array([each.get(name) for each in told], dtype=object) for name in names}


def _columns(rows: Sequence[Sequence[Any]]) -> NamedColumns:
    """Rows of the database as columns by name: for a person's few hundred, a frame costs more than the answer."""
    columns = zip(*rows, strict=True) if rows else [()] * len(PERSON_EVENTS)
    return {name: np.array(values, dtype=object) for name, values in zip(PERSON_EVENTS, columns, strict=True)}


def sent_along(request: ScoreRequest, model: RelapseModel, *, today: date) -> Held:
    """The history in a request, under the rules of the store; facts beyond its columns are those the model uses."""
    events, facts = request.events or [], request.person or Facts.model_construct()
    _refuse_the_future(events, today)
    _refuse_conflicts(events)
    _refuse_faulty_facts(facts, model, today)
    persons = pd.DataFrame([{**_as_stored(facts), "person_id": SENT_ALONG}])
    return Held(History.of(_frame(_told_once(events)), persons), _digest(request))


def _frame(events: Sequence[Event]) -> pd.DataFrame:
    def column(name: str) -> "pd.Series[str]":
        return pd.Series([getattr(event, name) for event in events], dtype="str")

    return pd.DataFrame(
        {
            "event_id": [event.event_id or f"\x00{place}" for place, event in enumerate(events)],
            "revision": np.array([event.revision for event in events], dtype=np.int64),
            "retracted": np.array([event.retracted for event in events], dtype=bool),
            "person_id": [SENT_ALONG] * len(events),
            "occurred_on": np.array([days_since_epoch(event.occurred_on) for event in events], dtype=np.int64),
            "known_on": np.array([days_since_epoch(event.known_on) for event in events], dtype=np.int64),
            "value": np.array([np.nan if event.value is None else event.value for event in events], dtype=np.float64),
            **{name: column(name) for name in ("kind", "outcome", "substance", "source", "station_id", "note_code")},
        }
    )


def _refuse_the_future(events: Sequence[Event], today: date) -> None:
    late = [place for place, event in enumerate(events) if event.known_on > today]
    if late:
        raise ProblemError("invalid", tuple(Fault(f"events.{place}.known_on", "in_the_future") for place in late[:20]))


def _refuse_faulty_facts(facts: Facts, model: RelapseModel, today: date) -> None:
    used = [(each.code, dict(each.arguments).get("column")) for each in model.features]
    numbers, columns = {column for code, column in used if code == "fact_number"}, {column for _, column in used}
    further = facts.model_extra or {}
    faults = [Fault(path_of(["person", name]), "unknown_field") for name in further if name not in columns]
    faults += [
        Fault(path_of(["person", name]), "wrong_type", "number")
        for name, value in further.items()
        if name in numbers and isinstance(value, str)
    ]
    late = {
        "birth_year": (facts.birth_year or 0) > today.year,
        "first_use_year": (facts.first_use_year or 0) > today.year,
        "registered_on": facts.registered_on is not None and facts.registered_on > today,
    }
    faults += [Fault(f"person.{name}", "in_the_future") for name, is_late in late.items() if is_late]
    if faults:
        raise ProblemError("invalid", tuple(faults[:MOST_FAULTS]))


def _as_stored(facts: Facts) -> dict[str, str | float]:
    """The facts in the types the store gives: days and years as floats, further columns as they came."""
    told = facts.model_dump(exclude_none=True)
    if facts.registered_on is not None:
        told["registered_on"] = days_since_epoch(facts.registered_on)
    numbers = {name: float(told[name]) for name in ("birth_year", "first_use_year", "registered_on") if name in told}
    return told | numbers


def _refuse_conflicts(events: Sequence[Event]) -> None:
    """A revision says one thing: the same event and revision with other content is a fault."""
    said: dict[tuple[str, int], Event] = {}
    for place, event in enumerate(events):
        if event.event_id is not None and said.setdefault((event.event_id, event.revision), event) != event:
            raise ProblemError("invalid", (Fault(f"events.{place}.revision", "said_otherwise_before"),))


def _told_once(events: Sequence[Event]) -> list[Event]:
    """As in the store, events without an id that say the same are one, known since the first of them was."""
    first: dict[Event, Event] = {}
    for event in sorted(events, key=lambda each: each.known_on):
        first.setdefault(event.model_copy(update={"known_on": FIRST_DAY}) if event.event_id is None else event, event)
    return list(first.values())


def _digest(request: ScoreRequest) -> str:
    told = request.model_dump(mode="json", include={"person", "events"}, exclude_none=True)
    return sha256(json.dumps(told, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
