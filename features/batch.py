"""One batch of sound rows into the store: what is new, what is held already, what contradicts what is held."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray

from features.digest import content_ids, contents, row_digests, total, values
from features.rowrules import conflicting
from features.schema import Table
from features.tables import ARRIVING, STORED, fetch_plain, insert_plain

ROWS_AT_ONCE = 20_000
Flags = NDArray[np.bool_]

IN_CONFLICT = "another row of the batch has the same key and other content"
HELD_OTHERWISE = "a row with this key is held with other content"
REVISION_HELD = "this revision is held with other content: send a correction as a new revision"
OTHER_PERSON = "names another person than the earlier revisions: retract the event and send a new one"


@dataclass(frozen=True)
class Sorted:
    """The rows of one table of a batch by their fate; `refused` gives reasons for row labels."""

    table: Table
    new: pd.DataFrame
    n_unchanged: int
    n_updated: int
    refused: Mapping[int, list[str]]
    digest_change: int


def sort_rows(connection: sa.Connection, table: Table, rows: pd.DataFrame) -> Sorted:
    """What is to become of sound rows (each with a label of its own), given what the store holds."""
    marked = _marked(table, rows)
    held = _held(connection, table, marked)
    before = _held_digest(marked, held, list(table.key))
    same = (before == marked["row_digest"]).to_numpy() | _said_before(table, marked, held)
    reasons = _contradictions(table, marked, held, clash=before.notna().to_numpy() & ~same)
    refused = np.logical_or.reduce(list(reasons.values()))
    new = _first_known(table, marked[~refused & ~same])
    replaced = before[new.index].dropna()  # only rows of facts can be new and have a row before them
    return Sorted(
        table=table,
        new=new,
        n_unchanged=int((~refused).sum()) - len(new),
        n_updated=len(replaced),
        refused=_by_label(marked.index, reasons),
        digest_change=total(new["row_digest"], new.get("known_on")) - total(replaced, None),
    )


def append(connection: sa.Connection, arrived: Sorted, batch_no: int) -> None:
    """Insert the new rows."""
    names = (*arrived.table.names, "extra", "row_digest")
    for start in range(0, len(arrived.new), ROWS_AT_ONCE):
        some = arrived.new.iloc[start : start + ROWS_AT_ONCE]
        columns = dict(zip(names, values(arrived.table, some, names), strict=True))
        insert_plain(connection, STORED[arrived.table.name], {**columns, "batch_no": [batch_no] * len(some)})


def _marked(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with their digests, and with an id made from what they say where they came without one."""
    said = pd.Series(contents(table, rows), index=rows.index, dtype=object)
    id_column = table.key[0]
    nameless = rows[id_column].isna()
    if nameless.any():
        # Two alike events of a person are one event told twice; two alike incidents, no person being named, are two.
        repeats = said[nameless].groupby(said[nameless]).cumcount() if table.name == "incidents" else None
        ids = pd.Series(content_ids(table, said[nameless], repeats), index=said.index[nameless], dtype="str")
        rows = rows.assign(**{id_column: rows[id_column].fillna(ids)})
    return rows.assign(row_digest=row_digests(table, rows, said))


def _held(connection: sa.Connection, table: Table, marked: pd.DataFrame) -> pd.DataFrame:
    """Key, digest and person of what the store holds under the same ids; of facts the newest only."""
    stored = STORED[table.name]
    names = [*table.key, "row_digest", *(["person_id"] if table.name == "events" else [])]
    columns = [stored.c[name] for name in names]
    rows: list[Any] = []
    if connection.execute(sa.select(stored.c.batch_no).limit(1)).first() is not None:
        first = stored.c[table.key[0]]
        ARRIVING.create(connection, checkfirst=False)
        insert_plain(connection, ARRIVING, {"key": marked[table.key[0]].unique().tolist()})
        query = sa.select(*columns).join(ARRIVING, ARRIVING.c.key == first).order_by(stored.c.batch_no)
        rows = [row for part in fetch_plain(connection, query) for row in part]
        ARRIVING.drop(connection)
    held = pd.DataFrame(rows, columns=names).astype({name: marked[name].dtype for name in names})
    return held.drop_duplicates(list(table.key), keep="last")


def _held_digest(marked: pd.DataFrame, held: pd.DataFrame, on: list[str]) -> "pd.Series[Any]":
    """The digest of the row held under the key of each row, missing where there is none."""
    found = marked[on].merge(held[[*on, "row_digest"]], on=on, how="left", validate="many_to_one")
    return found["row_digest"].set_axis(marked.index)


def _said_before(table: Table, marked: pd.DataFrame, held: pd.DataFrame) -> Flags:
    """Effort is keyed by the day it was known: what the newest row held says already is nothing new."""
    if table.name != "effort":
        return np.zeros(len(marked), dtype=bool)
    week = ["area_id", "week"]
    newest = held.sort_values("known_on").drop_duplicates(week, keep="last")
    return (_held_digest(marked, newest, week) == marked["row_digest"]).to_numpy()


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


def _first_known(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """One row a key: of rows that say the same within one batch, the one known first stands for all."""
    ordered = rows.sort_values("known_on", kind="stable") if "known_on" in rows else rows
    return ordered.drop_duplicates(list(table.key)).sort_index()


def _by_label(labels: "pd.Index[Any]", reasons: Mapping[str, Flags]) -> dict[int, list[str]]:
    refused: dict[int, list[str]] = {}
    for reason, mask in reasons.items():
        for label in labels[mask]:
            refused.setdefault(int(label), []).append(reason)
    return refused
