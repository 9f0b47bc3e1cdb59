"""Answers kept for the next who asks: made once for each key, the oldest forgotten, none under a key it is not of."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from serving import hotspot_routes, hotspots
from serving.api import create
from serving.kept import Kept
from serving.settings import Settings
from tests.asked_in_process import EVENTS, deliver
from tests.serving_helpers import AS_OF, TODAY, bearer, build_city, key_for


def counted(kept, key, made, *, of=None):
    """The value of a key, each making of it noted."""

    def make():
        made.append(key)
        return key.upper()

    return kept.get(key, make, key_of=lambda value: of or value.lower())


def test_a_value_is_made_once_and_the_longest_unasked_is_forgotten():
    kept, made = Kept(2), []
    assert [counted(kept, key, made) for key in "aabacab"] == list("AABACAB")
    assert made == ["a", "b", "c", "b"]


def test_what_was_made_from_something_newer_is_not_kept_under_the_older_key():
    kept, made = Kept(2), []
    counted(kept, "a", made, of="b")
    counted(kept, "b", made)
    counted(kept, "a", made)
    assert made == ["a", "a"]


def test_many_who_ask_at_once_are_all_told_the_value_of_their_key():
    kept, made = Kept(3), []
    keys = ["a", "b", "c", "d"] * 200
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda key: counted(kept, key, made), keys)) == [key.upper() for key in keys]
    assert len(kept._values) <= 3


# Forecasts over HTTP


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


def test_a_forecast_asked_again_is_not_made_again_until_the_store_says_something_new(city, monkeypatch, tmp_path):
    made = []

    def forecast(desk, asked):
        made.append(asked.level)
        return hotspots.forecast(desk, asked)

    monkeypatch.setattr(hotspot_routes, "forecast", forecast)
    app = create(Settings(city.home), lambda tag: city.home.bentoml / "models" / tag.replace(":", "/"))
    client = TestClient(app, base_url="http://localhost", headers=bearer(key_for(city.home, "data_scientist")))
    first, again = (client.get("/v1/hotspots", params={"as_of": AS_OF}) for _ in range(2))
    assert (first.status_code, len(made)) == (200, 1)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert client.get("/v1/hotspots", params={"as_of": AS_OF, "most": 1}).content != first.content
    assert len(made) == 2
    refused = client.get("/v1/hotspots", params={"as_of": AS_OF}, headers=bearer(key_for(city.home, "auditor")))
    assert refused.status_code == 403  # what is kept is told to nobody who might not have had it made
    deliver(city, tmp_path / "more", events=f"{EVENTS}P002,{TODAY},{TODAY},community,check_in,kept,,,S1\n")
    after = client.get("/v1/hotspots", params={"as_of": AS_OF})
    assert (after.json()["snapshot"] != first.json()["snapshot"], len(made)) == (True, 3)
