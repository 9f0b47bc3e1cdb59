"""How a column as it came (text, numbers, dates) becomes a column of one of the contract's types.

Empty text counts as missing. Each reader gives the values (missing where unreadable) and flags what it could not read.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd

from features.arrays import Flags

Type = Literal["id", "code", "text", "json", "integer", "number", "date", "flag"]
Reading = tuple["pd.Series[Any]", Flags]

NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
SLASHED_DAY = r"^([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})(?: 0?0:00(?::00)?)?$"  # as spreadsheets in China write it
UNSEEN = "\u200b-\u200f\u2028-\u202e\u2060\ufeff"
FULL_WIDTH = "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"  # digits and letters; to the eye another id than it is
LARGEST_WHOLE = 2.0**53  # beyond it a float no longer holds every whole number
FLAGS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


@dataclass(frozen=True)
class Reader:
    """How one type is read; `expected` completes the sentence "<column> ..." for a row that cannot be read."""

    expected: str
    read: Callable[["pd.Series[Any]"], Reading]
    unreadable_type: Callable[["pd.Series[Any]"], str | None]


def as_text(column: "pd.Series[Any]") -> "pd.Series[str]":
    """The column as text without surrounding blanks, missing where empty; whole floats without their `.0`."""
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    text = column.astype("str").str.strip()
    return text.mask(text == "")


def _read_text(column: "pd.Series[Any]") -> Reading:
    text = as_text(column)
    return text, _flags(text.str.contains("\x00", regex=False))


def _read_matching(pattern: str) -> Callable[["pd.Series[Any]"], Reading]:
    def read(column: "pd.Series[Any]") -> Reading:
        text = as_text(column)
        codes, unique = pd.factorize(text)
        fits = np.append(_flags(pd.Series(unique, dtype="str").str.fullmatch(pattern)), True)
        good = fits[codes]  # code -1 is missing and takes the last entry
        return text.where(good), ~good

    return read


def _read_number(column: "pd.Series[Any]") -> Reading:
    if pd.api.types.is_numeric_dtype(column):
        numbers = column.astype("float64")
        came = column.notna().to_numpy()
    else:
        text = as_text(column)
        numbers = pd.to_numeric(text.where(_flags(text.str.fullmatch(NUMBER)))).astype("float64")
        came = text.notna().to_numpy()
    good = np.isfinite(numbers.to_numpy())
    return numbers.where(good) + 0.0, came & ~good  # + 0.0 turns -0.0 into 0.0: one number, one digest


def _read_integer(column: "pd.Series[Any]") -> Reading:
    numbers, unreadable = _read_number(column)
    broken = ((numbers % 1 != 0) | (numbers.abs() > LARGEST_WHOLE)).to_numpy() & numbers.notna().to_numpy()
    return numbers.mask(broken), unreadable | broken


def _read_date(column: "pd.Series[Any]") -> Reading:
    if pd.api.types.is_datetime64_dtype(column):
        return _days(column), np.zeros(len(column), dtype=bool)
    text = as_text(column)
    codes, unique = pd.factorize(text)
    iso = pd.Series(unique, dtype="str")
    year, month, day = (part for _, part in iso.str.extract(SLASHED_DAY).items())
    iso = iso.where(year.isna(), year + "-" + month.str.zfill(2) + "-" + day.str.zfill(2))
    days = _days(pd.to_datetime(iso.where(_flags(iso.str.fullmatch(DAY))), format="%Y-%m-%d", errors="coerce"))
    values = np.append(days.to_numpy(), np.nan)[codes]
    return pd.Series(values, index=column.index), text.notna().to_numpy() & np.isnan(values)


def _read_flag(column: "pd.Series[Any]") -> Reading:
    text = as_text(column).str.lower()
    values = text.map(FLAGS).astype("boolean")
    return values, (text.notna() & values.isna()).to_numpy(dtype=bool)


def _days(moments: "pd.Series[Any]") -> "pd.Series[float]":
    whole = moments.to_numpy().astype("datetime64[D]")
    return pd.Series(np.where(np.isnat(whole), np.nan, whole.astype("int64")), index=moments.index)


def _flags(answers: "pd.Series[Any]") -> Flags:
    return answers.fillna(value=False).to_numpy(dtype=bool)


def _any_type(_: "pd.Series[Any]") -> str | None:
    return None


def _no_numbers(column: "pd.Series[Any]") -> str | None:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return "has a time zone; give days without one"
    if pd.api.types.is_numeric_dtype(column) and column.notna().any():
        return "holds numbers; give ISO dates (YYYY-MM-DD), or an epoch for day numbers in a mapping"
    return None


def _no_dates_or_flags(column: "pd.Series[Any]") -> str | None:
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_bool_dtype(column):
        return "holds no numbers"
    return None


READERS: Mapping[Type, Reader] = MappingProxyType(
    {
        "id": Reader(
            "is longer than 128 characters, or holds control, invisible or full-width characters",
            _read_matching(r"[^\x00-\x1f\x7f" + UNSEEN + FULL_WIDTH + "]{1,128}"),
            _any_type,
        ),
        "code": Reader(
            "is not a code (lower case, no blanks, up to 64 characters)",
            _read_matching(r"[^\sA-Z\x00-\x1f]{1,64}"),
            _any_type,
        ),
        "text": Reader("holds a NUL character", _read_text, _any_type),
        "json": Reader("holds a NUL character", _read_text, _any_type),
        "integer": Reader("is not a whole number", _read_integer, _no_dates_or_flags),
        "number": Reader("is not a finite number", _read_number, _no_dates_or_flags),
        "date": Reader("is not a date (YYYY-MM-DD)", _read_date, _no_numbers),
        "flag": Reader("is not true or false", _read_flag, _any_type),
    }
)


def extras(frame: pd.DataFrame) -> "pd.Series[str]":
    """Columns beyond the contract, as JSON text a row; missing where a row has none."""
    columns = {}
    for name in sorted(frame.columns, key=str):
        column = frame[name]
        numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        values = (
            column.astype("float64").replace([np.inf, -np.inf], np.nan) if numeric else READERS["text"].read(column)[0]
        )
        columns[str(name)] = values.astype(object).where(values.notna(), None).tolist()
    rows = (
        {k: v for k, v in zip(columns, row, strict=True) if v is not None}
        for row in zip(*columns.values(), strict=True)
    )
    texts = [json.dumps(row, ensure_ascii=False) if row else None for row in rows] if columns else None
    return pd.Series(texts, index=frame.index, dtype="str")
