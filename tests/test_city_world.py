"""The hidden world of the invented city: it runs forward from a saved state, and follows the statutes."""

from copy import deepcopy
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from features.statutes import CLOCKS, SCHEDULES
from training.city.block import Lived, block, live, settle
from training.city.ground import Ground, survey
from training.city.presets import plan
from training.city.rows import where
from training.city.state import ACTIVE, ISOLATED, NEVER, ORDERED, State
from training.city.stations import stations_table
from training.city.step import Week, step, walk
from training.city.supply import supply
from training.city.testing import MISSED, NEGATIVE, NO_TEST, POSITIVE, SCHEDULED, SURPRISE, SUSPICION
from training.city.weeks import EPOCH, spring_festival
from training.city.world import World

PERSONS = 1000


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
    world, _ = settle(ground, 0)
    going = walk(world)
    state = next(state for number, state, _ in going if number == week)
    saved, again = state.take(np.arange(len(state))), replace(world, rng=deepcopy(world.rng))
    for ahead in range(week + 1, week + 14):
        (_, _, went), goes = next(going), step(saved, again, ahead)
        assert same(went, goes)
        assert np.array_equal(went.tests.urine, goes.tests.urine)
    assert all(np.array_equal(getattr(saved, name), getattr(state, name)) for name in vars(saved))


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
    late = []
    for row in end:
        begun = start[(start["person"] == row["person"]) & (start["occurred_on"] < row["occurred_on"])]
        days = row["occurred_on"] - begun["occurred_on"].max()
        # On the day; or when the person is back from a transfer or from being missing: the clock went on.
        late.append(days - CLOCKS["community_treatment"].limit)
    assert min(late) == 0
    assert np.median(late) == 0
    assert np.quantile(late, 0.9) <= 7
    assert max(late) < CLOCKS["isolation"].limit


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


def test_who_moves_goes_to_a_township_the_likelier_the_nearer_and_larger_it_is(ground: Ground) -> None:
    places, start, reach = ground.places, 3, 8_000.0
    pull = [
        0
        if to == start
        else places.population[to] * np.exp(-np.hypot(*(places.seeds[to] - places.seeds[start])) / reach)
        for to in range(len(places))
    ]
    gone = places.another_near(np.full(20_000, start), reach, np.random.default_rng(1))
    assert np.bincount(gone, minlength=len(places)) / 20_000 == pytest.approx(np.array(pull) / sum(pull), abs=0.015)
    assert start not in gone


def test_transfers_are_nearer_than_any_two_townships_are(ground: Ground, lived: Lived) -> None:
    seeds, recorded = ground.places.seeds, lived.recorded
    out, move = (recorded[where(recorded, kind=kind)] for kind in ("transfer_out", "move"))
    both = np.intersect1d(out["person"], move["person"])
    first = [{row["person"]: row["township"] for row in rows[::-1]} for rows in (out, move)]
    apart = [np.hypot(*(seeds[first[0][who]] - seeds[first[1][who]])) for who in both]
    usual = np.hypot(*(seeds[:, None] - seeds).transpose(2, 0, 1))
    assert len(apart) > 30
    assert 0 < np.median(apart) < 0.75 * np.median(usual[usual > 0])


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


def share_positive(lived: Lived, why: int) -> float:
    """Of the urine tests given for this reason, the share that was positive."""
    diary = lived.diary
    given = np.isin(diary.urine, (POSITIVE, NEGATIVE)) & (diary.why == why)
    return float((diary.urine[given] == POSITIVE).mean())


def test_testing_is_selective_tests_by_suspicion_find_more_than_surprise_ones(lived: Lived) -> None:
    assert share_positive(lived, SUSPICION) > 1.5 * share_positive(lived, SURPRISE)


@pytest.mark.parametrize("schedule", ["A", "B"])
def test_scheduled_tests_come_as_often_as_the_phase_says_but_not_to_the_day(lived: Lived, schedule: str) -> None:
    diary, ground = lived.diary, lived.world.ground
    recorded = lived.recorded
    of_schedule = np.flatnonzero(ground.stations.schedule_b == (schedule == "B"))
    gaps: dict[int, list[int]] = {phase.every_days: [] for phase in SCHEDULES[schedule]}
    starts = recorded[where(recorded, kind="programme_start")]
    for who in range(PERSONS):
        begun = np.sort(starts["occurred_on"][starts["person"] == who])
        mine = np.isin(diary.station[:, who], of_schedule) & (diary.urine[:, who] == NEGATIVE)
        mine &= (diary.why[:, who] == SCHEDULED) & diary.routine[:, who]
        days = diary.urine_day[mine, who]
        for first, second in pairwise(days):
            of = begun[begun <= first]
            if len(of) and not ((begun > first) & (begun <= second)).any():
                since = first - of[-1]
                gaps[[phase.every_days for phase in SCHEDULES[schedule] if phase.from_day <= since][-1]].append(
                    second - first
                )
    for every_days, seen in gaps.items():
        assert len(seen) > 50
        assert np.median(seen) == pytest.approx(every_days, abs=3)
        assert np.mean(np.array(seen) == every_days) < 0.4


def test_hair_tests_come_twice_a_year_and_never_soon_after_one_another(lived: Lived) -> None:
    diary = lived.diary
    gaps = [
        gap
        for who in range(PERSONS)
        if (diary.programme[:, who] == diary.programme[-1, who]).all()
        for gap in np.diff(diary.hair_day[diary.hair[:, who] != NO_TEST, who])
    ]
    first, last = lived.world.figures.tests.hair_again_days
    assert np.mean((np.array(gaps) >= first - 7) & (np.array(gaps) <= last + 7)) > 0.8
    assert np.mean(np.array(gaps) < first - 7) < 0.1  # a new programme, after an old one, begins anew


def test_stations_work_from_monday_to_friday_and_the_clinic_every_day(lived: Lived) -> None:
    recorded = lived.recorded
    weekend = (recorded["occurred_on"] - lived.world.ground.weeks.first) % 7 >= 5
    assert weekend[where(recorded, kind="check_in")].mean() == pytest.approx(0.06, abs=0.01)
    assert weekend[where(recorded, kind="urine_test", source="community")].mean() < 0.07
    at_clinic = weekend[where(recorded, kind="urine_test", source="methadone_clinic")]
    assert at_clinic.mean() == pytest.approx(2 / 7, abs=4 * np.sqrt(2 / 7 * 5 / 7 / len(at_clinic)))
    assert weekend[where(recorded, kind="dose")].mean() == pytest.approx(2 / 7, abs=0.02)


def test_nobody_is_met_or_tested_on_a_day_of_leave_or_absence(lived: Lived) -> None:
    recorded = lived.recorded
    silenced = np.logical_or.reduce(
        [where(recorded, kind=kind) for kind in ("check_in", "group_service", "counselling", "urine_test", "hair_test")]
    )
    n_days = 0
    for away in recorded[where(recorded, kind="leave") | where(recorded, kind="absence")]:
        days = recorded["occurred_on"] - away["occurred_on"]
        hers = (recorded["person"] == away["person"]) & (days >= 0) & (days < away["value"])
        assert not (hers & silenced).any()
        n_days += away["value"]
    assert n_days > 1000


def test_an_order_or_isolation_cancels_a_seal_foreseen(ground: Ground) -> None:
    _, state = at(ground, 300)
    busy = state.stands(ORDERED, ACTIVE, ISOLATED)
    assert (state.seal_day[busy] == NEVER).all()
    assert (state.seal_day[state.in_aftercare()] < NEVER).all()


def test_persons_enter_until_the_last_day(ground: Ground) -> None:
    many = survey(plan("demo", persons=1000, years=1, seed=5, until=date(2025, 12, 31)))
    world, _ = settle(many, 0)
    before_last = many.weeks.until - world.people.entry_day
    months = np.bincount(before_last[~world.people.veteran] // 30)
    usual = months[1:-1].mean()
    assert abs(months[0] - usual) < 4 * np.sqrt(usual)
    assert before_last.min() >= 0


def test_a_worker_has_thirty_persons_under_care_where_there_are_enough(ground: Ground) -> None:
    caseload = np.linspace(10, 200, ground.figures.places.stations)
    workers = stations_table(ground.places, ground.stations, caseload, 30.0)["social_workers"].to_numpy()
    assert caseload.sum() / workers.sum() == pytest.approx(30, abs=0.5)
    assert np.corrcoef(caseload, workers)[0, 1] > 0.95
    few = stations_table(ground.places, ground.stations, caseload / 100, 30.0)["social_workers"]
    assert (few == 1).all()


def test_the_caseload_of_a_station_is_its_mean_week(ground: Ground, lived: Lived) -> None:
    diary, opens = lived.diary, ground.weeks.opens
    made = block(ground, 0)
    for station in (0, 7):
        weekly = [
            np.sum(diary.routine[week] & (diary.station[week] == station)) for week in range(opens, ground.weeks.count)
        ]
        assert made.caseload[station] == pytest.approx(np.mean(weekly))
