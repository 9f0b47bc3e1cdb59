"""The desk of an invented city without a server, and who asks at it."""

import sqlite3

from features.intake import ingest
from features.store import Store
from serving.desk import Desk
from serving.feedback import Book
from serving.guard import Visit
from serving.notes import NOTES, Notes
from serving.roles import Caller
from serving.settings import Settings
from serving.worklist import Worklists
from tests.serving_helpers import TODAY

WORKER = Caller("worker", "station_worker", "S1")
LEAD = Caller("lead", "station_lead", "S1")
OTHER_WORKER = Caller("elsewhere", "station_worker", "S2")
MACHINE = Caller("machine", "machine")
EVENTS = "person_id,occurred_on,known_on,source,kind,outcome,substance,value,station_id\n"


def open_desk(city, **settings):
    settings = Settings(city.home, **settings)
    return Desk.open(settings, lambda tag: city.home.bentoml / "models" / tag.replace(":", "/"))


def open_notes(city):
    return Notes(city.home.path / NOTES)


def open_book(city):
    return Book(open_desk(city), open_notes(city))


def lists_of(city):
    return Worklists(open_desk(city), open_notes(city))


def visit(act, caller=WORKER):
    return Visit(act, "request", caller)


def entries(city, where="1"):
    with sqlite3.connect(city.home.records) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM audit WHERE {where} ORDER BY seq")]


def deliver(city, folder, **tables):
    """Take in a further delivery; each table as CSV text."""
    folder.mkdir()
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    with Store.open(f"sqlite:///{city.home.path / 'store.db'}") as store:
        report = ingest(folder, store, received_on=TODAY)
    assert not any(table.quarantined for table in report.tables)
