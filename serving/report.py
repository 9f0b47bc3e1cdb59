"""The report for the person concerned: what is held, the score and its reasons, who read it, and how to contest it.

Given on the person's own request (Personal Information Protection Law art. 24, 44-48), so also where no score may be
given: what is held can be seen all the same.
"""

import sqlite3
from collections.abc import Hashable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.schema import EPOCH, days_since_epoch
from features.statutes import REFUSAL_ARTICLES
from serving import answers, one_person
from serving.desk import Desk
from serving.entries import ANSWERED, SCORED, by_model
from serving.feedback import Book
from serving.guard import Visit
from serving.messages import Score
from serving.notes import Note
from serving.one_person import OWN_REQUEST, About, Person
from serving.problems import ProblemError
from serving.score_history import Given, given
from serving.scoring import Scored, scores
from serving.stations import names_of, station_of
from serving.store_answers import store_answers
from serving.wording import Wording

RIGHTS = ("see", "explain", "refuse", "correct", "delete", "complain")
READERS = (
    "SELECT role, purpose, COUNT(*), MAX(at) FROM audit WHERE person_hash = ? AND outcome IN (?, ?) "
    "AND purpose IS NOT NULL GROUP BY role, purpose ORDER BY MAX(at) DESC"
)


@dataclass(frozen=True)
class Fact:
    """One fact of the registration, in words."""

    label: str
    value: str


@dataclass(frozen=True)
class Record:
    """One record as it stands, in words."""

    day: date
    known_on: date
    corrected: bool
    source: str
    what: str
    station: str


@dataclass(frozen=True)
class Reader:
    """How often a role read the person for a purpose, and when last."""

    role: str
    purpose: str
    times: int
    last_on: str


@dataclass(frozen=True)
class Said:
    """Feedback, a decision or a correction, in words."""

    day: str
    what: str
    text: str


@dataclass(frozen=True)
class Report:
    """All that the report says; where there is no score, why."""

    language: str
    as_of: date
    station: str | None
    facts: tuple[Fact, ...]
    score: Score | None
    refused: str | None
    article: str | None
    given: tuple[Given, ...]
    readers: tuple[Reader, ...]
    notes: tuple[Said, ...]
    rights: tuple[str, ...]
    records: tuple[Record, ...]


def report(book: Book, about: About, visit: Visit) -> Report:
    """The report, recorded; ProblemError for a purpose that is not the own request, or a person out of reach."""
    desk, wording = book.desk, about.wording
    read = one_person.person(desk, about, visit)
    if about.purpose != OWN_REQUEST:
        raise ProblemError("purpose_of_others", slots={"names": OWN_REQUEST}, members={"names": [OWN_REQUEST]})
    before = given(desk.reading.records.path, desk.reading.records.hash_of(read.person_id), until=desk.settings.today)
    readers = _readers(desk, read, wording)
    with store_answers():
        stations = names_of(desk.histories.store(), wording.language)
    station = station_of(desk.histories.store(), read.person_id, today=desk.settings.today)
    score, refused = _score(desk, read, wording)
    return Report(
        language=wording.language,
        as_of=about.as_of,
        station=station and stations.get(station, station),
        facts=_facts(desk, read.person_id, wording),
        score=score,
        refused=refused and wording.refusal(refused),
        article=REFUSAL_ARTICLES.get(refused or ""),
        given=tuple(reversed(before)),
        readers=readers,
        notes=tuple(_said(note, wording) for note in book.notes.of_person(read.person_id)),
        rights=tuple(wording.text("rights", each) for each in RIGHTS),
        records=_records(desk, read, wording, stations),
    )


def _score(desk: Desk, read: Person, wording: Wording) -> tuple[Score | None, str | None]:
    """The score or why there is none, recorded with the reading; nothing is scored that the law keeps from it."""
    reading, as_of, today = desk.reading, read.asking.as_of, desk.settings.today
    champion, model = desk.champions.relapse(desk.settings.relapse_model)
    days = {"as_of": days_since_epoch(as_of), "today": days_since_epoch(today)}
    (outcome,) = scores(model, read.history, [read.person_id], **days)
    score_id = desk.settings.new_id()
    entries = [reading.entry(read.asking, read.person_id, ANSWERED, detail="report")]
    if not isinstance(outcome, Scored):
        reading.record(read.asking, entries)
        return None, outcome.reason
    scored = reading.entry(read.asking, read.person_id, SCORED)
    scored = by_model(scored, champion, snapshot=read.snapshot, score_id=score_id, risk=outcome.risk)
    reading.record(read.asking, [*entries, scored])
    stopped = desk.stopped(as_of, read.snapshot, wording)
    asked = answers.Asked(champion, model.horizon_days, as_of, read.snapshot, 10, wording, stopped)
    return answers.score_of(asked, outcome, score_id=score_id, person_id=read.person_id), None


def _facts(desk: Desk, person_id: str, wording: Wording) -> tuple[Fact, ...]:
    """The facts of the registration; columns beyond the contract under the names they came with."""
    held = desk.histories.store().person(person_id).iloc[0]
    told = {name: value for name, value in held.items() if name != "person_id" and not pd.isna(value)}
    return tuple(Fact(wording.fact(str(name)), _value(str(name), value, wording)) for name, value in told.items())


def _value(name: str, value: object, wording: Wording) -> str:
    if name == "registered_on":
        return wording.day(EPOCH + timedelta(days=int(str(value).partition(".")[0])))
    return f"{value:g}" if isinstance(value, float | np.floating) else str(value)


def _records(desk: Desk, read: Person, wording: Wording, stations: Mapping[str, str]) -> tuple[Record, ...]:
    """Every record in force by the latest revision known by the day, the newest first."""
    held = desk.histories.store().person_events([read.person_id])
    known = held[held["known_on"] <= days_since_epoch(read.asking.as_of)]
    newest = known.sort_values(["event_id", "revision"]).drop_duplicates("event_id", keep="last")
    standing = newest[~newest["retracted"].astype(bool)].sort_values(["occurred_on", "event_id"], ascending=False)
    return tuple(_record(row, wording, stations) for row in standing.to_dict("records"))


def _record(row: Mapping[Hashable, Any], wording: Wording, stations: Mapping[str, str]) -> Record:
    value = None if pd.isna(row["value"]) else float(row["value"])
    station = _code(row["station_id"]) or ""
    days = [EPOCH + timedelta(days=int(str(row[name]))) for name in ("occurred_on", "known_on")]
    return Record(
        day=days[0],
        known_on=days[1],
        corrected=int(str(row["revision"])) > 1,
        source=wording.text("sources", str(row["source"])),
        what=wording.event(str(row["kind"]), _code(row["outcome"]), _code(row["substance"]), value),
        station=stations.get(station, station),
    )


def _code(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _readers(desk: Desk, read: Person, wording: Wording) -> tuple[Reader, ...]:
    """Who was told something of the person, by role and purpose; read before this reading is recorded."""
    records: Path = desk.reading.records.path
    parameters = (desk.reading.records.hash_of(read.person_id), SCORED, ANSWERED)
    try:
        with closing(sqlite3.connect(f"{records.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(READERS, parameters).fetchall()
    except sqlite3.Error:
        raise ProblemError("record_unreadable") from None
    return tuple(
        Reader(wording.text("roles", role), wording.text("purposes", purpose), times, str(last)[:10])
        for role, purpose, times, last in rows
    )


def _said(note: Note, wording: Wording) -> Said:
    text = str(note.told.get("text") or "")
    if note.told.get("level"):
        text = f"{wording.text('levels', note.told['level'])} {text}".strip()
    return Said(note.told_on, wording.text("notes", note.kind), text)
