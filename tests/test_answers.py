"""A score as it leaves: reasons that add up or no score, an expiry by rule, and what is not known, once each."""

from datetime import date

import numpy as np
import pytest

from features import relapse  # noqa: F401 (it fills the catalogue)
from features.catalogue import make
from features.statutes import REFUSAL_ARTICLES
from models.champion import Champion
from models.reasons import ReasonsError
from serving.answers import Asked, refusal, score_of
from serving.scoring import Scored
from serving.wording import wording

CHAMPION = Champion("relapse-90d", "relapse", "relapse-90d:1", "d" * 64, "run", "s" * 64, "2024-06-01")
FEATURES = (
    make("missed_tests", substance="", days=30),
    make("missed_tests", substance="", days=90),
    make("positive_share", substance="", days=30),
    make("positive_share", substance="", days=90),
    make("positive_share", substance="opioid", days=90),
    make("employed"),
)
VALUES = np.array([1.0, 2.0, np.nan, np.nan, np.nan, 1.0])
CONTRIBUTIONS = np.array([0.1, -0.4, 0.0, 0.2, 0.0, -0.05])


def scored(**other):
    told = {"log_odds": -1.15, "risk": 0.24, "base": -1.0, "values": VALUES, "contributions": CONTRIBUTIONS}
    return Scored(features=FEATURES, **{**told, **other})


def answer(score, *, horizon_days=90, most=10):
    asked = Asked(CHAMPION, horizon_days, date(2024, 6, 1), "s", most, wording("en"))
    return score_of(asked, score, score_id="id", person_id=None)


def test_reasons_come_strongest_first_and_those_that_add_nothing_not_at_all():
    told = answer(scored())
    assert [each.contribution for each in told.reasons] == [-0.4, 0.2, 0.1, -0.05]
    assert (told.others.count, told.others.contribution) == (0, 0.0)


def test_the_interval_of_a_risk_is_told_and_none_is_made_up():
    told = answer(scored(low=0.2, high=0.3))
    assert (told.low, told.risk, told.high) == (0.2, 0.24, 0.3)
    assert (answer(scored()).low, answer(scored()).high) == (None, None)


def test_reasons_not_listed_are_told_as_one():
    told = answer(scored(), most=1)
    assert (told.others.count, told.others.contribution) == (3, pytest.approx(0.2 + 0.1 - 0.05))


@pytest.mark.parametrize("wrong", [{"log_odds": -1.1}, {"base": np.nan}, {"contributions": CONTRIBUTIONS * 1.001}])
def test_a_score_whose_reasons_do_not_add_up_is_not_given(wrong):
    with pytest.raises(ReasonsError):
        answer(scored(**wrong))


@pytest.mark.parametrize(("horizon_days", "expires_on"), [(90, date(2024, 7, 1)), (28, date(2024, 6, 29))])
def test_a_score_expires_after_thirty_days_or_with_its_horizon(horizon_days, expires_on):
    assert answer(scored(), horizon_days=horizon_days).expires_on == expires_on


def test_what_is_not_known_is_told_once_by_the_widest_lookback():
    assert [each.text for each in answer(scored()).missing] == [
        "Share of positive urine tests in the last 90 days: not known, none gave a result",
        "Share of positive urine tests for opioids in the last 90 days: not known, none gave a result",
    ]


def test_a_score_of_someone_whose_age_is_not_known_says_so_first():
    assert [each.feature for each in answer(scored(age_known=False)).missing][:2] == ["birth_year", "positive_share"]


def test_a_value_that_is_missing_is_null_and_not_a_number():
    assert [each.value for each in answer(scored()).reasons] == [2.0, None, 1.0, 1.0]


@pytest.mark.parametrize("reason", ["sealed", "objected", "under_18", "abstinent_three_years", "isolated", "died"])
def test_a_refusal_by_law_names_the_article(reason):
    problem = refusal(reason, wording("zh-CN"))
    assert problem.status == (451 if reason in REFUSAL_ARTICLES else 409)
    assert problem.members.get("article") == REFUSAL_ARTICLES.get(reason)
