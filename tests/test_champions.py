"""Which model answers: the promoted one when its digest holds, else the last good one, and why."""

import json

import numpy as np
import pandas as pd
import pytest

from features.cohort import Cohort
from features.errors import ArtifactError
from features.relapse import FeatureChoice, chosen
from models import artifact, champion
from models.calibration import Platt
from models.champion import Champion
from models.relapse import Growth, RelapseModel, fit_booster
from serving.champions import Champions
from serving.problems import ProblemError
from serving.scoring import prove

NAME = "relapse-90d"


class Clock:
    """A clock a test moves; every reading is a second later, so each look looks."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


def model(*, seed=1, name=NAME):
    rng = np.random.default_rng(seed)
    features = chosen(FeatureChoice())[:6]
    table = pd.DataFrame(rng.poisson(2.0, (200, 6)).astype(float), columns=[each.name for each in features])
    relapse = (table.iloc[:, 0] > 2).to_numpy(float)
    booster = fit_booster(table, relapse, Growth(rounds=5, num_threads=1))
    return RelapseModel(name, booster, features, Platt(), Cohort(), 90)


def promote(home, tag, *, seed=1, name=NAME):
    made = model(seed=seed, name=name)
    digest = artifact.save(home / "models" / tag, booster=made.booster, model=artifact.relapse_to_plain(made), card={})
    champion.write(home / "champions", Champion(name, "relapse", tag, digest, f"run-{tag}", "0" * 64, "2024-06-01"))


def champions(home, seconds=None):
    def resolve(tag):
        if not (home / "models" / tag).exists():
            raise ArtifactError("model: the model store does not hold the promoted tag; promote it again.")
        return home / "models" / tag

    return Champions(home / "champions", resolve, prove, seconds or Clock())


def answering(found, name=None):
    return found.relapse(name)[0].tag


def test_without_a_promoted_model_none_answers(tmp_path):
    found = champions(tmp_path)
    assert not found.has_relapse()
    with pytest.raises(ProblemError, match="no_model"):
        found.relapse(None)


def test_the_only_champion_answers_and_a_newer_one_takes_its_place(tmp_path):
    found = champions(tmp_path)
    promote(tmp_path, "one")
    assert answering(found) == "one"
    promote(tmp_path, "two", seed=2)
    assert answering(found) == "two"
    promote(tmp_path, "one")
    assert answering(found) == "one"


def test_files_are_looked_at_once_a_second_at_most(tmp_path):
    moments = iter([0.0, 0.9, 1.0])
    found = champions(tmp_path, lambda: next(moments))
    assert not found.has_relapse()
    promote(tmp_path, "one")
    assert not found.has_relapse()
    assert found.has_relapse()


def test_of_several_champions_one_has_to_be_named(tmp_path):
    promote(tmp_path, "one")
    promote(tmp_path, "other", name="relapse-ctn")
    found = champions(tmp_path)
    assert answering(found, "relapse-ctn") == "other"
    for wanted in (None, "../../secrets"):
        with pytest.raises(ProblemError) as refused:
            found.relapse(wanted)
        assert refused.value.status == 422
        assert refused.value.members == {"names": ["relapse-90d", "relapse-ctn"]}


def truncated(folder):
    booster = folder / "booster.txt"
    booster.write_bytes(booster.read_bytes()[: booster.stat().st_size // 2])


def edited(folder):
    booster = folder / "booster.txt"
    booster.write_text(booster.read_text().replace("leaf_value=", "leaf_value=9", 1))


def missing(folder):
    (folder / "booster.txt").unlink()


def not_text(folder):
    (folder / "model.json").write_bytes(b"\xff\xfe\x00")


def other_manifest(folder):
    (folder / "manifest.json").write_text("{}")


def another_model(folder):
    other = model(seed=9)
    artifact.save(folder, booster=other.booster, model=artifact.relapse_to_plain(other), card={})


def gone(folder):
    folder.rename(folder.with_name("gone"))


@pytest.mark.parametrize("spoil", [truncated, edited, missing, not_text, other_manifest, another_model, gone])
def test_a_spoilt_model_is_refused_and_the_last_good_one_goes_on(tmp_path, spoil):
    found = champions(tmp_path)
    promote(tmp_path, "good")
    assert answering(found) == "good"
    promote(tmp_path, "bad", seed=2)
    spoil(tmp_path / "models" / "bad")
    assert answering(found) == "good"
    assert "model" in found.look()[NAME].refused
    promote(tmp_path, "better", seed=3)
    assert answering(found) == "better"
    assert found.look()[NAME].refused is None


@pytest.mark.parametrize("spoil", [truncated, edited, missing, another_model])
def test_a_spoilt_model_with_none_before_it_never_answers(tmp_path, spoil):
    promote(tmp_path, "bad")
    spoil(tmp_path / "models" / "bad")
    found = champions(tmp_path)
    assert not found.has_relapse()
    assert found.look()[NAME].refused


def test_a_damaged_champion_file_leaves_the_last_good_one(tmp_path):
    found = champions(tmp_path)
    promote(tmp_path, "good")
    assert answering(found) == "good"
    champion.path_of(tmp_path / "champions", NAME).write_text('{"name": ')
    assert answering(found) == "good"
    assert "damaged" in found.look()[NAME].refused


def test_a_model_of_unknown_features_is_refused_though_its_digest_holds(tmp_path):
    made = model()
    plain = artifact.relapse_to_plain(made)
    plain["features"][0] = {"code": "phase_of_the_moon", "arguments": {}}
    digest = artifact.save(tmp_path / "models" / "odd", booster=made.booster, model=plain, card={})
    champion.write(tmp_path / "champions", Champion(NAME, "relapse", "odd", digest, "run", "0" * 64, "2024-06-01"))
    found = champions(tmp_path)
    assert not found.has_relapse()
    assert "phase_of_the_moon" in found.look()[NAME].refused


def test_a_model_that_expects_other_columns_than_it_names_is_refused(tmp_path):
    made = model()
    plain = artifact.relapse_to_plain(made)
    plain["features"] = plain["features"][:3]
    digest = artifact.save(
        tmp_path / "models" / "odd", booster=made.booster, model=json.loads(json.dumps(plain)), card={}
    )
    champion.write(tmp_path / "champions", Champion(NAME, "relapse", "odd", digest, "run", "0" * 64, "2024-06-01"))
    assert not champions(tmp_path).has_relapse()
