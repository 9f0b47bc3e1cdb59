"""A person's scores over time: each with day, risk, interval and model, and what moved the last one either way."""

import re
from datetime import date, timedelta

import pytest

from serving.history_messages import GivenScore, ReasonChange, ScoreChanges
from serving.messages import Model, Others, Score
from serving.ui.changes import MOST_A_SIDE, Told, moved
from serving.ui.risks_chart import risks_chart
from serving.ui.texts import texts

EN = texts("en")


def given(risk, *, days=0, ends=(None, None), model="a", changed=False):
    day, of = date(2024, 3, 1) + timedelta(days=days), Model(name="m", tag="m:1", digest=model * 64, run="r")
    return GivenScore.model_construct(
        as_of=day, risk=risk, low=ends[0], high=ends[1], model=of, model_changed=changed, score_id="s"
    )


def test_each_score_tells_day_risk_interval_and_model_and_a_change_of_model_where_it_was():
    scores = [given(0.2, ends=(0.1, 0.3)), given(0.25, days=30), given(0.4, days=60, model="b", changed=True)]
    titles = re.findall(r"<title>(.*?)</title>", risks_chart(scores, EN))
    assert titles == [
        "Another model from 30 Apr 2024 on (bbbbbbbb)",
        "1 Mar 2024: 20% (95% interval 10% to 30%), model aaaaaaaa",
        "31 Mar 2024: 25%, model aaaaaaaa",
        "30 Apr 2024: 40%, model bbbbbbbb",
    ]
    assert risks_chart(scores, EN).count("stroke-dasharray") == 1
    assert risks_chart([], EN) == ""


@pytest.mark.parametrize("days", [[0], [0, 30, 400]])
def test_the_first_and_the_last_day_stand_below_the_chart_as_people_write_them(days):
    told = risks_chart([given(0.2, days=each) for each in days], EN)
    ends = dict.fromkeys(EN.day(date(2024, 3, 1) + timedelta(days=each)) for each in (days[0], days[-1]))
    assert [each for each in re.findall(r">([^<>]+)</text>", told) if "20" in each and "%" not in each] == list(ends)


def change(difference):
    direction = "raises" if difference > 0 else "lowers"
    texts_of = {"text_now": f"now {difference}", "text_then": "then"}
    return ReasonChange.model_construct(difference=difference, direction=direction, **texts_of)


def changes(now, then, differences, *, others=0):
    return ScoreChanges.model_construct(
        now=Score.model_construct(risk=now),
        since=None if then is None else given(then),
        changes=[change(each) for each in differences],
        others=Others.model_construct(count=others),
    )


def test_what_drew_the_score_where_it_went_comes_first_and_the_strongest_of_each_way():
    told = moved(changes(0.14, 0.22, [-0.5, 0.3, -0.2, 0.1], others=3))
    assert told.points == 14 - 22
    assert [(each.direction, [one.now for one in each.changes]) for each in told.sides] == [
        ("lowers", ["now -0.5", "now -0.2"]),
        ("raises", ["now 0.3", "now 0.1"]),
    ]
    assert told.n_more == 3
    assert [each.direction for each in moved(changes(0.3, 0.2, [-0.5, 0.3])).sides] == ["raises", "lowers"]


@pytest.mark.parametrize(
    ("now", "then", "told"),
    [
        ("Missed 3 tests in the last 90 days", "Missed 1 tests in the last 90 days", "1"),
        ("近365天尿检阳性率9%", "近365天尿检阳性率12.5%", "12.5%"),
        ("of 4 tests 3 were missed", "of 5 tests 2 were missed", "of 5 tests 2 were missed"),
        ("hair test: never", "hair test 62 days ago", "hair test 62 days ago"),
        ("Programmes begun so far: 3", "Programmes begun so far: 3", ""),
    ],
)
def test_of_what_a_reason_said_then_the_number_is_enough_where_nothing_else_differs(now, then, told):
    change = ReasonChange.model_construct(difference=1.0, direction="raises", text_now=now, text_then=then)
    assert Told.of(change) == Told(now, told)


def test_lesser_changes_are_counted_and_a_way_without_any_is_left_out():
    told = moved(changes(0.3, 0.2, [1 / (each + 1) for each in range(MOST_A_SIDE + 2)], others=5))
    assert [(each.direction, len(each.changes)) for each in told.sides] == [("raises", MOST_A_SIDE)]
    assert told.n_more == 2 + 5


def test_there_is_no_move_without_a_score_before():
    assert moved(None) is None
    assert moved(changes(0.3, None, [])) is None
