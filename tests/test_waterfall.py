"""A score taken apart: every part in its place, and together they are the score."""

from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalogue import CATALOGUE
from features.languages import LANGUAGES
from serving.messages import Others, Reason, Score
from serving.services import Services  # noqa: F401 (it fills the catalogue)
from serving.ui.texts import texts
from serving.ui.waterfall import LISTED, NAMED, risk_of, steps

CODES = [*CATALOGUE, "calibration"]


def _reason(code, contribution):
    return Reason.model_construct(code=code, text=code, effect="", contribution=contribution, changeable=True)


def score_of(reasons, *, beyond=0, base=-2.0):
    others = Others(count=3 if beyond else 0, contribution=beyond, text="others")
    log_odds = base + fsum(each.contribution for each in reasons) + beyond
    return Score.model_construct(base=base, risk=risk_of(log_odds), reasons=reasons, others=others)


def test_the_steps_lead_from_the_common_start_to_the_risk_of_the_person():
    reasons = [_reason("missed_tests", 0.8), _reason("employed", -0.3)]
    others = Others(count=3, contribution=0.1, text="others")
    log_odds = -2.0 + 0.8 - 0.3 + 0.1
    score = Score.model_construct(base=-2.0, risk=risk_of(log_odds), reasons=reasons, others=others)
    found = steps(score, texts("en"))
    assert [each.direction for each in found] == ["raises", "lowers", "raises"]
    assert found[0].risk_after == pytest.approx(risk_of(-2.0 + 0.8))
    assert found[-1].risk_after == pytest.approx(score.risk)


def test_what_is_not_told_alone_is_told_by_family_where_it_matters_with_its_strongest_names():
    alone = [_reason("employed", 0.5)] * LISTED
    tests = [_reason("missed_tests", 0.3), _reason("positive_tests", 0.25), _reason("missed_tests", -0.04)]
    tests += [_reason("positive_tests", 0.01)]
    service, bend = [_reason("sessions_kept", 0.1)], [_reason("calibration", -0.6)]  # too little; of no family
    codes = [each.code for each in (*tests, *service, *bend)]
    assert [CATALOGUE[code].family if code in CATALOGUE else "" for code in codes] == ["tests"] * 4 + ["service", ""]
    found = steps(score_of([*alone, *tests, *service, *bend], beyond=0.05), texts("en"))[LISTED:]
    assert [each.text for each in found] == ["Other records of: tests (4, together)", "All others (5, together)"]
    assert [each.contribution for each in found] == pytest.approx([0.3 + 0.25 - 0.04 + 0.01, 0.1 - 0.6 + 0.05])
    assert [each.direction for each in found] == ["raises", "lowers"]
    assert found[0].inside == tuple(tests[:NAMED])


@given(
    st.lists(st.tuples(st.sampled_from(CODES), st.floats(-1, 1).filter(bool)), max_size=60),
    st.floats(-1, 1).filter(bool) | st.just(0),
)
def test_however_they_are_told_the_parts_are_the_whole_score(told, beyond):
    strongest_first = sorted(told, key=lambda each: -abs(each[1]))
    score = score_of([_reason(*each) for each in strongest_first], beyond=beyond)
    found = steps(score, texts("zh-CN"))
    assert score.base + fsum(each.contribution for each in found) == pytest.approx(
        score.base + fsum(by for _, by in told) + beyond, abs=1e-12
    )
    if found:
        assert found[-1].risk_after == pytest.approx(score.risk, abs=1e-12)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_family_of_the_catalogue_has_a_name(language):
    for code in CATALOGUE:
        reasons = [_reason("employed", 0.5)] * LISTED + [_reason(code, 0.5)]
        (_, named) = steps(score_of(reasons), texts(language))[LISTED - 1 :]
        assert named.inside == (reasons[-1],)
