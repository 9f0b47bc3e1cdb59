"""What a forecast is made from: the tables of one state of the store, whatever comes in meanwhile."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import sqlalchemy as sa

from features.areas import geometries
from features.grids import Grid
from features.home import Home
from features.intake import ingest
from features.store import Store
from serving.desk import Desk
from serving.disclosure import Band, Told
from serving.hotspots import Asked, _place_of, places_of
from serving.settings import Settings
from serving.wording import wording

HEADS = "incident_id,occurred_on,known_on,kind,reported_by,area_id\n"


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    made.path.mkdir()
    return made


def take_in(home, number):
    """The state after one more batch, of one incident."""
    file = home.path / "incidents.csv"
    file.write_text(f"{HEADS}I{number},2024-01-01,2024-01-02,overdose,service,T1\n")
    with Store.open(home.store_url) as store:
        return ingest(file, store, received_on=date(2024, 2, 1), backfill=True).state_digest


@contextmanager
def before_each_query(of, act):
    """Act as soon as a connection of a store is about to run a query."""

    def hear(connection, *_):
        connection.set_trace_callback(lambda text: act() if text.startswith("SELECT") else None)

    sa.event.listen(of, "checkout", hear)
    try:
        yield
    finally:
        sa.event.remove(of, "checkout", hear)


def test_the_incidents_of_a_forecast_are_those_of_the_state_it_names(home):
    n_incidents = {take_in(home, 0): 1}

    def deliver():
        number = len(n_incidents)
        n_incidents[take_in(home, number)] = number + 1

    desk = Desk.open(Settings(home), lambda tag: home.path / tag)
    with before_each_query(desk.histories.store()._engine, deliver):
        places, state = places_of(desk)
    assert len(places.incidents) == n_incidents[state]
    assert len(n_incidents) > 3  # a batch came in before every table was read


@pytest.mark.parametrize(("language", "name"), [("en", "Cell around 26.6"), ("zh-CN", "网格（北纬26.6")])
def test_a_cell_is_called_by_its_middle_and_an_area_of_no_name_by_its_id(language, name):
    asked = Asked(date(2024, 6, 1), 4, "cell", 3, wording(language))
    cell = Grid(500, 26.65, 106.63).ids(np.array([106.64]), np.array([26.66]))[0]
    told = Told(str(cell), Band(0.0, 1.0, 0.0, 3.0, 1.0), ())
    [outline] = geometries([told.area_id], None)
    assert _place_of(told, outline, asked).startswith(name)
    assert _place_of(told, None, asked) == told.area_id
    assert _place_of(replace(told, area_id="T1"), outline, replace(asked, level="township")) == "T1"
