"""The record of every answer: written before the answer leaves; if it cannot be written there is no answer.

A database file of its own, so that intake never blocks an answer. Persons appear as keyed hashes only; the key is
a file in the home that only its owner may read.
"""

import hmac
import os
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from threading import Lock

from serving.problems import ProblemError

KEY_BYTES = 32
SCORED = "scored"


@dataclass(frozen=True)
class Entry:
    """One answer: `outcome` is "scored" or the code of the refusal; times are UTC, days ISO dates."""

    score_id: str
    at: str
    purpose: str
    person_hash: str | None
    as_of: str
    outcome: str
    language: str
    inline: int
    tag: str | None = None
    digest: str | None = None
    run: str | None = None
    snapshot: str | None = None
    risk: float | None = None


COLUMNS = tuple(each.name for each in fields(Entry))
CREATE = """
CREATE TABLE IF NOT EXISTS scores (
    score_id TEXT PRIMARY KEY, at TEXT NOT NULL, purpose TEXT NOT NULL, person_hash TEXT, as_of TEXT NOT NULL,
    outcome TEXT NOT NULL, tag TEXT, digest TEXT, run TEXT, snapshot TEXT, risk REAL, language TEXT NOT NULL,
    inline INTEGER NOT NULL
) STRICT
"""
INSERT = f"INSERT INTO scores ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608


class Records:
    """The open record. Several processes may write; one waits for the other up to `busy_seconds`."""

    def __init__(self, path: Path, *, busy_seconds: float = 5.0) -> None:
        self._key = _key(path.with_suffix(".key"))
        self._lock = Lock()
        _keep_to_owner(path)
        self._connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(CREATE)

    def hash_of(self, person_id: str) -> str:
        """The keyed hash that stands for a person, 64 hex digits of HMAC-SHA256."""
        return hmac.digest(self._key, person_id.encode(), "sha256").hex()

    def write(self, entries: Sequence[Entry]) -> None:
        """Put all entries on disk, or none; ProblemError when that fails, so that no answer leaves."""
        try:
            with self._lock:
                self._write(entries)
        except sqlite3.Error:
            raise ProblemError("record_failed") from None

    def close(self) -> None:
        """Give up the connection."""
        self._connection.close()

    def _write(self, entries: Sequence[Entry]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(INSERT, [astuple(entry) for entry in entries])
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


def _keep_to_owner(path: Path) -> None:
    """Make the file readable by its owner alone, before anything is in it; SQLite's files beside it follow."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)


def _key(path: Path) -> bytes:
    """The key in the file; made at the first start. Of two processes that start at once, both use the same."""
    if not path.exists():
        aside = path.with_name(f"{path.name}.{os.getpid()}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)  # fails when the other process was first: its key stands
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_bytes()
