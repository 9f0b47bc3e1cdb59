"""The names of stations in the reader's language, for the head of every page."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from features.store import newest_digest
from features.tables import STORED, current
from serving.histories import StoredHistories
from serving.store_answers import store_answers

STATIONS = STORED["stations"]
COLUMNS = {"zh-CN": STATIONS.c.name_zh, "en": STATIONS.c.name_en}
NAMED = current("stations").with_only_columns(STATIONS.c.station_id, *COLUMNS.values())


@dataclass(eq=False)
class StationNames:
    """The names of all stations, read once for each state of the store."""

    histories: StoredHistories
    _state: str = ""
    _names: Mapping[tuple[str, str], str] = field(default_factory=dict)  # by language and id

    def refresh(self) -> None:
        """Read the names anew if the store is in another state; ProblemError where it cannot say."""
        with store_answers(), self.histories.store().reading() as connection:
            state = newest_digest(connection)
            if state != self._state:
                rows = connection.execute(NAMED).all()
                self._names = {
                    (language, station_id): name
                    for station_id, *names in rows
                    for language, name in zip(COLUMNS, names, strict=True)
                    if name
                }
                self._state = state

    def of(self, station_id: str, language: str) -> str | None:
        """The name as it was read last: a page that tells of a fault is made without the store. None without one."""
        return self._names.get((language, station_id))
