"""Hostile requests never bring a server error, a trace, a person's value or much memory; `make hostile` fires more."""

from collections import Counter

import pytest

from tests.benchmarks.hostile import fire, left_behind, most_memory
from tests.hostile import SORTS, shots
from tests.serving_helpers import build_city, score, serving


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


def test_hostile_requests_are_refused_calmly(city, tmp_path):
    log = tmp_path / "service.log"
    with serving(city.home, log) as url:
        found = fire(url, 600, seed=7)
        memory = most_memory()
        assert score(url).status == 200  # it goes on as before
    assert found.wrong == []
    assert left_behind(city.home, log) == []
    assert 50 < memory < 1024
    answered = Counter(status for _, status in found.answers.elements())
    assert {200, 400, 404, 405, 413, 415, 422} <= set(answered)  # the shots reach what they aim at
    assert answered[0] < found.answers.total() / 10


def test_a_seed_makes_the_same_requests_of_every_sort():
    once, again, other = (list(shots(120, seed=seed)) for seed in (1, 1, 2))
    assert once == again != other
    assert set(Counter(shot.sort for shot in once).values()) == {120 // len(SORTS)}
