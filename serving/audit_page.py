"""The record as an auditor reads it over HTTP: entry by entry, oldest first, as it is written."""

import sqlite3
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from serving.messages import Message
from serving.private_files import reading
from serving.problems import ProblemError
from serving.records import COLUMNS

MOST_ENTRIES = 1_000
PAGE = (
    f"SELECT seq, link, {', '.join(COLUMNS)} FROM audit WHERE seq > :after "  # noqa: S608 (our words)
    "AND (:outcome IS NULL OR outcome = :outcome) AND (:actor IS NULL OR actor = :actor) "
    "AND (:day IS NULL OR substr(at, 1, 10) = :day) ORDER BY seq LIMIT :limit"
)


@dataclass(frozen=True)
class Wanted:
    """Which entries: those after a number; of one outcome, actor or day in UTC where these are named."""

    after: int = 0
    limit: int = MOST_ENTRIES
    outcome: str | None = None
    actor: str | None = None
    day: date | None = None


class AuditEntry(Message):
    """One entry: who did what, and what came of it; persons are keyed hashes, `link` holds on to the entry before."""

    seq: int
    link: str
    at: str
    actor: str
    role: str
    act: str
    outcome: str
    request_id: str | None
    station: str | None
    purpose: str | None
    person_hash: str | None
    score_id: str | None
    as_of: str | None
    language: str | None
    inline: int | None
    tag: str | None
    digest: str | None
    run: str | None
    snapshot: str | None
    risk: float | None
    detail: str | None


class AuditPage(Message):
    """Entries after the one asked for; ask again after the last of them until none come."""

    entries: list[AuditEntry]


def page(path: Path, wanted: Wanted) -> AuditPage:
    """The entries that are wanted, oldest first."""
    named = {**vars(wanted), "day": wanted.day and wanted.day.isoformat()}
    try:
        with reading(path) as connection:
            connection.row_factory = sqlite3.Row
            rows = connection.execute(PAGE, named).fetchall()
    except sqlite3.Error:
        raise ProblemError("record_unreadable") from None
    return AuditPage(entries=[AuditEntry(**dict(row)) for row in rows])
