"""One batch of sound rows into the store: what is new, what is held already, what contradicts what is held."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from features.arrays import Flags
from features.digest import content_ids, contents, row_digests, total, values
from features.rowrules import conflicting
from features.schema import Table
from features.tables import ARRIVING, STORED, current, fetch_plain, insert_plain

ROWS_AT_ONCE = 20_000

IN_CONFLICT = "another row of the batch has the same key and other content"
HELD_OTHERWISE = "a row with this key is held with other content"
REVISION_HELD = "this revision is held with other content: send a correction as a new revision"
FIXED = "these facts were fixed at registration and are held otherwise: a mistake is put right with --backfill"
OTHER_PERSON = "names another person than the earlier revisions: retract the event and send a new one"


@dataclass(frozen=True)
class Sorted:
    """The rows of one table of a batch by their fate; `refused` gives reasons for row labels.

    `earlier` holds key and known_on of rows held already that were known before the day held so far.
    """

    table: Table
    new: pd.DataFrame
    earlier: pd.DataFrame
    n_unchanged: int
    n_updated: int
    refused: Mapping[int, list[str]]
    digest_change: int


def sort_rows(
    connection: sa.Connection, table: Table, rows: pd.DataFrame, *, received_on: int, backfill: bool
) -> Sorted:
    """What is to become of sound rows (each with a label of its own) received on a day, given what the store holds.

    What is held of a person has no day of its own and counts at every as-of date, so only a backfill may change it.
    """
    marked = _marked(table, rows)
    held = _held(connection, table, marked)
    before = _held_value(marked, held, list(table.key), "row_digest")
    same = (before == marked["row_digest"]).to_numpy() | _said_before(table, marked, held, received_on)
    clash = before.notna().to_numpy() & ~same
    reasons = _contradictions(table, marked, held, clash=clash)
    if table.name == "persons" and not backfill:
        reasons[FIXED] = _other_facts(connection, table, marked, clash)
    refused = np.logical_or.reduce(list(reasons.values()))
    fresh = ~refused & ~same
    new = _first_known(table, marked if fresh.all() else marked[fresh])  # a first load is not held in memory twice
    replaced = before[new.index].dropna()  # only rows of facts can be new and have a row before them
    earlier = _known_earlier(table, marked[~refused & same], held)
    return Sorted(
        table=table,
        new=new,
        earlier=earlier,
        n_unchanged=int((~refused).sum()) - len(new) - len(earlier),
        n_updated=len(replaced) + len(earlier),
        refused=_by_label(marked.index, reasons),
        digest_change=total(new["row_digest"], new.get("known_on"))
        - total(replaced, None)
        + total(earlier["row_digest"], earlier["known_on"])
        - total(earlier["row_digest"], earlier["known_before"]),
    )


def append(connection: sa.Connection, arrived: Sorted, batch_no: int) -> None:
    """Insert the new rows, and date back those that were known earlier than held so far."""
    names = (*arrived.table.names, "extra", "row_digest")
    for start in range(0, len(arrived.new), ROWS_AT_ONCE):
        some = arrived.new.iloc[start : start + ROWS_AT_ONCE]
        columns = dict(zip(names, values(arrived.table, some, names), strict=True))
        insert_plain(connection, STORED[arrived.table.name], {**columns, "batch_no": [batch_no] * len(some)})
    if len(arrived.earlier):
        _date_back(connection, arrived.table, arrived.earlier)


def _date_back(connection: sa.Connection, table: Table, earlier: pd.DataFrame) -> None:
    """The one change ever made to a row that is held: it was known earlier than we had been told."""
    stored = STORED[table.name]
    same_key = sa.and_(*(stored.c[name] == sa.bindparam(f"of_{name}") for name in table.key))
    update = sa.update(stored).where(same_key).values(known_on=sa.bindparam("told"))
    told = zip(*(earlier[name].tolist() for name in (*table.key, "known_on")), strict=True)
    names = [*(f"of_{name}" for name in table.key), "told"]
    connection.execute(update, [dict(zip(names, row, strict=True)) for row in told])


def _marked(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with their digests, and with an id made from what they say where they came without one."""
    # What the rows say takes many times their memory, so it is spelled out in parts. Incidents, of which two alike
    # are told apart by counting, are few.
    size = max(len(rows), 1) if table.name == "incidents" else ROWS_AT_ONCE
    starts = range(0, max(len(rows), 1), size)
    marks = pd.concat([_marks(table, rows.iloc[start : start + size]) for start in starts])
    return rows.assign(**{name: marks[name] for name in (table.key[0], "row_digest")})


def _marks(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """Id and digest of each row."""
    said = pd.Series(contents(table, rows), index=rows.index, dtype=object)
    ids = rows[table.key[0]]
    nameless = ids.isna()
    if nameless.any():
        # Two alike events of a person are one event told twice; two alike incidents, no person being named, are two.
        repeats = said[nameless].groupby(said[nameless]).cumcount() if table.name == "incidents" else None
        made = content_ids(table, said[nameless], repeats)
        ids = ids.fillna(pd.Series(made, index=said.index[nameless], dtype="str"))
    named = rows.assign(**{table.key[0]: ids})
    digests = pd.Series(row_digests(table, named, said), index=rows.index, dtype=object)
    return pd.DataFrame({table.key[0]: ids, "row_digest": digests})


def _held(connection: sa.Connection, table: Table, marked: pd.DataFrame) -> pd.DataFrame:
    """Key, digest, day known and person of what the store holds under the same ids; of facts the newest only."""
    stored = STORED[table.name]
    names = [*table.key, "row_digest", *(name for name in ("known_on", "person_id") if name in stored.c)]
    names = list(dict.fromkeys(names))
    rows: list[Any] = []
    if connection.execute(sa.select(stored.c.batch_no).limit(1)).first() is not None:
        ARRIVING.create(connection, checkfirst=False)
        insert_plain(connection, ARRIVING, {"key": marked[table.key[0]].unique().tolist()})
        # Not a join: for one SQLite would walk through the whole table instead of looking up the few that arrive.
        arriving = stored.c[table.key[0]].in_(sa.select(ARRIVING.c.key))
        query = sa.select(*(stored.c[name] for name in names)).where(arriving).order_by(stored.c.batch_no)
        rows = [row for part in fetch_plain(connection, query) for row in part]
        ARRIVING.drop(connection)
    held = pd.DataFrame(rows, columns=names).astype({name: marked[name].dtype for name in names})
    return held.drop_duplicates(list(table.key), keep="last")


def _held_value(marked: pd.DataFrame, held: pd.DataFrame, on: list[str], name: str) -> "pd.Series[Any]":
    """One value of the row held under the key of each row, missing where there is none."""
    found = marked[on].merge(held[[*on, name]], on=on, how="left", validate="many_to_one")
    return found[name].set_axis(marked.index)


def _said_before(table: Table, marked: pd.DataFrame, held: pd.DataFrame, received_on: int) -> Flags:
    """Effort is keyed by the day it was known: sent again with no day of its own, what is held says it already."""
    if table.name != "effort":
        return np.zeros(len(marked), dtype=bool)
    week = ["area_id", "week"]
    newest = held.sort_values("known_on").drop_duplicates(week, keep="last")
    says = (_held_value(marked, newest, week, "row_digest") == marked["row_digest"]).to_numpy()
    # A day declared in a backfill is history of its own: dropped here, the state would depend on the order of arrival.
    return says & (marked["known_on"] >= received_on).to_numpy()


def _known_earlier(table: Table, same: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """One row for each held row that is now told with an earlier day of knowledge.

    The earliest day that was told counts, so that the state does not depend on which of two tellings came first. An
    ordinary batch cannot date back what is held: its day is the day of arrival, and days pass in one direction.
    """
    if "known_on" not in same or "known_on" in table.key:
        return same.iloc[:0].assign(known_on=0, known_before=0)
    known_before = _held_value(same, held, list(table.key), "known_on").astype("int64")
    return _first_known(table, same.assign(known_before=known_before)[same["known_on"] < known_before])


def _contradictions(table: Table, marked: pd.DataFrame, held: pd.DataFrame, *, clash: Flags) -> dict[str, Flags]:
    reasons = {IN_CONFLICT: conflicting(marked, list(table.key), ["row_digest"])}
    if table.name == "events":
        reasons |= {REVISION_HELD: clash, OTHER_PERSON: _other_person(marked, held)}
    elif not table.facts:
        reasons[HELD_OTHERWISE] = clash
    return reasons


def _other_person(marked: pd.DataFrame, held: pd.DataFrame) -> Flags:
    columns = ["event_id", "revision", "person_id"]
    told = pd.concat([held[columns], marked.sort_values("revision", kind="stable")[columns]])
    first = told.drop_duplicates("event_id").set_index("event_id")["person_id"]
    return (marked["event_id"].map(first) != marked["person_id"]).to_numpy(dtype=bool)


def _other_facts(connection: sa.Connection, table: Table, marked: pd.DataFrame, clash: Flags) -> Flags:
    """Which of the persons held otherwise differ in a fact; a name is none, it may change."""
    names = [*(name for name in table.names if name != "display_name"), "extra"]
    other, said = np.zeros(len(marked), dtype=bool), marked[clash]
    stored = current(table.name).subquery().c
    for start in range(0, len(said), 500):
        some = said.iloc[start : start + 500]
        query = sa.select(*(stored[name] for name in names)).where(stored.person_id.in_(some["person_id"].tolist()))
        held = {row.person_id: tuple(row) for row in connection.execute(query)}
        rows = zip(*values(table, some, names), strict=True)
        other[np.flatnonzero(clash)[start : start + 500]] = [row != held[row[0]] for row in rows]
    return other


def _first_known(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """One row a key: of rows that say the same within one batch, the one known first stands for all."""
    repeated = rows.duplicated(list(table.key), keep=False)
    if not repeated.any():
        return rows
    ordered = rows.sort_values("known_on", kind="stable") if "known_on" in rows else rows
    return ordered.drop_duplicates(list(table.key)).sort_index()


def _by_label(labels: "pd.Index[Any]", reasons: Mapping[str, Flags]) -> dict[int, list[str]]:
    refused: dict[int, list[str]] = {}
    for reason, mask in reasons.items():
        for label in labels[mask]:
            refused.setdefault(int(label), []).append(reason)
    return refused
