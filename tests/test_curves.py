"""What a curved calibration adds is told as a reason: summed, in words, over time and again on replay."""

from dataclasses import replace

import numpy as np
import pytest

from features.plain import to_plain
from features.store import Store
from models import artifact
from models.boosters import Growth
from models.calibration import logit, sigmoid
from models.curves import CURVES, LINE, Beta, Knots, both_logarithms
from models.linear import Line, Linear
from serving import history_answers
from serving.history_messages import ChangesRequest
from serving.messages import ScoreRequest
from serving.replay import replay
from serving.wording import wording
from tests.asked_in_process import WORKER, open_desk, visit
from tests.serving_helpers import NAME, build_city, promote
from training.card_page import texts_of
from training.card_words import answers
from training.config import Fit

STEEP = Knots("isotonic", (-8.0, -2.0, 0.0, 2.0, 8.0), (0.01, 0.02, 0.4, 0.97, 0.99))


def test_between_knots_risks_lie_on_a_straight_line_and_beyond_them_they_are_level():
    curve = Knots("isotonic", (-1.0, 1.0), (0.2, 0.6))
    assert sigmoid(curve.log_odds(np.array([-5.0, -1.0, 0.0, 1.0, 5.0]))) == pytest.approx([0.2, 0.2, 0.4, 0.6, 0.6])


def test_beta_with_both_slopes_one_leaves_a_risk_as_it_is():
    line = Line(1.0, 0.0, 0.0, -50.0, 50.0)
    risk = np.array([0.03, 0.5, 0.9])
    assert sigmoid(Beta(Linear(0.0, (line, line))).log_odds(logit(risk))) == pytest.approx(risk)
    assert both_logarithms(logit(risk))[:, 1] - both_logarithms(logit(risk))[:, 0] == pytest.approx(
        -np.log(risk * (1 - risk))
    )


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("method", [LINE, *CURVES])
def test_the_card_says_in_words_which_calibration_it_is(language, method):
    texts = texts_of(language)
    card = {"recipe": {"growth": to_plain(Growth()), "fit": to_plain(Fit(calibration=method))}}
    (answer,) = [answer for number, _, answer in answers(card, texts, language) if number == "12c"]
    assert texts["calibrations"][method] in answer


@pytest.fixture(scope="module")
def curved(tmp_path_factory):
    """A city whose champion has a curved calibration."""
    city = build_city(tmp_path_factory.mktemp("city"), n_persons=30)
    model = replace(city.model, curve=STEEP)
    promote(city.home, NAME, "relapse", model.booster, artifact.relapse_to_plain(model), run="run-2")
    return replace(city, model=model)


def given(desk, *, most=200, as_of="2024-06-01", language="en"):
    question = ScoreRequest(person_id="P002", as_of=as_of, purpose="support_plan", most=most)
    return desk.score(question, visit("POST /v1/scores"), accept_language=language)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", "校准：按估计相近者的实际复吸比例调整"),
        ("en", "Calibration: moved to the share that relapsed among those with a like estimate"),
    ],
)
def test_the_calibration_is_a_reason_in_words_that_no_help_can_change(curved, language, words):
    told = given(open_desk(curved), language=language)
    (entry,) = [each for each in told.reasons if each.code == "calibration"]
    assert (entry.text, entry.unit, entry.changeable) == (words, "log-odds", False)
    assert told.log_odds == pytest.approx(entry.value + entry.contribution)
    assert told.base + sum(each.contribution for each in told.reasons) == pytest.approx(told.log_odds, abs=1e-9)
    assert told.risk == pytest.approx(float(sigmoid(np.array([told.log_odds]))[0]))
    assert "calibration" not in {each.feature for each in told.missing}


def test_a_calibration_beyond_the_reasons_asked_for_is_among_the_others(curved):
    whole, few = given(open_desk(curved)), given(open_desk(curved), most=1)
    assert few.others.count == len(whole.reasons) - 1
    assert few.reasons[0].contribution + few.others.contribution == pytest.approx(whole.log_odds - whole.base)


def test_what_changed_between_two_scores_still_adds_up(curved):
    desk = open_desk(curved)
    then = given(desk, as_of="2024-03-01")
    asked = ChangesRequest(person_id="P002", purpose="review", as_of="2024-06-01", most=200)
    told = history_answers.changed(desk, asked, visit("POST /v1/scores:changes", WORKER), wording("en"))
    assert told.log_odds_then == then.log_odds
    assert "calibration" in {each.code for each in told.changes}
    assert then.log_odds + sum(each.difference for each in told.changes) == pytest.approx(told.now.log_odds, abs=1e-9)


def test_a_curved_score_comes_back_bit_for_bit(curved, tmp_path):
    told = given(open_desk(curved))
    digest = artifact.save(
        tmp_path / "m", booster=curved.model.booster, model=artifact.relapse_to_plain(curved.model), card={}
    )
    with Store.open(curved.home.store_url) as store:
        again = replay(
            curved.home.records, store, told.score_id, lambda _, wanted: artifact.read(tmp_path / "m", expected=wanted)
        )
    assert told.model.digest == digest
    assert again.same
    assert dict(again.reasons)["calibration"] == next(
        each.contribution for each in told.reasons if each.code == "calibration"
    )
