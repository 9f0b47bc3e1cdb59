"""Which model answers: the promoted one when its digest holds, else the last good one, and why."""

import json
import shutil
from dataclasses import asdict

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
    promoted = Champion(name, "relapse", tag, digest, f"run-{tag}", "0" * 64, "2024-06-01")
    champion.write(home / "champions", promoted)
    decided(home, "promoted", promoted)
    return promoted


def decided(home, decision, about):
    """Add a line to the ledger, as promotion does."""
    with (home / "promotions.jsonl").open("a") as ledger:
        ledger.write(json.dumps({"decision": decision, "why": "", "champion": asdict(about)}) + "\n")


def champions(home, seconds=None):
    def resolve(tag):
        if not (home / "models" / tag).exists():
            raise ArtifactError("model: the model store does not hold the promoted tag; promote it again.")
        return home / "models" / tag

    return Champions(home / "champions", home / "promotions.jsonl", resolve, prove, seconds or Clock())


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


# What becomes of damage


def seldom():
    """A clock that stands still but for the looks: far less than 30 seconds go by."""
    moments = iter(range(1000))
    return lambda: float(next(moments))


def test_a_refused_model_is_tried_again_when_its_files_change(tmp_path):
    promote(tmp_path, "one")
    whole = (tmp_path / "models" / "one" / "booster.txt").read_bytes()
    truncated(tmp_path / "models" / "one")
    found = champions(tmp_path, seldom())
    assert not found.has_relapse()
    (tmp_path / "models" / "one" / "booster.txt").write_bytes(whole)
    assert answering(found) == "one"
    assert found.look()[NAME].refused is None


def test_a_refused_model_is_tried_again_every_thirty_seconds(tmp_path):
    promote(tmp_path, "one")
    (tmp_path / "models" / "one").rename(tmp_path / "models" / "away")
    moments = iter([0.0, 10.0, 31.0])
    found = champions(tmp_path, lambda: next(moments))
    assert not found.has_relapse()
    (tmp_path / "models" / "away").rename(tmp_path / "models" / "one")
    assert not found.has_relapse()  # nothing that was looked at has changed: the folder was not there
    assert found.has_relapse()


def test_a_refusal_is_logged_once_and_without_a_path(tmp_path, caplog):
    promote(tmp_path, "one")
    truncated(tmp_path / "models" / "one")
    found = champions(tmp_path)
    for _ in range(100):
        found.look()
    assert [record.getMessage() for record in caplog.records] == [
        f"model {NAME} refused: model: booster.txt is damaged or was edited (its digest differs from the manifest)."
    ]
    assert str(tmp_path) not in caplog.text


def test_a_model_goes_on_when_its_champion_file_goes_away(tmp_path):
    promote(tmp_path, "one")
    found = champions(tmp_path)
    assert answering(found) == "one"
    champion.path_of(tmp_path / "champions", NAME).unlink()
    assert answering(found) == "one"
    assert "missing" in found.look()[NAME].refused


def test_a_model_damaged_on_disk_while_it_answers_is_told_and_goes_on(tmp_path):
    promote(tmp_path, "one")
    found = champions(tmp_path, seldom())
    assert answering(found) == "one"
    model = found.look()[NAME].loaded.model
    truncated(tmp_path / "models" / "one")
    assert answering(found) == "one"
    place = found.look()[NAME]
    assert "booster.txt is damaged" in place.refused
    assert place.loaded.model is model


def damaged_file(home, promoted):
    champion.path_of(home / "champions", NAME).write_text('{"name": ')


def no_file(home, promoted):
    champion.path_of(home / "champions", NAME).unlink()


@pytest.mark.parametrize("spoil", [damaged_file, no_file])
def test_at_start_without_a_readable_champion_file_the_last_promoted_answers(tmp_path, spoil):
    promote(tmp_path, "one")
    spoil(tmp_path, promote(tmp_path, "two", seed=2))
    found = champions(tmp_path)
    assert answering(found) == "two"
    assert found.look()[NAME].refused


def test_at_start_with_a_spoilt_champion_the_newest_earlier_one_that_passes_answers(tmp_path):
    promote(tmp_path, "one")
    promote(tmp_path, "two", seed=2)
    promote(tmp_path, "three", seed=3)
    shutil.rmtree(tmp_path / "models" / "two")
    truncated(tmp_path / "models" / "three")
    found = champions(tmp_path)
    assert answering(found) == "one"
    assert "booster.txt is damaged" in found.look()[NAME].refused


def test_what_was_rolled_back_or_refused_is_nothing_to_fall_back_on(tmp_path):
    ledger, one = tmp_path / "promotions.jsonl", promote(tmp_path, "one")
    two, three = promote(tmp_path, "two", seed=2), promote(tmp_path, "three", seed=3)
    assert champion.earlier(ledger, NAME) == [three, two, one]
    decided(tmp_path, "rolled back", one)
    decided(tmp_path, "refused", three)
    with ledger.open("a") as file:
        file.write('{"decision": "promoted", "cham')  # torn by a crash
    assert champion.earlier(ledger, NAME) == [one]
    assert champion.earlier(ledger, "other") == []
