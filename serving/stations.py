"""The station a person belongs to today: that of the latest visible record which names one.

A hand-over confirmed on a day is the last of that day, so the new station has the person from then on; until it
confirms, the old one does. The database finds it in one step, for unknown ids and those of other stations alike.
"""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from features.schema import days_since_epoch
from features.store import Store
from features.tables import STORED, current, fetch_plain
from serving.store_answers import store_answers

HAND_OVER = "transfer_in"
EVENTS = STORED["events"]
LATER = EVENTS.alias("later")
REVISED = sa.exists().where(
    LATER.c.event_id == EVENTS.c.event_id,
    LATER.c.revision > EVENTS.c.revision,
    LATER.c.known_on <= sa.bindparam("today"),
)
STATION_OF = (
    sa.select(EVENTS.c.station_id)
    .where(
        EVENTS.c.person_id == sa.bindparam("person"),
        EVENTS.c.station_id.is_not(None),
        sa.not_(EVENTS.c.retracted),
        EVENTS.c.occurred_on <= sa.bindparam("today"),
        EVENTS.c.known_on <= sa.bindparam("today"),
        sa.not_(REVISED),
    )
    .order_by(
        EVENTS.c.occurred_on.desc(),
        sa.case((EVENTS.c.kind == HAND_OVER, 1), else_=0).desc(),
        EVENTS.c.known_on.desc(),
        EVENTS.c.event_id.desc(),
    )
    .limit(1)
)

SEEN_AT = sa.select(EVENTS.c.station_id, EVENTS.c.person_id).where(EVENTS.c.station_id.is_not(None)).distinct()


def station_of(store: Store, person_id: str, *, today: date) -> str | None:
    """The person's station today; None for one whom no visible record gives a station, or who is not known at all."""
    return stations_of(store, [person_id], today=today)[0]


def stations_of(store: Store, person_ids: Sequence[str], *, today: date) -> list[str | None]:
    """The station of each person today, in the order asked; the same work for each, whatever comes of it."""
    with store_answers(), store.reading() as connection:
        return [_station(connection, person_id, days_since_epoch(today)) for person_id in person_ids]


def _station(connection: sa.Connection, person_id: str, today: int) -> str | None:
    found = [row for part in fetch_plain(connection, STATION_OF, person=person_id, today=today) for row in part]
    return str(found[0][0]) if found else None


def seen_at(store: Store) -> dict[str, list[str]]:
    """The persons of whom each station ever recorded anything, in the order of their ids; one reading of all."""
    found: dict[str, list[str]] = {}
    with store_answers(), store.reading() as connection:
        for station_id, person_id in (row for part in fetch_plain(connection, SEEN_AT) for row in part):
            found.setdefault(str(station_id), []).append(str(person_id))
    return {station_id: sorted(person_ids) for station_id, person_ids in found.items()}


def persons_of(store: Store, station_id: str, *, today: date, seen: Sequence[str] | None = None) -> list[str]:
    """The persons who belong to a station today, by id; `seen`: of whom it ever recorded anything, if that is known."""
    if seen is None:
        seen = seen_at(store).get(station_id, [])
    theirs = stations_of(store, seen, today=today)
    return [person_id for person_id, belongs_to in zip(seen, theirs, strict=True) if belongs_to == station_id]


def is_known(store: Store, station_id: str) -> bool:
    """Whether a station is on the list of stations, or any record ever named it."""
    listed = sa.select(sa.literal(1)).where(STORED["stations"].c.station_id == station_id)
    named = sa.select(sa.literal(1)).where(EVENTS.c.station_id == station_id)
    with store.reading() as connection:
        return any(connection.execute(query.limit(1)).first() is not None for query in (listed, named))


def names_of(store: Store, language: str) -> dict[str, str]:
    """The names of the stations that have one in the language."""
    stations = store.read("stations").set_index("station_id")["name_en" if language == "en" else "name_zh"].dropna()
    return {str(station_id): str(name) for station_id, name in stations.items()}


def workers_of(store: Store, station_id: str) -> tuple[bool, int | None]:
    """Whether a station is on the list of stations, and how many social workers it has; None where not told."""
    query = current("stations").where(STORED["stations"].c.station_id == station_id)
    with store_answers(), store.reading() as connection:
        row = connection.execute(query).mappings().first()
    return row is not None, None if row is None else row["social_workers"]
