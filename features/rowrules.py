"""The rules of the contract that need more than one column of a row, and what counts as a conflict of two rows."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from features import vocabulary
from features.arrays import Flags

SEPARATOR = "/"
UNLISTED_MOST = 1e12  # of kinds the vocabulary does not list; a sum of such values stays finite
OUTCOMES = {
    f"{name}{SEPARATOR}{outcome}" for name, kind in vocabulary.KINDS.items() for outcome in kind.outcomes or ("",)
}


@dataclass(frozen=True)
class Rule:
    """One rule over a typed frame: which rows break it, and the reason to give."""

    reason: str
    broken: Callable[[pd.DataFrame], Flags]


def _wrong_outcome(events: pd.DataFrame) -> Flags:
    known = events["kind"].isin(list(vocabulary.KINDS))
    pairs = events["kind"] + SEPARATOR + events["outcome"].fillna("")
    # A revision that takes an event back need not repeat how it ended.
    taken_back = events["retracted"].astype(bool) & events["outcome"].isna()
    return (known & ~pairs.isin(OUTCOMES) & ~taken_back).to_numpy(dtype=bool)


def _impossible_value(events: pd.DataFrame) -> Flags:
    most = events["kind"].map({name: kind.most for name, kind in vocabulary.KINDS.items()})
    too_much = events["value"].abs() > most.fillna(UNLISTED_MOST)
    return (too_much | (most.notna() & (events["value"] < 0))).to_numpy(dtype=bool)


def _revision_of_nothing(events: pd.DataFrame) -> Flags:
    needs_id = (events["revision"] > 1) | events["retracted"].astype(bool)
    return (needs_id & events["event_id"].isna()).to_numpy(dtype=bool)


def _occurred_after_known(frame: pd.DataFrame) -> Flags:
    return (frame["occurred_on"] > frame["known_on"]).to_numpy()


def _half_a_place(incidents: pd.DataFrame) -> Flags:
    return (incidents["longitude"].isna() != incidents["latitude"].isna()).to_numpy()


def _nowhere(incidents: pd.DataFrame) -> Flags:
    return (incidents["longitude"].isna() & incidents["latitude"].isna() & incidents["area_id"].isna()).to_numpy()


def _gives_person_away(incidents: pd.DataFrame) -> Flags:
    located = incidents["longitude"].notna() | incidents["latitude"].notna()
    return (located & incidents["kind"].isin(list(vocabulary.TOWNSHIP_ONLY))).to_numpy()


def _used_before_birth(persons: pd.DataFrame) -> Flags:
    return (persons["first_use_year"] < persons["birth_year"]).to_numpy()


def _not_an_outline(areas: pd.DataFrame) -> Flags:
    return np.array([not _is_outline(text) for text in areas["geometry"]], dtype=bool)


def _is_outline(text: object) -> bool:
    if not isinstance(text, str):
        return True
    try:
        shape = json.loads(text)
    except ValueError:
        return False
    return isinstance(shape, dict) and shape.get("type") in {"Polygon", "MultiPolygon"} and "coordinates" in shape


def _not_a_monday(effort: pd.DataFrame) -> Flags:
    return ((effort["week"] + 3) % 7 > 0).to_numpy()  # 1970-01-01, day 0, was a Thursday


def _known_before_week(effort: pd.DataFrame) -> Flags:
    return (effort["week"] > effort["known_on"]).to_numpy()


AFTER = Rule("occurred_on is after known_on", _occurred_after_known)

ROW_RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "persons": (Rule("first_use_year is before birth_year", _used_before_birth),),
        "events": (
            AFTER,
            Rule("outcome does not belong to the kind", _wrong_outcome),
            Rule("value cannot be true for the kind", _impossible_value),
            Rule("a later revision or a retraction needs the event_id it is about", _revision_of_nothing),
        ),
        "stations": (),
        "areas": (Rule("geometry is not a GeoJSON Polygon or MultiPolygon", _not_an_outline),),
        "incidents": (
            AFTER,
            Rule("longitude and latitude go together", _half_a_place),
            Rule("neither coordinates nor area_id is given", _nowhere),
            Rule("this kind may carry an area_id only, coordinates would give the person away", _gives_person_away),
        ),
        "effort": (
            Rule("week is not a Monday", _not_a_monday),
            Rule("week is after known_on", _known_before_week),
        ),
    }
)


def conflicting(frame: pd.DataFrame, key: list[str], content: list[str]) -> Flags:
    """One flag a row: another row has the same key and other content (identical repeats do not conflict)."""
    shared = frame.duplicated(key, keep=False) & frame[key].notna().all(axis=1)
    flags = np.zeros(len(frame), dtype=bool)
    if shared.any():
        candidates = frame.loc[shared.to_numpy()]
        # Rows equal in key and content share a group; a key with more than one group is in conflict.
        groups = candidates.groupby([*key, *content], dropna=False, sort=False).ngroup()
        spread = groups.groupby([candidates[name] for name in key], sort=False).transform("nunique")
        flags[np.flatnonzero(shared.to_numpy())] = (spread > 1).to_numpy()
    return flags
