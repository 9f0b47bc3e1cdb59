"""The ledger of promotions in the history store, and its copy in the home: entered in both before anything follows.

The store is the truth. Where one of the two lacks entries that the other holds (a crash between them, a store made
anew from its sources, a file that was lost) the next decision makes up for it; where they contradict each other, or the
chain is broken, nothing is entered. A rollback alone goes on without the store, in the file: a model that does harm
must not go on answering because a database is down.
"""

import fcntl
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import sqlalchemy as sa

from features.errors import StoreError
from features.home import Home
from features.store import Store
from features.tables import DECISIONS
from models import ledger
from models.champion import ROLLED_BACK, Champion, Decision
from models.ledger import Entry, following

LOCK = ".promotions.lock"
OF_CHAMPION = tuple(each.name for each in fields(Champion))


@dataclass(frozen=True)
class Verdict:
    """All entries of store and home, in order, and what is wrong with them, in sentences."""

    entries: tuple[Entry, ...]
    findings: tuple[str, ...]


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """While this is held no other process decides, so that the champion is what the last entry says."""
    with (home.path / LOCK).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def enter(home: Home, decision: Decision) -> list[Entry]:
    """All entries, the decision's the last, once store and home hold them; StoreError when the store cannot."""
    filed = ledger.read(home.ledger)
    try:
        entries = _entered(home, filed, decision)
    except StoreError as error:
        if decision.decision != ROLLED_BACK:
            raise StoreError(
                f"the decision cannot be entered in the ledger, so nothing was changed: {error}"
            ) from error
        without = replace(decision, why=f"{decision.why}; entered without the store, which could not be written")
        entries = [*filed, following(filed[-1] if filed else None, without)]
    ledger.write(home.ledger, entries)
    return entries


def catch_up(home: Home) -> None:
    """Let the file of the home hold what the store holds, as far as the store can be read and agrees."""
    filed = ledger.read(home.ledger)
    try:
        entries = _in_step(_read(home), filed)
    except StoreError:
        return
    if entries != filed:
        ledger.write(home.ledger, entries)


def verify(home: Home) -> Verdict:
    """The verdict on the ledger: whether its chain holds, and whether store and home hold the same."""
    held, filed = ({each.seq: each for each in entries} for entries in (_read(home), ledger.read(home.ledger)))
    whole = {**filed, **held}
    entries = tuple(whole[seq] for seq in sorted(whole))
    return Verdict(entries, (*ledger.faults(entries), *_between(held, filed)))


def _between(held: Mapping[int, Entry], filed: Mapping[int, Entry]) -> Iterator[str]:
    """Where store and home differ, one sentence each."""
    for seq in sorted(held.keys() | filed.keys()):
        if seq not in filed:
            yield f"Entry {seq} is not in the home's file; the next decision writes it there."
        elif seq not in held:
            yield (
                f"Entry {seq} is in the home's file and not in the store: it was written while the store was away, or "
                "was taken out of it; the next decision enters it."
            )
        elif held[seq].link != filed[seq].link:
            yield f"Entry {seq} is another in the home's file than in the store."


def _entered(home: Home, filed: Sequence[Entry], decision: Decision) -> list[Entry]:
    """All entries once the store holds them: in one transaction, alone among its writers."""
    try:
        with Store.open(home.store_url) as store, store.writing() as connection:
            held = _held(connection)
            entries = _in_step(held, filed)
            entries.append(following(entries[-1] if entries else None, decision))
            known = {each.seq for each in held}
            connection.execute(sa.insert(DECISIONS), [_row(each) for each in entries if each.seq not in known])
            return entries
    except sa.exc.DatabaseError as error:
        raise StoreError(f"the store could not be written ({str(error.orig).strip()}).") from error


def _read(home: Home) -> list[Entry]:
    try:
        with Store.open(home.store_url) as store, store.reading() as connection:
            return _held(connection)
    except sa.exc.DatabaseError as error:
        raise StoreError(f"ledger: the store could not be read ({str(error.orig).strip()}).") from error


def _held(connection: sa.Connection) -> list[Entry]:
    rows = connection.execute(sa.select(DECISIONS).order_by(DECISIONS.c.seq)).mappings()
    return [_entry(row) for row in rows]


def _in_step(held: Iterable[Entry], filed: Iterable[Entry]) -> list[Entry]:
    """The entries of both, in order; StoreError when they contradict each other or their chain is broken."""
    entries = {each.seq: each for each in held}
    for each in filed:
        if entries.setdefault(each.seq, each).link != each.link:
            raise StoreError(_TO_DO.format(fault=f"Entry {each.seq} is another in the home's file than in the store."))
    whole = [entries[seq] for seq in sorted(entries)]
    for fault in ledger.faults(whole):
        raise StoreError(_TO_DO.format(fault=fault))
    return whole


_TO_DO = (
    "ledger: {fault} See `waystation ledger`; put the table `decisions` or the file promotions.jsonl, whichever is not "
    "as it was, back from a backup."
)


def _row(entry: Entry) -> dict[str, Any]:
    decision = entry.decision
    return {
        "seq": entry.seq,
        "link_before": entry.link_before,
        "link": entry.link,
        "decision": decision.decision,
        "why": decision.why,
        "who": decision.who,
        "compared": json.dumps(decision.compared, ensure_ascii=False),
        **asdict(decision.champion),
    }


def _entry(row: Any) -> Entry:
    champion = Champion(**{name: row[name] for name in OF_CHAMPION})
    decision = Decision(row["decision"], row["why"], champion, row["who"], tuple(json.loads(row["compared"])))
    return Entry(row["seq"], row["link_before"], row["link"], decision)
