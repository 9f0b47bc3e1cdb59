"""A person's history: every record known at the as-of date, in words, year by year; late and corrected ones told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from features.schema import EPOCH, days_since_epoch
from features.store import EVENTS_OF, PERSON_EVENTS
from features.tables import fetch_plain
from serving.desk import Desk
from serving.store_answers import store_answers
from serving.ui.texts import Texts
from serving.wording import Wording

LANES: Mapping[str, tuple[str, ...]] = {
    "tests": ("urine_test", "hair_test", "self_report"),
    "contacts": ("check_in", "home_visit", "family_contact", "leave", "absence", "agreement"),
    "services": (
        "dose", "withdrawal_score", "counselling", "group_service", "assistance", "plan", "diagnostic_assessment",
    ),
    "life": ("training", "placement", "job_start", "job_end", "ward_start", "ward_end", "move", "death"),
    "programme": (
        "order", "programme_start", "programme_end", "transfer_out", "transfer_in", "isolation_start", "isolation_end",
        "sealed", "objection",
    ),
}  # fmt: skip
OTHER_LANE = "services"
LANE_OF = {kind: lane for lane, kinds in LANES.items() for kind in kinds}
LATE_DAYS = 14  # known so long after it happened that a score of the time could not use it
KEPT, FAILED, FOUND = "kept", "failed", "found"
SIGN_OF = {
    **dict.fromkeys(("missed", "evaded", "refused"), FAILED),
    **dict.fromkeys(("positive", "use"), FOUND),
}


@dataclass(frozen=True)
class PersonEvent:
    """One event as it was known at the as-of date.

    `known_on`: when anything was first known of it. Where it is corrected, `corrected_on` is the day since when it says
    what it does, and `before` what it said last; None where that was taken back or is not held.
    """

    occurred_on: date
    known_on: date
    kind: str
    outcome: str | None
    substance: str | None
    is_corrected: bool
    value: float | None = None
    corrected_on: date | None = None
    before: "PersonEvent | None" = None

    @property
    def lane(self) -> str:
        """Which lane it stands in."""
        return LANE_OF.get(self.kind, OTHER_LANE)

    @property
    def days_late(self) -> int:
        """Days from the day it happened to the day on which it became known."""
        return (self.known_on - self.occurred_on).days

    @property
    def is_late(self) -> bool:
        """Whether it became known long after it happened."""
        return self.days_late > LATE_DAYS

    @property
    def sign(self) -> str:
        """How it is drawn: something found, something not kept, or all else."""
        return SIGN_OF.get(self.outcome or "", KEPT)


@dataclass(frozen=True)
class Entry:
    """An event as it is listed: its place on the page, what it was in words, and what to know of its record."""

    place: int
    event: PersonEvent
    words: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Year:
    """The events of a year, the newest first."""

    year: int
    entries: tuple[Entry, ...]

    @property
    def n_late(self) -> int:
        """Events recorded late."""
        return sum(each.event.is_late for each in self.entries)

    @property
    def n_corrected(self) -> int:
        """Events whose record was corrected."""
        return sum(each.event.is_corrected for each in self.entries)


def events_of(desk: Desk, person_id: str, as_of: date) -> list[PersonEvent]:
    """The events of a person as known at the as-of date, the newest first; who may read them is asked before."""
    with store_answers(), desk.histories.store().reading() as connection:
        rows = [row for part in fetch_plain(connection, EVENTS_OF, person=person_id) for row in part]
    told = [dict(zip(PERSON_EVENTS, row, strict=True)) for row in rows]
    return sorted(visible(told, days_since_epoch(as_of)), key=lambda each: each.occurred_on, reverse=True)


def visible(rows: Sequence[Mapping[str, Any]], as_of: int) -> list[PersonEvent]:
    """The latest revision of each event that was known by the as-of date, without those taken back."""
    revisions: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: int(row["revision"])):
        if row["known_on"] <= as_of:
            revisions.setdefault(row["event_id"], []).append(row)
    found = (_event(of_event) for of_event in revisions.values() if not of_event[-1]["retracted"])
    return [each for each in found if days_since_epoch(each.occurred_on) <= as_of]


def _event(revisions: Sequence[Mapping[str, Any]]) -> PersonEvent:
    """An event from its revisions known by the as-of date, the oldest first."""
    now, earlier = revisions[-1], revisions[:-1]
    is_corrected = now["revision"] > 1
    return PersonEvent(
        _day(now["occurred_on"]),
        _day(min(each["known_on"] for each in revisions)),
        now["kind"],
        now["outcome"],
        now["substance"],
        is_corrected,
        now.get("value"),
        _day(now["known_on"]) if is_corrected else None,
        _event(earlier) if earlier and not earlier[-1]["retracted"] else None,
    )


def _day(number: int) -> date:
    return EPOCH + timedelta(days=number)


def years_of(events: Sequence[PersonEvent], texts: Texts, wording: Wording) -> list[Year]:
    """All events, listed by year, in the order given."""
    listed = [
        Entry(place, each, in_words(each, wording), _notes(each, texts, wording)) for place, each in enumerate(events)
    ]
    return [Year(year, tuple(of_year)) for year, of_year in groupby(listed, lambda each: each.event.occurred_on.year)]


def in_words(event: PersonEvent, wording: Wording) -> str:
    """What happened, in words."""
    return wording.event(event.kind, event.outcome, event.substance, event.value)


def _notes(event: PersonEvent, texts: Texts, wording: Wording) -> tuple[str, ...]:
    """By how many days a record was late, and what it said before it was corrected."""
    notes = []
    if event.is_late:
        notes.append(texts("person.late", day=texts.day(event.known_on), days=event.days_late))
    if event.is_corrected:
        notes.append(_corrected(event, texts, wording))
    return tuple(notes)


def _corrected(event: PersonEvent, texts: Texts, wording: Wording) -> str:
    day, before = texts.day(event.corrected_on), event.before
    if before is None:
        return texts("person.corrected", day=day)
    was = in_words(before, wording)
    if before.occurred_on != event.occurred_on:
        return texts("person.corrected_day", day=day, was=was, on=texts.day(before.occurred_on))
    key = "person.corrected_other" if was == in_words(event, wording) else "person.corrected_was"
    return texts(key, day=day, was=was)
