"""A forecast asked for again: 304 while model, state and question are the same; the table says what the map says."""

import csv
import io

import pytest

from serving.etags import etag_of, holds
from tests.asked_in_process import EVENTS, deliver
from tests.serving_helpers import AS_OF, TODAY, ask, build_city, problem, serving


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


@pytest.fixture(scope="module")
def url(city, tmp_path_factory):
    with serving(city.home, tmp_path_factory.mktemp("log") / "service.log") as address:
        yield address


@pytest.mark.parametrize("path", ["/v1/hotspots", "/v1/hotspots.csv"])
def test_a_forecast_held_is_not_sent_again(url, path):
    first = ask(f"{url}{path}?as_of={AS_OF}")
    assert first.status == 200
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    again = ask(f"{url}{path}?as_of={AS_OF}", headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["x-request-id"]
    assert ask(f"{url}{path}?as_of={AS_OF}", headers={"If-None-Match": 'W/"other"'}).status == 200


def test_another_question_or_language_has_another_tag(url):
    asked = [
        ask(f"{url}/v1/hotspots?as_of={AS_OF}{more}", headers={"Accept-Language": language}).headers["etag"]
        for more, language in (("", "zh"), ("", "en"), ("&most=1", "zh"))
    ]
    asked.append(ask(f"{url}/v1/hotspots?as_of=2024-05-01").headers["etag"])
    assert len(set(asked)) == 4


def test_a_new_state_of_the_store_has_another_tag(city, url, tmp_path):
    held = ask(f"{url}/v1/hotspots?as_of={AS_OF}").headers["etag"]
    deliver(city, tmp_path / "more", events=f"{EVENTS}P002,{TODAY},{TODAY},community,check_in,kept,,,S1\n")
    assert ask(f"{url}/v1/hotspots?as_of={AS_OF}", headers={"If-None-Match": held}).status == 200


def test_who_may_not_have_a_forecast_is_told_nothing_of_its_tag(url):
    held = ask(f"{url}/v1/hotspots?as_of={AS_OF}").headers["etag"]
    refused = ask(f"{url}/v1/hotspots?as_of={AS_OF}", headers={"If-None-Match": held, "Authorization": None})
    problem(refused, 401, "no_key")
    assert "etag" not in refused.headers
    problem(
        ask(f"{url}/v1/hotspots.csv?as_of={AS_OF}&weeks=9", headers={"If-None-Match": "*"}), 422, "no_such_forecast"
    )
    problem(ask(f"{url}/v1/hotspots.csv?as_of={AS_OF}&colour=red"), 422, "invalid")


def test_the_table_says_what_the_map_says(url):
    areas = [each["properties"] for each in ask(f"{url}/v1/hotspots?as_of={AS_OF}&language=en").json["features"]]
    answer = ask(f"{url}/v1/hotspots.csv?as_of={AS_OF}&language=en")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert {row["area_id"]: float(row["expected"]) for row in rows} == {
        each["area_id"]: each["expected"] for each in areas
    }
    assert [float(row["expected"]) for row in rows] == sorted((float(row["expected"]) for row in rows), reverse=True)
    assert {(row["as_of"], row["known_by"]) for row in rows} == {(AS_OF, "2024-05-26")}  # a Saturday, and its Sunday
    middles = {row["area_id"]: (float(row["longitude"]), float(row["latitude"])) for row in rows}
    assert middles == {f"T{number}": (round(106.05 + number / 10, 4), 26.05) for number in range(4)}
    assert sorted(row["among_highest"] for row in rows) == ["", "", "0.25", "0.5"]  # one of four, two of four, untold
    assert all(row[end].isdecimal() for row in rows for end in ("low", "high"))


def test_tags_are_compared_weakly_and_a_star_is_any():
    tag = etag_of("model", "state")
    assert holds(tag, tag)
    assert holds(tag.removeprefix("W/"), tag)
    assert holds(f'"a" , {tag}', tag)
    assert holds(" * ", tag)
    assert not holds("", tag)
    assert not holds("nonsense", tag)
    assert not holds(etag_of("model", "other"), tag)
    assert etag_of("a", "bc") != etag_of("ab", "c")
