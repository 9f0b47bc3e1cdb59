"""A city in plain files, and a model freshly fitted on it: for a forecast where there is no store."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from features.hotspot import Places
    from models.hotspot import HotspotModel


def read(incidents: Path, areas: Path | None, *, known_lag_days: int, coordinates: str) -> "Places":
    """The tables of a city in plain files, as `backtest hotspot` reads them; dates that it leaves out are named."""
    from training.hotspot_files import read_city
    from training.terminal import say_far_off

    city = read_city(incidents, areas, known_lag_days=known_lag_days, coordinates=coordinates)
    say_far_off(city.far_off)
    return city.places


def fitted(places: "Places", *, as_of: date, unit: str, horizon_weeks: int, known_lag_days: int) -> "HotspotModel":
    """A model by the default recipe of all outcomes that were complete by the last Sunday; it is judged nowhere."""
    from features.hotspot import FEATURES
    from features.schema import days_since_epoch
    from models.hotspot import last_sunday
    from models.hotspot_fit import fit
    from training.hotspot_config import load_config
    from training.hotspot_study import counted_places, study_of
    from training.runs import of_unit

    config = replace(of_unit(load_config(), unit, places, known_lag_days), horizon_weeks=horizon_weeks)
    day = last_sunday(days_since_epoch(as_of))
    told = replace(places, incidents=places.incidents[places.incidents["known_on"].le(day)])
    known = counted_places(told, config)
    study = study_of(known, config, day=day, study_as_of=day)
    return fit(study.lessons(config, day=day), study.scope, config.learning, FEATURES)
