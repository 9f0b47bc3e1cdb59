"""The bulletins of a store, by half-month: the last ones are held, for a whole city has to be read to make one.

Told are half-months that are over, no other days: from the bulletins of two days in a row one could see what one day
brought.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Lock

import sqlalchemy as sa

from features.schema import EPOCH
from features.store import Store
from features.tables import STORED
from serving.bulletin import Bulletin, of_store
from serving.bulletin_dues import half_months
from serving.desk import Desk
from serving.kept import Kept
from serving.problems import fault_of
from serving.stations import names_of
from serving.store_answers import store_answers

ENDS = "YYYY-MM-15, YYYY-MM-28/29/30/31"
HELD = 24


@dataclass
class Bulletins:
    """The bulletins of a home."""

    desk: Desk
    _held: Kept[Bulletin] = field(default_factory=lambda: Kept(HELD))
    _lock: Lock = field(default_factory=Lock)

    def of(self, until: date) -> Bulletin:
        """The bulletin of the half-month that ends on a day; ProblemError when none does, or it is not over."""
        refuse_other_days(until, today=self.desk.settings.today, first=self.first_day())
        key = (self.desk.histories.snapshot(), until)
        with self._lock:  # whoever asks meanwhile waits for the answer instead of reading the city again
            return self._held.get(key, lambda: self._made(until), key_of=lambda _: key)

    def first_day(self) -> date | None:
        """The day of the first record; None where there is none."""
        with store_answers():
            return first_day_of(self.desk.histories.store())

    def names(self, language: str) -> Mapping[str, str]:
        """The names of the stations that have one."""
        with store_answers():
            return names_of(self.desk.histories.store(), language)

    def _made(self, until: date) -> Bulletin:
        with store_answers():
            return of_store(self.desk.histories.store(), until)


def first_day_of(store: Store) -> date | None:
    """The day of the first record of a store; None where there is none."""
    with store.reading() as connection:
        found = connection.execute(sa.select(sa.func.min(STORED["events"].c.occurred_on))).scalar()
    return None if found is None else EPOCH + timedelta(days=int(found))


def refuse_other_days(until: date, *, today: date, first: date | None) -> None:
    """ProblemError where no half-month ends on a day, or it is not over, or lies before the first record."""
    if until > today:
        raise fault_of("until", "in_the_future")
    if half_months(until) != [until]:
        raise fault_of("until", "one_of", ENDS)
    if first is not None and until < first:
        raise fault_of("until", "before_the_records")
