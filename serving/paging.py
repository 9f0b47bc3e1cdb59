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
DECODED = re.compile(r"([0-9a-f]{8})\.([0-9a-f]{16})\.([0-9]{1,15})")
Item = TypeVar("Item")


@dataclass(frozen=True)
class ListName:
    """What stands for a list in its cursors: a digest of which list it is, and one of the state it is in."""

    which: str  # 8 hex digits
    state: str  # 16 hex digits


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: the list, and how many of it (or which number) came before."""

    of: ListName
    after: int

    def __str__(self) -> str:
        told = f"{self.of.which}.{self.of.state}.{self.after}".encode()
        return base64.urlsafe_b64encode(told).rstrip(b"=").decode()


def name_of(which: str, *state: object) -> ListName:
    """The name of a list. `which` never names a person: so few parts could be guessed back from their digest."""
    return ListName(_digest(which)[:8], _digest(*state)[:16])


def begin(cursor: str | None, name: ListName) -> int:
    """The place a page begins at; ProblemError where the cursor is none, or of another or a changed list."""
    if cursor is None:
        return 0
    found = DECODED.fullmatch(_decoded(cursor))
    if not found:
        raise fault_of("cursor", "no_cursor")
    if found[1] != name.which:
        raise fault_of("cursor", "of_another_list")
    if found[2] != name.state:
        raise ProblemError("list_changed")
    return int(found[3])


def page(items: Sequence[Item], *, name: ListName, cursor: str | None, limit: int) -> tuple[Sequence[Item], str | None]:
    """The items of a page, and the cursor of the next; None after the last."""
    first = begin(cursor, name)
    end = first + limit
    return items[first:end], str(Cursor(name, end)) if end < len(items) else None


def _digest(*parts: object) -> str:
    return sha256("\x00".join(map(str, parts)).encode()).hexdigest()


def _decoded(cursor: str) -> str:
    if not CURSOR.fullmatch(cursor):
        return ""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii", errors="replace")
    except (binascii.Error, ValueError):
        return ""
