"""Reading far beyond one's own work, seen while the record is written: it raises an alarm there and stops nobody.

A social worker has about thirty persons (DOMAIN.md). Who asks about three times as many different ones in a day, known
or not, own or not, is either doing something else or lending out a key. A lead answers for several workers. The list
of the own station is everybody's work there and does not count.
"""

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from serving.entries import UNUSUAL_VOLUME, Entry

LOG = logging.getLogger("waystation")
CASELOAD = 30
THE_LIST = "GET /v1/worklist"
MOST_PERSONS_A_DAY: Mapping[str, int] = {"station_worker": 3 * CASELOAD, "station_lead": 10 * CASELOAD}
RAISED = "SELECT 1 FROM audit WHERE outcome = 'unusual_volume' AND actor = ? AND at >= ? LIMIT 1"
PERSONS = (
    "SELECT COUNT(DISTINCT person_hash) FROM audit WHERE actor = ? AND at >= ? AND person_hash IS NOT NULL AND act <> ?"
)


@dataclass(frozen=True)
class _Day:
    """An actor's day, in UTC, and the role it is watched in."""

    actor: str
    role: str
    day: str


def alarms(connection: sqlite3.Connection, entries: Sequence[Entry]) -> list[Entry]:
    """An entry for each actor who by these entries, written by now, asked about too many persons; one a day."""
    days: dict[_Day, str] = {}
    for each in entries:
        if each.person_hash is not None and each.role in MOST_PERSONS_A_DAY and each.act != THE_LIST:
            days[_Day(each.actor, each.role, each.at[:10])] = each.at
    return [alarm for day, at in days.items() for alarm in _alarm(connection, day, at)]


def _alarm(connection: sqlite3.Connection, day: _Day, at: str) -> list[Entry]:
    if connection.execute(RAISED, (day.actor, day.day)).fetchone():
        return []
    asked, most = (
        connection.execute(PERSONS, (day.actor, day.day, THE_LIST)).fetchone()[0],
        MOST_PERSONS_A_DAY[day.role],
    )
    if asked <= most:
        return []
    detail = f"{asked} persons in a day, {most} are usual at most"
    LOG.warning("unusual volume: %s asked about %s", day.role, detail)
    return [Entry(at, day.actor, day.role, "alarm", UNUSUAL_VOLUME, detail=detail)]
