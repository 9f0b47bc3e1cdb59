"""Months of stations are closed here: counted once they are over, and kept as rows nobody changes afterwards."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import sqlalchemy as sa

from features.asof import Events, everything
from features.history import History
from features.schema import TABLES
from features.stations import COUNTED, Places, closes_on, first_day, month_of
from features.store import frame_of, read
from features.tables import STORED, fetch_plain

Flags = npt.NDArray[np.bool_]

BOOKS_DAYS = 90  # a person is on the books of the station that recorded something of the person within so many days
BY_THE_STATION = ("community", "rehab_station")  # sources whose records put a person on a station's books
ASKED = (
    "event_id", "revision", "retracted", "person_id", "occurred_on", "known_on", "source", "kind", "outcome",
    "station_id",
)  # fmt: skip


def counted(history: History, months: Sequence[int]) -> pd.DataFrame:
    """station_id, month (its first day), persons and the counts of COUNTED: a row for each station and month.

    Pure: what became known after the day a month closes on changes nothing in its row.
    """
    events = everything(history)
    told = {"persons": events.flagged("source", BY_THE_STATION)}
    for name, (kinds, outcomes) in COUNTED.items():
        told[name] = events.flagged("kind", kinds) & events.flagged("outcome", outcomes)
    columns = ["station_id", "month", "persons", *COUNTED]
    rows = [_month(events, told, month) for month in months]
    return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)


def _month(events: Events, told: Mapping[str, Flags], month: int) -> pd.DataFrame:
    """The rows of one month; `told` flags the events of each count."""
    before, end, closing = int(first_day(month)) - 1, int(first_day(month + 1)) - 1, int(closes_on(month))
    station, names = events.codes["station_id"], events.levels["station_id"]
    recent = np.flatnonzero((events.occurred > end - BOOKS_DAYS) & (events.occurred <= end) & (station >= 0))
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
    rows = _with_workers(counted(history, months), stations)
    return rows.assign(closed_on=closes_on(month_of(rows["month"].to_numpy(dtype=np.int64))))


def close_months(connection: sa.Connection, *, received_on: int, backfill: bool) -> pd.DataFrame:
    """The rows of `station_months` that are due once a batch has come in on a day; none on most days.

    A month is closed by the first batch received after the day it closes on, and is known from then. A backfill tells
    the past as it was known then, so all months are counted anew, each known from the day it closes on.
    """
    due = _due(connection, received_on=received_on, backfill=backfill)
    events = _events(connection, due) if due else frame_of(TABLES["events"], ASKED, [])
    if events.empty:
        return frame_of(TABLES["station_months"], (*TABLES["station_months"].names, "extra"), [])
    history = History.of(events, events[["person_id"]].drop_duplicates())
    if backfill:
        rows = past_months(history, read(connection, "stations"), until=received_on - 1)
    else:
        rows = _with_workers(counted(history, due), read(connection, "stations")).assign(closed_on=received_on)
    return rows.assign(extra=pd.Series(None, rows.index, dtype="str"))


def _with_workers(rows: pd.DataFrame, stations: pd.DataFrame) -> pd.DataFrame:
    workers = stations.set_index("station_id")["social_workers"]
    return rows.assign(social_workers=rows["station_id"].map(workers).astype("float64"))


def _due(connection: sa.Connection, *, received_on: int, backfill: bool) -> list[int]:
    """The months that are over, closed by the day before the batch came, and not counted yet."""
    events, months = STORED["events"].c, STORED["station_months"].c
    named = sa.select(sa.func.min(events.occurred_on)).where(events.station_id.is_not(None))
    first = connection.execute(named).scalar()
    if first is None:
        return []
    last = connection.execute(sa.select(sa.func.max(months.month))).scalar()
    start = int(month_of(first)) if backfill or last is None else int(month_of(last)) + 1
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
