"""A saved model is refused unless every byte is the one that was promoted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.catalogue import make
from features.cohort import Cohort, GoodPeriods
from features.errors import ArtifactError
from models import artifact
from models.calibration import Platt
from models.curves import Beta, Knots
from models.interval import fit_spread
from models.linear import Line, Linear, fit_linear
from models.relapse import Growth, RelapseModel, fit_booster

FEATURES = (make("negative_run", substance=""), make("missed_tests", substance="", days=30))


CURVES = {
    "beta": Beta(Linear(-0.2, (Line(0.8, 0.1, 0.0, -9.0, 0.0), Line(1.3, 0.0, 0.0, 0.0, 9.0)))),
    "isotonic": Knots("isotonic", (-2.0, -1.0, 0.5), (0.001, 0.3, 0.7)),
    "venn_abers": Knots("venn_abers", (-2.0, 2.0), (0.1, 0.8)),
}


@pytest.fixture(scope="module", params=["trees alone", "with a linear part and an interval", *CURVES])
def model(request):
    random = np.random.default_rng(3)
    table = pd.DataFrame({feature.name: random.integers(0, 9, 400).astype(float) for feature in FEATURES})
    relapse = (random.random(400) < 0.1 + 0.08 * table["missed_tests_30d"]).to_numpy(dtype=float)
    booster = fit_booster(table, relapse, Growth(rounds=20))
    cohort = Cohort(programmes=("methadone",), good_periods=GoodPeriods(1, 4, 7))
    trees = RelapseModel("relapse-test", booster, FEATURES, Platt(0.9, -0.1), cohort, 28)
    if request.param == "trees alone":
        return trees
    linear = fit_linear(table.to_numpy(), relapse, strength=0.1, directions=(0, 0))
    refits = [np.where(random.random(400) < 0.4, random.normal(size=400), np.nan) for _ in range(20)]
    whole = replace(trees, linear=linear, linear_share=0.4, spread=fit_spread(table, refits, seed=1))
    return replace(whole, curve=CURVES.get(request.param))


@pytest.fixture
def saved(model, tmp_path):
    folder = tmp_path / "model"
    digest = artifact.save(folder, booster=model.booster, model=artifact.relapse_to_plain(model), card={"a": 1})
    return folder, digest


def test_what_is_saved_scores_alike_to_the_last_bit(model, saved):
    again = artifact.relapse_of(artifact.read(saved[0], expected=saved[1]))
    table = pd.DataFrame({"negative_run": [0.0, 3.0, np.nan], "missed_tests_30d": [8.0, 0.0, 1.0]})
    assert (again.log_odds(table) == model.log_odds(table)).all()
    assert (again.contributions(table).by_feature == model.contributions(table).by_feature).all()
    assert again.curve == model.curve
    intervals = [each.interval(table, each.log_odds(table)) for each in (model, again)]
    assert (intervals[0] is None) == (model.spread is None)
    assert intervals[0] is None or (intervals[0].low == intervals[1].low).all()
    assert (again.features, again.cohort, again.horizon_days) == (model.features, model.cohort, model.horizon_days)


def test_a_model_on_a_line_is_written_down_as_before_there_were_curves(model):
    plain = artifact.relapse_to_plain(model)
    assert plain["calibration"] == {"slope": 0.9, "intercept": -0.1}
    assert ("curve" in plain) == (model.curve is not None)


def test_a_calibration_nobody_knows_is_refused(model):
    plain = artifact.relapse_to_plain(model) | {"curve": {"method": "guess"}}
    with pytest.raises(ArtifactError, match="calibration is not known"):
        artifact.relapse_of(artifact.Artifact("", model.booster.model_to_string(), plain, {}))


def test_saving_the_same_model_gives_the_same_digest(model, tmp_path):
    plain = artifact.relapse_to_plain(model)
    digests = {artifact.save(tmp_path / name, booster=model.booster, model=plain, card={}) for name in ("a", "b")}
    assert len(digests) == 1


@pytest.mark.parametrize("name", [artifact.BOOSTER, artifact.MODEL, artifact.CARD])
@pytest.mark.parametrize("damage", ["truncated", "edited", "removed", "binary"])
def test_a_damaged_file_is_refused_before_it_is_parsed(saved, name, damage):
    path = saved[0] / name
    content = path.read_bytes()
    if damage == "removed":
        path.unlink()
    else:
        spoiled = {"truncated": content[: len(content) // 2], "edited": content + b" ", "binary": b"\xff\xfe" + content}
        path.write_bytes(spoiled[damage])
    with pytest.raises(ArtifactError, match="model"):
        artifact.read(saved[0], expected=saved[1])


def test_another_good_artifact_in_its_place_is_refused_too(model, saved):
    artifact.save(saved[0], booster=model.booster, model=artifact.relapse_to_plain(model), card={"a": 2})
    with pytest.raises(ArtifactError, match="not the one that was promoted"):
        artifact.read(saved[0], expected=saved[1])


def test_contributions_and_base_add_up_to_the_log_odds(model):
    table = pd.DataFrame({"negative_run": [0.0, 3.0, np.nan], "missed_tests_30d": [8.0, 0.0, 1.0]})
    parts = model.contributions(table)
    bend = 0.0 if model.curve is None else parts.calibration
    assert np.allclose(parts.base + parts.by_feature.sum(axis=1) + bend, model.log_odds(table), atol=1e-9)
    assert parts.strongest(0, 1) == [1]  # eight missed tests say more than the run


def test_an_interval_holds_its_risk(model):
    table = pd.DataFrame({"negative_run": [0.0, 3.0, np.nan], "missed_tests_30d": [8.0, 0.0, 1.0]})
    told = model.interval(table, model.log_odds(table))
    assert told is None or ((told.low < model.risk(table)) & (model.risk(table) < told.high)).all()


def test_the_same_rows_and_growth_give_the_same_bytes():
    table = pd.DataFrame({"x": np.arange(200.0) % 7, "y": np.arange(200.0) % 11})
    relapse = (np.arange(200) % 3 == 0).astype(float)
    texts = {fit_booster(table, relapse, Growth(rounds=10)).model_to_string() for _ in range(2)}
    assert len(texts) == 1
