"""Records as rows of small numbers: fast to make by the million, and turned into the contract's words at the end."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.arrays import Flags
from features.vocabulary import KINDS, SUBSTANCES, WEEKLY
from features.vocabulary import SOURCES as SOURCE_TEXTS
from features.vocabulary import SURPRISE as SURPRISE_NOTE

Rows = npt.NDArray[np.void]

SOURCES = tuple(SOURCE_TEXTS)
KIND_NAMES = tuple(KINDS)
OUTCOMES = tuple(dict.fromkeys(outcome for kind in KINDS.values() for outcome in kind.outcomes))
NOTES = (SURPRISE_NOTE, "suspicion", WEEKLY, "release", "aftercare")

NONE = -1  # a code that says nothing

RECORDED = np.dtype(
    [
        ("person", np.int32), ("occurred_on", np.int32), ("source", np.int8), ("kind", np.int8), ("outcome", np.int8),
        ("substance", np.int8), ("value", np.float64), ("station", np.int16), ("township", np.int16), ("note", np.int8),
    ]
)  # fmt: skip

CODES = {"source": SOURCES, "kind": KIND_NAMES, "outcome": OUTCOMES, "substance": SUBSTANCES, "note": NOTES}
EMPTY: dict[str, Any] = {"outcome": NONE, "substance": NONE, "value": np.nan, "note": NONE}


def code(column: str, word: str) -> int:
    """The number a word has in a column."""
    return CODES[column].index(word)


def codes(column: str, words: tuple[str, ...]) -> npt.NDArray[np.int8]:
    """The numbers of several words; an empty word says nothing."""
    return np.array([code(column, word) if word else NONE for word in words], dtype=np.int8)


def rows(n: int, **columns: Any) -> Rows:
    """So many rows with the columns given, by word or by numbers; the rest says nothing."""
    made = np.empty(n, dtype=RECORDED)
    for name, value in {**EMPTY, **columns}.items():
        made[name] = code(name, value) if isinstance(value, str) else value
    return made


def where(recorded: Rows, **words: str) -> Flags:
    """Which rows have these words in these columns."""
    return np.logical_and.reduce([recorded[column] == code(column, word) for column, word in words.items()])


def words(number: npt.NDArray[np.integer[Any]], among: Sequence[str]) -> pa.Array:
    """The words of numbers, each written once before they are spread out; null for NONE."""
    index = pa.array(number.astype(np.int32), mask=number == NONE)
    return pa.DictionaryArray.from_arrays(index, pa.array(among)).cast(pa.string())
