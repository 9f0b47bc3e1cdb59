"""Reading far beyond one's own work, seen while the record is written: it raises an alarm there and stops nobody.

A social worker has about thirty persons (DOMAIN.md). Who asks about three times as many different ones in a day, known
or not, own or not, is either doing something else or lending out a key. A lead answers for several workers.
"""

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from serving.entries import UNUSUAL_VOLUME, Entry

LOG = logging.getLogger("waystation")
CASELOAD = 30
MOST_PERSONS_A_DAY: Mapping[str, int] = {"station_worker": 3 * CASELOAD, "station_lead": 10 * CASELOAD}
RAISED = "SELECT 1 FROM audit WHERE outcome = 'unusual_volume' AND actor = ? AND at >= ? LIMIT 1"
PERSONS = "SELECT COUNT(DISTINCT person_hash) FROM audit WHERE actor = ? AND at >= ? AND person_hash IS NOT NULL"


@dataclass(frozen=True)
class Day:
    """An actor's day, in UTC; `role` is that of the entry that made it be looked at."""

    actor: str
    role: str
    day: str


def persons_today(connection: sqlite3.Connection, entries: Sequence[Entry]) -> dict[Day, int]:
    """How many different persons each watched actor of these entries had asked about that day, before them.

    Days on which the alarm was raised already are left out: one a day is enough, and the counting would go on for ever.
    """
    watched = {
        Day(each.actor, each.role, each.at[:10])
        for each in entries
        if each.person_hash is not None and each.role in MOST_PERSONS_A_DAY
    }
    return {each: _persons(connection, each) for each in watched if not _is_raised(connection, each)}


def alarms(connection: sqlite3.Connection, before: Mapping[Day, int], entries: Sequence[Entry]) -> list[Entry]:
    """An entry for each actor whom these entries, written by now, took over the limit."""
    raised = []
    for day, asked in before.items():
        most, asked_now = MOST_PERSONS_A_DAY[day.role], _persons(connection, day)
        if asked <= most < asked_now:
            at = max(each.at for each in entries if each.actor == day.actor)
            detail = f"{asked_now} persons in a day, {most} are usual at most"
            raised.append(Entry(at, day.actor, day.role, "alarm", UNUSUAL_VOLUME, detail=detail))
            LOG.warning("unusual volume: key %s asked about %s", day.actor, detail)
    return raised


def _is_raised(connection: sqlite3.Connection, day: Day) -> bool:
    return connection.execute(RAISED, (day.actor, day.day)).fetchone() is not None


def _persons(connection: sqlite3.Connection, day: Day) -> int:
    return int(connection.execute(PERSONS, (day.actor, day.day)).fetchone()[0])
