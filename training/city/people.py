"""The invented persons of a block: what the hidden world needs of them, and the facts fixed at registration."""

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from features.arrays import Flags, Floats, Ints
from features.statutes import CLOCKS
from features.vocabulary import SUBSTANCES
from training.city.figures import EDUCATIONS, ETHNICITIES, REGISTERS, SEXES, SUBSTANCES_USED, FactFigures, Figures
from training.city.ground import Ground
from training.city.names import PERSON_DIGITS, ids, person_names
from training.city.weeks import EPOCH, YEAR_DAYS, logistic, some_days

COMMUNITY_TREATMENT, COMMUNITY_REHABILITATION, METHADONE = range(3)
OPIOIDS = tuple(SUBSTANCES.index(name) for name in ("heroin", "opioid"))
STIMULANT = SUBSTANCES.index("methamphetamine")
IN_ISOLATION = CLOCKS["isolation_review"].limit, CLOCKS["isolation"].limit


@dataclass(frozen=True)
class People:
    """Per person: entry and residence, what they were registered for, and the hidden traits nobody records.

    Days since 1970-01-01. `programme` is the one of entry; `veteran` says that it was completed before the first week.
    `frailty` is log-odds of use; support and stigma have mean 0 and sd 1; `watch` is how many times the ordinary tests
    fall to the person's group (1 without bias).
    """

    programme: Ints
    veteran: Flags
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
    programme[veteran & (programme == METHADONE)] = COMMUNITY_TREATMENT  # nobody completes methadone maintenance
    substance = _substances(programme, ground.figures.facts, rng)
    entry_day = _entries(veteran, ground, rng)
    # Who comes from isolation was registered when admitted there, one to two years before.
    released = programme == COMMUNITY_REHABILITATION
    registered_on: Ints = np.where(released, entry_day - some_days(IN_ISOLATION, n_persons, rng), entry_day)
    crowd = places.population**figures.crowding
    township = rng.choice(len(places), n_persons, p=crowd / crowd.sum())
    facts = _facts(first, registered_on, substance, ground.figures.facts, rng)
    lasting: Floats = figures.frailty_sd * rng.normal(size=n_persons)
    crowd_of_block = People(
        programme=programme,
        veteran=veteran,
        substance=substance,
        entry_day=entry_day,
        registered_on=registered_on,
        township=township,
        station=places.station_in(township, rng),
        frailty=lasting + _frailty_of(facts, registered_on, ground.figures),
        support=rng.normal(size=n_persons),
        stigma=rng.normal(size=n_persons),
        watch=_watch(facts, ground),
    )
    return crowd_of_block, _with_gaps(facts, crowd_of_block.station, ground, rng)


def _entries(veteran: Flags, ground: Ground, rng: np.random.Generator) -> Ints:
    """Entry evenly from the first week to the last day; of veterans, years before the first week."""
    calendar, figures, n = ground.weeks, ground.figures.people, len(veteran)
    entry = rng.integers(calendar.first, calendar.until + 1, n)
    least, most = (round(years * YEAR_DAYS) for years in figures.veteran_years)
    return np.where(veteran, calendar.first - rng.integers(least, most, n), entry)


def _substances(programme: Ints, figures: FactFigures, rng: np.random.Generator) -> Ints:
    codes = np.array([SUBSTANCES.index(name) for name in SUBSTANCES_USED])
    substance = codes[rng.choice(len(codes), len(programme), p=figures.substances)]
    return np.where((programme == METHADONE) & ~np.isin(substance, OPIOIDS), SUBSTANCES.index("heroin"), substance)


def _facts(
    first: int, registered_on: Ints, substance: Ints, figures: FactFigures, rng: np.random.Generator
) -> pd.DataFrame:
    n = len(registered_on)
    year = EPOCH.year + np.floor(registered_on / YEAR_DAYS).astype(np.int64)
    age = np.round(rng.lognormal(np.log(figures.age), figures.age_sd, n))
    age = np.clip(age, *figures.age_range).astype(np.int64)
    first_use = np.round(rng.normal(figures.first_use_age, figures.first_use_age_sd, n))
    age_at_first_use = np.clip(first_use, figures.first_use_youngest, age - 1).astype(np.int64)
    return pd.DataFrame(
        {
            "person_id": ids("P", first + np.arange(n), PERSON_DIGITS),
            "display_name": person_names(n, rng),
            "sex": rng.choice(SEXES, n, p=figures.sexes),
            "birth_year": year - age,
            "ethnicity": rng.choice(ETHNICITIES, n, p=figures.ethnicities),
            "household_register": rng.choice(REGISTERS, n, p=figures.registers),
            "education": rng.choice(EDUCATIONS, n, p=figures.educations),
            "first_use_year": year - age + age_at_first_use,
            "primary_substance": np.array(SUBSTANCES)[substance],
            "registered_on": registered_on,
        }
    )


def _with_gaps(facts: pd.DataFrame, station: Ints, ground: Ground, rng: np.random.Generator) -> pd.DataFrame:
    """The facts as registered: a station leaves out some of those that have to be asked for, a diligent one fewer."""
    figures = ground.figures.facts
    blank = logistic(figures.left_out + figures.left_out_by_diligence * ground.stations.diligence[station])
    asked = {name: facts[name].mask(rng.random(len(facts)) < blank) for name in ("education", "first_use_year")}
    return facts.assign(**asked).astype({"first_use_year": "Int64"})


def _frailty_of(facts: pd.DataFrame, registered_on: Ints, figures: Figures) -> Floats:
    """What recorded facts add to the log-odds of use: first use when young, and many years of it; centred."""
    usual = figures.facts
    age_at_first_use = (facts["first_use_year"] - facts["birth_year"]).to_numpy()
    young = -(age_at_first_use - usual.first_use_age) / usual.first_use_age_sd
    years_of_use = EPOCH.year + registered_on / YEAR_DAYS - facts["first_use_year"].to_numpy()
    long = np.log1p(np.maximum(years_of_use, 0)) - figures.people.long_use_centre
    return np.asarray(figures.people.early_use * young + figures.people.long_use * long)


def _watch(facts: pd.DataFrame, ground: Ground) -> Floats:
    """How many times the ordinary tests fall to a person's group; groups differ with the testing bias alone."""
    figures, biased = ground.figures.bias, ground.plan.bias == "testing"
    by_sex = np.where(facts["sex"] == "female", figures.female, 1.0)
    by_ethnicity = np.where(facts["ethnicity"] != "han", figures.minority, 1.0)
    return np.where(biased, by_sex * by_ethnicity, 1.0)
