"""Scores of those who wait at the same moment: made together, and what each alone would get."""

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import islice
from threading import Event

import pytest
from fastapi.testclient import TestClient

from features.schema import days_since_epoch
from serving.api import BATCHES_WAITING, create
from serving.histories import StoredHistories
from serving.problems import ProblemError
from serving.scoring import UNKNOWN, NotScored, Scored, scores
from serving.settings import Settings
from serving.together import Together, Wanted
from tests.serving_helpers import QUESTION, TODAY, bearer, build_city, key_for
from tests.tables import day

AS_OF, NOW = day("2024-06-01"), days_since_epoch(TODAY)
BROKEN = "P-BROKEN"
SLOW_SECONDS = 0.2


@dataclass
class SlowHistories(StoredHistories):
    """The histories of a store that takes its time, so that others come meanwhile; and which were read at once."""

    read_at_once: list[list[str]] = field(default_factory=list)
    n_now: int = 0
    most_now: int = 0

    def of(self, person_ids):
        self.read_at_once.append(list(person_ids))
        self.n_now += 1
        self.most_now = max(self.most_now, self.n_now)
        time.sleep(SLOW_SECONDS)
        self.n_now -= 1
        if BROKEN in person_ids:
            raise KeyError(BROKEN)
        return super().of(person_ids)


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


@pytest.fixture
def histories(city):
    return SlowHistories(city.home.store_url)


def asked(city, histories, *whom):
    """What came of each question, put at the same moment: a Found, or what was raised."""
    together = Together(histories)

    def one(person_id, as_of=AS_OF):
        try:
            return together.score(Wanted(city.model, person_id, as_of, NOW))
        except (KeyError, ProblemError) as error:
            return error

    with ThreadPoolExecutor(len(whom)) as threads:
        return list(threads.map(lambda each: one(*each) if isinstance(each, tuple) else one(each), whom))


def alone(city, person_id, as_of=AS_OF):
    held = StoredHistories(city.home.store_url).of([person_id])
    (outcome,) = scores(city.model, held.history, [person_id], as_of=as_of, today=NOW)
    return outcome


def same(one, other):
    """Whether two outcomes are the same to the last bit."""
    if isinstance(one, NotScored) or isinstance(other, NotScored):
        return one == other
    parts = [(each.log_odds, each.risk, each.base, each.low, each.high, each.known_until) for each in (one, other)]
    arrays = [(each.values.tobytes(), each.contributions.tobytes()) for each in (one, other)]
    return parts[0] == parts[1] and arrays[0] == arrays[1]


def test_who_waits_at_the_same_moment_is_read_at_once_and_gets_what_each_alone_gets(city, histories):
    whom = [f"P{number:03}" for number in range(1, 20)] + ["SEALED", "MINOR", "P-NOBODY", "P003"]
    found = asked(city, histories, *whom)
    assert sum(map(len, histories.read_at_once)) == len(whom)
    assert len(histories.read_at_once) <= 4  # the first alone, the others in a round or two, where one came late
    assert all(same(each.outcome, alone(city, person_id)) for each, person_id in zip(found, whom, strict=True))
    assert {each.snapshot for each in found} == {StoredHistories(city.home.store_url).snapshot()}
    assert sum(isinstance(each.outcome, Scored) for each in found) == 20


def test_each_is_scored_on_its_own_day(city, histories):
    whom = [("P003", AS_OF - 100 * number) for number in range(4)] + [("P004", AS_OF), ("P005", AS_OF - 300)]
    found = asked(city, histories, *whom)
    assert all(same(each.outcome, alone(city, *them)) for each, them in zip(found, whom, strict=True))


def test_one_out_of_reach_stays_unknown_though_another_asks_about_the_same(city, histories):
    found = asked(city, histories, "P001", "P002", None, "P002", None)
    assert [isinstance(each.outcome, Scored) for each in found] == [True, True, False, True, False]
    assert found[2].outcome == found[4].outcome == NotScored(UNKNOWN)
    assert None not in [person_id for read in histories.read_at_once for person_id in read]


def test_a_bug_that_one_brings_about_is_no_business_of_the_others(city, histories):
    found = asked(city, histories, "P001", "P002", BROKEN, "P004", "P005")
    assert isinstance(found[2], KeyError)
    assert all(same(found[place].outcome, alone(city, f"P00{place + 1}")) for place in (0, 1, 3, 4))


def test_a_store_that_is_gone_refuses_them_all(city, tmp_path):
    found = asked(city, SlowHistories(f"sqlite:///{tmp_path / 'gone' / 'store.db'}"), "P001", "P002", "P003", "P004")
    assert [each.code for each in found] == ["store_unavailable"] * 4
    assert len({id(each) for each in found}) == 4  # each raises one of its own


def test_a_person_asked_for_twice_is_scored_once(city):
    held = StoredHistories(city.home.store_url).of(["P003", "P004"])
    first, other, again = scores(city.model, held.history, ["P003", "P004", "P003"], as_of=AS_OF, today=NOW)
    assert first is again
    assert same(first, alone(city, "P003"))
    assert same(other, alone(city, "P004"))
    assert scores(city.model, held.history, ["P-NOBODY"] * 2, as_of=AS_OF, today=NOW) == [NotScored(UNKNOWN)] * 2


def test_batches_take_turns_and_one_person_is_answered_meanwhile(city):
    app = create(Settings(city.home), lambda tag: city.home.bentoml / "models" / tag.replace(":", "/"))
    slow, quick = SlowHistories(city.home.store_url), app.state.desk.together.histories
    object.__setattr__(app.state.desk, "histories", slow)  # of the batches alone
    many = {**QUESTION, "person_ids": ["P002", "P003"]}
    with (
        TestClient(app, base_url="http://localhost", headers=bearer(key_for(city.home))) as client,
        ThreadPoolExecutor(3) as threads,
    ):
        assert client.post("/v1/scores", json={**QUESTION, "person_id": "P003"}).status_code == 200  # all is loaded
        batches = [threads.submit(client.post, "/v1/scores:batch", json=many) for _ in range(3)]
        while not slow.read_at_once:
            time.sleep(SLOW_SECONDS / 20)
        assert client.post("/v1/scores", json={**QUESTION, "person_id": "P003"}).status_code == 200
        assert not all(each.done() for each in batches)
        assert [each.result().status_code for each in batches] == [200] * 3
    assert (slow.most_now, len(slow.read_at_once)) == (1, 3)
    assert quick is not slow


@dataclass
class HeldHistories(StoredHistories):
    """The histories of a store that answers nobody until it may."""

    may: Event = field(default_factory=Event)

    def of(self, person_ids):
        assert self.may.wait(60)
        return super().of(person_ids)


def test_batches_that_would_wait_for_too_many_are_told_so_though_all_come_together(city):
    app = create(Settings(city.home), lambda tag: city.home.bentoml / "models" / tag.replace(":", "/"))
    held = HeldHistories(city.home.store_url)
    object.__setattr__(app.state.desk, "histories", held)
    many, n_at_work, n_sent = {**QUESTION, "person_ids": ["P002", "P003"]}, 1 + BATCHES_WAITING, 3 * BATCHES_WAITING
    with (
        TestClient(app, base_url="http://localhost", headers=bearer(key_for(city.home))) as client,
        ThreadPoolExecutor(n_sent) as threads,
    ):
        batches = [threads.submit(client.post, "/v1/scores:batch", json=many) for _ in range(n_sent)]
        refused = [each.result() for each in islice(as_completed(batches), n_sent - n_at_work)]
        held.may.set()
        assert sorted(each.result().status_code for each in batches) == [200] * n_at_work + [429] * len(refused)
    told = {(each.status_code, each.headers["retry-after"]) for each in refused}
    assert told == {(429, str(BATCHES_WAITING))}
