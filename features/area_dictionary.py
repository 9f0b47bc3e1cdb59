"""The dictionary of the features of areas: what each column of a hotspot model means, its unit, and which table tells.

English is what stands at the functions; Chinese stands beside this file, with the functions' names as keys.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from features.errors import ConfigError
from features.hotspot import CATALOGUE, Feature
from features.languages import LANGUAGES

PRIOR = "prior"  # no feature of the trees: what they start from
PRIOR_MEANING = (
    "Incidents to expect in the horizon by the stacked maps and the city's level, before the trees, count. Never zero."
)
UNITS = {
    "count": "incidents", "ring": "incidents", "city": "incidents", "city_pace": "ratio", "rate": "incidents a week",
    "near": "incidents a week", "vicinity": "incidents a week", "ewma": "incidents a week", "weeks_since_last": "weeks",
    "season_sin": "-1 to 1", "season_cos": "-1 to 1", "festival_days": "days", "tests": "tests",
    "inhabitants": "persons", PRIOR: "incidents",
}  # fmt: skip
TABLE_OF = {
    "tests": "effort", "season_sin": "calendar", "season_cos": "calendar", "festival_days": "calendar",
    "inhabitants": "areas",
}  # fmt: skip
NEAR_BY = ("ring", "near", "vicinity", PRIOR)  # these read who borders whom as well
HEADS = ("name", "meaning", "unit", "table")


@dataclass(frozen=True)
class AreaEntry:
    """One column, in words. `meaning` says at its end what absence gives; `table` which table tells of it."""

    name: str
    meaning: str
    unit: str
    table: str


@dataclass(frozen=True)
class AreaFunction(AreaEntry):
    """One function, in words, and the lookbacks in weeks that a model has of it; none: it has one value a day."""

    lookbacks: tuple[str, ...]


def area_dictionary(features: Iterable[Feature], language: str) -> tuple[AreaEntry, ...]:
    """One entry for the prior and for each feature, in their order."""
    _check(language)
    return _told(PRIOR, PRIOR, language), *(_told(feature.name, feature.code, language) for feature in features)


def area_functions(features: Sequence[Feature], language: str) -> tuple[AreaFunction, ...]:
    """One entry for the prior and for each function of the catalogue, with the lookbacks some features have of it."""
    _check(language)
    return tuple(
        AreaFunction(**asdict(_told(code, code, language)), lookbacks=_lookbacks(code, features))
        for code in (PRIOR, *CATALOGUE)
    )


def area_cells(entry: AreaEntry) -> tuple[str, str, str, str]:
    """An entry as the four cells of a table for people."""
    chosen = " ".join(entry.lookbacks) if isinstance(entry, AreaFunction) else ""
    return f"{entry.name}\n  {chosen}" if chosen else entry.name, entry.meaning, entry.unit, entry.table


def area_heads(language: str) -> tuple[str, ...]:
    """What stands over the four cells."""
    _check(language)
    return HEADS if language == "en" else tuple(chinese()["heads"][name] for name in HEADS)


@cache
def chinese() -> Mapping[str, Any]:
    """The Chinese words of the dictionary; their file is read once."""
    return tomllib.loads(files("features").joinpath("area_dictionary.zh-CN.toml").read_text(encoding="utf-8"))


def _told(name: str, code: str, language: str) -> AreaEntry:
    unit, tables = UNITS[code], [TABLE_OF.get(code, "incidents"), *(["areas"] if code in NEAR_BY else [])]
    if language == "en":
        return AreaEntry(name, _meaning(code), unit, ", ".join(tables))
    words = chinese()
    return AreaEntry(name, words["meanings"][code], words["units"][unit], "、".join(words["tables"][t] for t in tables))


def _meaning(code: str) -> str:
    if code == PRIOR:
        return PRIOR_MEANING
    return (CATALOGUE[code].__doc__ or "").strip().split("\n", maxsplit=1)[0]


def _lookbacks(code: str, features: Sequence[Feature]) -> tuple[str, ...]:
    mine = [feature for feature in features if feature.code == code]
    return tuple(feature.name.removeprefix(f"{code}_") for feature in mine if feature.name != code)


def _check(language: str) -> None:
    if language not in LANGUAGES:
        raise ConfigError(f"features: the dictionary is written in {' and '.join(LANGUAGES)}, in no other language.")
