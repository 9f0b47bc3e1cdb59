"""A whole city from a seed: ground, supply, people, their weeks, the records and the incidents."""

from datetime import date

import numpy as np
import pandas as pd

from features.errors import ConfigError
from training.city.arrival import arrive
from training.city.incidents import effort_table, ground, incidents_table, intensity
from training.city.life import Diary, World
from training.city.people import people
from training.city.places import Places, areas_table, lay_out, stations_table
from training.city.records import records
from training.city.simulate import simulate
from training.city.supply import supply
from training.city.truth import truth_tables
from training.city.weeks import as_dates, weeks
from training.city.write import City

CASELOAD = 30  # persons a social worker (DOMAIN section 1)
MOST_YEARS = 50


def build(*, persons: int = 2000, years: int = 3, seed: int = 7, until: date = date(2025, 12, 31)) -> City:
    """An invented city of so many persons whose records run for `years` and end on `until`; the same for a seed."""
    _check_sizes(persons, years, seed, until)
    chances = [np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(8)]
    calendar = weeks(years, until)
    places = lay_out(calendar.monday(calendar.opens), chances[0])
    availability = supply(places, calendar, chances[1])
    crowd = people(persons, places, calendar, chances[2])
    diary, ledger = simulate(World(crowd, places, calendar, chances[3]), availability)
    recorded = records(diary, ledger, World(crowd, places, calendar, chances[4]))
    within = recorded[recorded["occurred_on"].between(calendar.monday(calendar.opens), calendar.until)]
    lasting = ground(places, chances[6])
    expected = intensity(lasting, availability, len(places.seeds))
    tables = {
        "persons": crowd.facts.assign(registered_on=as_dates(crowd.registered_on)),
        "events": arrive(recorded, places, calendar, chances[5]),
        "stations": _stations(places, diary),
        "areas": areas_table(places),
        "incidents": incidents_table(within, lasting, expected, calendar, chances[6]),
        "effort": effort_table(within, calendar, chances[7]),
    }
    return City(tables=tables, truth=truth_tables(diary, crowd, expected, calendar))


def _check_sizes(persons: int, years: int, seed: int, until: date) -> None:
    faults = []
    if persons < 1:
        faults.append(f"persons is {persons}, expected 1 or more")
    if not 1 <= years <= MOST_YEARS:
        faults.append(f"years is {years}, expected 1 to {MOST_YEARS}")
    if seed < 0:
        faults.append(f"seed is {seed}, expected 0 or more")
    if until.year < 2000:
        faults.append(f"until is {until}, expected a day from 2000-01-01 on")
    if faults:
        raise ConfigError(f"city: {'; '.join(faults)}. Nothing was built; mend the values and try again.")


def _stations(places: Places, diary: Diary) -> pd.DataFrame:
    """The `stations` table, with a social worker for every 30 persons expected at a time, and at least one."""
    n_stations = len(places.station_township)
    expected = np.bincount(diary.station[diary.routine], minlength=n_stations) / max(diary.routine.any(axis=1).sum(), 1)
    workers = np.maximum(np.ceil(expected / CASELOAD), 1).astype(np.int64)
    table = stations_table(places, workers)
    return table.assign(opened_on=as_dates(table["opened_on"].to_numpy()))
