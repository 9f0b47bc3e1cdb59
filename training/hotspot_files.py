"""A city's incidents and areas from plain files, for a backtest without a store.

Incidents: a CSV with `date` and either `lon, lat` or `area_id`; `known_on`, `kind` and `reported_by` are read where
they are there. Areas: a CSV of the `areas` table, or a GeoJSON file whose features have an `area_id`. Names and levels
may have capitals, columns of other names are not read, and of a date with a clock and a time zone the day counts as it
is told.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.arrays import Flags, Ints
from features.errors import ConfigError, SchemaError
from features.gcj02 import WGS84, check_coordinates, in_wgs84, outline_in_wgs84
from features.hotspot import Places
from features.vocabulary import AREA_LEVELS

NAMES = {"lon": "longitude", "lat": "latitude", "date": "occurred_on"}
CALLED = {**{told: name for name, told in NAMES.items()}, "known_on": "known_on"}  # as the file has them
OF_INCIDENTS = (*NAMES.values(), "area_id", "known_on", "kind", "reported_by")
AREA_NAMES = ("name_zh", "name_en")  # the columns of an area's names
OF_AREAS = ("area_id", "level", "parent_id", *AREA_NAMES, "population", "geometry")
CLOCK = re.compile(r"[t ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[ap]m)?( ?(z|utc|[+-]\d{2}(:?\d{2})?))?$", re.IGNORECASE)
ABOVE_TOWNSHIPS = ("district", "city")
DEFAULTS = {"kind": "overdose", "reported_by": "service"}
LARGEST = {"longitude": 180.0, "latitude": 90.0}
SHOWN = 5  # row numbers named in an error
FAR_DAYS = 182  # without a single incident in the city, beyond which a few dates are taken for slips of the pen
FEW = 0.01  # of all incidents
CRS = ("CRS84", "4326")  # names of WGS 84


@dataclass(frozen=True)
class City:
    """The tables in a city's files, and the lines of incidents left out for dates far from all others."""

    places: Places
    far_off: tuple[int, ...]


def read_city(incidents: Path, areas: Path | None, *, known_lag_days: int, coordinates: str = WGS84) -> City:
    """The tables in two files; an incident without `known_on` counts as known so many days after it occurred.

    What would become known only after the last date of the file is left out: nobody had it when the file was made. So a
    single date of 2050 would bring back what was not yet known, and one of 1900 add a century in which nothing was.
    """
    if known_lag_days < 0:
        raise ConfigError("--known-lag-days is below zero; an incident cannot be known before it occurred.")
    check_coordinates(coordinates)
    given = _read_csv(incidents, OF_INCIDENTS)
    _refuse([*_missing(given), *_of_dates(given), *_of_points(given)])
    if given.empty:
        raise SchemaError(f"{incidents.name}: it holds no incident, only the line of names; expected a line for each.")
    told = _placed(_dated(given, known_lag_days), coordinates)
    told = told.assign(**{name: value for name, value in DEFAULTS.items() if name not in told})
    slips = far_off(told["occurred_on"].to_numpy())
    told = told[~slips]
    told = told[told["known_on"] <= told["occurred_on"].max()].reset_index(drop=True)
    places = Places(told, None if areas is None else read_areas(areas, coordinates=coordinates))
    if coordinates != WGS84 and not _has_coordinates(places):
        raise ConfigError(
            f"--coordinates {coordinates} would change nothing: neither incidents nor areas have coordinates. "
            "Leave it out."
        )
    return City(places, tuple(_line_numbers(slips)))


def far_off(days: Ints) -> Flags:
    """Which of some days are few, and FAR_DAYS or more from all others; none where so many are that none is a slip."""
    order = np.argsort(days, kind="stable")
    part = np.cumsum(np.diff(days[order], prepend=days[order[:1]]) >= FAR_DAYS)
    found = np.zeros(len(days), np.bool_)
    found[order] = np.bincount(part)[part] <= FEW * len(days)
    return found & (found.mean() <= FEW)


def read_areas(path: Path, *, coordinates: str = WGS84) -> pd.DataFrame:
    """The `areas` table of a CSV or GeoJSON file; where no level is told every area is a township."""
    outlined = path.suffix.lower() in {".geojson", ".json"}
    table = _read_geojson(path) if outlined else _read_csv(path, OF_AREAS)
    if "area_id" not in table:
        raise SchemaError(f"{path.name}: there is no `area_id`; expected one for each area.")
    if table["area_id"].isna().any() or table["area_id"].duplicated().any():
        raise SchemaError(f"{path.name}: some `area_id` are empty or given twice; expected one for each area.")
    columns = {"level": "township", "parent_id": None, "geometry": None}
    added = {name: pd.Series([value] * len(table), dtype="str") for name, value in columns.items() if name not in table}
    areas = table.assign(**added)
    level = areas["level"].astype("str").str.strip().str.lower().replace("", None)
    _refuse([*_of_levels(level, "Features" if outlined else "Lines")], of=path.name)
    areas = areas.assign(level=level if level.eq("township").any() else "township")
    if coordinates == WGS84:
        return areas
    moved = [outline_in_wgs84(text, coordinates=coordinates) for text in areas["geometry"]]
    return areas.assign(geometry=pd.Series(moved, index=areas.index, dtype="str"))


def _has_coordinates(places: Places) -> bool:
    """Whether any point or outline is told."""
    of_areas = places.areas is not None and places.areas["geometry"].notna().any()
    return bool(of_areas or places.incidents["longitude"].notna().any())


def _read_csv(path: Path, names: Sequence[str]) -> pd.DataFrame:
    """The columns of these names as text, missing where empty."""
    try:
        told = pd.read_csv(path, dtype="str", encoding="utf-8-sig", skipinitialspace=True)
    except FileNotFoundError:
        raise ConfigError(f"{path.name}: there is no such file.") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise SchemaError(f"{path.name}: not readable as CSV in UTF-8 ({type(error).__name__}).") from None
    if len(told.columns) == 1 and re.search(r"[;\t|]", told.columns[0]):
        raise SchemaError(f"{path.name}: its columns are not parted by commas; save it as comma-separated CSV.")
    plain = told.rename(columns=_plain_name)
    kept = plain.loc[:, plain.columns.isin(names)]
    if twice := sorted({*kept.columns[kept.columns.duplicated()]}):
        raise SchemaError(
            f"{path.name}: {', '.join(CALLED.get(name, name) for name in twice)}: more than one column; expected one."
        )
    return kept


def _plain_name(told: str) -> str:
    """The name of a column without capitals and surrounding blanks, the long one where there are two."""
    name = told.strip().lower()
    return NAMES.get(name, name)


def _read_geojson(path: Path) -> pd.DataFrame:
    try:
        plain = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{path.name}: there is no such file.") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise SchemaError(f"{path.name}: not readable as JSON.") from None
    if not isinstance(plain, dict) or not isinstance(plain.get("features"), list):
        raise SchemaError(f"{path.name}: expected a GeoJSON FeatureCollection.")
    if "crs" in plain and not any(code in json.dumps(plain["crs"]) for code in CRS):
        raise SchemaError(f"{path.name}: its `crs` is not WGS 84; project it to WGS 84 first.")
    return pd.DataFrame([_row(feature) for feature in plain["features"]])


def _row(feature: dict[str, Any]) -> dict[str, Any]:
    facts = {name.strip().lower(): value for name, value in (feature.get("properties") or {}).items()}
    area_id = facts.get("area_id", feature.get("id", facts.get("id")))
    shape = feature.get("geometry")
    wanted = {name: facts[name] for name in OF_AREAS if facts.get(name) is not None}
    if facts.get("name") is not None and not {*AREA_NAMES} & {*wanted}:
        wanted |= dict.fromkeys(AREA_NAMES, str(facts["name"]))
    return {
        **wanted,
        "area_id": None if area_id is None else str(area_id),
        "geometry": None if shape is None else json.dumps(shape),
    }


def _missing(given: pd.DataFrame) -> Iterator[str]:
    """What is wrong with the columns there are."""
    if "occurred_on" not in given:
        yield "there is no column `date`; expected `date` with `lon, lat` or with `area_id`"
    if "area_id" not in given and not {*LARGEST} <= {*given.columns}:
        yield "there is no place; expected columns `lon` and `lat`, or `area_id`"


def _of_dates(given: pd.DataFrame) -> Iterator[str]:
    """What is wrong with the dates; when an incident was known may be left empty, when it occurred may not."""
    for name in ("occurred_on", "known_on"):
        if name in given:
            empty = given[name].isna() & (name == "known_on")
            yield from _lines(_dates(given, name).isna() & ~empty, f"`{CALLED[name]}` is not a date such as 2025-12-31")


def _of_points(given: pd.DataFrame) -> Iterator[str]:
    """What is wrong with the coordinates; both may be left empty, one alone may not."""
    names = [name for name in LARGEST if name in given]
    degrees = {name: _degrees(given, name) for name in names}
    for name in names:
        yield from _lines(given[name].notna() & degrees[name].isna(), f"`{CALLED[name]}` is not a number")
        yield from _lines(degrees[name].abs() > LARGEST[name], f"`{CALLED[name]}` is not in degrees")
    if len(names) == len(LARGEST):
        one = given["longitude"].isna() ^ given["latitude"].isna()
        yield from _lines(one, "one of `lon` and `lat` is empty; expected both or none")


def _of_levels(level: "pd.Series[str]", rows: str) -> Iterator[str]:
    """What is wrong with the levels of areas; one unknown word for all is a city's own for its townships."""
    other = level.notna() & ~level.isin([*AREA_LEVELS, *ABOVE_TOWNSHIPS])
    if other.any() and len({*level.dropna()}) > 1:
        yield from _lines(other, "`level` is none of township, district, city", rows)
    above = level.isin(ABOVE_TOWNSHIPS)
    if not level.eq("township").any():
        fault = "`level` is district or city and no area is a township; expected townships beside them, or no `level`"
        yield from _lines(above, f"{fault} where these are the areas to forecast", rows)


def _lines(bad: "pd.Series[bool]", fault: str, rows: str = "Lines") -> Iterator[str]:
    """The fault with the lines it is in, or the features, which are counted from one."""
    if lines := _line_numbers(bad):
        shown = [line if rows == "Lines" else line - 1 for line in lines[:SHOWN]]
        yield f"{fault}. {rows}: {', '.join(map(str, shown))}{' ...' if len(lines) > SHOWN else ''}"


def _line_numbers(found: "Flags | pd.Series[bool]") -> list[int]:
    """The lines of some rows, as an editor counts them."""
    return [int(row) + 2 for row in np.flatnonzero(found)]


def _refuse(faults: list[str], *, of: str = "incidents") -> None:
    """SchemaError with every fault at once."""
    if faults:
        raise SchemaError(f"{of}: {'; '.join(faults)}")


def _dated(given: pd.DataFrame, known_lag_days: int) -> pd.DataFrame:
    occurred = _days(_dates(given, "occurred_on"))
    known = occurred + known_lag_days
    if "known_on" in given:
        declared = _dates(given, "known_on")
        known = known.mask(declared.notna(), _days(declared.fillna(pd.Timestamp(0))))
    return given.assign(occurred_on=occurred, known_on=np.maximum(known, occurred))


def _dates(given: pd.DataFrame, name: str) -> pd.Series:
    """The days of a column, year first, as they are told in whatever time zone; not a time where there is none."""
    day = given[name].str.strip().str.replace(CLOCK, "", regex=True).str.replace(r"[/.]", "-", regex=True)
    padded = day.str.replace(r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3", regex=True)
    return pd.to_datetime(padded, errors="coerce", format="%Y-%m-%d")


def _days(dates: pd.Series) -> "pd.Series[int]":
    """Days since 1970-01-01."""
    return (dates - pd.Timestamp(0)).dt.days.astype(np.int64)


def _degrees(given: pd.DataFrame, name: str) -> "pd.Series[float]":
    return pd.to_numeric(given[name], errors="coerce").astype(np.float64)


def _placed(told: pd.DataFrame, coordinates: str) -> pd.DataFrame:
    """With longitude and latitude in WGS 84, or without any; and with an area id, empty where none was given.

    At 0, 0 nobody lives: geocoders write it where they found nothing, so it is no place.
    """
    area_id = told["area_id"] if "area_id" in told else pd.Series([None] * len(told), index=told.index, dtype="str")
    if not {*LARGEST} <= {*told.columns}:
        return told.assign(area_id=area_id, longitude=np.nan, latitude=np.nan)
    degrees = np.column_stack([_degrees(told, name) for name in LARGEST]).astype(np.float64)
    degrees[(degrees == 0).all(axis=1)] = np.nan
    east, north = in_wgs84(*degrees.T, coordinates=coordinates)
    return told.assign(area_id=area_id, longitude=east, latitude=north)
