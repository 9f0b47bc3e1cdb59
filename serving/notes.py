"""What people say back, kept: feedback, decisions on levels, corrections asked for. Append-only, in a file of its own.

Never in the history store: what a worker thinks of a score must not become a record the next score is made from. A
later row may answer an earlier one (`about`), none changes it. A write that carries a key it was sent with before gets
the answer it got then; key, row and answer are one transaction.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from threading import RLock
from typing import Any

from serving.private_files import durable
from serving.problems import ProblemError

NOTES = "feedback.db"  # beside the record
OVERRIDE, SNOOZE, REVIEW, LIFTED = "override", "snooze", "review", "lifted"
CORRECTION, CORRECTION_STATE = "correction", "correction_state"
SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    seq INTEGER PRIMARY KEY, note_id TEXT NOT NULL UNIQUE, at TEXT NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL,
    station TEXT, person_id TEXT NOT NULL, kind TEXT NOT NULL, state TEXT, about TEXT, until TEXT, content TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS notes_by_person ON notes (person_id, seq);
CREATE INDEX IF NOT EXISTS notes_that_hold ON notes (kind, until) WHERE until IS NOT NULL;
CREATE INDEX IF NOT EXISTS notes_about ON notes (about, seq) WHERE about IS NOT NULL;
CREATE INDEX IF NOT EXISTS notes_of_corrections ON notes (kind, seq) WHERE kind = 'correction';
CREATE TABLE IF NOT EXISTS kept_answers (
    actor TEXT NOT NULL, act TEXT NOT NULL, key TEXT NOT NULL, body_digest TEXT NOT NULL, note_id TEXT NOT NULL,
    PRIMARY KEY (actor, act, key)
) STRICT;
"""
TABLES = ("notes", "kept_answers")
KEEPS = (
    "CREATE TRIGGER IF NOT EXISTS {table}_keeps_{what} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, 'kept'); END;"
)


@dataclass(frozen=True)
class Note:
    """One row: who said what of whom. `about` is the note it answers; `until` the last day it holds, an ISO date."""

    note_id: str
    at: str
    actor: str
    role: str
    station: str | None
    person_id: str
    kind: str
    state: str | None = None
    about: str | None = None
    until: str | None = None
    content: str = "{}"

    @property
    def told_on(self) -> str:
        """The day it was said, in UTC."""
        return self.at[: len("YYYY-MM-DD")]

    @property
    def told(self) -> dict[str, Any]:
        """The content as it came."""
        return dict(json.loads(self.content))


@dataclass(frozen=True)
class Once:
    """What makes a write happen once: who sends it where under which key, and the digest of its body."""

    actor: str
    act: str
    key: str
    body_digest: str


@dataclass(frozen=True)
class Decision:
    """What people decided for a person that still holds: a level, or to leave the person be for a while."""

    seq: int
    note: Note


COLUMNS = tuple(each.name for each in fields(Note))
SELECT = f"SELECT {', '.join(COLUMNS)} FROM notes"  # noqa: S608 (our own words)
OF_PERSONS = f"{SELECT} WHERE person_id IN (SELECT value FROM json_each(?)) ORDER BY seq DESC"  # noqa: S608
INSERT = f"INSERT INTO notes ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
HOLDING = (
    f"SELECT seq, {', '.join(COLUMNS)} FROM notes AS held WHERE kind IN (?, ?) AND until >= ? AND at < ? "  # noqa: S608
    "AND NOT EXISTS (SELECT 1 FROM notes WHERE about = held.note_id AND kind = ? AND state = ? AND at < ?) ORDER BY seq"
)
NEWEST_CORRECTIONS = f"SELECT seq, {', '.join(COLUMNS)} FROM notes WHERE kind = ? AND seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608


@dataclass(eq=False)
class Notes:
    """The open file. Several processes may write; one waits for the other up to `busy_seconds`."""

    path: Path
    busy_seconds: float = 5.0
    _lock: RLock = field(default_factory=RLock)  # what a note depends on is read in the transaction that adds it

    def __post_init__(self) -> None:
        self._connection = durable(self.path, busy_seconds=self.busy_seconds)
        self._connection.executescript(SCHEMA)
        for table in TABLES:
            for what, act in (("what_is", "UPDATE"), ("all", "DELETE")):
                self._connection.executescript(KEEPS.format(table=table, what=what, act=act))

    def close(self) -> None:
        """Give up the connection."""
        with self._lock:
            self._connection.close()

    def add(self, once: Once, made: Callable[[], Note]) -> Note:
        """The note now on disk, or the one that the same write made before; ProblemError for a key used otherwise."""
        with self._using() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                note = self._before(connection, once) or self._added(connection, once, made())
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        return note

    def note(self, note_id: str) -> Note | None:
        """The note of an id."""
        return next(iter(self._notes(f"{SELECT} WHERE note_id = ?", note_id)), None)

    def of_person(self, person_id: str) -> list[Note]:
        """All that was said of a person, the newest first."""
        return self._notes(f"{SELECT} WHERE person_id = ? ORDER BY seq DESC", person_id)

    def of_persons(self, person_ids: Sequence[str]) -> list[Note]:
        """All that was said of some persons, the newest first."""
        return self._notes(OF_PERSONS, json.dumps(person_ids))

    def about(self, note_id: str) -> list[Note]:
        """What answers a note, the newest first."""
        return self._notes(f"{SELECT} WHERE about = ? ORDER BY seq DESC", note_id)

    def holding(self, as_of: str) -> list[Decision]:
        """The decisions that hold on a day, as they stood at its end: not lifted, the oldest first."""
        end_of_day = f"{as_of}T99"
        parameters = (OVERRIDE, SNOOZE, as_of, end_of_day, REVIEW, LIFTED, end_of_day)
        return [Decision(seq, Note(*rest)) for seq, *rest in self._rows(HOLDING, *parameters)]

    def corrections(self, *, before: int, limit: int) -> list[Decision]:
        """The corrections asked for before a number, the newest first."""
        return [Decision(seq, Note(*rest)) for seq, *rest in self._rows(NEWEST_CORRECTIONS, CORRECTION, before, limit)]

    def _before(self, connection: sqlite3.Connection, once: Once) -> Note | None:
        query = "SELECT body_digest, note_id FROM kept_answers WHERE actor = ? AND act = ? AND key = ?"
        kept = connection.execute(query, (once.actor, once.act, once.key)).fetchone()
        if kept is None:
            return None
        if kept[0] != once.body_digest:
            raise ProblemError("key_used_before")
        return Note(*connection.execute(f"{SELECT} WHERE note_id = ?", (kept[1],)).fetchone())

    def _added(self, connection: sqlite3.Connection, once: Once, note: Note) -> Note:
        connection.execute(INSERT, astuple(note))
        connection.execute("INSERT INTO kept_answers VALUES (?, ?, ?, ?, ?)", (*astuple(once), note.note_id))
        return note

    def _notes(self, query: str, *parameters: object) -> list[Note]:
        return [Note(*row) for row in self._rows(query, *parameters)]

    def _rows(self, query: str, *parameters: object) -> Sequence[Any]:
        with self._using() as connection:
            return connection.execute(query, parameters).fetchall()

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                yield self._connection
        except sqlite3.Error:
            raise ProblemError("notes_unavailable") from None
