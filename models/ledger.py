"""The ledger of promotions as a chain: each entry holds the digest of the one before.

So an entry that was changed, removed or moved shows, as long as not everything after it was written anew as well. The
ledger is kept in the history store, and once more as a file in the home, a line of JSON for each entry: the service
reads that one, and has it when the store does not answer.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from features.replaced import replace_text
from models.champion import Decision, lines

GENESIS = "0" * 64


@dataclass(frozen=True)
class Entry:
    """A decision in its place: its number from 1, the link of the entry before, and its own."""

    seq: int
    link_before: str
    link: str
    decision: Decision


def following(last: Entry | None, decision: Decision) -> Entry:
    """The entry of a decision after the last one."""
    seq, before = (1, GENESIS) if last is None else (last.seq + 1, last.link)
    return Entry(seq, before, _link(seq, before, decision), decision)


def faults(entries: Iterable[Entry]) -> Iterator[str]:
    """What is wrong with the chain, one sentence each; a changed entry is told once, not with all after it."""
    last: Entry | None = None
    for entry in entries:
        expected = following(last, entry.decision)
        if entry.seq != expected.seq:
            yield f"Before entry {entry.seq} entries are missing or stand twice."
        elif entry.link_before != expected.link_before:
            yield f"Entry {entry.seq} does not follow the one before it: one of them was put in or moved."
        elif entry.link != _link(entry.seq, entry.link_before, entry.decision):
            yield f"Entry {entry.seq} is not as it was written."
        last = entry


def read(path: Path) -> list[Entry]:
    """The entries in the file of a home; lines from before there was a chain are chained as they are read."""
    entries: list[Entry] = []
    for plain, decision in lines(path):
        if "link" in plain:
            entries.append(Entry(plain["seq"], plain["link_before"], plain["link"], decision))
        else:
            entries.append(following(entries[-1] if entries else None, decision))
    return entries


def write(path: Path, entries: Sequence[Entry]) -> None:
    """Put the entries into the file, all in one step."""
    replace_text(path, "".join(json.dumps(_plain(entry), ensure_ascii=False) + "\n" for entry in entries))


def _plain(entry: Entry) -> dict[str, object]:
    chain = {"seq": entry.seq, "link_before": entry.link_before, "link": entry.link}
    return {**chain, **asdict(entry.decision)}


def _link(seq: int, before: str, decision: Decision) -> str:
    """SHA-256 over the link before, the number and all that was decided."""
    text = json.dumps([before, seq, asdict(decision)], sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()
