"""How stations differ: schedule, diligence and quality, which nobody records; and the table of what is known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.arrays import Flags, Floats, Ints
from training.city.figures import PlaceFigures, StationFigures
from training.city.names import ids, township_names
from training.city.places import Places
from training.city.weeks import as_dates, some_days


@dataclass(frozen=True)
class Stations:
    """Per station its kind and its hidden traits; 0 is an ordinary station.

    `diligence`: log of tests and records; `quality`: standard units of help; `opened`: days since 1970-01-01.
    """

    is_model: Flags
    schedule_b: Flags
    diligence: Floats
    quality: Floats
    opened: Ints


def staff(places: PlaceFigures, figures: StationFigures, opens: int, rng: np.random.Generator) -> Stations:
    """The stations of a city, all opened before the day on which records open, `opens`."""
    n = places.stations
    is_model = rng.permutation(n) < places.model_stations
    return Stations(
        is_model=is_model,
        schedule_b=rng.random(n) < figures.schedule_b_share,
        diligence=rng.normal(0, figures.diligence_sd, n) + figures.model_diligence * is_model,
        quality=rng.normal(0, figures.quality_sd, n) + figures.model_quality * is_model,
        opened=opens - some_days(figures.opened_days, n, rng),
    )


def stations_table(places: Places, stations: Stations, caseload: Floats, persons_per_worker: float) -> pd.DataFrame:
    """The `stations` table; `caseload` is how many persons are under care in each on an average day."""
    township = places.station_township
    second = np.concatenate([[False], township[1:] == township[:-1]])
    names = township_names(len(places))
    mark = [("第二", " Second") if late else ("", "") for late in second]
    return pd.DataFrame(
        {
            "station_id": station_ids(places, np.arange(len(township))),
            "name_zh": [f"{names[t][0]}{zh}阳光驿站" for t, (zh, _) in zip(township, mark, strict=True)],
            "name_en": [f"{names[t][1]}{en} Sunshine Station" for t, (_, en) in zip(township, mark, strict=True)],
            "township_id": township_ids(places, township),
            "social_workers": _workers(caseload, persons_per_worker),
            "opened_on": as_dates(stations.opened),
        }
    )


def _workers(caseload: Floats, persons_per_worker: float) -> Ints:
    """Social workers by station: at least one each, the others where most persons are left to one (D'Hondt).

    A city of few persons has its stations all the same, so that a worker then has fewer than the figure says.
    """
    workers = np.ones(len(caseload), dtype=np.int64)
    for _ in range(round(caseload.sum() / persons_per_worker) - len(caseload)):
        workers[np.argmax(caseload / workers)] += 1
    return workers


def station_ids(places: Places, station: Ints) -> list[str]:
    """The ids of stations given by number."""
    return ids("S", station, len(str(len(places.station_township))))


def township_ids(places: Places, township: Ints) -> list[str]:
    """The area ids of townships given by number."""
    return ids("T", township, len(str(len(places))))
