"""Random edits to what occurred or became known after a date: the poison of the proof that nothing sees the future.

They are spread over everything an event can say: each kind with each of its outcomes, kinds, substances, stations and
notes that nothing ever said before. Of one kind all edits of a round go to one person, most often one who has such
records, and three in five become known the very next day: so few edits reach many features, and a leak of one day too.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.arrays import Ints, Objects
from features.catalogue import Feature
from features.vocabulary import KINDS, SOURCES, SUBSTANCES, SURPRISE, WEEKLY

SORTS = ("altered", "removed", "added", "corrected", "retracted")
UNHEARD_OF = "poisoned"  # a word that no record used before
REACHES_DAYS = (1, 30, 90, 180, 365, 730)
LATE_DAYS = 400
NEXT_DAY_SHARE, AHEAD_SHARE = 0.6, 0.2
TO_A_NEWCOMER = 3

Places = Ints
Texts = Objects


@dataclass(frozen=True)
class Ground:
    """What is edited: all revisions, the places of those known later, and of the newest known of recent events.

    `persons` are edited by preference; `says` are the (kind, outcome, note) that the edits go through.
    """

    events: pd.DataFrame
    as_of: int
    future: Places
    recent: Places
    persons: Texts
    says: Texts
    substances: Texts

    @classmethod
    def of(cls, events: pd.DataFrame, as_of: int, persons: Texts, features: Sequence[Feature]) -> "Ground":
        """The ground for edits after a date, of some persons by preference and of all that some features ask for."""
        known = events[["event_id", "revision", "person_id", "occurred_on"]][events["known_on"] <= as_of]
        near = known[known["occurred_on"] > as_of - REACHES_DAYS[-1]]
        newest = near.sort_values("revision").drop_duplicates("event_id", keep="last")
        theirs = newest[newest["person_id"].isin(persons)]
        chosen = newest if theirs.empty else theirs
        places = events.index.get_indexer(chosen.index).astype(np.int64)
        return cls(
            events=events,
            as_of=as_of,
            future=np.flatnonzero(events["known_on"].to_numpy() > as_of),
            recent=np.sort(places),
            persons=persons,
            says=_says(events["kind"].unique().tolist(), features),
            substances=np.array([*_named(features, "substance"), *SUBSTANCES, UNHEARD_OF, None], dtype=object),
        )

    def edited(self, n_edits: int, newcomer: str, random: np.random.Generator) -> tuple[pd.DataFrame, Counter[str]]:
        """The events with so many edits, some of them about a person who comes later; and how many of each sort.

        Where there is too little to alter, remove, correct or retract, more is added.
        """
        sorts = Counter(random.choice(SORTS, n_edits).tolist())
        removed, altered = _some(self.future, sorts["removed"], sorts["altered"], random)
        corrected, retracted = _some(self.recent, sorts["corrected"], sorts["retracted"], random)
        made = Counter(
            removed=len(removed), altered=len(altered), corrected=len(corrected), retracted=len(retracted)
        )  # fmt: skip
        made["added"] = n_edits - made.total()
        kept = np.ones(len(self.events), dtype=np.bool_)
        kept[removed] = kept[altered] = False
        rows = self.events.iloc
        parts = [
            self.events[kept],
            self._scrambled(rows[altered], random),
            _later(self._scrambled(rows[corrected], random)),
            _later(rows[retracted]).assign(retracted=True, known_on=self.as_of + 1),
            self._added(made["added"], newcomer, random),
        ]
        return pd.concat(parts, ignore_index=True), made

    def _added(self, n_rows: int, newcomer: str, random: np.random.Generator) -> pd.DataFrame:
        """New events, those of one kind of one person; a few of the newcomer."""
        templates = self.events.iloc[random.integers(0, len(self.events), n_rows)]
        scrambled = self._scrambled(templates, random)
        theirs = {kind: self._somebody(kind, random) for kind in scrambled["kind"].unique()}
        person = scrambled["kind"].map(theirs).to_numpy(dtype=object)
        person[:TO_A_NEWCOMER] = newcomer
        ids = [f"{UNHEARD_OF} {newcomer} {number}" for number in range(n_rows)]
        return scrambled.assign(event_id=_texts(ids), person_id=_texts(person), revision=1)

    def _somebody(self, kind: str, random: np.random.Generator) -> str:
        """Three times in four somebody who has records of the kind, who has many more likely than who has few."""
        of_kind = self.recent[(self.events["kind"].to_numpy()[self.recent] == kind)]
        if len(of_kind) and random.random() < 0.75:
            return str(self.events["person_id"].iloc[random.choice(of_kind)])
        return str(random.choice(self.persons))

    def _scrambled(self, rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
        """The rows of the same persons and events, saying something else, known after the date."""
        n = len(rows)
        turns = [random.permutation(len(self.says)) for _ in range(-(-n // len(self.says)))]
        kind, outcome, note = self.says[np.concatenate([*turns, np.empty(0, dtype=np.int64)])[:n].astype(np.int64)].T
        occurred, known = self._days(n, random)
        stations = np.array([*self.events["station_id"].dropna().unique(), UNHEARD_OF], dtype=object)
        return rows.assign(
            kind=_texts(kind),
            outcome=_texts(outcome),
            note_code=_texts(note),
            substance=_texts(random.choice(self.substances, n)),
            source=_texts(random.choice(list(SOURCES), n)),
            station_id=_texts(random.choice(stations, n)),
            value=np.round(random.uniform(0, random.choice((4, 100), n)), 1),  # days of a leave or points of a scale
            occurred_on=occurred,
            known_on=known,
            retracted=random.random(n) < 0.05,
        )

    def _days(self, n: int, random: np.random.Generator) -> tuple[Places, Places]:
        """When each occurred, in lookbacks of several lengths or later, and when it became known, always later."""
        back = np.floor(random.random(n) * random.choice(REACHES_DAYS, n)).astype(np.int64)
        ahead = random.random(n) < AHEAD_SHARE
        later = 1 + random.integers(0, LATE_DAYS, (2, n))
        occurred = self.as_of + np.where(ahead, later[0], -back)
        known = self.as_of + np.where(random.random(n) < NEXT_DAY_SHARE, 1, later[1])
        return occurred, np.maximum(occurred, known)


def newcomer_of(persons: pd.DataFrame, as_of: int, random: np.random.Generator) -> pd.DataFrame:
    """One more person, registered after the date, whose id comes between two that are there."""
    like = persons.iloc[[int(random.integers(0, len(persons)))]]
    return like.assign(person_id=like["person_id"] + f" {UNHEARD_OF}", registered_on=as_of + 1)


def _says(kinds: Sequence[str], features: Sequence[Feature]) -> Texts:
    """(kind, outcome, note): every kind with each of its outcomes and notes, and kinds of which nobody heard."""
    others = set(kinds) | set(_named(features, "kind")) | {UNHEARD_OF}
    says: list[tuple[str, str | None, str | None]] = []
    for kind, told in KINDS.items():
        says += [(kind, outcome, None) for outcome in (told.outcomes or (None,))]
        says += [(kind, outcome, note) for outcome in told.outcomes for note in _notes(kind)]
    return np.array([*says, *((kind, None, UNHEARD_OF) for kind in sorted(others - set(KINDS)))], dtype=object)


def _notes(kind: str) -> tuple[str, ...]:
    return {"urine_test": (SURPRISE,), "dose": (WEEKLY,)}.get(kind, ())


def _named(features: Sequence[Feature], argument: str) -> list[str]:
    """The words features give for an argument."""
    return sorted({str(value) for each in features for name, value in each.arguments if name == argument and value})


def _some(places: Places, n_first: int, n_second: int, random: np.random.Generator) -> tuple[Places, Places]:
    """So many of the places and so many others; fewer where there are too few."""
    taken = random.choice(places, min(n_first + n_second, len(places)), replace=False)
    return taken[:n_first], taken[n_first:]


def _later(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(revision=rows["revision"] + LATE_DAYS)  # after any that may be there already


def _texts(values: Sequence[Any] | Texts) -> Any:
    return pd.array(list(values), dtype="str")
