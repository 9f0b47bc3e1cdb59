"""What a forecast is made from: the tables of one state of the store, whatever comes in meanwhile."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from features.areas import geometries
from features.grids import Grid
from features.home import Home
from features.hotspot import Places
from features.intake import ingest
from features.store import Store
from models import artifact, champion
from models.hotspot import look
from serving.desk import Desk
from serving.disclosure import Band, Told
from serving.hotspots import Asked, _place_of, looked, not_held, places_of
from serving.problems import ProblemError
from serving.settings import Settings
from serving.wording import wording
from tests.asked_in_process import open_desk
from tests.serving_helpers import AS_OF, HOTSPOTS, ask, build_city, key_for, problem, promote, serving
from tests.ui_helpers import Site, ask_as

QUERY = Asked(date.fromisoformat(AS_OF), 4, "township", 3, wording("en"))
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


@pytest.mark.parametrize(
    ("level", "outlines", "tests", "unknown"),
    [
        ("township", None, 0, {"neighbours", "effort"}),
        ("township", "outline", 1, set()),
        ("cell", None, 1, set()),  # where a cell lies is in its id
    ],
)
def test_of_neighbours_without_outlines_and_of_effort_without_tests_nothing_is_held(level, outlines, tests, unknown):
    areas, effort = pd.DataFrame({"geometry": [outlines]}), pd.DataFrame({"tests": [5] * tests})
    places = Places(pd.DataFrame(), areas, effort)
    assert not_held(level, places) == unknown
    assert "neighbours" in not_held("township", replace(places, areas=None))


def of_earlier_release(city):
    """Promote the hotspot model as a release that knew fewer levels would have saved it."""
    answering = champion.read(city.home.champions, HOTSPOTS)
    held = artifact.read(city.home.bentoml / "models" / answering.tag.replace(":", "/"))
    prior = {**held.model["prior"], "level_weights": held.model["prior"]["level_weights"][:-2]}
    plain = {**held.model, "prior": prior}
    promote(city.home, HOTSPOTS, "hotspot", artifact.booster_of(held), plain, card=held.card)


def test_a_model_of_another_release_is_refused_with_the_words_of_a_problem_and_a_page(tmp_path):
    city = build_city(tmp_path, n_persons=40)
    of_earlier_release(city)
    keys = {"planner": key_for(city.home, "planner")}
    with serving(city.home, tmp_path / "log") as url:
        problem(ask(f"{url}/v1/hotspots?as_of={AS_OF}"), 503, "unfit_model")
        page = ask_as(Site(url, city.home, keys, None), "planner", f"/ui/map?as_of={AS_OF}")
        assert page.status == 503
        for told in ("预测模型与本版本不符", "重新训练", "site.css", "/ui/indicators"):
            assert told in page.text()
        [refused] = [each for each in ask(f"{url}/readyz").json["refused"] if each["name"] == HOTSPOTS]
        assert "train and promote the model again" in refused["why"]


def test_a_model_learned_with_outlines_is_refused_where_there_are_none_any_more(tmp_path):
    def without_outlines(model, places, *, as_of):
        return look(model, replace(places, areas=places.areas.assign(geometry=None)), as_of=as_of)

    with pytest.raises(ProblemError, match="unfit_model"):
        looked(open_desk(build_city(tmp_path, n_persons=40)), QUERY, without_outlines)
