"""The hidden world of the invented city: it runs forward from a saved state, and follows the statutes."""

from copy import deepcopy
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from features.statutes import CLOCKS
from training.city.block import Lived, live, settle
from training.city.ground import Ground, survey
from training.city.presets import plan
from training.city.rows import where
from training.city.state import State
from training.city.step import Week, step, walk
from training.city.supply import supply
from training.city.testing import MISSED, NEGATIVE, NO_TEST, POSITIVE
from training.city.weeks import EPOCH, spring_festival
from training.city.world import World

PERSONS = 700


@pytest.fixture(scope="module")
def ground() -> Ground:
    return survey(plan("demo", persons=PERSONS, years=3, seed=5, until=date(2025, 12, 31)))


@pytest.fixture(scope="module")
def lived(ground: Ground) -> Lived:
    return live(ground, 0)


def at(ground: Ground, week: int) -> tuple[World, State]:
    """The world and its state at the end of a week."""
    world, _ = settle(ground, 0)
    return next((world, state) for number, state, _ in walk(world) if number == week)


def same(one: Week, other: Week) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("hazard", "use_days", "routine"))


def test_a_state_holds_all_that_the_future_depends_on(ground: Ground) -> None:
    week = 200
    world, state = at(ground, week)
    saved, again = state.take(np.arange(len(state))), replace(world, rng=deepcopy(world.rng))
    for ahead in range(week + 1, week + 9):
        went, goes = step(state, world, ahead), step(saved, again, ahead)
        assert same(went, goes)
        assert np.array_equal(went.tests.urine, goes.tests.urine)


def test_a_saved_state_does_not_change_with_the_one_it_was_taken_from(ground: Ground) -> None:
    world, state = at(ground, 180)
    saved = state.take(np.arange(len(state)))
    before = deepcopy(saved)
    step(state, world, 181)
    assert all(np.array_equal(getattr(saved, name), getattr(before, name)) for name in vars(saved))


def test_another_source_of_chance_makes_another_future_of_the_same_state(ground: Ground) -> None:
    world, state = at(ground, 200)
    everyone = np.arange(len(state))
    one, other = (step(state.take(everyone), replace(world, rng=np.random.default_rng(n)), 201) for n in (1, 2))
    assert not np.array_equal(one.use_days, other.use_days)


def test_many_futures_of_a_state_use_as_often_as_its_hazard_says(ground: Ground) -> None:
    copies = 40
    world, state = at(ground, 200)
    many = np.repeat(np.arange(len(state)), copies)
    futures = World(ground, world.people.take(many), np.random.default_rng(3))
    week = step(state.take(many), futures, 201)
    spread = np.sqrt((week.hazard * (1 - week.hazard)).sum())
    assert abs(week.used.sum() - week.hazard.sum()) < 4 * spread


def test_walking_again_comes_to_what_the_city_recorded(ground: Ground, lived: Lived) -> None:
    week = 250
    _, state = at(ground, week)
    assert np.array_equal(state.used_weeks[:, -1], lived.diary.used[week])
    assert np.array_equal(state.use_days[:, 7:], lived.diary.use_days[week])


def test_what_happens_to_one_is_not_laid_at_the_door_of_another(ground: Ground) -> None:
    world, state = at(ground, 200)
    turned = np.arange(len(state))[::-1]
    mirrored = state.take(turned)
    assert np.array_equal(mirrored.weeks_clean, state.weeks_clean[::-1])
    assert np.array_equal(world.people.take(turned).frailty, world.people.frailty[::-1])


def test_a_hair_test_sees_from_two_weeks_to_half_a_year_back(lived: Lived) -> None:
    used = lived.diary.used
    for week, who in zip(*np.nonzero(lived.diary.hair == POSITIVE), strict=True):
        assert used[max(week - 26, 0) : week - 1, who].any()
    hair = lived.diary.hair
    seen = [
        used[max(week - 26, 0) : week - 1, who].any() for week, who in zip(*np.nonzero(hair == NEGATIVE), strict=True)
    ]
    assert 0 < np.mean(seen) < 0.2  # it overlooks some, and a use of last week altogether


def test_who_uses_misses_more_tests(lived: Lived) -> None:
    diary = lived.diary
    asked = (diary.urine != NO_TEST) & ~diary.silent
    missed = diary.urine >= MISSED
    assert missed[asked & diary.used].mean() > missed[asked & ~diary.used].mean() + 0.05


def test_who_is_gone_without_a_word_misses_every_test(lived: Lived) -> None:
    tests = lived.diary.urine[lived.diary.silent]
    assert set(np.unique(tests)) <= {NO_TEST, MISSED}


def test_programmes_are_completed_three_years_after_their_start(lived: Lived) -> None:
    recorded = lived.recorded
    start, end = (
        recorded[where(recorded, kind="programme_start")],
        recorded[where(recorded, kind="programme_end", outcome="completed")],
    )
    assert len(end) > 20
    for row in end:
        begun = start[(start["person"] == row["person"]) & (start["occurred_on"] < row["occurred_on"])]
        days = row["occurred_on"] - begun["occurred_on"].max()
        # On the day; or when the person is back from a ward or a transfer: the clock went on.
        assert days >= CLOCKS["community_treatment"].limit


def test_isolation_lasts_one_year_to_three(lived: Lived) -> None:
    recorded = lived.recorded
    stays = []
    for end in recorded[where(recorded, kind="isolation_end")]:
        starts = recorded[where(recorded, kind="isolation_start") & (recorded["person"] == end["person"])][
            "occurred_on"
        ]
        stays.append(end["occurred_on"] - starts[starts <= end["occurred_on"]].max())
    assert min(stays) >= CLOCKS["isolation_review"].limit
    assert CLOCKS["isolation"].limit < max(stays) <= CLOCKS["isolation"].limit + 365


def test_who_does_not_report_in_time_is_sent_to_isolation(lived: Lived) -> None:
    recorded, last = lived.recorded, lived.world.ground.weeks.until - 60
    refused = 0
    for order in recorded[where(recorded, kind="order")]:
        hers = recorded[recorded["person"] == order["person"]]
        days = hers["occurred_on"] - order["occurred_on"]
        reported = (where(hers, kind="programme_start") & (days >= 0) & (days <= 15)).any()
        if not reported and order["occurred_on"] < last:
            refused += 1
            assert (where(hers, kind="isolation_start") & (days > 15) & (days < 52)).any()
    assert refused > 0


def test_transfers_are_confirmed_in_time_late_or_never(lived: Lived) -> None:
    recorded, last = lived.recorded, lived.world.ground.weeks.until - 100
    waits = []
    for out in recorded[where(recorded, kind="transfer_out") & (recorded["occurred_on"] < last)]:
        hers = recorded[recorded["person"] == out["person"]]
        taken = hers[where(hers, kind="transfer_in") & (hers["occurred_on"] > out["occurred_on"])]["occurred_on"]
        waits.append(taken.min() - out["occurred_on"] if len(taken) else None)
    days = np.array([wait for wait in waits if wait is not None])
    assert (days <= CLOCKS["transfer"].limit).mean() > 0.6
    assert (days > CLOCKS["transfer"].limit).any()
    assert None in waits


@pytest.mark.parametrize(
    "day", ["2000-02-05", "2008-02-07", "2019-02-05", "2023-01-22", "2024-02-10", "2026-02-17", "2033-01-31"]
)
def test_the_spring_festival_is_found_to_a_day(day: str) -> None:
    known = date.fromisoformat(day)
    assert abs(spring_festival(known.year) - (known - EPOCH).days) <= 1


def test_fewer_tests_are_held_and_more_missed_at_the_spring_festival(lived: Lived) -> None:
    ground, diary = lived.world.ground, lived.diary
    festive = ground.festival[:, None] & diary.routine & ~diary.silent
    plain = ~ground.festival[:, None] & diary.routine & ~diary.silent
    held, missed = diary.urine != NO_TEST, diary.urine >= MISSED
    assert held[festive].mean() < held[plain].mean()
    assert missed[festive & held].mean() > missed[plain & held].mean()


def test_no_district_has_more_lasting_availability_of_use_than_another(ground: Ground) -> None:
    supply, district = ground.supply, ground.places.district
    lasting = (supply.felt - supply.availability)[0]
    for number in np.unique(district):
        shift = lasting[district == number]
        assert np.allclose(shift, shift[0])  # within a district the field keeps its shape


def test_surges_start_somewhere_move_and_fade(ground: Ground) -> None:
    still = replace(ground.figures.supply, lasting_sd=0.0, moving_sd=0.0, level_sd=0.0, season=0.0)
    alone = replace(still, surges_a_year=0.5, surge_speed_m=1_500.0)
    fields = [
        supply(ground.places, ground.season, alone, np.random.default_rng(seed)).availability for seed in range(9)
    ]
    assert any((field == 0).all(axis=1).mean() > 0.5 for field in fields)  # most weeks have none
    moved = 0
    for field in fields:
        weeks = np.flatnonzero(field.max(axis=1) > 0.3)
        moved += len(set(field[weeks].argmax(axis=1))) > 1
    assert moved > len(fields) / 2
