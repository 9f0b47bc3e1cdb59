"""What the service says of itself: the OpenAPI document, its examples, and pages that load nothing from elsewhere."""

import json
import re
from html import unescape
from urllib.parse import urlencode

import pytest
from jsonschema import Draft202012Validator

from serving import messages
from serving.docs_page import answers
from serving.problems import STATUS
from serving.wording import wording
from tests.serving_helpers import ask, bearer, build_city, key_for, problem, serving

ASKED_ABOVE = ("ScoreRequest", "BatchRequest")


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


@pytest.fixture(scope="module")
def url(city, tmp_path_factory):
    with serving(city.home, tmp_path_factory.mktemp("log") / "service.log") as address:
        yield address


def test_the_openapi_document_lists_what_is_answered(url):
    told = ask(f"{url}/openapi.json").json
    assert set(told["paths"]) == {
        "/v1/scores",
        "/v1/scores:batch",
        "/v1/scores:history",
        "/v1/scores:changes",
        "/v1/reports",
        "/v1/feedback",
        "/v1/feedback:read",
        "/v1/feedback:review",
        "/v1/corrections",
        "/v1/corrections:state",
        "/v1/worklist",
        "/v1/hotspots",
        "/v1/hotspots.csv",
        "/v1/warnings",
        "/v1/observed",
        "/v1/indicators",
        "/v1/bulletin",
        "/v1/models",
        "/v1/models/{name}/card",
        "/v1/models/{name}/card.html",
        "/v1/audit",
        "/v1/metrics",
        "/healthz",
        "/readyz",
    }
    assert {
        *(
            "200",
            "400",
            "401",
            "403",
            "404",
            "405",
            "408",
            "409",
            "413",
            "415",
            "421",
            "422",
            "429",
            "451",
            "500",
            "503",
        )
    } == set(told["paths"]["/v1/scores"]["post"]["responses"])
    assert set(told["components"]["schemas"]["Score"]["properties"]) == set(messages.Score.model_fields)
    for methods in told["paths"].values():
        assert all({"405", "421", "422"} <= set(operation["responses"]) for operation in methods.values())
    for path, method in (("/v1/scores", "post"), ("/v1/scores:batch", "post"), ("/v1/hotspots", "get")):
        headers = {each["name"] for each in told["paths"][path][method]["parameters"] if each["in"] == "header"}
        assert headers == {"accept-language"} | ({"if-none-match"} if path == "/v1/hotspots" else set())


def test_the_openapi_document_declares_the_headers_that_answers_have(url):
    paths = ask(f"{url}/openapi.json").json["paths"]
    for methods in paths.values():
        for operation in methods.values():
            assert all("X-Request-Id" in each["headers"] for each in operation["responses"].values())
    named = {
        path
        for path, methods in paths.items()
        for operation in methods.values()
        for status, response in operation["responses"].items()
        if "ETag" in response["headers"] and status in {"200", "304"}
    }
    assert named == {"/v1/hotspots", "/v1/hotspots.csv", "/v1/models/{name}/card"}
    refused = ask(f"{url}/v1/scores", {}, headers={"Authorization": None})
    assert set(paths["/v1/scores"]["post"]["responses"]["401"]["headers"]) <= {
        each for each in ("X-Request-Id", "WWW-Authenticate") if refused.headers[each.lower()]
    }


def test_the_openapi_document_names_the_one_purpose_of_a_report(url):
    asked = ask(f"{url}/openapi.json").json["components"]["schemas"]["ReportRequest"]["properties"]["purpose"]
    assert asked["const"] == "own_request"


def test_without_an_issuer_the_door_of_the_pages_names_none(url):
    assert b"/ui/sign-in/away" not in ask(f"{url}/ui/sign-in").body
    for path in ("away", "back"):
        assert ask(f"{url}/ui/sign-in/{path}").status == 404


def test_the_openapi_document_says_where_a_key_is_needed(url):
    told = ask(f"{url}/openapi.json").json
    (scheme,) = told["components"]["securitySchemes"]
    assert told["components"]["securitySchemes"][scheme] == {"type": "http", "scheme": "bearer"}
    for path, methods in told["paths"].items():
        for operation in methods.values():
            assert operation["security"] == ([{scheme: []}] if path.startswith("/v1/") else [])
            assert ("401" in operation["responses"]) == path.startswith("/v1/")


def test_every_example_of_the_openapi_document_is_understood(url):
    schemas = ask(f"{url}/openapi.json").json["components"]["schemas"]
    stored, sent = schemas["ScoreRequest"]["examples"]
    problem(ask(f"{url}/v1/scores", stored), 404, "unknown_person")
    assert ask(f"{url}/v1/scores", sent).status == 200
    assert ask(f"{url}/v1/scores:batch", schemas["BatchRequest"]["examples"][0]).status == 200


def test_every_example_about_a_person_is_understood_where_it_is_sent(city, url):
    told = ask(f"{url}/openapi.json").json
    schemas, key = told["components"]["schemas"], {"Idempotency-Key": "key-of-examples"}
    lead = bearer(key_for(city.home, "station_lead", "S1"))
    sent = {}
    for path, methods in told["paths"].items():
        if "requestBody" not in methods.get("post", {}):
            continue
        name = methods["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        headers = {**key, **(lead if path == "/v1/feedback:review" else {})}
        sent[name] = [ask(url + path, each, headers=headers).status for each in schemas[name]["examples"]]
    assert len(sent) == 10
    assert {status for name, statuses in sent.items() if name not in ASKED_ABOVE for status in statuses} == {404}


def test_every_operation_says_what_it_is_for_and_shows_a_question_that_is_understood(city, url):
    told = ask(f"{url}/openapi.json").json
    page = unescape(ask(f"{url}/docs").body.decode())
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"] in page
            assert len(operation["description"]) > len("What it is for, in a sentence.")
            assert operation["description"] in page
            assert f'curl -X {method.upper()} "$WAYSTATION{path.partition("{")[0]}' in page
            parameters = operation.get("parameters", [])
            assert all("example" in each for each in parameters if each["required"])
            if method == "get":
                query = {each["name"]: each["example"] for each in parameters if "example" in each}
                asked = f"{url}{path.format_map(query)}?{urlencode(query)}".replace("name=relapse-90d", "")
                assert ask(asked).status in {200, 403, 404, 409}
    example = json.dumps(told["components"]["schemas"]["ScoreRequest"]["examples"][0])
    assert f"-d '{example}'" in page


def test_beside_every_question_stands_an_answer_that_its_schema_accepts(url):
    told = ask(f"{url}/openapi.json").json
    page = unescape(ask(f"{url}/docs").body.decode())
    shown = []
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            ((kind, media),) = next(each for s, each in operation["responses"].items() if s in {"200", "201"})[
                "content"
            ].items()
            if path == "/v1/models/{name}/card" or not kind.endswith(("json", "csv")):
                continue
            shown.append(f"{method.upper()} {path}")
            assert "example" in media, f"{shown[-1]}: make example-answers"
            if kind.endswith("json"):
                Draft202012Validator({**media["schema"], "components": told["components"]}).validate(media["example"])
                assert json.dumps(media["example"], ensure_ascii=False, indent=1) in page
    assert set(shown) == set(answers())


def test_the_contents_lead_to_every_operation_and_every_refusal_is_told_in_both_languages(url):
    page = unescape(ask(f"{url}/docs").body.decode())
    led, there = set(re.findall(r'href="#([^"]+)"', page)), re.findall(r' id="([^"]+)"', page)
    assert led <= set(there)
    assert len(there) == len(set(there))
    assert {each for each in there if each.endswith(("_get", "_post"))} <= led
    for language in ("zh-CN", "en"):
        for code in STATUS:
            assert f"{wording(language).texts['problems'][code]['title']}: " in page
    assert '"rule": "not_a_date"' in page
    assert '"article": ' in page


def test_every_reference_in_the_openapi_document_leads_somewhere(url):
    told = ask(f"{url}/openapi.json")
    references = set(re.findall(r'"#/components/schemas/(\w+)"', told.body.decode()))
    assert references <= set(told.json["components"]["schemas"])
    assert {"Score", "Problem", "Forecast", "AreaEstimate", "Ready"} <= references


def test_pages_load_nothing_from_elsewhere(url):
    for path in ("/", "/docs"):
        answer = ask(url + path)
        policy = dict(each.split(" ", 1) for each in answer.headers["content-security-policy"].split("; "))
        assert policy.pop("style-src") == "'self'"
        assert policy == dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'")
        page = answer.body.decode()
        assert "loopback" in page
        assert "<script" not in page
        assert "http" not in page.replace("httpx", "")
