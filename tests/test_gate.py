"""The gate lets a good challenger in, and refuses ten planted bad ones, each for its own fault."""

from dataclasses import replace
from functools import wraps

import numpy as np
import pytest

from features.catalogue import CATALOGUE, make
from features.errors import ConfigError
from features.plain import to_plain
from models import artifact
from models.calibration import Platt
from models.linear import Line, Linear
from tests import small_city
from training import card, runs
from training.card_words import shown
from training.case import case_of
from training.config import read
from training.evaluate import Estimate
from training.gate import RELAPSES_FOR_A_SLOPE, Ages, Rounds, look
from training.gate_choice import ITEMS, GateChoice, Statements
from training.later import ITSELF, TWIN
from training.material import material
from training.relapse import train
from training.relapse_feedback import Loop, feedback


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home large enough that a good model is ahead of the baselines."""
    return small_city.make(tmp_path_factory.mktemp("gate"), persons=1500)


@pytest.fixture(scope="module")
def config(home):
    task = read(home.path / "relapse.toml")
    items = tuple(name for name in ITEMS if name != "feedback")
    return replace(task, gate=replace(task.gate, items=items, least_persons=20, least_relapses=5))


@pytest.fixture(scope="module")
def good(home, config):
    """A challenger as training leaves it."""
    made_from = material(home, lambda _: None)
    trained = train(made_from.history, config, snapshot_day=made_from.last_day)
    fairness = runs.fairness_of(trained.backtest, made_from.snapshot, config, {})
    told = card.relapse_card(
        trained, config, fairness, snapshot=made_from.snapshot.digest, snapshot_day=made_from.last_day
    )
    return artifact.Artifact(
        "digest", trained.model.booster.model_to_string(), artifact.relapse_to_plain(trained.model), told
    )


@pytest.fixture(scope="module")
def case(home, config, good):
    return case_of(home, good, good, config, None)


CALIBRATED = ("calibration", "groups")


def only(case, *items):
    return replace(case, config=replace(case.config, gate=replace(case.config.gate, items=items)))


def planted(case, change, *items):
    """What the gate refuses of the good challenger once its model was changed."""
    model = change(artifact.relapse_of(case.challenger))
    changed = replace(
        case.challenger,
        model=artifact.relapse_to_plain(model),
        booster_text=model.booster.model_to_string(),
    )
    return refused(replace(only(case, *items) if items else case, challenger=changed))


def refused(case):
    return {each.item: each.why for each in look(case) if not each.passed}


def test_a_good_challenger_passes_every_item(case):
    findings = look(case)
    assert [each.item for each in findings] == [name for name in ITEMS if name != "feedback"]
    assert refused(case) == {}, findings


def test_a_challenger_equal_to_the_champion_differs_from_it_by_nothing(case):
    later = next(each for each in look(only(case, "later")) if each.item == "later")
    assert later.figures["champion_is_twin"]
    assert later.figures["challenger_twin"]["log_loss"]["value"] == 0
    assert later.figures["rows"] > 50


def test_a_leaky_challenger_is_refused(case, monkeypatch):
    name = artifact.relapse_of(case.challenger).features[0]
    honest = CATALOGUE[name.code]

    @wraps(honest.function)
    def peeking(past, **arguments):
        return (
            honest.function(past.in_hindsight(10**6), **arguments)
            + past.in_hindsight(10**6).of(kind="urine_test").ahead(days=60).count()
        )

    monkeypatch.setitem(CATALOGUE, name.code, replace(honest, function=peeking))
    assert "it sees the future" in refused(only(case, "leak"))["leak"]


def test_a_proof_that_exercised_too_little_proves_nothing(home, config, good):
    few = replace(config, gate=replace(config.gate, items=("leak",), proof_edits=5))
    few = case_of(home, good, good, few, None)
    assert "proves too little" in refused(few)["leak"]


def test_a_miscalibrated_challenger_is_refused(case):
    def shifted(model):
        return replace(model, calibration=Platt(model.calibration.slope, model.calibration.intercept + 1.5))

    assert "challenger: risks too high" in planted(case, shifted, "calibration")["calibration"]


def test_a_worse_challenger_is_refused(case):
    def backwards(model):
        return replace(model, calibration=Platt(-model.calibration.slope, -1.0))

    assert "worse than the champion" in planted(case, backwards, "later")["later"]


def test_a_biased_challenger_is_refused(case):
    """Right on the whole, and far too high for those with an urban register."""

    def biased(model):
        urban = make("fact_is", column="household_register", value="urban")
        flat = Line(0.0, 0.0, 0.0, 0.0, 1.0)
        # The booster has no such column, so it takes the place of its least used feature.
        place = int(np.argmin(model.booster.feature_importance("gain")))
        lines = [Line(8.0, -4.0, 0.0, 0.0, 1.0) if at == place else flat for at in range(len(model.features))]
        features = tuple(urban if at == place else each for at, each in enumerate(model.features))
        return replace(model, features=features, linear=Linear(0.0, tuple(lines)), linear_share=0.5)

    assert "household_register" in planted(case, biased, "groups")["groups"]
    assert "protected: household_register" in planted(case, biased, "features")["features"]


def test_a_challenger_from_stale_data_is_refused(case):
    assert "200 days before" in refused(replace(only(case, "fresh"), ages=Ages(200, 1, 1)))["fresh"]


def test_a_challenger_with_an_empty_item_on_its_card_is_refused(case):
    for name, numbers in (("limits", "25, 26"), ("intended_use", "2, 3a")):
        empty = replace(case.challenger, card={**case.challenger.card, name: "" if name == "intended_use" else []})
        assert f"empty on the card: {numbers}" in refused(replace(only(case, "card"), challenger=empty))["card"]


def test_what_only_the_operator_can_say_is_empty_until_the_configuration_answers_it(case):
    def refused_with(statements):
        told = {**case.challenger.card, "statements": to_plain(statements)}
        return refused(replace(only(case, "card"), challenger=replace(case.challenger, card=told)))

    assert read(None).statements == Statements()
    none = "17, 18a, 18b, 18d, 18e, 19"
    assert refused_with(Statements()) == {
        "card": f"empty on the card: {none}; [statements] of the configuration answers {none}"
    }
    answered = Statements(*["told"] * 6)
    assert refused_with(answered) == {}
    assert "empty on the card: 18a;" in refused_with(replace(answered, funding="  "))["card"]


@pytest.mark.parametrize("cut", [lambda text: text[: len(text) // 2], lambda text: "", lambda text: text[5000:]])
def test_a_broken_booster_is_refused_before_it_is_read(case, cut):
    broken = replace(case.challenger, booster_text=cut(case.challenger.booster_text))
    assert refused(replace(only(case, "sound"), challenger=broken))["sound"] == "the booster is not whole"


def test_a_booster_that_answers_no_number_is_refused(case):
    text = case.challenger.booster_text
    for line in [each for each in text.splitlines() if each.startswith("leaf_value=")]:
        values = line.removeprefix("leaf_value=").split()
        beyond = ["1e" + "400".zfill(len(each) - 2) if len(each) > 5 else each for each in values]  # as long as before
        text = text.replace(line, "leaf_value=" + " ".join(beyond))
    broken = replace(case.challenger, booster_text=text)
    assert "sound" in refused(replace(only(case, "sound"), challenger=broken))


def test_wrong_features_are_refused(case):
    fewer = planted(case, lambda model: replace(model, features=model.features[:-1]), "features")["features"]
    assert "columns" in fewer
    stranger = make("tests_given", substance="", days=77)
    other = planted(case, lambda model: replace(model, features=(stranger, *model.features[1:])), "features")
    assert other["features"] == "not chosen by the configuration: tests_given_77d"


def rounds(*, auroc=(0.0, -0.1, 0.1), excess=(0.0, -0.3, 0.3), concentration=(0.05, 0.0, 0.1)):
    """Rounds whose figures drift by an estimate: value, low, high."""
    drifts = (Estimate(*each) for each in (auroc, excess, concentration))
    return Rounds((0.65,) * 10, (0.0,) * 10, (0.3,) * 10, *drifts)


SURE = [
    ({"auroc": (-0.2, -0.3, -0.11)}, "tells persons apart ever worse"),
    ({"excess": (0.9, 0.41, 1.4)}, "run away from what is true"),
    ({"excess": (-0.9, -1.4, -0.41)}, "run away from what is true"),
    ({"concentration": (0.2, 0.11, 0.3)}, "gather on ever fewer"),
]
DOUBTFUL = [{"auroc": (-0.2, -0.3, -0.09)}, {"excess": (0.9, 0.39, 1.4)}, {"concentration": (0.2, 0.09, 0.3)}]


@pytest.mark.parametrize(("drift", "why"), SURE)
def test_a_drift_surely_beyond_the_limit_is_refused(case, drift, why):
    assert why in refused(replace(only(case, "feedback"), feedback=lambda _: rounds(**drift)))["feedback"]


@pytest.mark.parametrize("drift", DOUBTFUL)
def test_a_drift_that_chance_may_explain_is_let_pass(case, drift):
    assert refused(replace(only(case, "feedback"), feedback=lambda _: rounds(**drift))) == {}


def test_feedback_is_asked_of_the_recipe_on_trial_not_of_the_promoters(case):
    asked = []
    other = replace(
        only(case, "feedback"),
        challenger=replace(
            case.challenger,
            card={**case.challenger.card, "recipe": to_plain(replace(case.config, seed=case.config.seed + 1))},
        ),
    )
    look(replace(other, feedback=lambda recipe: asked.append(recipe.seed) or rounds()))
    assert asked == [case.config.seed + 1]


def test_later_rows_of_few_relapses_are_refused_for_a_slope_surely_off(case):
    """Log-odds eight times as far from the base rate as they should be."""

    def extreme(model):
        line = model.calibration
        return replace(model, calibration=Platt(8 * line.slope, 8 * line.intercept + 7 * 2.5))

    found = next(each for each in look(only(case, "calibration")))
    assert 10 < found.figures["challenger"]["relapses"] < RELAPSES_FOR_A_SLOPE
    assert "challenger: risks too extreme or too timid" in planted(case, extreme, "calibration")["calibration"]


FOLLOWED = Loop(persons=400, rounds=4, seeds=(7,), resamples=200)
RUNAWAY = replace(FOLLOWED, watched_share=0.3, watched=20.0, others=0.01)  # all tests to the top, and no weights


@pytest.mark.parametrize(("loop", "why"), [(FOLLOWED, None), (RUNAWAY, "tests gather on ever fewer persons")])
def test_a_loop_that_really_runs_away_is_refused_and_one_that_does_not_is_let_pass(case, loop, why):
    """Lived, tested and trained round by round."""
    task = case.config
    recipe = replace(
        task,
        features=replace(task.features, lookbacks_days=(90,)),
        growth=replace(task.growth, rounds=30),
        fit=replace(task.fit, weighted=False),
    )
    challenger = replace(case.challenger, card={**case.challenger.card, "recipe": to_plain(recipe)})
    lived = replace(only(case, "feedback"), challenger=challenger, feedback=lambda each: feedback(each, loop))
    assert refused(lived).get("feedback") == why


@pytest.mark.parametrize(
    ("positives", "slope", "passes"),
    [
        (57, {"value": 4.19, "low": 2.35, "high": 6.11}, False),
        (57, {"value": 2.5, "low": 1.9, "high": 3.0}, True),
        (57, {"value": 0.3, "low": 0.1, "high": 0.45}, False),
        (100, {"value": 2.5, "low": 1.9, "high": 3.0}, False),
        (100, {"value": 2.0, "low": 1.5, "high": 3.0}, True),
        (57, {"value": None, "low": None, "high": None}, True),
    ],
)
def test_a_slope_of_the_backtest_that_is_surely_off_is_refused_of_few_relapses_too(case, positives, slope, passes):
    card = dict(case.challenger.card)
    figures = card["figures"]
    models = {**figures["models"], "lightgbm": {**figures["models"]["lightgbm"], "slope": slope}}
    card["figures"] = {**figures, "models": models, "counts": {**figures["counts"], "positives": positives}}
    found = refused(replace(only(case, "calibration"), challenger=replace(case.challenger, card=card)))
    assert (found == {}) is passes
    assert passes or found["calibration"] == "its backtest: risks too extreme or too timid"


def with_backtest(case, **figures):
    """The case with other figures of the model's whole backtest on its card: value, low, high."""
    card = case.challenger.card
    told = {name: dict(zip(("value", "low", "high"), each, strict=True)) for name, each in figures.items()}
    models = {**card["figures"]["models"], "lightgbm": {**card["figures"]["models"]["lightgbm"], **told}}
    card = {**card, "figures": {**card["figures"], "models": models}}
    return replace(case, challenger=replace(case.challenger, card=card))


SHIFTS = [
    ((0.375, 0.254, 0.498), "surely are too low, intercept 0.38 (0.25, 0.50), beyond 0.25"),
    ((-0.375, -0.498, -0.254), "surely are too high, intercept -0.38 (-0.50, -0.25), beyond 0.25"),
    ((0.375, 0.15, 0.551), None),
    ((None, None, None), None),
]


@pytest.mark.parametrize(("shift", "warning"), SHIFTS)
def test_a_level_of_the_backtest_that_is_surely_off_is_warned_of_and_let_pass(case, shift, warning):
    found = look(only(with_backtest(case, intercept=shift), "baselines"))[0]
    assert found.passed
    assert (f"warning: its backtest's risks {warning}" in found.why) if warning else "warning" not in found.why


def test_what_passes_for_calibration_is_told_with_figures_and_not_called_right(case):
    told = {each.item: each for each in look(only(with_backtest(case, intercept=(0.375, 0.254, 0.498)), *CALIBRATED))}
    why, figures = told["calibration"].why, told["calibration"].figures
    for name in (TWIN, ITSELF):
        assert f"{name}: intercept {shown(figures[name]['figures']['intercept'])}" in why
    assert "not surely off by more than 0.25; its backtest: intercept 0.38 (0.25, 0.50), slope" in why
    of = told["groups"].figures
    levels = [level for groups in of.values() for both in groups.values() for level in both.values() if level]
    farthest = max(levels, key=lambda level: abs(level["value"]))
    assert "no group surely off by more than 0.4; farthest" in told["groups"].why
    assert told["groups"].why.endswith(f"intercept {shown(farthest)}")


def test_a_gate_that_asks_for_feedback_needs_the_simulator(case):
    with pytest.raises(ConfigError, match="needs the simulator"):
        look(only(case, "feedback"))


@pytest.mark.parametrize(("ages", "why"), [(Ages(0, 3, 5), "an older snapshot"), (Ages(0, None, 5), "no state")])
def test_an_older_snapshot_is_refused(case, ages, why):
    assert why in refused(replace(only(case, "newer"), ages=ages))["newer"]


def test_the_first_champion_has_only_the_baselines_as_opponents(case):
    first = replace(only(case, "later", "baselines"), champion=None)
    assert {each.item: each.why for each in look(first)}["later"] == "there is no champion yet to be compared with"


def test_dear_items_are_left_out_once_a_cheap_one_refused(case):
    assert {each.item for each in look(replace(case, ages=Ages(200, 1, 1)))} & {"later", "leak", "groups"} == set()


def test_an_item_nobody_knows_is_told():
    with pytest.raises(ConfigError, match="there is no item nobody"):
        GateChoice(items=("nobody",))
