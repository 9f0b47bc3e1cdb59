"""The scores a person was given, and what changed since the last: the parts add up, another model is told apart."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from models import artifact
from models.calibration import Platt
from serving import history_answers
from serving.history_messages import ChangesRequest, HistoryRequest
from serving.messages import ScoreRequest
from serving.problems import ProblemError
from serving.wording import wording
from tests.asked_in_process import EVENTS, MACHINE, OTHER_WORKER, WORKER, deliver, entries, open_desk, visit
from tests.serving_helpers import NAME, TODAY, build_city, copied, promote

EARLIER, LATER = "2024-03-01", "2024-06-01"


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return build_city(tmp_path_factory.mktemp("city"), n_persons=30)


@pytest.fixture
def own(city, tmp_path):
    return copied(city, tmp_path / "home")


def give(desk, person_id="P002", *, as_of=EARLIER):
    question = ScoreRequest(person_id=person_id, as_of=as_of, purpose="support_plan", most=200)
    return desk.score(question, visit("POST /v1/scores"), accept_language="en")


def history(desk, person_id="P002", *, caller=WORKER, purpose="review", **asked):
    request = HistoryRequest(person_id=person_id, purpose=purpose, **asked)
    return history_answers.history(desk, request, visit("POST /v1/scores:history", caller), wording("en"))


def changed(desk, person_id="P002", *, caller=WORKER, as_of=LATER, language="en", **asked):
    request = ChangesRequest(person_id=person_id, purpose="review", as_of=as_of, **{"most": 200, **asked})
    return history_answers.changed(desk, request, visit("POST /v1/scores:changes", caller), wording(language))


def refused(call, *args, **named):
    with pytest.raises(ProblemError) as error:
        call(*args, **named)
    return error.value.code


def sum_of(told):
    parts = [each.difference for each in told.changes] + [told.others.contribution]
    return told.log_odds_then + sum(parts) + (told.unaccounted.difference if told.unaccounted else 0.0)


def test_changes_are_told_since_a_score_by_the_id_of_any_answer_that_told_it(own):
    desk = open_desk(own)
    first, again = (give(desk) for _ in range(2))
    told = [changed(desk, since=each.score_id) for each in (first, again)]
    assert first.score_id != again.score_id
    assert told[0].since.score_id == told[1].since.score_id == first.score_id
    assert told[0].changes == told[1].changes


def test_every_score_given_is_told_once_the_newest_day_first(own):
    desk = open_desk(own)
    given = [give(desk, as_of=day) for day in (EARLIER, LATER, EARLIER)]
    give(desk, "P004")
    told = history(desk)
    assert [each.score_id for each in told.scores] == [given[1].score_id, given[0].score_id]
    assert [(each.risk, each.low, each.high) for each in told.scores] == [
        (score.risk, score.low, score.high) for score in (given[1], given[0])
    ]
    assert [each.expires_on for each in told.scores] == [given[1].expires_on, given[0].expires_on]
    assert not any(each.model_changed for each in told.scores)
    row = entries(own)[-1]
    assert (row["act"], row["outcome"], row["purpose"]) == ("POST /v1/scores:history", "answered", "review")


def test_pages_of_scores_together_are_all_of_them(own):
    desk = open_desk(own)
    for month in range(1, 6):
        give(desk, as_of=f"2024-{month:02}-01")
    first = history(desk, limit=3)
    rest = history(desk, limit=3, cursor=first.next)
    assert [each.as_of.month for each in (*first.scores, *rest.scores)] == [5, 4, 3, 2, 1]
    assert rest.next is None


def test_who_was_never_scored_has_an_empty_history(own):
    assert history(open_desk(own), "P006").scores == []


def test_the_changes_are_the_differences_of_the_contributions_of_both_scores(own):
    desk = open_desk(own)
    then = give(desk)
    told = changed(desk)
    assert told.since.score_id == then.score_id
    assert told.unaccounted is None
    assert told.log_odds_then == then.log_odds
    contributions = [{each.feature: each.contribution for each in score.reasons} for score in (then, told.now)]
    names = set(contributions[0]) | set(contributions[1])
    expected = {name: contributions[1].get(name, 0.0) - contributions[0].get(name, 0.0) for name in names}
    assert {each.feature: each.difference for each in told.changes} == pytest.approx(
        {name: value for name, value in expected.items() if value != 0}
    )
    assert sum_of(told) == pytest.approx(told.now.log_odds, abs=1e-9)
    for each in told.changes:
        assert each.direction == ("raises" if each.difference > 0 else "lowers")
    assert [abs(each.difference) for each in told.changes] == sorted(
        (abs(each.difference) for each in told.changes), reverse=True
    )


def test_changes_beyond_the_number_asked_for_are_told_together(own):
    desk = open_desk(own)
    give(desk)
    whole, few = changed(desk), changed(desk, most=2)
    assert len(few.changes) == 2
    assert few.others.count == len(whole.changes) - 2
    assert sum_of(few) == pytest.approx(few.now.log_odds, abs=1e-9)


def test_the_score_of_now_is_recorded_as_any_score_is(own):
    desk = open_desk(own)
    give(desk)
    told = changed(desk)
    (row,) = entries(own, f"score_id = '{told.now.score_id}'")
    assert (row["outcome"], row["risk"], row["as_of"], row["act"]) == (
        "scored", told.now.risk, LATER, "POST /v1/scores:changes",
    )  # fmt: skip
    assert history(desk).scores[0].risk == told.now.risk


def test_the_last_score_is_that_of_an_earlier_day_unless_one_is_named(own):
    desk = open_desk(own)
    first, second, _ = give(desk, as_of="2024-01-01"), give(desk), give(desk, as_of=LATER)
    assert changed(desk).since.score_id == second.score_id
    assert changed(desk, since=first.score_id).since.score_id == first.score_id
    assert refused(changed, desk, since=give(desk, "P004").score_id) == "invalid"  # of another person
    assert refused(changed, desk, since="nonsense") == "invalid"


def test_without_an_earlier_score_that_is_said_and_the_score_given(own):
    told = changed(open_desk(own), as_of=EARLIER)
    assert (told.since, told.changes, told.unaccounted, told.others) == (None, [], None, None)
    assert told.text
    assert told.now.reasons


def test_where_nothing_differs_that_is_said(own):
    desk = open_desk(own)
    then = give(desk)
    told = changed(desk, as_of=EARLIER, since=then.score_id)
    assert (told.changes, told.unaccounted) == ([], None)
    assert wording("en").day(EARLIER) in told.text


def test_another_model_is_told_apart_from_the_records(own):
    desk = open_desk(own)
    then = give(desk)
    other = replace(own.model, calibration=Platt(0.9, 0.7))  # 0.6 more for everybody
    promote(own.home, NAME, "relapse", other.booster, artifact.relapse_to_plain(other), run="run-2")
    desk = open_desk(own)
    told = changed(desk)
    assert told.unaccounted.code == "model"
    assert told.unaccounted.difference == pytest.approx(0.6, abs=1e-6)
    assert told.log_odds_then == pytest.approx(then.log_odds, abs=1e-9)
    assert sum_of(told) == pytest.approx(told.now.log_odds, abs=1e-9)
    scores = history(desk).scores
    assert [each.model_changed for each in scores] == [True, False]
    assert [each.model.run for each in scores] == ["run-2", "run-1"]
    assert scores[1].low is None  # the model of today did not give it


def test_records_that_came_in_later_about_earlier_days_are_told_apart(own, tmp_path):
    desk = open_desk(own)
    then = give(desk, as_of=str(TODAY))
    days = [TODAY - timedelta(days=back) for back in (3, 10, 20, 30)]
    late = "".join(f"P002,{day},{TODAY},community,urine_test,positive,opioid,,S1\n" for day in days)
    deliver(own, tmp_path / "late", events=EVENTS + late)
    told = changed(desk, as_of=str(TODAY), since=then.score_id)
    assert told.now.risk != then.risk
    assert told.changes == []  # between the day and itself the model sees no difference
    assert told.unaccounted.code == "late_records"
    assert told.unaccounted.difference == pytest.approx(told.now.log_odds - then.log_odds, abs=1e-9)


def test_persons_out_of_reach_purposes_and_the_law(own):
    desk = open_desk(own)
    for ask in (history, changed):
        assert refused(ask, desk, caller=OTHER_WORKER) == refused(ask, desk, "NOBODY") == "unknown_person"
        assert refused(ask, desk, "NOBODY", caller=MACHINE) == "unknown_person"
        for person_id in ("SEALED", "LATER_OBJECTED", "ABSTINENT", "MINOR"):
            assert refused(ask, desk, person_id) == "no_score"
    assert refused(history, desk, purpose="enforcement") == "purpose_refused"
    assert refused(history, desk, purpose="research") == "purpose_of_others"
    assert refused(changed, desk, as_of=str(TODAY + timedelta(days=1))) == "invalid"


def test_the_same_is_read_for_a_person_of_another_station_and_an_unknown_one(own):
    desk, statements = open_desk(own), []
    engine = desk.histories.store()._engine
    sa.event.listen(engine, "checkout", lambda it, *_: it.set_trace_callback(statements.append))

    def read(person_id):
        statements.clear()
        with suppress(ProblemError):
            history(desk, person_id)
        return [each.replace(person_id, "?") for each in statements]

    read("NOBODY")  # what is read once for everybody
    assert read("P003") == read("NOBODY")
    assert len(read("P002")) > len(read("P003"))


def test_who_has_no_score_now_is_refused_and_recorded(own):
    desk = open_desk(own)
    assert refused(changed, desk, "ISOLATED") == "no_score"
    assert entries(own)[-1]["outcome"] == "isolated"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_changes_are_told_in_words(own, language):
    desk = open_desk(own)
    give(desk)
    told = changed(desk, language=language)
    assert all(each.text_then and each.text_now and each.effect for each in told.changes)
    assert any(each.text_then != each.text_now for each in told.changes)
    assert np.isfinite(told.log_odds_then)
    assert told.since.as_of == date.fromisoformat(EARLIER)
