"""What every reading of persons goes through, whatever is read: the purpose, the caller's reach, and the record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from serving import purposes
from serving.entries import LISTED, OTHER_STATION, Entry
from serving.guard import Visit
from serving.histories import SENT_ALONG, StoredHistories
from serving.problems import ProblemError
from serving.records import Records
from serving.roles import WITH_EVENTS, may, station_of
from serving.scoring import UNKNOWN
from serving.settings import Settings
from serving.stations import stations_of


@dataclass(frozen=True)
class Asking:
    """Who asks about whom, for which purpose, as of which day, and in which language the answer is."""

    visit: Visit
    person_ids: Sequence[str]
    purpose: str
    as_of: date
    language: str

    @property
    def with_events(self) -> bool:
        """Whether the history came along."""
        return list(self.person_ids) == [SENT_ALONG]


@dataclass(frozen=True)
class Reading:
    """The parts a reading needs. In this order: refuse, hidden, and the record before anything is handed over."""

    settings: Settings
    histories: StoredHistories
    records: Records

    def refuse(self, asking: Asking) -> None:
        """ProblemError when nobody, or not this caller, may ask this; recorded for each person asked about."""
        caller = asking.visit.caller
        if asking.with_events and not may(caller, WITH_EVENTS):
            raise ProblemError("not_your_role")
        try:
            purposes.check(caller, asking.purpose, with_events=asking.with_events)
        except ProblemError as refused:
            asked_about: Sequence[str | None] = asking.person_ids or [None]  # a list names nobody
            self.record(asking, [self.entry(asking, each, refused.code) for each in asked_about])
            raise

    def hidden(self, asking: Asking) -> Mapping[str, str]:
        """The stored persons asked about who are not of the caller's station, and what the record says of each.

        Unknown ones among them: one lookup is all the work that is done for either, and either is told as unknown.
        """
        station = station_of(asking.visit.caller, asking.visit.act)
        if station is None:
            return {}
        found = stations_of(self.histories.store(), asking.person_ids, today=self.settings.today)
        return {
            person_id: OTHER_STATION if theirs else UNKNOWN
            for person_id, theirs in zip(asking.person_ids, found, strict=True)
            if theirs != station
        }

    def entry(self, asking: Asking, person_id: str | None, outcome: str, *, detail: str | None = None) -> Entry:
        """What is recorded of a question about a person, or about a list of them, before what the answer adds."""
        return replace(
            asking.visit.entry(at=self.settings.now().isoformat(timespec="milliseconds"), outcome=outcome),
            purpose=asking.purpose,
            person_hash=None if asking.with_events or person_id is None else self.records.hash_of(person_id),
            as_of=asking.as_of.isoformat(),
            language=asking.language,
            inline=int(asking.with_events),
            detail=detail,
        )

    def list_entry(self, asking: Asking, station_id: str, detail: str) -> Entry:
        """What is recorded of a reading of a list of a station's persons; `detail` says of which list and what part."""
        return replace(self.entry(asking, None, LISTED, detail=detail), station=station_id)

    def record(self, asking: Asking, entries: Sequence[Entry]) -> None:
        """Put the entries on disk; ProblemError when that fails, so that nothing is handed over."""
        self.records.write(entries)
        asking.visit.recorded = True
