"""The promoted models and their cards over HTTP: what was promoted, word for word, and nothing a page could run."""

import json
from base64 import b64encode
from hashlib import sha256

import pytest
from fastapi.testclient import TestClient

from models import artifact, champion
from models.champion import Champion
from serving.api import create
from serving.settings import Settings
from tests.serving_helpers import HOTSPOTS, NAME, bearer, build_city, copied, key_for

EVIL = "<script>alert(1)</script>"
CARD = {"intended_use": f"support {EVIL}", "figures": {"auroc": {"value": 0.71, "low": None}}, "limits": ["one", "二"]}


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    city = build_city(tmp_path_factory.mktemp("city"), n_persons=30)
    folder = city.home.path / "carded"
    digest = artifact.save(folder, booster=city.model.booster, model=artifact.relapse_to_plain(city.model), card=CARD)
    champion.write(city.home.champions, Champion(NAME, "relapse", "carded", digest, "run-7", "s" * 64, "2024-06-02"))
    return city


def client_of(city):
    def resolve(tag):
        return city.home.path / tag if tag == "carded" else city.home.bentoml / "models" / tag.replace(":", "/")

    client = TestClient(create(Settings(city.home), resolve), base_url="http://localhost")
    client.headers.update(bearer(key_for(city.home, "data_scientist")))
    return client


@pytest.fixture(scope="module")
def client(city):
    return client_of(city)


def test_the_models_that_answer_are_listed_with_what_they_came_from(city, client):
    told = {each["name"]: each for each in client.get("/v1/models").json()["models"]}
    assert set(told) == {NAME, HOTSPOTS}
    assert (told[NAME]["run"], told[NAME]["horizon_days"], told[NAME]["level"]) == ("run-7", 90, None)
    assert told[NAME]["features"] == len(city.model.features)
    assert (told[HOTSPOTS]["task"], told[HOTSPOTS]["horizon_days"], told[HOTSPOTS]["level"]) == (
        "hotspot", 28, "township",
    )  # fmt: skip


def test_a_card_is_told_word_for_word_and_not_sent_again(client):
    answer = client.get(f"/v1/models/{NAME}/card")
    assert answer.json() == CARD
    again = client.get(f"/v1/models/{NAME}/card", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_card_as_a_page_is_escaped_and_says_what_a_score_is_not(client, language):
    answer = client.get(f"/v1/models/{NAME}/card.html", params={"language": language})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == language
    assert EVIL not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "0.71" in answer.text
    assert "二" in answer.text


PAGE = "<!doctype html><style>p { color: red }</style><p>the card of {}</p>"


def paged(city, folder):
    """A copy of the city whose model was saved with the pages of its card."""
    own, pages = copied(city, folder / "home"), {each: PAGE.replace("{}", each) for each in ("zh-CN", "en")}
    model = artifact.relapse_to_plain(own.model)
    digest = artifact.save(own.home.path / "carded", booster=own.model.booster, model=model, card=CARD, pages=pages)
    promoted = Champion(NAME, "relapse", "carded", digest, "run-7", "s" * 64, "2024-06-02")
    champion.write(own.home.champions, promoted)
    return own


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_page_made_at_training_is_told_word_for_word_and_may_use_its_own_sheet_alone(city, tmp_path, language):
    answer = client_of(paged(city, tmp_path)).get(f"/v1/models/{NAME}/card.html", params={"language": language})
    assert answer.text == PAGE.replace("{}", language)
    assert answer.headers["content-language"] == language
    sheet = b64encode(sha256(b"p { color: red }").digest()).decode()
    policy = dict(each.split(" ", 1) for each in answer.headers["content-security-policy"].split("; "))
    assert policy.pop("style-src") == f"'sha256-{sheet}'"
    assert policy.pop("img-src") == "data:"
    assert policy == dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'")


def test_a_page_edited_since_it_was_promoted_is_not_told(city, tmp_path):
    own = paged(city, tmp_path)
    (own.home.path / "carded" / "card.en.html").write_text("<p>better</p>")
    client = client_of(own)
    assert client.get(f"/v1/models/{NAME}/card.html", params={"language": "en"}).status_code == 503
    assert client.get(f"/v1/models/{NAME}/card.html", params={"language": "zh-CN"}).status_code == 200


@pytest.mark.parametrize("path", ["card", "card.html"])
def test_a_model_nobody_promoted_has_no_card(client, path):
    answer = client.get(f"/v1/models/relapse-1d/{path}")
    told = answer.json()
    assert (answer.status_code, told["type"], told["names"]) == (
        404,
        "urn:waystation:problem:unknown_model",
        [HOTSPOTS, NAME],
    )
    assert "errors" not in told  # no field of a body is at fault
    described = client.get("/openapi.json").json()["paths"][f"/v1/models/{{name}}/{path}"]["get"]["responses"]["404"]
    assert described["description"] == "No promoted model has that name"


def test_a_card_changed_since_it_was_promoted_is_not_told(city, tmp_path):
    own = copied(city, tmp_path / "home")
    client = client_of(own)
    assert client.get(f"/v1/models/{NAME}/card").json() == CARD
    (own.home.path / "carded" / artifact.CARD).write_text(json.dumps({**CARD, "figures": {"auroc": 0.99}}))
    assert client.get(f"/v1/models/{NAME}/card").status_code == 503
