"""What a map shows is recorded under the id it names, and can be made again by it; what was fetched ahead is not."""

import csv
import io
import re

import pytest
import shapely

from features.store import Store
from models import artifact
from serving.private_files import reading
from serving.replay import replay
from serving.ui.map_files import COLUMNS
from serving.ui.map_picture import rings_of
from tests.serving_helpers import AS_OF
from tests.ui_helpers import ask_as, tab

NAMED = re.compile(r'id="answer" class="hint" data-id="([0-9a-f]{32})"')
NAMES_ANOTHER = """first => {
    const told = document.getElementById("answer").textContent;
    return told !== "" && !told.includes(first);
}"""
KNOWN_BY, UNTIL = "2024-05-26", "2024-06-23"  # the Sunday before AS_OF, and four weeks after it
DAYS = "SELECT DISTINCT as_of FROM audit WHERE act = 'GET /v1/hotspots' AND score_id IS NOT NULL"


def held(site):
    """The artifact of a champion, from the model store of the site."""
    return lambda tag, digest: artifact.read(site.home.bentoml / "models" / tag.replace(":", "/"), expected=digest)


def recorded_days(site):
    with reading(site.home.records) as connection:
        return {day for (day,) in connection.execute(DAYS)}


def test_a_table_of_the_map_opens_in_a_spreadsheet_in_the_language_of_the_page(ui_site):
    for language, first in (("zh-CN", ["区域编号", "区域", "所属"]), ("en", ["Area id", "Area", "Part of"])):
        body = ask_as(ui_site, "planner", f"/ui/map/areas.csv?as_of={AS_OF}&lang={language}").body
        assert body.startswith(b"\xef\xbb\xbf")
        heads, *rows = csv.reader(io.StringIO(body.decode("utf-8-sig")))
        assert heads[:3] == first
        assert [len(row) for row in rows] == [len(heads)] * 4
        days = {tuple(row[COLUMNS.index(name)] for name in ("as_of", "known_by", "until")) for row in rows}
        assert days == {(AS_OF, KNOWN_BY, UNTIL)}


def test_a_layer_of_the_map_is_valid_geojson_whose_areas_say_themselves_what_they_are_of(ui_site):
    told = ask_as(ui_site, "planner", f"/ui/map/areas.geojson?as_of={AS_OF}&lang=en").json()
    assert told["type"] == "FeatureCollection"
    assert "crs" not in told  # RFC 7946: always WGS 84, longitude first
    assert told["name"] == f"waystation-township-4w-{AS_OF}"
    for each in told["features"]:
        of = each["properties"]
        assert (each["type"], of["as_of"], of["known_by"], of["until"]) == ("Feature", AS_OF, KNOWN_BY, UNTIL)
        for ring in rings_of(each["geometry"]):
            assert ring[0] == ring[-1]
            assert shapely.LinearRing(ring).is_ccw
            assert all(-180 <= east <= 180 and -90 <= north <= 90 for east, north in ring)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_map_and_its_downloads_name_the_answer_that_is_made_again_by_it(ui_site, language):
    asked = f"as_of={AS_OF}&lang={language}"
    page = ask_as(ui_site, "planner", f"/ui/map?{asked}").text()
    [shown] = NAMED.findall(page)
    told = ask_as(ui_site, "planner", f"/ui/map/areas.geojson?{asked}").json()
    rows = csv.reader(io.StringIO(ask_as(ui_site, "planner", f"/ui/map/areas.csv?{asked}").body.decode("utf-8-sig")))
    picture = ask_as(ui_site, "planner", f"/ui/map/picture.svg?{asked}").text()
    assert told["answer_id"] == shown
    assert {row[COLUMNS.index("answer_id")] for row in [*rows][1:]} == {shown}
    assert shown in picture
    with Store.open(ui_site.home.store_url) as store:
        again = replay(ui_site.home.records, store, shown, held(ui_site))
    assert (again.kind, again.differs) == ("forecast", ())


def test_the_warnings_of_the_map_are_made_again_by_the_id_they_name(ui_site):
    page = ask_as(ui_site, "planner", f"/ui/map/warnings?as_of={AS_OF}&lang=en").text()
    [named] = re.findall(r"Answer ([0-9a-f]{32}):", page)
    with Store.open(ui_site.home.store_url) as store:
        again = replay(ui_site.home.records, store, named, held(ui_site))
    assert (again.kind, again.differs) == ("warnings", ())


def test_weeks_fetched_ahead_are_recorded_only_once_the_slider_rests_on_them(browser, ui_site):
    with tab(browser, ui_site, "planner", language="en") as watched:
        page, before = watched.page, recorded_days(ui_site)  # the door leads to a map, which is shown
        page.goto(f"{ui_site.url}/ui/map?as_of={AS_OF}")
        page.wait_for_selector("#map[data-ahead=yes]")
        first = page.get_attribute("#answer", "data-id")
        page.eval_on_selector("#week", "week => { week.value = 8; week.dispatchEvent(new Event('input')); }")
        page.wait_for_function(NAMES_ANOTHER, arg=first)
        [named] = re.findall(r"Answer ([0-9a-f]{32}):", page.inner_text("#answer"))
        rested = page.get_attribute("#map", "data-shown")
        assert rested != AS_OF
        assert recorded_days(ui_site) - before <= {AS_OF, rested}
        assert watched.faults == []
    with Store.open(ui_site.home.store_url) as store:
        again = replay(ui_site.home.records, store, named, held(ui_site))
    assert again.same
