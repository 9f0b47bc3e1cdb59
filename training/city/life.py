"""Where every person stands in a week, the diary of all weeks, and the ledger of what befell them."""

from dataclasses import dataclass, field, replace

import numpy as np

from training.city.people import ENTRY_PROGRAMMES, People
from training.city.places import Places
from training.city.weeks import Bools, Floats, Ints, Weeks

# Phases of a person; `missing` means gone without a word and not yet declared lost.
AWAITED, ORDERED, ACTIVE, ISOLATED, IN_TRANSIT, MISSING, GONE, DEAD = range(8)

# Results of a urine test in the diary; the first is no test at all.
NO_TEST = 0
RESULTS = ("", "positive", "negative", "missed", "evaded", "refused")
POSITIVE, NEGATIVE, MISSED, EVADED, REFUSED = range(1, 6)

# Who tells of a change of status; a start of methadone is told by the clinic.
SOURCES = {
    "order": "case_unit",
    "programme_start": "community",
    "methadone": "methadone_clinic",
    "programme_end": "case_unit",
    "agreement": "community",
    "isolation_start": "facility",
    "isolation_end": "facility",
    "diagnostic_assessment": "facility",
    "transfer_out": "community",
    "transfer_in": "community",
    "move": "community",
    "ward_start": "special_ward",
    "ward_end": "special_ward",
    "job_start": "employment",
    "job_end": "employment",
    "death": "community",
    "sealed": "case_unit",
    "objection": "community",
}

NEVER = 10**6  # a day far behind the end


@dataclass
class State:
    """All persons at one week, one array each; the simulation writes into it. Days count from 1970-01-01."""

    phase: Ints
    programme: Ints
    township: Ints
    station: Ints
    due_day: Ints  # when the phase ends by itself: report, release, confirmed hand-over, declared lost
    started_day: Ints
    recall_day: Ints
    next_test_day: Ints
    ward_until: Ints
    positives: Ints  # detected since the programme began
    withheld: Ints  # tests missed, evaded or refused since then
    employed: Bools
    strain: Floats
    care: Floats  # counselling lately kept, fading by the week
    weeks_clean: Floats
    use_days: Bools  # (person, 14): the week before the last drawn, and the last drawn

    def used_last_week(self) -> Bools:
        """Whether each person used in the last week drawn."""
        return np.asarray(self.use_days[:, 7:].any(axis=1))


def begin(people: People, rng: np.random.Generator) -> State:
    """Everybody before entry: awaited, weeks after a last use, half of them at work."""
    n = len(people)
    released = people.programme == ENTRY_PROGRAMMES.index("community_rehabilitation")
    return State(
        phase=np.full(n, AWAITED),
        programme=people.programme.copy(),
        township=people.township.copy(),
        station=people.station.copy(),
        due_day=people.entry_day.copy(),
        started_day=np.full(n, NEVER),
        recall_day=np.full(n, NEVER),
        next_test_day=np.full(n, NEVER),
        ward_until=np.zeros(n, dtype=np.int64),
        positives=np.zeros(n, dtype=np.int64),
        withheld=np.zeros(n, dtype=np.int64),
        employed=rng.random(n) < 0.45,
        strain=rng.normal(0, 0.8, n),
        care=np.zeros(n),
        weeks_clean=np.where(released, 80.0, rng.uniform(2, 14, n)),
        use_days=np.zeros((n, 14), dtype=np.bool_),
    )


@dataclass(frozen=True)
class Diary:
    """What every week was like, arrays of (week, person); hidden and recorded side by side."""

    alive: Bools  # entered, and neither dead nor awaited
    routine: Bools  # the station expects the person this week
    silent: Bools  # expected, but gone without a word
    programme: Ints
    started_day: Ints
    township: Ints
    station: Ints
    employed: Bools
    strain: Floats
    hazard: Floats  # the probability of any use in the week, given all before it
    use_days: Bools  # (week, person, 7)
    test_day: Ints
    test_result: Ints  # an index of RESULTS
    surprise: Bools
    counselling: Ints  # 0 none, 1 kept, 2 missed

    @property
    def used(self) -> Bools:
        """Whether a person used in a week, (week, person)."""
        return np.asarray(self.use_days.any(axis=2))


def blank_diary(n_weeks: int, n_persons: int) -> Diary:
    """A diary of so many weeks and persons with nothing in it."""
    shape = (n_weeks, n_persons)
    return Diary(
        alive=np.zeros(shape, np.bool_),
        routine=np.zeros(shape, np.bool_),
        silent=np.zeros(shape, np.bool_),
        programme=np.zeros(shape, np.int8),
        started_day=np.zeros(shape, np.int32),
        township=np.zeros(shape, np.int16),
        station=np.zeros(shape, np.int16),
        employed=np.zeros(shape, np.bool_),
        strain=np.zeros(shape, np.float32),
        hazard=np.zeros(shape, np.float32),
        use_days=np.zeros((*shape, 7), np.bool_),
        test_day=np.zeros(shape, np.int32),
        test_result=np.zeros(shape, np.int8),
        surprise=np.zeros(shape, np.bool_),
        counselling=np.zeros(shape, np.int8),
    )


@dataclass(frozen=True)
class Entry:
    """One kind of event that befell some persons: who, on what day, and where each lived."""

    source: str
    kind: str
    outcome: str
    who: Ints
    day: Ints
    township: Ints
    station: Ints


@dataclass(frozen=True)
class Ledger:
    """The administrative events as they befall people, gathered week by week."""

    entries: list[Entry] = field(default_factory=list)

    def note(self, kind: str, who: Ints, day: Ints, state: State, outcome: str = "") -> None:
        """Write down that a kind of event befell these persons on these days, where each lives now."""
        if len(who):
            source = SOURCES["methadone" if outcome == "methadone" and kind == "programme_start" else kind]
            self.entries.append(Entry(source, kind, outcome, who, day, state.township[who], state.station[who]))

    def by_kind(self) -> list[Entry]:
        """The entries joined to one for each kind and outcome, in the order these first befell anyone."""
        alike: dict[tuple[str, str], list[Entry]] = {}
        for entry in self.entries:
            alike.setdefault((entry.kind, entry.outcome), []).append(entry)
        return [_joined(entries) for entries in alike.values()]


def _joined(entries: list[Entry]) -> Entry:
    return replace(
        entries[0],
        who=np.concatenate([entry.who for entry in entries]),
        day=np.concatenate([entry.day for entry in entries]),
        township=np.concatenate([entry.township for entry in entries]),
        station=np.concatenate([entry.station for entry in entries]),
    )


@dataclass(frozen=True)
class World:
    """What the steps of a week share: the persons, the ground, the weeks, and the source of chance."""

    people: People
    places: Places
    weeks: Weeks
    rng: np.random.Generator

    def chance(self, among: Bools, probability: Floats | float) -> Ints:
        """Whom it befalls, of those it may befall."""
        return np.flatnonzero(among & (self.rng.random(len(among)) < probability))

    def day_in(self, week: int, n: int) -> Ints:
        """A day of the week for each of n persons."""
        return self.weeks.monday(week) + self.rng.integers(0, 7, n)
