"""A model is promoted, a bad one tried, and the promotion taken back, while two workers answer without a pause."""

import json
import re
import threading
import time

import lightgbm as lgb
import pytest

from models import artifact, champion
from tests.serving_helpers import HOTSPOTS, NAME, ask, build_city, promote, score, serving

WITHIN_SECONDS = 10
IN_A_ROW = 20


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


class Asking:
    """Asks for scores in threads until it is left; `answers` are (status, digest)."""

    def __init__(self, url):
        self.url, self.answers, self.over = url, [], threading.Event()
        self.threads = [threading.Thread(target=self._go_on) for _ in range(3)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _go_on(self):
        while not self.over.is_set():
            answer = score(self.url)
            self.answers.append((answer.status, answer.json["model"]["digest"] if answer.status == 200 else None))

    def seconds_until_all_say(self, digest):
        """How long it took until so many answers in a row came from the model."""
        began, asked = time.monotonic(), len(self.answers)
        while True:
            newest = self.answers[asked:][-IN_A_ROW:]
            if len(newest) == IN_A_ROW and {each for _, each in newest} == {digest}:
                return time.monotonic() - began
            assert time.monotonic() - began < 6 * WITHIN_SECONDS, newest
            time.sleep(0.05)


def without_numbers(booster):
    """The same trees with a leaf that is no number; as long as before, for LightGBM reads by lengths."""
    text = re.sub(r"leaf_value=\S+", lambda it: "leaf_value=nan".ljust(len(it[0])), booster.model_to_string(), count=1)
    return lgb.Booster(model_str=text)


def refused(url, name):
    """Why each worker refuses what was promoted under the name, once both do."""
    told = []
    while len(told) < IN_A_ROW:
        why = [each["why"] for each in ask(f"{url}/readyz").json["refused"] if each["name"] == name]
        told = [*told, *why] if why else []
        time.sleep(0.05)
    return set(told)


def test_a_promotion_and_its_taking_back_lose_no_request_and_a_bad_model_never_answers(city, tmp_path):
    old = champion.read(city.home.champions, NAME)
    plain = artifact.relapse_to_plain(city.model)
    folder = city.home.bentoml / "models" / champion.read(city.home.champions, HOTSPOTS).tag.replace(":", "/")
    with serving(city.home, tmp_path / "log", workers=2) as url, Asking(url) as asking:
        asking.seconds_until_all_say(old.digest)

        promote(city.home, NAME, "relapse", city.model.booster, {**plain, "note": "the same, promoted later"})
        new = champion.read(city.home.champions, NAME)
        assert new.digest != old.digest
        assert asking.seconds_until_all_say(new.digest) < WITHIN_SECONDS

        promote(city.home, NAME, "relapse", without_numbers(city.model.booster), plain)
        places = json.loads((folder / "model.json").read_text())
        promote(city.home, HOTSPOTS, "hotspot", without_numbers(lgb.Booster(model_file=folder / "booster.txt")), places)
        assert all("differ from the score" in why or "cannot be used" in why for why in refused(url, NAME))
        assert any("smoke score" in why for why in refused(url, HOTSPOTS))
        assert asking.seconds_until_all_say(new.digest) < WITHIN_SECONDS  # the one before goes on

        champion.write(city.home.champions, old)  # as a rollback does
        assert asking.seconds_until_all_say(old.digest) < WITHIN_SECONDS
    assert {status for status, _ in asking.answers} == {200}
    assert {digest for _, digest in asking.answers} == {old.digest, new.digest}
