"""The oracle is calibrated against what came true, better than all else, and leaves the hidden world as it was."""

from copy import deepcopy
from dataclasses import fields
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.asof import Visible
from features.errors import ConfigError
from features.history import History
from training import city
from training.city.block import settle
from training.city.ground import survey
from training.city.oracle import Moment, Question, ask, live_on, look_ahead, lost_tests, on_average, write_oracle
from training.city.step import walk
from training.city.world import World
from training.labels import Label, label

SUNDAYS = (date(2023, 7, 2), date(2023, 12, 31))
HORIZON = 90
PLAN = city.plan("demo", persons=2500, years=2, seed=5, until=date(2024, 6, 30))
DAYS = ("occurred_on", "known_on")
OUTCOMES = ("detected", "observed", "used", "used_observed")


@pytest.fixture(scope="module")
def answer():
    return ask(PLAN, Question(SUNDAYS, HORIZON, draws=100))


@pytest.fixture(scope="module")
def another():
    """The answer from other draws: to put rows into groups by, free of the luck of the draws that are judged."""
    return ask(PLAN, Question(SUNDAYS, HORIZON, draws=50, stream=1))


@pytest.fixture(scope="module")
def came(answer):
    """What came true, row by row of the answer: the label of the records, and the true use of the horizon."""
    built = city.build(preset="demo", persons=PLAN.persons, years=PLAN.years, seed=PLAN.seed, until=PLAN.until)
    uses = built.truth["use_days"].rename(columns={"used_on": "occurred_on"})
    events = built.tables["events"].drop_duplicates()
    history = History.of(events.assign(**{day: days_of(events[day]) for day in DAYS}), built.tables["persons"])
    at = pd.DataFrame({"person_id": answer["person_id"], "as_of": days_of(answer["as_of"])})
    told = label(Visible.at(history, at), Label(horizon_days=HORIZON), snapshot_day=history.known.max())["relapse"]
    found = {"detected": told == 1, "observed": told.notna(), "used": within(uses, answer)}
    return pd.DataFrame(found).assign(used_observed=found["used"] & found["observed"])


def days_of(dates):
    return (dates - pd.Timestamp("1970-01-01")).dt.days


def within(happened, rows):
    """For each row, whether something happened to the person in (as_of, as_of + horizon]; a plain loop."""
    days = happened.groupby("person_id")["occurred_on"].apply(lambda each: each.to_numpy())
    last = pd.Timedelta(days=HORIZON)
    return np.array([
        any(row.as_of < pd.Timestamp(day) <= row.as_of + last for day in days.get(row.person_id, ()))
        for row in rows.itertuples()
    ])  # fmt: skip


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_as_many_come_true_as_the_oracle_says_in_all_and_in_each_fifth(answer, another, came, outcome):
    order = np.argsort(another[outcome].to_numpy(), kind="stable")
    for group, deviations in ((order, 3), *((fifth, 4) for fifth in np.array_split(order, 5))):
        said, true = answer[outcome].to_numpy()[group], came[outcome].to_numpy()[group]
        # The chance of what happens and that of the draws; where next to nobody is expected, one person more.
        spread = np.sqrt((said * (1 - said)).sum() * (1 + 1 / 100))
        assert abs(said.sum() - true.sum()) < deviations * spread + (said.sum() < 5)


def test_no_other_forecast_has_a_lower_brier_score(answer, came):
    said, true = answer["detected"].to_numpy(), came["detected"].to_numpy(dtype=float)

    def brier(risk):
        return np.mean((risk - true) ** 2)

    def bent(power):
        odds = ((said * 100 + 0.5) / (100 - said * 100 + 0.5)) ** power
        return odds / (1 + odds)

    rivals = {
        "everybody the base rate": np.full(len(true), true.mean()),
        "the hidden hazard of the week": fitted(answer["hazard"].to_numpy(), true),
        "true use, known before it comes": fitted(answer["used"].to_numpy(), true),
        "other persons' answers": np.random.default_rng(1).permutation(said),
        "too sure": bent(1.6),
        "not sure enough": bent(0.6),
        "half base rate": (said + true.mean()) / 2,
    }
    assert brier(said) < min(brier(risk) for risk in rivals.values()), {k: brier(v) for k, v in rivals.items()}


def fitted(sign, true, parts=10):
    """The share for which it came true among those alike in the sign: the best a forecast from that sign could be."""
    group = np.minimum(pd.Series(sign).rank(pct=True) * parts, parts - 1).astype(int)
    return pd.Series(true).groupby(group).transform("mean").to_numpy()


def test_the_monte_carlo_error_is_what_it_is_said_to_be_and_halves_with_four_times_the_draws():
    plan = city.plan("demo", persons=300, years=1, seed=5, until=date(2024, 6, 30))
    said, seen = [], []
    for draws in (25, 100):
        one, other = (ask(plan, Question(SUNDAYS[1:], HORIZON, draws, stream)) for stream in (0, 1))
        said.append(np.sqrt(np.mean(one["used_se"] ** 2 + other["used_se"] ** 2)))
        seen.append(np.sqrt(np.mean((one["used"] - other["used"]) ** 2)))
    assert said[0] / said[1] == pytest.approx(2, rel=0.05)
    assert seen[0] / seen[1] == pytest.approx(2, rel=0.25)
    assert seen == pytest.approx(said, rel=0.2)


def at_the_end_of(week, persons=200):
    """The world and the state of some persons at the end of a week, and the walk that goes on from there."""
    plan = city.plan("demo", persons=persons, years=1, seed=3, until=date(2024, 6, 30))
    world, _ = settle(survey(plan), 0)
    going = walk(world)
    state = next(state for number, state, _ in going if number == week)
    return world, state, going


def equal(one, other):
    return all(np.array_equal(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))


def test_looking_no_weeks_ahead_changes_and_finds_nothing():
    world, state, _ = at_the_end_of(170)
    before = state.take(np.arange(len(state)))
    assert not np.any(look_ahead(state, world, 170, horizon_days=0))
    assert equal(state, before)


def test_asking_leaves_state_and_chance_of_the_city_as_they_are():
    world, state, _ = at_the_end_of(170)
    before, chance = state.take(np.arange(len(state))), deepcopy(world.rng.bit_generator.state)
    live_on(Moment(0, 170, world.people, state), world.ground, Question(SUNDAYS, HORIZON, draws=3))
    assert equal(state, before)
    assert world.rng.bit_generator.state == chance


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 100), st.integers(1, 100))
def test_a_longer_horizon_never_makes_use_or_its_detection_less_likely(one, other):
    world, state, _ = at_the_end_of(170, persons=60)
    everyone = np.arange(len(state))
    shorter, longer = (
        look_ahead(state.take(everyone), World(world.ground, world.people, np.random.default_rng(1)), 170, days)
        for days in sorted((one, other))
    )
    assert (shorter.detected <= longer.detected).all()
    assert (shorter.used <= longer.used).all()  # an end, though, may leave unobserved what was observed before it
    assert (longer.detected <= longer.observed).all()
    assert (longer.used_observed == (longer.used & longer.observed)).all()


def test_two_processes_say_what_one_says():
    plan = city.plan("demo", persons=1010, years=1, seed=5, until=date(2024, 6, 30))
    question = Question(SUNDAYS[1:], 14, draws=4)
    pd.testing.assert_frame_equal(ask(plan, question), ask(plan, question, processes=2))


def test_another_date_in_the_question_changes_no_answer(answer):
    alone = ask(PLAN, Question(SUNDAYS[1:], HORIZON, draws=100))
    together = answer[answer["as_of"] == pd.Timestamp(SUNDAYS[1])].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, together)


def test_one_row_a_person_and_date_and_all_shares_are_probabilities(answer):
    assert not answer.duplicated(["person_id", "as_of"]).any()
    assert set(answer["as_of"].dt.date) == set(SUNDAYS)
    for name in OUTCOMES:
        assert answer[name].between(0, 1).all()
    assert (answer["detected"] <= answer["observed"]).all()
    assert (answer["used_observed"] <= answer[["used", "observed"]].min(axis=1)).all()


def test_a_careless_station_loses_more_tests():
    ground = survey(PLAN)
    lost = lost_tests(ground)
    assert lost == pytest.approx(ground.figures.arrival.lost_share * np.exp(-ground.stations.diligence))


def test_what_is_told_of_a_date_is_the_mean_over_its_persons(answer):
    means = on_average(answer)
    assert list(means["as_of"].dt.date) == list(SUNDAYS)
    for told in means.itertuples():
        persons = answer[answer["as_of"] == told.as_of]
        assert told.persons == len(persons)
        assert [getattr(told, name) for name in OUTCOMES] == [pytest.approx(persons[name].mean()) for name in OUTCOMES]


def test_an_oracle_needs_a_process():
    with pytest.raises(ConfigError, match="processes is 0"):
        ask(PLAN, Question(SUNDAYS), processes=0)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (Question((date(2023, 7, 5),)), "2023-07-05 is not the last day.*Sunday 2023-07-09"),
        (Question((date(2024, 5, 5),)), "2024-05-05 has not 90 days.*to 2024-03-31"),
        (Question((date(2020, 5, 3),)), "2020-05-03 has not 90 days.*from 2022-0"),
        (Question(()), "no date"),
        (Question(SUNDAYS, horizon_days=0), "horizon_days is 0, expected 1"),
        (Question(SUNDAYS, draws=1), "draws is 1, expected 2"),
    ],
)
def test_a_question_without_an_answer_is_refused_and_says_what_to_ask(question, told):
    with pytest.raises(ConfigError, match=told):
        ask(PLAN, question)


def test_all_faults_of_a_question_are_told_together():
    with pytest.raises(ConfigError, match=r"draws is 0.*2023-07-05"):
        ask(PLAN, Question((date(2023, 7, 5),), draws=0))


def test_the_answer_is_written_among_the_truth_and_says_the_same_again(tmp_path):
    plan = city.plan("demo", persons=900, years=2, seed=5, until=date(2024, 6, 30))
    city.simulate(plan, tmp_path / "city")
    question = Question(SUNDAYS, 28, draws=5)
    told = write_oracle(tmp_path / "city", question)
    written = pd.read_parquet(tmp_path / "city" / "truth" / "oracle.parquet")
    asked = ask(plan, question)
    pd.testing.assert_frame_equal(told, asked)
    assert len(written) == len(asked)
    pd.testing.assert_frame_equal(written.drop(columns="as_of"), asked.drop(columns="as_of"))
    assert list(written["as_of"]) == list(asked["as_of"].dt.date)


def test_a_folder_without_a_city_or_with_that_of_another_simulator_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="holds no truth"):
        write_oracle(tmp_path, Question(SUNDAYS[1:], 28, draws=5))
    city.simulate(city.plan("demo", persons=80, years=1, seed=5, until=date(2024, 6, 30)), tmp_path / "city")
    use = tmp_path / "city" / "truth" / "use.parquet"
    pd.read_parquet(use).assign(hazard=np.float32(0.5)).to_parquet(use)
    with pytest.raises(ConfigError, match="another version of the simulator"):
        write_oracle(tmp_path / "city", Question(SUNDAYS[1:], 28, draws=5))
    assert not (tmp_path / "city" / "truth" / "oracle.parquet").exists()
