"""The names of persons: shown to the workers of the person's own station, and nowhere else."""

from collections.abc import Sequence

import sqlalchemy as sa

from features.tables import STORED, current, fetch_plain
from serving.desk import Desk
from serving.roles import OF_A_STATION, Caller
from serving.store_answers import store_answers

PERSONS = STORED["persons"]
NAME_OF = (
    current("persons").with_only_columns(PERSONS.c.display_name).where(PERSONS.c.person_id == sa.bindparam("person"))
)


def names_of(desk: Desk, caller: Caller, station_id: str, person_ids: Sequence[str]) -> dict[str, str]:
    """The names of persons of a station by id, where they have one and the caller works there; else none."""
    if caller.role not in OF_A_STATION or caller.station != station_id:
        return {}
    with store_answers(), desk.histories.store().reading() as connection:
        found = {each: [row for part in fetch_plain(connection, NAME_OF, person=each) for row in part]
                 for each in person_ids}  # fmt: skip
    return {person_id: str(rows[0][0]) for person_id, rows in found.items() if rows and rows[0][0] is not None}
