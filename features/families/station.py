"""Features of the station a person belongs to: how much work it has, and what its tests and contacts came to.

They say where a person is looked after, not what the person did. A station has few tests in a month, so its shares are
drawn towards the city's: of n with x of them and the city's share c the share is (x + k c) / (n + k), the mean of a
beta distribution that was worth k tests before (empirical Bayes; Casella 1985, doi:10.1080/00031305.1985.10479400).
"""

import numpy as np

from features.arrays import Floats
from features.asof import Visible, share
from features.catalogue import feature
from features.stations import CITY, Places, Window

WORTH = 50.0  # k: the city counts as much as so many tests or contacts of the station

STATION = ("community", "rehab_station")


@feature(family="station", unit="persons", source=STATION)
def station_caseload(past: Visible) -> Floats:
    """Persons for each social worker of the person's station, last closed month. Missing if not known."""
    months = past.history.stations
    if months is None:
        return np.full(len(past), np.nan)
    station = past.once(_station).astype(np.int64)
    return np.where(station >= 0, months.caseload(station, _window(past, None)), np.nan)


@feature(family="station", unit="share", source=STATION)
def station_positive_share(past: Visible, *, days: int) -> Floats:
    """Share of tests at the person's station that were positive, closed months. Missing if it had no month."""
    return _share(past, "positive_tests", ("tests_given",), days=days)


@feature(family="station", unit="share", source=STATION)
def station_withheld_share(past: Visible, *, days: int) -> Floats:
    """Share of tests at the person's station that were not given, closed months. Missing if it had no month."""
    return _share(past, "withheld_tests", ("tests_given", "withheld_tests"), days=days)


@feature(family="station", unit="share", source=STATION)
def station_contact_share(past: Visible, *, days: int) -> Floats:
    """Share of contacts of the person's station that were kept, closed months. Missing if it had no month."""
    return _share(past, "contacts_kept", ("contacts_kept", "contacts_missed"), days=days)


def _station(past: Visible) -> Floats:
    """The place of each row's station among the closed months; -1 where no record names one."""
    names, months = past.history.levels["station_id"], past.history.stations
    places = np.full(len(names), -1) if months is None else months.places_of(names)
    of_name = np.append(places, -1).astype(np.float64)
    return of_name[past.of(source=STATION, station_id=names).last_code("station_id")]


def _window(past: Visible, days: int | None) -> Window:
    return Window(past.floor(days), past.as_of, past.seen_by)


def _share(past: Visible, part: str, whole: tuple[str, ...], *, days: int) -> Floats:
    months = past.history.stations
    if months is None:
        return np.full(len(past), np.nan)
    station, window = past.once(_station).astype(np.int64), _window(past, days)

    def told(place: Places) -> tuple[Floats, Floats]:
        total = {name: months.total(name, place, window) for name in {part, *whole}}
        return total[part], np.sum([total[name] for name in whole], axis=0)

    found, of = told(station)
    city = share(*told(np.full(len(past), CITY)))
    return np.where(station >= 0, (found + WORTH * city) / (of + WORTH), np.nan)
