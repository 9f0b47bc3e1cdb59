"""Where every person stands at the end of a week: all that the future of the hidden world depends on."""

from dataclasses import dataclass, fields

import numpy as np

from features.arrays import Flags, Floats, Ints
from training.city.figures import Figures
from training.city.people import COMMUNITY_REHABILITATION, People
from training.city.weeks import some_days

# Phases of a person. `MISSING` is gone without a word and not yet declared lost, `STRANDED` moved and never taken over,
# `GONE` out of any programme.
AWAITED, ORDERED, ACTIVE, ISOLATED, IN_TRANSIT, STRANDED, MISSING, JAILED, GONE, DEAD = range(10)
LOCKED_UP = (ISOLATED, JAILED)

NEVER = 10**6  # a day far behind the end

N_CODES = 10  # of phases, and more than there are of results of tests

URINE_WEEKS = 2  # weeks of days of use a urine test may look into
HAIR_WEEKS = 27  # weeks of use a hair test may look into, this one included


def among(codes: Ints, wanted: tuple[int, ...]) -> Flags:
    """Which codes (0 to N_CODES - 1) are among the wanted; some times as fast as numpy's own."""
    table = np.zeros(N_CODES, dtype=np.bool_)
    table[list(wanted)] = True
    return np.asarray(table[codes])


@dataclass
class State:
    """All persons at the end of a week, one array each; a step writes into it. Days count from 1970-01-01."""

    phase: Ints
    programme: Ints
    township: Ints
    station: Ints
    due_day: Ints  # when the phase ends by itself: report, release, confirmed hand-over, declared lost
    started_day: Ints
    recall_day: Ints  # to be sent to isolation
    next_test_day: Ints
    next_hair_day: Ints
    away_from: Ints  # the first day of the last leave or absence
    away_until: Ints  # the day after its last
    ward_until: Ints
    completed: Flags  # three years in a programme are behind the person, no new one has begun, and nothing is sealed
    seal_day: Ints  # from when the record of a completed programme is sealed, unless a new one has begun
    positives: Ints  # detected since the programme began
    withheld: Ints  # tests evaded or refused since then
    absences: Ints  # times left without leave since then
    absent_days: Ints
    noticed: Flags  # the last test was positive or withheld
    employed: Flags
    housed: Flags
    strain: Floats
    rift: Floats  # support of the family lost for a time
    stigma: Floats
    care: Floats  # counselling lately kept, fading by the week
    withdrawal: Floats  # 0 none to 1 fully grown
    weeks_clean: Floats
    use_days: Flags  # (person, 14): the week before the last drawn, and the last drawn
    used_weeks: Flags  # (person, HAIR_WEEKS), the last drawn at the end

    def __len__(self) -> int:
        return len(self.phase)

    def take(self, who: Ints) -> "State":
        """A copy of the persons of these numbers, in this order; one may come several times."""
        return State(**{each.name: getattr(self, each.name)[who] for each in fields(self)})

    def stands(self, *phases: int) -> Flags:
        """Who is in one of these phases."""
        return among(self.phase, phases)

    def used_last_week(self) -> Flags:
        """Whether each person used in the last week drawn."""
        return np.asarray(self.used_weeks[:, -1])

    def supervised(self) -> Flags:
        """Who is in a programme and not known to be gone."""
        return self.stands(ACTIVE, MISSING)

    def away(self, first: Ints | int, last: Ints | int) -> Flags:
        """Who is on leave, or absent without it, on any day from the first to the last."""
        return np.asarray((self.away_from <= last) & (first < self.away_until))

    def in_aftercare(self) -> Flags:
        """Who is out of any programme after completing one, until the record is sealed."""
        return np.asarray(self.completed & (self.phase == GONE))


def begin(people: People, figures: Figures, rng: np.random.Generator) -> State:
    """Everybody before entry, weeks after a last use; veterans long past their programme."""
    n, entry = len(people), figures.people
    released = people.programme == COMMUNITY_REHABILITATION
    clean = np.where(released, entry.clean_at_release, rng.uniform(*entry.clean_at_entry, n))
    zeros = np.zeros(n, dtype=np.int64)
    sealed = figures.programmes.sealed_from + some_days(figures.programmes.sealed_days, n, rng)
    return State(
        phase=np.where(people.veteran, GONE, AWAITED),
        programme=people.programme.copy(),
        township=people.township.copy(),
        station=people.station.copy(),
        due_day=np.where(people.veteran, NEVER, people.entry_day),
        started_day=np.where(people.veteran, people.entry_day, NEVER),
        recall_day=np.full(n, NEVER),
        next_test_day=np.full(n, NEVER),
        next_hair_day=np.full(n, NEVER),
        away_from=np.full(n, NEVER),
        away_until=zeros.copy(),
        ward_until=zeros.copy(),
        completed=people.veteran.copy(),
        seal_day=np.where(people.veteran, sealed, NEVER),
        positives=zeros.copy(),
        withheld=zeros.copy(),
        absences=zeros.copy(),
        absent_days=zeros.copy(),
        noticed=np.zeros(n, dtype=np.bool_),
        employed=rng.random(n) < entry.employed_at_entry,
        housed=rng.random(n) < entry.housed_at_entry,
        strain=rng.normal(0, entry.strain_sd_at_entry, n),
        rift=rng.exponential(entry.rift_at_entry, n),
        stigma=people.stigma + figures.living.stigma_by_isolation * released,
        care=np.zeros(n),
        withdrawal=np.where(people.veteran, 0.0, rng.uniform(*entry.withdrawal_at_entry, n)),
        weeks_clean=np.where(people.veteran, entry.clean_of_veterans, clean),
        use_days=np.zeros((n, 7 * URINE_WEEKS), dtype=np.bool_),
        used_weeks=np.zeros((n, HAIR_WEEKS), dtype=np.bool_),
    )
