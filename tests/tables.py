"""Small text tables as input: what a test says is what a reader sees."""

from datetime import date

import numpy as np
import pandas as pd

from features.asof import Visible
from features.history import History

EPOCH = date(1970, 1, 1)
EVENT_COLUMNS = {
    "event_id": None, "revision": 1, "retracted": False, "person_id": "P1", "occurred_on": None, "known_on": None,
    "source": "community", "kind": None, "outcome": None, "substance": None, "value": np.nan, "station_id": None,
    "note_code": None,
}  # fmt: skip


def day(text):
    return (date.fromisoformat(text) - EPOCH).days


def table(text):
    """A frame from a table such as `person_id | kind` with one row a line; empty cells are absent."""
    lines = [line for line in text.strip().split("\n") if line.strip()]
    heads, *rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    return pd.DataFrame([[cell or None for cell in row] for row in rows], columns=heads)


def events(text):
    """Event revisions from a table; known_on is occurred_on when not given, ids are made."""
    given = table(text)
    made = pd.DataFrame({name: given.get(name, default) for name, default in EVENT_COLUMNS.items()}, index=given.index)
    made["event_id"] = made["event_id"].where(made["event_id"].notna(), [f"e{row}" for row in range(len(made))])
    made["occurred_on"] = made["occurred_on"].map(day)
    known = made["known_on"].map(day, na_action="ignore")
    made["known_on"] = known.where(known.notna(), made["occurred_on"]).astype("int64")
    return made.assign(
        revision=made["revision"].astype("int64"),
        retracted=made["retracted"].isin(["yes", True]),
        value=made["value"].astype("float64"),
    )


def history(text, persons=None):
    made = events(text)
    if persons is None:
        persons = pd.DataFrame({"person_id": sorted(made["person_id"].unique())})
    return History.of(made, persons)


def at(past_events, *days, person_id="P1"):
    """The visible past of one person on some dates."""
    when = pd.DataFrame({"person_id": person_id, "as_of": [day(each) for each in days]})
    return Visible.at(past_events, when)
