"""The record: who asked what, for which purpose, when, and what came of it, written before the answer leaves.

One append-only table in a database file of its own, so that intake never blocks an answer. A score and the asking for
it are one entry and one commit: two records of one answer could disagree, and would cost two waits for the disk. If an
entry cannot be written there is no answer. Persons appear as keyed hashes; only the owner may read
the file with the key.

Requests that wait at the same moment share a commit: the first to come writes for all. Processes take turns, each
reading the head of the chain under the lock of the database. Where the head kept outside shows that entries are gone or
others were put in their place, nothing more is written.
"""

import hmac
import logging
import sqlite3
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from pathlib import Path
from threading import Lock

from features.errors import StoreError
from serving import volume
from serving.audit_chain import GENESIS, Head, chain_key, next_head, read_head, write_head
from serving.entries import Entry
from serving.private_files import durable, key_in
from serving.problems import ProblemError

LOG = logging.getLogger("waystation")
HEAD_SUFFIX, KEY_SUFFIX = ".head", ".key"

COLUMNS = tuple(each.name for each in fields(Entry))
TO_DO = "Nothing is answered until the record is as it was: `waystation audit verify`, then docs/access.md, The record."
VALUES_OF = attrgetter(*COLUMNS)
SCHEMA = """
CREATE TABLE IF NOT EXISTS audit (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL, act TEXT NOT NULL,
    outcome TEXT NOT NULL, request_id TEXT, station TEXT, purpose TEXT, person_hash TEXT, score_id TEXT, as_of TEXT,
    language TEXT, inline INTEGER, tag TEXT, digest TEXT, run TEXT, snapshot TEXT, risk REAL, detail TEXT,
    link TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS audit_by_score ON audit (score_id) WHERE score_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_by_person ON audit (person_hash, seq) WHERE person_hash IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_by_actor ON audit (actor, at, person_hash);
CREATE INDEX IF NOT EXISTS audit_alarms ON audit (actor, at) WHERE outcome = 'unusual_volume';
CREATE TRIGGER IF NOT EXISTS audit_keeps_what_is BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_keeps_all BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END;
"""
INSERT = f"INSERT INTO audit (seq, {', '.join(COLUMNS)}, link) VALUES ({', '.join('?' * (len(COLUMNS) + 2))})"  # noqa: S608
NEWEST = "SELECT seq, link FROM audit ORDER BY seq DESC LIMIT 1"
LINK_AT = "SELECT link FROM audit WHERE seq = ?"


@dataclass(eq=False)
class _Waiting:
    """Entries that wait to be written, and what became of them."""

    entries: Sequence[Entry]
    done: bool = False
    written: bool = False


@dataclass(eq=False)
class Records:
    """The open record. Several processes may write; one waits for the other up to `busy_seconds`."""

    path: Path
    busy_seconds: float = 5.0
    _queue: "deque[_Waiting]" = field(default_factory=deque)
    _writing: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        key = self.path.with_suffix(KEY_SUFFIX)
        holds_any = self.path.is_file() and self.path.stat().st_size > 0
        if holds_any and not key.exists():  # the key is made first, so it was there
            raise StoreError(
                f"{key.name} of the home is gone, and {self.path.name} cannot go on without it: a new key would make "
                "another chain and other hashes; bring it back from a copy, or put the whole record aside."
            )
        self._key = key_in(key)
        self._chain_key = chain_key(self._key)
        self._connection = durable(self.path, busy_seconds=self.busy_seconds)
        self._connection.executescript(SCHEMA)

    def hash_of(self, person_id: str) -> str:
        """The keyed hash that stands for a person, or for what else is not to be read here; 64 hex digits."""
        return person_hash(self._key, person_id)

    def write(self, entries: Sequence[Entry]) -> None:
        """Put all entries on disk, or none; ProblemError when that fails, so that no answer leaves."""
        waiting = _Waiting(entries)
        self._queue.append(waiting)
        with self._writing:
            if not waiting.done:
                self._write_all([self._queue.popleft() for _ in range(len(self._queue))])
        if not waiting.written:
            raise ProblemError("record_failed")

    def close(self) -> None:
        """Give up the connection."""
        self._connection.close()

    def _write_all(self, turn: Sequence[_Waiting]) -> None:
        try:
            head = self._commit([entry for waiting in turn for entry in waiting.entries])
            write_head(self.path.with_suffix(HEAD_SUFFIX), head)
            for waiting in turn:
                waiting.written = True
        except StoreError as error:
            LOG.error("the record is not written on: %s", error)  # noqa: TRY400 (a sentence, not a bug)
        except (sqlite3.Error, OSError) as error:
            LOG.error("the record could not be written: %s", type(error).__name__)  # noqa: TRY400 (may hold an id)
        finally:  # even a bug here lets nobody wait on, and no answer leave
            for waiting in turn:
                waiting.done = True

    def _commit(self, entries: Sequence[Entry]) -> Head:
        """The head after the entries, and the alarms they raise, are on disk."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            newest = Head(*self._connection.execute(NEWEST).fetchone() or ())
            self._hold_to_the_head_outside(newest)
            head = self._append(newest, entries)
            head = self._append(head, volume.alarms(self._connection, entries))
            self._connection.execute("COMMIT")
        finally:  # after any error: a transaction left open would hold up all others
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        return head

    def _hold_to_the_head_outside(self, newest: Head) -> None:
        """StoreError unless the entries go on from the head outside; it may be older, for it is written after them.

        The head of a record without entries is put there before its first one is written, so that from then on a head
        that is gone was taken away.
        """
        file = self.path.with_suffix(HEAD_SUFFIX)
        outside = read_head(file)
        if outside is None and newest == Head():
            write_head(file, newest)
        elif outside is None:
            raise StoreError(f"{file.name} is gone or holds no head, yet there are {newest.seq} entries. {TO_DO}")
        elif outside.seq > newest.seq:
            raise StoreError(f"{file.name} names entry {outside.seq}, the newest there is {newest.seq}. {TO_DO}")
        elif outside != newest and self._link_at(outside.seq) != outside.link:
            raise StoreError(f"entry {outside.seq} is not the one that {file.name} names. {TO_DO}")

    def _link_at(self, seq: int) -> str | None:
        """The link of an entry, that before the first for number 0; None where there is no such entry."""
        found = self._connection.execute(LINK_AT, (seq,)).fetchone()
        return found[0] if found else GENESIS if seq == 0 else None

    def _append(self, head: Head, entries: Sequence[Entry]) -> Head:
        rows = []
        for entry in entries:
            values = VALUES_OF(entry)
            head = next_head(self._chain_key, head, dict(zip(COLUMNS, values, strict=True)))
            rows.append((head.seq, *values, head.link))
        self._connection.executemany(INSERT, rows)
        return head


def person_hash(key: bytes, person_id: str) -> str:
    """The hash that stands for a person under the key of a record, 64 hex digits of HMAC-SHA256."""
    return hmac.digest(key, person_id.encode(), "sha256").hex()
