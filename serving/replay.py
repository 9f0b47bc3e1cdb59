"""An old score, forecast or warning again, from the state of the store, the model and explainer it was made with."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import sqlalchemy as sa

from features.errors import StoreError
from features.history import History
from features.past_state import past_person
from features.schema import days_since_epoch
from features.stations import StationMonths
from features.store import Store
from features.tables import STORED
from models.artifact import Artifact, relapse_of
from serving.area_record import kept_of
from serving.area_replay import ReplayedAreas, replay_areas
from serving.entries import SCORED, Entry
from serving.private_files import reading
from serving.records import COLUMNS, KEY_SUFFIX, person_hash
from serving.scoring import Scored, scores

BY_ID = f"SELECT {', '.join(COLUMNS)} FROM audit WHERE score_id = ?"  # noqa: S608 (our own words)

Held = Callable[[str, str], Artifact]  # the checked artifact of a tag and digest


@dataclass(frozen=True)
class Replayed:
    """A score as it was recorded and as it comes out again; `same` where the risk is, to the last bit.

    The record holds no reasons: those told are computed anew, and only that they add up to the risk is checked.
    """

    score_id: str
    recorded: float
    again: float
    model: str
    snapshot: str
    reasons: tuple[tuple[str, float], ...]

    @property
    def same(self) -> bool:
        """Whether the risk is the same bit for bit."""
        return self.recorded == self.again


def replay(records: Path, store: Store, score_id: str, held: Held) -> Replayed | ReplayedAreas:
    """The score, the forecast or the warnings of an id, again.

    A score's reasons, which no record holds, are computed anew and checked to add up.
    """
    entry = entry_of(records, score_id)
    if kept := kept_of(entry):
        return replay_areas(entry, kept, store, held, records)
    if entry.outcome != SCORED or entry.risk is None or not (entry.tag and entry.digest and entry.snapshot):
        raise StoreError("replay: no score was given under this id; its entry tells why.")
    if entry.inline:
        raise StoreError("replay: the history came with the request and was not kept; send it again to score it again.")
    person_id = _person(store, records, entry)
    past = past_person(store, entry.snapshot, person_id)
    history = History.of(past.events, past.persons, StationMonths.of(past.station_months))
    model = relapse_of(held(entry.tag, entry.digest))
    as_of, today = (days_since_epoch(date.fromisoformat(text[:10])) for text in (entry.as_of or "", entry.at))
    outcome = scores(model, history, [person_id], as_of=as_of, today=today)[0]
    if not isinstance(outcome, Scored):
        raise StoreError(f"replay: a score was given then, now there is none ({outcome.reason}).")
    parts = zip((feature.name for feature in outcome.features), map(float, outcome.contributions), strict=True)
    reasons = tuple(sorted(parts, key=lambda part: -abs(part[1])))
    return Replayed(score_id, entry.risk, outcome.risk, entry.tag, entry.snapshot, reasons)


def entry_of(records: Path, score_id: str) -> Entry:
    """The entry of a score in the record, which is only read."""
    try:
        with reading(records) as connection:
            row = connection.execute(BY_ID, (score_id,)).fetchone()
    except sqlite3.Error:
        raise StoreError("replay: the record of answers cannot be read; is this the home the service ran in?") from None
    if row is None:
        raise StoreError("replay: there is no such score in the record; take the score_id or answer_id of an answer.")
    return Entry(**dict(zip(COLUMNS, row, strict=True)))


def _person(store: Store, records: Path, entry: Entry) -> str:
    """Whose hash the entry holds: every person of the store is tried, since the record names nobody."""
    key = records.with_suffix(KEY_SUFFIX).read_bytes()
    with store.reading() as connection:
        for (person_id,) in connection.execute(sa.select(STORED["persons"].c.person_id).distinct()):
            if person_hash(key, person_id) == entry.person_hash:
                return str(person_id)
    raise StoreError("replay: the person the score was about is no longer in the store.")
