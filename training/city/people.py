"""The invented persons: facts fixed at registration, and the hidden traits nobody records."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.city.places import Places
from training.city.weeks import Floats, Ints, Weeks

ENTRY_SHARES = {"community_treatment": 0.55, "community_rehabilitation": 0.33, "methadone": 0.12}
ENTRY_PROGRAMMES = tuple(ENTRY_SHARES)
SUBSTANCE_SHARES = {"heroin": 0.5, "methamphetamine": 0.34, "ketamine": 0.06, "opioid": 0.05, "other": 0.05}
SUBSTANCES = tuple(SUBSTANCE_SHARES)
OPIOIDS = (SUBSTANCES.index("heroin"), SUBSTANCES.index("opioid"))
FRAILTY_SD = 0.95  # of the log-odds of use, lasting for life

SURNAMES = tuple("赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张")
GIVEN = (
    "知行", "望舒", "一苇", "南乔", "松年", "采薇", "怀瑾", "闻溪", "听澜", "青禾",
    "云归", "晚舟", "砚秋", "星野", "子衿", "如初", "静好", "山岚", "若水", "长风",
)  # fmt: skip


@dataclass(frozen=True)
class People:
    """Per person: facts by number, entry and residence, and the hidden frailty and family support (mean 0, sd 1)."""

    facts: pd.DataFrame
    programme: Ints
    substance: Ints
    entry_day: Ints
    registered_on: Ints
    township: Ints
    station: Ints
    frailty: Floats
    support: Floats

    def __len__(self) -> int:
        return len(self.programme)


def people(n_persons: int, places: Places, weeks: Weeks, rng: np.random.Generator) -> People:
    """The persons of a city, entering evenly from the first simulated week until a month before the end."""
    programme = rng.choice(len(ENTRY_PROGRAMMES), n_persons, p=list(ENTRY_SHARES.values()))
    substance = _substances(programme, rng)
    entry_day = rng.integers(weeks.first, weeks.until - 30, n_persons)
    # Who comes from isolation was registered when admitted there, one to two years before.
    released = programme == ENTRY_PROGRAMMES.index("community_rehabilitation")
    registered_on: Ints = np.where(released, entry_day - rng.integers(365, 731, n_persons), entry_day)
    crowd = places.population**0.8  # the old middle has more than its share of persons, the rest less
    township = rng.choice(len(crowd), n_persons, p=crowd / crowd.sum())
    facts = _facts(registered_on, substance, rng)
    lasting: Floats = FRAILTY_SD * rng.normal(size=n_persons)
    return People(
        facts=facts,
        programme=programme,
        substance=substance,
        entry_day=entry_day,
        registered_on=registered_on,
        township=township,
        station=places.station_in(township, rng),
        frailty=lasting + _frailty_of(facts, registered_on),
        support=rng.normal(size=n_persons),
    )


def _substances(programme: Ints, rng: np.random.Generator) -> Ints:
    substance = rng.choice(len(SUBSTANCES), len(programme), p=list(SUBSTANCE_SHARES.values()))
    on_methadone = programme == ENTRY_PROGRAMMES.index("methadone")
    return np.where(on_methadone & ~np.isin(substance, OPIOIDS), SUBSTANCES.index("heroin"), substance)


def _facts(registered_on: Ints, substance: Ints, rng: np.random.Generator) -> pd.DataFrame:
    """The `persons` table; `registered_on` as days since 1970-01-01."""
    n = len(registered_on)
    year = 1970 + np.floor(registered_on / 365.25).astype(np.int64)
    age = np.clip(np.round(rng.lognormal(np.log(35), 0.27, n)), 16, 72).astype(np.int64)
    age_at_first_use = np.clip(np.round(rng.normal(23, 5, n)), 13, age - 1).astype(np.int64)
    return pd.DataFrame(
        {
            "person_id": [f"P{number + 1:06d}" for number in range(n)],
            "display_name": _names(n, rng),
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


def _names(n_persons: int, rng: np.random.Generator) -> list[str]:
    surnames, given = rng.integers(len(SURNAMES), size=n_persons), rng.integers(len(GIVEN), size=n_persons)
    return [SURNAMES[a] + GIVEN[b] for a, b in zip(surnames, given, strict=True)]


def _frailty_of(facts: pd.DataFrame, registered_on: Ints) -> Floats:
    """What recorded facts add to the log-odds of use: first use when young, and many years of it."""
    young = (facts["first_use_year"] - facts["birth_year"] - 23).to_numpy() / 5
    years_of_use = 1970 + registered_on / 365.25 - facts["first_use_year"].to_numpy()
    return np.asarray(-0.2 * young + 0.15 * np.log1p(np.maximum(years_of_use, 0)) - 0.35)
