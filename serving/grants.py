"""The service's own keys: made by `waystation access grant`, shown once, kept as hashes, revoked at once.

A key reads `ws_ID_SECRET`. The secret has 256 random bits, so a plain SHA-256 of it can be neither guessed nor turned
around; a slow hash would protect nothing more and cost each request. The service looks a key up with each request,
so a revoked one is refused from the next on.
"""

import hmac
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock

from features.errors import ConfigError, StoreError
from serving.private_files import keep_to_owner
from serving.problems import ProblemError
from serving.roles import MAY_NAME_A_STATION, OF_A_STATION, ROLES, Caller

PREFIX = "ws_"
LONGEST_NAME = 128
NO_DIGEST = "0" * 64
CREATE = """
CREATE TABLE IF NOT EXISTS grants (
    key_id TEXT PRIMARY KEY, digest TEXT NOT NULL, role TEXT NOT NULL, station TEXT, name TEXT NOT NULL,
    granted_at TEXT NOT NULL, expires_on TEXT NOT NULL, revoked_at TEXT
) STRICT
"""
COLUMNS = "key_id, role, station, name, granted_at, expires_on, revoked_at"
ACTIVE = "revoked_at IS NULL AND expires_on >= ?"


@dataclass(frozen=True)
class Asked:
    """A key that is asked for: the last day it is good for, and a name by which an operator knows it."""

    role: str
    station: str | None
    name: str
    expires_on: date


@dataclass(frozen=True)
class Grant:
    """A key that was given out, without its secret; days are ISO dates, moments UTC."""

    key_id: str
    role: str
    station: str | None
    name: str
    granted_at: str
    expires_on: str
    revoked_at: str | None


@dataclass(frozen=True)
class NewKey:
    """A key that is made and not yet kept: its text, which nobody reads again, and what will be kept of it."""

    text: str = field(repr=False)
    digest: str
    grant: Grant


def new_key(asked: Asked, *, now: datetime) -> NewKey:
    """A key as it was asked for; good for nothing until it is kept. ConfigError where it makes no sense."""
    _check(asked)
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    at, until = now.isoformat(timespec="seconds"), asked.expires_on.isoformat()
    grant = Grant(key_id, asked.role, asked.station, asked.name, at, until, None)
    return NewKey(f"{PREFIX}{key_id}_{secret}", _digest(secret), grant)


@dataclass(eq=False)
class Grants:
    """The keys of a home, in a database file of their own."""

    path: Path
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        try:
            keep_to_owner(self.path)
            self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute(CREATE)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"access: the keys in {self.path.name} cannot be opened ({error}); restore a copy of the file, or move "
                "it away and grant new keys."
            ) from None

    def keep(self, new: NewKey) -> None:
        """Keep a hash of a new key: from here on it is good."""
        kept = new.grant
        values = (kept.key_id, new.digest, kept.role, kept.station, kept.name, kept.granted_at, kept.expires_on)
        with self._asking() as connection:
            connection.execute(f"INSERT INTO grants VALUES ({', '.join('?' * len(values))}, NULL)", values)  # noqa: S608

    def revoke(self, key_id: str, *, now: datetime) -> Grant:
        """The key that is no longer good; ConfigError when there is none by that id."""
        with self._asking() as connection:
            connection.execute(
                "UPDATE grants SET revoked_at = coalesce(revoked_at, ?) WHERE key_id = ?",
                (now.isoformat(timespec="seconds"), key_id),
            )
        found = [grant for grant in self.all() if grant.key_id == key_id]
        if not found:
            raise ConfigError("access: no key has that id; `waystation access list` shows them.")
        return found[0]

    def all(self) -> list[Grant]:
        """All keys ever granted, oldest first."""
        with self._asking() as connection:
            rows = connection.execute(f"SELECT {COLUMNS} FROM grants ORDER BY granted_at, key_id").fetchall()  # noqa: S608
        return [Grant(*row) for row in rows]

    def any_active(self, today: date) -> bool:
        """Whether any key is good today."""
        with self._asking() as connection:
            query = f"SELECT 1 FROM grants WHERE {ACTIVE} LIMIT 1"  # noqa: S608
            return connection.execute(query, (today.isoformat(),)).fetchone() is not None

    def caller_of(self, key: str, *, today: date) -> Caller | None:
        """Who holds a key that is good today; None for any other text."""
        key_id, _, secret = key.removeprefix(PREFIX).partition("_")
        query = f"SELECT digest, role, station, name FROM grants WHERE key_id = ? AND {ACTIVE}"  # noqa: S608
        with self._asking() as connection:
            found = connection.execute(query, (key_id, today.isoformat())).fetchone()
        digest, role, station, name = found or (NO_DIGEST, "", None, "")
        # An unknown id costs the same comparison as a wrong secret, and that takes as long wherever the two differ.
        is_right = hmac.compare_digest(_digest(secret), digest)
        return Caller(key_id, role, station, name or None) if is_right and found else None

    @contextmanager
    def _asking(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error:
                raise ProblemError("access_unavailable") from None


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", errors="replace")).hexdigest()


def _check(asked: Asked) -> None:
    if asked.role not in ROLES:
        raise ConfigError(f"access: there is no such role; --role is one of {', '.join(ROLES)}.")
    if asked.role in OF_A_STATION and not asked.station:
        raise ConfigError(f"access: a {asked.role} belongs to a station; name it with --station.")
    if asked.station and asked.role not in MAY_NAME_A_STATION:
        raise ConfigError(f"access: the role {asked.role} is held at no station; leave --station out.")
    if any(len(text) > LONGEST_NAME or not text.isprintable() for text in (asked.name, asked.station or "")):
        raise ConfigError(f"access: --name and --station have at most {LONGEST_NAME} printable characters.")
