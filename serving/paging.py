"""Pages of a list: a cursor that says of which list it is and where the next page begins.

It holds no id of a person, and opens nothing: who may read the list is asked anew with every page.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from serving.problems import ProblemError, fault_of

MOST_LISTED = 1_000
CURSOR = re.compile(r"[A-Za-z0-9_-]{4,64}")
DECODED = re.compile(r"([0-9a-f]{16})\.([0-9]{1,15})")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: the digest of the list, and how many of it (or which number) came before."""

    of: str
    after: int

    def __str__(self) -> str:
        told = f"{self.of}.{self.after}".encode()
        return base64.urlsafe_b64encode(told).rstrip(b"=").decode()


def name_of(*parts: object) -> str:
    """The short digest that stands for a list in its cursors, 16 hex digits."""
    return sha256("\x00".join(map(str, parts)).encode()).hexdigest()[:16]


def begin(cursor: str | None, name: str) -> int:
    """The place a page begins at; ProblemError for a cursor that is none, or of a list that has changed since."""
    if cursor is None:
        return 0
    found = DECODED.fullmatch(_decoded(cursor))
    if not found:
        raise fault_of("cursor", "wrong_form")
    if found[1] != name:
        raise ProblemError("list_changed")
    return int(found[2])


def page(items: Sequence[Item], *, name: str, cursor: str | None, limit: int) -> tuple[Sequence[Item], str | None]:
    """The items of a page, and the cursor of the next; None after the last."""
    first = begin(cursor, name)
    end = first + limit
    return items[first:end], str(Cursor(name, end)) if end < len(items) else None


def _decoded(cursor: str) -> str:
    if not CURSOR.fullmatch(cursor):
        return ""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii", errors="replace")
    except (binascii.Error, ValueError):
        return ""
