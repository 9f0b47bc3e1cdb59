"""Whether the record is whole: every entry as it was written, in its order, and none gone.

The links show a changed, inserted, removed or moved entry; the heads kept outside show that the newest are gone, or
that the whole was written anew. The heads are read first, so that what the service writes meanwhile does no harm.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from features.errors import StoreError
from serving.audit_chain import Head, chain_key, next_head, read_heads
from serving.entries import UNUSUAL_VOLUME
from serving.private_files import reading
from serving.records import COLUMNS, HEAD_SUFFIX, KEY_SUFFIX

MOST_TOLD = 20
ROWS = f"SELECT seq, link, {', '.join(COLUMNS)} FROM audit ORDER BY seq"  # noqa: S608 (our own words)


@dataclass(frozen=True)
class Verdict:
    """What verification found: entries, number and day of each alarm, the head, and what is wrong, in sentences."""

    entries: int
    alarms: tuple[tuple[int, str], ...]
    head: Head
    findings: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def verify(path: Path, shipped: Sequence[Path] = ()) -> Verdict:
    """The verdict on the record in a file, held against the head beside it and any that were sent elsewhere."""
    key = chain_key(_needed(path.with_suffix(KEY_SUFFIX), "the key of the record"))
    own = path.with_suffix(HEAD_SUFFIX)
    missing = () if own.exists() else (f"{own.name}: the head beside the record is gone.",)
    heads = [head for file in (own, *shipped) if file != own or own.exists() for head in _heads_in(file)]
    _needed(path, "the record", most=0)
    with reading(path) as connection:
        try:
            return _verdict(connection, key, heads, missing)
        except sqlite3.DatabaseError as error:
            raise StoreError(f"audit: {path.name} cannot be read as a record ({error}); restore a copy.") from None


def _verdict(connection: sqlite3.Connection, key: bytes, heads: Sequence[Head], missing: Sequence[str]) -> Verdict:
    connection.execute("BEGIN")  # one state for all that follows
    links = {head.seq: "" for head in heads}
    walk = _Walk(key, links)
    broken = list(walk.over(connection.execute(ROWS)))
    findings = [*missing, *broken, *_against(heads, links, walk.head)]
    more = len(findings) - MOST_TOLD
    told = (*findings[:MOST_TOLD], f"... and {more} more.") if more > 0 else tuple(findings)
    return Verdict(walk.entries, tuple(walk.alarms), walk.head, told)


@dataclass
class _Walk:
    """A walk over all entries in their order; `links` collects those of the numbers that heads name."""

    key: bytes
    links: dict[int, str]
    head: Head = Head()  # noqa: RUF009 (frozen)
    entries: int = 0
    alarms: list[tuple[int, str]] = field(default_factory=list)

    def over(self, rows: sqlite3.Cursor) -> Iterator[str]:
        """What is wrong with the entries, one sentence each.

        The walk goes on from the link that is written, so that a changed entry is told once, not with all after it.
        """
        for seq, link, *values in rows:
            content = dict(zip(COLUMNS, values, strict=True))
            if seq != self.head.seq + 1:
                yield f"Entries {self.head.seq + 1} to {seq - 1} are missing."
            elif next_head(self.key, self.head, content).link != link:
                yield f"Entry {seq} is not as it was written, or not where: changed, inserted or moved."
            self.head = Head(seq, link)
            self.entries += 1
            if content["outcome"] == UNUSUAL_VOLUME:
                self.alarms.append((seq, str(content["at"])[:10]))
            if seq in self.links:
                self.links[seq] = link


def _against(heads: Sequence[Head], links: dict[int, str], last: Head) -> Iterator[str]:
    newest = max((head.seq for head in heads), default=0)
    if newest > last.seq:
        yield f"Entries {last.seq + 1} to {newest} are missing: a head kept outside names the last of them."
    for head in heads:
        if 0 < head.seq <= last.seq and links[head.seq] != head.link:
            yield f"Entry {head.seq} has another link than a head kept outside: the record was written anew."


def _heads_in(path: Path) -> list[Head]:
    _needed(path, "the heads")
    found = read_heads(path)
    if not found:
        raise StoreError(f"audit: {path.name} holds no head; expected lines of a number and 64 hex digits.")
    return found


def _needed(path: Path, what: str, *, most: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise StoreError(f"audit: {what} cannot be read at {path} ({error.strerror}).") from None
