"""How records reach the service: late, now and then twice, corrected or taken back."""

import numpy as np
import pandas as pd

from features.vocabulary import TEST_GIVEN
from training.city.places import Places, station_ids, township_ids
from training.city.weeks import Ints, Weeks, as_dates

# Mean days from the event to its record; at most MAX_DELAY_DAYS.
DELAY_DAYS = {
    "community": 2.0, "facility": 6.0, "case_unit": 4.0, "methadone_clinic": 0.7, "rehab_station": 3.0,
    "employment": 7.0, "special_ward": 5.0,
}  # fmt: skip
MAX_DELAY_DAYS = 20

CORRECTED_SHARE = 0.004  # first recorded with another outcome, put right later
RETRACTED_SHARE = 0.01  # of visits and the like: recorded by mistake, taken back later
REPEATED_SHARE = 0.002  # sent twice, byte for byte
CORRECTABLE = {
    "urine_test": {"negative": "missed", "positive": "negative", "missed": "evaded"},
    "check_in": {"kept": "missed", "missed": "kept"},
}
RETRACTABLE = ("home_visit", "family_contact", "group_service")


def arrive(recorded: pd.DataFrame, places: Places, weeks: Weeks, rng: np.random.Generator) -> pd.DataFrame:
    """The `events` table as known by the last day: every row with the day it became known, late or not."""
    ordered = recorded.sort_values(["occurred_on", "person", "kind"], kind="stable", ignore_index=True)
    delay = np.floor(rng.exponential(ordered["source"].map(DELAY_DAYS).to_numpy() + 0.5)).astype(np.int64)
    known_on = ordered["occurred_on"].to_numpy() + np.minimum(delay, MAX_DELAY_DAYS)
    first = ordered.assign(event=np.arange(len(ordered)), revision=1, retracted=False, known_on=known_on)
    known = _with_corrections(first, rng)
    known = pd.concat([known, _retractions(first, rng)], ignore_index=True)
    known = known[known["known_on"] <= weeks.until]
    known = pd.concat([known, known[rng.random(len(known)) < REPEATED_SHARE]], ignore_index=True)
    return _as_contract(known.sort_values(["known_on", "event", "revision"], kind="stable", ignore_index=True), places)


def _with_corrections(first: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """All rows, a few of which said something else first and come again as revision 2 with what is true."""
    mistaken = first["outcome"].where(first["kind"].isin(list(CORRECTABLE)))
    for kind, mistakes in CORRECTABLE.items():
        mistaken = mistaken.mask(first["kind"] == kind, first["outcome"].map(mistakes))
    chosen = mistaken.notna() & (rng.random(len(first)) < CORRECTED_SHARE)
    right = first[chosen]
    right = right.assign(revision=2, known_on=_later(right["known_on"].to_numpy(), rng))
    wrong = first.assign(outcome=first["outcome"].mask(chosen, mistaken))
    withheld = chosen & ~wrong["outcome"].isin(TEST_GIVEN)  # a test not given looks for nothing
    wrong = wrong.assign(substance=wrong["substance"].mask(withheld))
    return pd.concat([wrong, right], ignore_index=True)


def _retractions(first: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A second revision of a few rows that should never have been there."""
    chosen = first[first["kind"].isin(RETRACTABLE) & (rng.random(len(first)) < RETRACTED_SHARE)]
    return chosen.assign(revision=2, retracted=True, known_on=_later(chosen["known_on"].to_numpy(), rng))


def _later(known_on: Ints, rng: np.random.Generator) -> Ints:
    """The days some corrections become known, 3 to 60 days after the record they correct."""
    return known_on + rng.integers(3, 61, len(known_on))


def _as_contract(known: pd.DataFrame, places: Places) -> pd.DataFrame:
    """The rows with the columns of the data contract, in its order."""
    return pd.DataFrame(
        {
            "event_id": _numbered("E", known["event"].to_numpy() + 1, 9),
            "revision": known["revision"],
            "retracted": known["retracted"],
            "person_id": _numbered("P", known["person"].to_numpy() + 1, 6),
            "occurred_on": as_dates(known["occurred_on"].to_numpy()),
            "known_on": as_dates(known["known_on"].to_numpy()),
            "source": known["source"].astype("str"),
            "kind": known["kind"].astype("str"),
            "outcome": known["outcome"].astype("str"),
            "substance": known["substance"].astype("str"),
            "value": known["value"].astype("float64"),
            "station_id": station_ids(places, known["station"].to_numpy(dtype=np.int64)),
            "township_id": township_ids(known["township"].to_numpy(dtype=np.int64)),
            "note_code": known["note_code"].astype("str"),
        }
    )


def _numbered(letter: str, number: Ints, digits: int) -> pd.Series:
    """Ids such as P000123."""
    return letter + pd.Series(number).astype("str").str.zfill(digits)
