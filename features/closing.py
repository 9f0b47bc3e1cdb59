"""Months of stations are closed here: counted once they are over, and kept as rows.

A month closed in daily work is closed for good. A backfill tells the past anew as it was known then: it counts the
months again that it touches, but for those daily work has closed.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import sqlalchemy as sa

from features.arrays import Flags
from features.asof import Events, everything
from features.history import History
from features.schema import TABLES
from features.stations import CLOSES_AFTER_DAYS, COUNTED, Places, closes_on, first_day, month_of
from features.store import frame_of
from features.tables import BATCHES, STORED, fetch_plain

Touched = tuple[int, int] | None  # the first and the last day on which anything a batch tells of happened

BOOKS_DAYS = 90  # a person is on the books of the station that recorded something of the person within so many days
BY_THE_STATION = ("community", "rehab_station")  # sources whose records put a person on a station's books
COUNTS = ("persons", *COUNTED)
ASKED = (
    "event_id", "revision", "retracted", "person_id", "occurred_on", "known_on", "source", "kind", "outcome",
    "station_id",
)  # fmt: skip


def counted(history: History, months: Sequence[int]) -> pd.DataFrame:
    """station_id, month (its first day), persons and the counts of COUNTED: a row where any of them is above zero.

    Pure: what became known after the day a month closes on changes nothing in its row.
    """
    events = everything(history)
    told = {"persons": events.flagged("source", BY_THE_STATION)}
    for name, (kinds, outcomes) in COUNTED.items():
        told[name] = events.flagged("kind", kinds) & events.flagged("outcome", outcomes)
    by_day = np.argsort(events.occurred, kind="stable")
    rows = [_month(events, told, by_day, month) for month in months]
    columns = ["station_id", "month", *COUNTS]
    table = pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)
    return table[table[list(COUNTS)].any(axis=1)]


def _month(events: Events, told: Mapping[str, Flags], by_day: Places, month: int) -> pd.DataFrame:
    """The rows of one month; `told` flags the events of each count, `by_day` are the places of all by their day."""
    before, end, closing = int(first_day(month)) - 1, int(first_day(month + 1)) - 1, int(closes_on(month))
    station, names = events.code("station_id"), events.history.levels["station_id"]
    window = np.searchsorted(events.occurred, [end - BOOKS_DAYS, end], side="right", sorter=by_day)
    recent = np.sort(by_day[slice(*window)])
    recent = recent[station[recent] >= 0]
    known = recent[(events.known[recent] <= closing) & (closing < events.until[recent])]
    inside = known[events.occurred[known] > before]
    rows = {name: inside[told[name][inside]] for name in COUNTED}
    rows["persons"] = _last_of_each(events, known[told["persons"][known]])
    counts = {name: np.bincount(station[places], minlength=len(names)) for name, places in rows.items()}
    return pd.DataFrame({"station_id": pd.array(names, dtype="str"), "month": before + 1, **counts})


def _last_of_each(events: Events, rows: Places) -> Places:
    """Of some rows the last of each person: the station that recorded it has the person on its books."""
    person = np.searchsorted(events.first, rows, side="right") - 1
    return rows[np.diff(person, append=-1) != 0]


def past_months(history: History, stations: pd.DataFrame, *, until: int) -> pd.DataFrame:
    """All months of a whole city's history that close by a day, as a backfill closes them: known when they closed."""
    told = history.occurred[history.codes["station_id"] >= 0]
    start = int(month_of(told.min())) if len(told) else int(month_of(until))
    months = [month for month in range(start, int(month_of(until))) if closes_on(month) <= until]
    rows = counted(history, months)
    workers = stations.set_index("station_id")["social_workers"]
    return rows.assign(
        social_workers=rows["station_id"].map(workers).astype("float64"),
        closed_on=closes_on(month_of(rows["month"].to_numpy(dtype=np.int64))),
    )


def close_months(connection: sa.Connection, touched: Touched, *, received_on: int, backfill: bool) -> pd.DataFrame:
    """The rows of `station_months` that are due once a batch has come in on a day; none on most days.

    A month is closed by the first batch received after the day it closes on, and is known from then; one that a
    backfill counts, from the day it closes on.
    """
    due = _told(connection, touched, received_on) if backfill else _due(connection, received_on)
    events = _events(connection, due) if due else frame_of(TABLES["events"], ASKED, [])
    if events.empty:
        return frame_of(TABLES["station_months"], (*TABLES["station_months"].names, "extra"), [])
    rows = counted(History.of(events, events[["person_id"]].drop_duplicates()), due)
    if backfill:  # a row whose events were all taken back has to say so
        rows = _named(events, due).merge(rows, how="left", on=["station_id", "month"], validate="one_to_one")
        rows[list(COUNTS)] = rows[list(COUNTS)].fillna(0)
    closed = closes_on(month_of(rows["month"].to_numpy(dtype=np.int64))) if backfill else received_on
    rows = rows.assign(closed_on=closed, extra=pd.Series(None, rows.index, dtype="str"))
    return rows.assign(social_workers=_workers(connection, rows)).astype(dict.fromkeys(COUNTS, "float64"))


def touched(connection: sa.Connection, told: Sequence[pd.DataFrame]) -> Touched:
    """Between which days the events happened that rows of a batch tell of, by any of their revisions."""
    rows = pd.concat([frame[["event_id", "revision", "occurred_on"]] for frame in told])
    if rows.empty:
        return None
    days = [int(rows["occurred_on"].min()), int(rows["occurred_on"].max())]
    revised = rows.loc[rows["revision"] > 1, "event_id"].unique().tolist()
    events = STORED["events"].c
    span = sa.select(sa.func.min(events.occurred_on), sa.func.max(events.occurred_on))
    for start in range(0, len(revised), 500):
        days += connection.execute(span.where(events.event_id.in_(revised[start : start + 500]))).one()
    return min(days), max(days)


def _named(events: pd.DataFrame, due: Sequence[int]) -> pd.DataFrame:
    """station_id and month wherever a row names a station in the month or on the days of the books before its end."""
    rows = events[events["station_id"].notna()]
    first, day = month_of(rows["occurred_on"].to_numpy(dtype=np.int32)), rows["occurred_on"].to_numpy(dtype=np.int64)
    found = []
    for later in range(BOOKS_DAYS // 28 + 1):
        near = first_day(first + later + 1) - 1 - BOOKS_DAYS < day
        found.append(pd.DataFrame({"station_id": rows["station_id"][near], "month": (first + later)[near]}))
    named = pd.concat(found).drop_duplicates()
    named = named[named["month"].isin(due)].sort_values(["month", "station_id"], ignore_index=True)
    return named.assign(month=first_day(named["month"].to_numpy()))


def _workers(connection: sa.Connection, rows: pd.DataFrame) -> pd.Series:
    """The staff of each row's station as last told by the day it was closed; before any was told, as told first.

    What is told of the staff has no day of its own but that of its batch; a later change must not reach back.
    """
    stations, batches = STORED["stations"].c, BATCHES.c
    query = sa.select(stations.station_id, batches.received_on, stations.social_workers).join(
        BATCHES, stations.batch_no == batches.batch_no
    )
    told = connection.execute(query.order_by(stations.batch_no)).fetchall()
    staff: dict[str, list[tuple[int, int | None]]] = {}
    for station_id, day, workers in told:
        staff.setdefault(station_id, []).append((day, workers))
    known = [
        [workers for day, workers in staff.get(station_id, []) if day <= closed][-1:]
        or [workers for _, workers in staff.get(station_id, [])][:1]
        for station_id, closed in zip(rows["station_id"], rows["closed_on"], strict=True)
    ]
    return pd.Series([each[0] if each else None for each in known], rows.index, dtype="float64")


def _due(connection: sa.Connection, received_on: int) -> list[int]:
    """The months that are over, closed by the day before the batch came, and not counted yet."""
    events, months = STORED["events"].c, STORED["station_months"].c
    last = connection.execute(sa.select(sa.func.max(months.month))).scalar()
    if last is None:
        last = connection.execute(sa.select(sa.func.min(events.occurred_on))).scalar()
        start = int(month_of(received_on if last is None else last))
    else:
        start = int(month_of(last)) + 1
    return _closed(start, received_on)


def _told(connection: sa.Connection, touched: Touched, received_on: int) -> list[int]:
    """The months whose counts a backfill may have changed, but for those that daily work closed."""
    if touched is None:
        return []
    first, last = touched
    due = _closed(
        int(month_of(first)), min(received_on, int(first_day(month_of(last + BOOKS_DAYS) + 1)) + CLOSES_AFTER_DAYS)
    )
    months = STORED["station_months"].c
    held = connection.execute(sa.select(months.month, sa.func.max(months.closed_on)).group_by(months.month))
    for_good = {int(month_of(month)) for month, closed in held if closed > closes_on(month_of(month))}
    return [month for month in due if month not in for_good]


def _closed(start: int, received_on: int) -> list[int]:
    return [month for month in range(start, int(month_of(received_on))) if closes_on(month) < received_on]


def _events(connection: sa.Connection, due: Sequence[int]) -> pd.DataFrame:
    """The columns of a history with all revisions of all events of the months and of the days of the books before."""
    events = STORED["events"].c
    since, until = int(first_day(due[0])) - BOOKS_DAYS, int(first_day(due[-1] + 1))
    near = sa.select(events.event_id).where(events.occurred_on.between(since, until))
    query = sa.select(*(events[name] for name in ASKED)).where(events.event_id.in_(near))
    parts = [frame_of(TABLES["events"], ASKED, part) for part in fetch_plain(connection, query)]
    rows = pd.concat(parts or [frame_of(TABLES["events"], ASKED, [])], ignore_index=True)
    return rows.assign(value=np.nan, substance=None, note_code=None)
