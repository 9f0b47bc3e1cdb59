"""Files that only the owner of the home may read: databases, and the key that persons are hashed with."""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from features.errors import StoreError

KEY_BYTES = 32


def keep_to_owner(path: Path) -> None:
    """Make the file readable by its owner alone, before anything is in it; SQLite's files beside it follow."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)


def durable(path: Path, *, busy_seconds: float) -> sqlite3.Connection:
    """A connection for all threads to a file that only its owner reads; what is committed stands after a power cut."""
    keep_to_owner(path)
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StoreError(f"{path.name} of the home cannot be opened ({error}); bring it back from a copy.") from None
    return connection


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the database in a file that cannot write to it; sqlite3.Error where there is none."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def key_in(path: Path) -> bytes:
    """The key in the file; made at the first start. Of two processes that start at once, both use the same.

    StoreError for a file that is cut off: hashes and seals made with what is left of a key could be made by anybody.
    """
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
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise StoreError(
            f"{path.name} of the home is no key: it holds {len(key)} bytes, expected {KEY_BYTES}; "
            "bring it back from a copy."
        )
    return key
