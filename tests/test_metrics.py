"""Figures for Prometheus: what they count, who may read them, and that no person is in them."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from serving.metrics import Metrics
from tests.serving_helpers import AS_OF, CANARY, ask, bearer, build_city, key_for, problem, score, serving

ADDED_UP = 2


def samples(text):
    """The value by name and labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_answers_refusals_and_seconds_are_counted_by_route():
    metrics = Metrics()
    for status, code in ((200, None), (200, None), (404, "unknown_person")):
        metrics.count("POST /v1/scores", status, seconds=0.004, code=code)
    told = samples(metrics.text(n_answering=2, n_refused=1))
    assert told["waystation_answers_total", "POST /v1/scores", "200"] == 1 + 1
    assert told["waystation_answers_total", "POST /v1/scores", "404"] == 1
    assert told["waystation_refusals_total", "unknown_person"] == 1
    assert told["waystation_answer_seconds_count", "POST /v1/scores"] == 2 + 1
    assert told["waystation_answer_seconds_bucket", "POST /v1/scores", "0.0025"] == 0
    assert told["waystation_answer_seconds_bucket", "POST /v1/scores", "0.005"] == 3
    assert told["waystation_models", "answering"] == 2
    assert told["waystation_models", "refused"] == 1


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


def test_figures_of_all_workers_are_added_up_for_the_administrator_and_name_nobody(city, tmp_path):
    with serving(city.home, tmp_path / "log", workers=2) as url:
        admin = bearer(key_for(city.home, "administrator"))
        for number in range(12):
            score(url, CANARY if number % 2 else "P-NOBODY")
        ask(f"{url}/v1/hotspots?as_of={AS_OF}&{CANARY}={CANARY}")
        ask(f"{url}/{CANARY}", method="POST")
        problem(ask(f"{url}/v1/metrics"), 403, "not_your_role")  # a machine that scores need not know
        problem(ask(f"{url}/v1/metrics", headers={"Authorization": None}), 401, "no_key")
        answer = ask(f"{url}/v1/metrics", headers=admin)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert CANARY not in answer.body.decode()
    told = samples(answer.body)
    assert told["waystation_answers_total", "POST /v1/scores", "200"] == 12 / 2
    assert told["waystation_answers_total", "POST /v1/scores", "404"] == 12 / 2
    assert told["waystation_refusals_total", "unknown_person"] == 12 / 2
    assert told["waystation_answers_total", "- -", "404"] == 1
    assert told["waystation_models", "answering"] == ADDED_UP
