"""The invented persons of a block: what the hidden world needs of them, and the facts fixed at registration."""

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from features.vocabulary import SUBSTANCES
from training.city.figures import PeopleFigures
from training.city.ground import Ground
from training.city.names import ids, person_names
from training.city.weeks import Bools, Floats, Ints

PERSON_DIGITS = 6

COMMUNITY_TREATMENT, COMMUNITY_REHABILITATION, METHADONE = range(3)
SUBSTANCE_SHARES = {"heroin": 0.5, "methamphetamine": 0.34, "ketamine": 0.06, "opioid": 0.05, "other": 0.05}
OPIOIDS = tuple(SUBSTANCES.index(name) for name in ("heroin", "opioid"))
STIMULANT = SUBSTANCES.index("methamphetamine")
YEAR = 365.25


@dataclass(frozen=True)
class People:
    """Per person: entry and residence, what they were registered for, and the hidden traits nobody records.

    Days since 1970-01-01. `programme` is the one of entry; `veteran` says that it was completed before the first week.
    `frailty` is log-odds of use; support and stigma have mean 0 and sd 1; `watch` is how many times the ordinary tests
    fall to the person's group (1 without bias).
    """

    programme: Ints
    veteran: Bools
    substance: Ints  # an index of SUBSTANCES
    entry_day: Ints
    registered_on: Ints
    township: Ints
    station: Ints
    frailty: Floats
    support: Floats
    stigma: Floats
    watch: Floats

    def __len__(self) -> int:
        return len(self.programme)

    def take(self, who: Ints) -> "People":
        """The persons of these numbers, in this order; one may come several times."""
        return People(**{each.name: getattr(self, each.name)[who] for each in fields(self)})


def people(first: int, n_persons: int, ground: Ground, rng: np.random.Generator) -> tuple[People, pd.DataFrame]:
    """The persons numbered from `first` on, and their `persons` table (`registered_on` as days since 1970-01-01)."""
    figures, places = ground.figures.people, ground.places
    shares = [figures.treatment_share, figures.rehabilitation_share, figures.methadone_share]
    programme = rng.choice(3, n_persons, p=shares)
    veteran = rng.random(n_persons) < figures.veteran_share
    substance = _substances(programme, rng)
    entry_day = _entries(veteran, ground, rng)
    # Who comes from isolation was registered when admitted there, one to two years before.
    released = programme == COMMUNITY_REHABILITATION
    registered_on: Ints = np.where(released, entry_day - rng.integers(365, 731, n_persons), entry_day)
    crowd = places.population**0.8  # the old middle has more than its share of persons, the rest less
    township = rng.choice(len(places), n_persons, p=crowd / crowd.sum())
    facts = _facts(first, registered_on, substance, rng)
    lasting: Floats = figures.frailty_sd * rng.normal(size=n_persons)
    crowd_of_block = People(
        programme=programme,
        veteran=veteran,
        substance=substance,
        entry_day=entry_day,
        registered_on=registered_on,
        township=township,
        station=places.station_in(township, rng),
        frailty=lasting + _frailty_of(facts, registered_on, figures),
        support=rng.normal(size=n_persons),
        stigma=rng.normal(size=n_persons),
        watch=_watch(facts, ground),
    )
    return crowd_of_block, facts


def _entries(veteran: Bools, ground: Ground, rng: np.random.Generator) -> Ints:
    """Entry evenly from the first week until a month before the end; of veterans, four to twelve years before it."""
    calendar, n = ground.weeks, len(veteran)
    entry = rng.integers(calendar.first, calendar.until - 30, n)
    return np.where(veteran, calendar.first - rng.integers(round(4 * YEAR), round(12 * YEAR), n), entry)


def _substances(programme: Ints, rng: np.random.Generator) -> Ints:
    codes = np.array([SUBSTANCES.index(name) for name in SUBSTANCE_SHARES])
    substance = codes[rng.choice(len(codes), len(programme), p=list(SUBSTANCE_SHARES.values()))]
    return np.where((programme == METHADONE) & ~np.isin(substance, OPIOIDS), SUBSTANCES.index("heroin"), substance)


def _facts(first: int, registered_on: Ints, substance: Ints, rng: np.random.Generator) -> pd.DataFrame:
    n = len(registered_on)
    year = 1970 + np.floor(registered_on / YEAR).astype(np.int64)
    age = np.clip(np.round(rng.lognormal(np.log(35), 0.27, n)), 16, 72).astype(np.int64)
    age_at_first_use = np.clip(np.round(rng.normal(23, 5, n)), 13, age - 1).astype(np.int64)
    return pd.DataFrame(
        {
            "person_id": ids("P", first + np.arange(n), PERSON_DIGITS),
            "display_name": person_names(n, rng),
            "sex": rng.choice(["male", "female"], n, p=[0.84, 0.16]),
            "birth_year": year - age,
            "ethnicity": rng.choice(["han", "miao", "buyi", "tujia", "other"], n, p=[0.68, 0.13, 0.1, 0.04, 0.05]),
            "household_register": rng.choice(["urban", "rural", "elsewhere"], n, p=[0.55, 0.33, 0.12]),
            "education": rng.choice(["primary", "middle", "high", "college"], n, p=[0.24, 0.51, 0.2, 0.05]),
            "first_use_year": year - age + age_at_first_use,
            "primary_substance": np.array(SUBSTANCES)[substance],
            "registered_on": registered_on,
        }
    )


def _frailty_of(facts: pd.DataFrame, registered_on: Ints, figures: PeopleFigures) -> Floats:
    """What recorded facts add to the log-odds of use: first use when young, and many years of it; centred."""
    young = -(facts["first_use_year"] - facts["birth_year"] - 23).to_numpy() / 5
    years_of_use = 1970 + registered_on / YEAR - facts["first_use_year"].to_numpy()
    long = np.log1p(np.maximum(years_of_use, 0)) - 2.3
    return np.asarray(figures.early_use * young + figures.long_use * long)


def _watch(facts: pd.DataFrame, ground: Ground) -> Floats:
    """How many times the ordinary tests fall to a person's group; groups differ with the testing bias alone."""
    figures, biased = ground.figures.bias, ground.plan.bias == "testing"
    by_sex = np.where(facts["sex"] == "female", figures.female, 1.0)
    by_ethnicity = np.where(facts["ethnicity"] != "han", figures.minority, 1.0)
    return np.where(biased, by_sex * by_ethnicity, 1.0)
