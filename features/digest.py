"""Digests of rows, and of a set of rows whatever the order in which they came."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import pandas as pd

from features.schema import Table

MODULUS = 2**256
EMPTY = f"{0:064x}"
_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode


def values(table: Table, frame: pd.DataFrame, names: Iterable[str]) -> list[list[Any]]:
    """The columns as lists of plain Python values, None where missing: what is stored and what is digested."""
    whole = {column.name for column in table.columns if column.type in {"integer", "date"}}
    return [_plain(frame[name], whole=name in whole) for name in names]


def contents(table: Table, frame: pd.DataFrame) -> list[str]:
    """What each row says, apart from its key and the day it was known, as canonical JSON text."""
    return [_encode(row) for row in zip(*values(table, frame, table.content), strict=True)]


def row_digests(table: Table, frame: pd.DataFrame, said: Iterable[str]) -> list[bytes]:
    """BLAKE2b-256 of each row: table, key and content. Not the day it was known: sent again, it is the same row."""
    keys = zip(*values(table, frame, [name for name in table.key if name != "known_on"]), strict=True)
    texts = (_encode([table.name, *key]) + content for key, content in zip(keys, said, strict=True))
    return [hashlib.blake2b(text.encode(), digest_size=32).digest() for text in texts]


def content_ids(table: Table, said: Iterable[str], repeats: Iterable[int] | None = None) -> list[str]:
    """24 hex digits of SHA-256 of what each row says; `repeats` (0, 1, ...) keeps rows apart that say the same."""
    counted = ((content, 0) for content in said) if repeats is None else zip(said, repeats, strict=True)
    texts = (f"{table.name}{repeat}{content}" for content, repeat in counted)
    return [hashlib.sha256(text.encode()).hexdigest()[:24] for text in texts]


def total(digests: Iterable[bytes], known_on: Iterable[int] | None) -> int:
    """The sum of the digests of rows (with their days of knowledge, where the table has them) modulo 2**256.

    A sum does not depend on order, can be added to batch by batch, and a replaced row can be subtracted
    (AdHash; Bellare and Micciancio 1997, doi:10.1007/3-540-69053-0_13).
    """
    if known_on is None:
        return sum(int.from_bytes(digest) for digest in digests) % MODULUS
    dated = (digest + day.to_bytes(8, signed=True) for digest, day in zip(digests, known_on, strict=True))
    return sum(int.from_bytes(hashlib.blake2b(item, digest_size=32).digest()) for item in dated) % MODULUS


def _plain(column: "pd.Series[Any]", *, whole: bool) -> list[Any]:
    if column.dtype in {"int64", "bool"}:
        return column.tolist()
    plain = column.astype(object).where(column.notna(), None).tolist()
    return [None if value is None else int(value) for value in plain] if whole else plain
