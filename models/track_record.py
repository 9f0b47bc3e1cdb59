"""How the last forecasts of a place did, in the shape a card holds it: nothing in it gives a count under ten.

Training writes it (`training/hotspot_record.py` says by which rule), the page of the map reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.errors import ConfigError
from features.plain import from_plain

CITY = "city"


@dataclass(frozen=True)
class Total:
    """What a forecast expected of a city or district from one day to another (ISO dates), and what came of it.

    `observed` is rounded down to tens; None where it may not be told. `low` and `high`: the 90 % interval.
    """

    first: str
    last: str
    expected: float
    low: float
    high: float
    observed: int | None = None


@dataclass(frozen=True)
class Totals:
    """The last forecasts of a city or district, oldest first."""

    area_id: str
    forecasts: tuple[Total, ...]


@dataclass(frozen=True)
class Band:
    """By a model, the share of what came that lay in its highest areas: at least this, and less than that."""

    model: str
    at_least: float
    below: float


@dataclass(frozen=True)
class Caught:
    """What one forecast, or some in a row, caught by each model; `models` is empty where it may not be told."""

    first: str
    last: str
    n_forecasts: int
    models: tuple[Band, ...] = ()


@dataclass(frozen=True)
class TrackRecord:
    """The last forecasts one by one: totals of the city and its districts, and what the highest areas caught."""

    share: float  # of areas that were the highest
    totals: tuple[Totals, ...]
    caught: tuple[Caught, ...]


def track_record(card: Mapping[str, Any], horizon_weeks: int) -> TrackRecord | None:
    """The record in a card; None where it holds none, or one of another shape."""
    plain = card.get("figures", {}).get("horizons", {}).get(str(horizon_weeks), {}).get("record")
    if plain is None:
        return None
    try:
        return from_plain(plain, TrackRecord, where="card")
    except ConfigError:
        return None
