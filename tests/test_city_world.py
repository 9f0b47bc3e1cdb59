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
from training.city.records import not_while_away, until_sealed
from training.city.rows import Rows, rows, where
from training.city.state import ACTIVE, ISOLATED, NEVER, ORDERED, State
from training.city.stations import stations_table
from training.city.step import Week, step, walk
from training.city.supply import supply
from training.city.testing import AFTERCARE, MISSED, NEGATIVE, NO_TEST, POSITIVE, SCHEDULED, SURPRISE, SUSPICION
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
    assert weekend[where(recorded, kind="urine_test")].mean() < 0.07
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


def contact(person: int, day: int, kind: str, value: float = np.nan) -> Rows:
    """One row of an invented person."""
    place = {"source": "community", "station": 0, "township": 0}
    return rows(1, person=person, occurred_on=day, kind=kind, value=value, **place)


def told(recorded: Rows) -> list[tuple[int, int]]:
    """Person and day of each row."""
    return [(int(row["person"]), int(row["occurred_on"])) for row in recorded]


def test_contacts_of_who_is_away_are_dropped_and_those_of_others_kept() -> None:
    away = np.concatenate([contact(3, 100, "leave", 4), contact(3, 102, "absence", 5), contact(4, 300, "leave", 1)])
    met = np.concatenate(
        [contact(3, day, "check_in") for day in (99, 100, 103, 106, 107)] + [contact(4, 103, "check_in")]
    )
    assert told(not_while_away(met, away)) == [(3, 99), (3, 107), (4, 103)]


def test_a_sealed_record_receives_nothing_until_a_new_order() -> None:
    of_one = ((50, "check_in"), (60, "sealed"), (61, "check_in"), (90, "order"), (91, "check_in"))
    recorded = np.concatenate(
        [contact(1, *each) for each in of_one] + [contact(0, 70, "check_in"), contact(2, 70, "death")]
    )
    assert told(until_sealed(recorded)) == [(1, 50), (1, 60), (1, 90), (1, 91), (0, 70), (2, 70)]


@pytest.fixture(scope="module")
def after_sealing() -> Lived:
    return live(survey(plan("fugu", persons=PERSONS, years=3, seed=5, until=date(2026, 12, 31))), 0)


def test_records_of_completed_programmes_are_sealed_from_2026_on_veterans_too(after_sealing: Lived) -> None:
    recorded, people = after_sealing.recorded, after_sealing.world.people
    sealed = recorded[where(recorded, kind="sealed")]
    first_day = (date(2026, 1, 1) - EPOCH).days
    assert sealed["occurred_on"].min() > first_day
    assert len(np.unique(sealed["person"])) == len(sealed)
    gone = recorded["person"][
        where(recorded, kind="death") | where(recorded, kind="order") | where(recorded, kind="isolation_start")
    ]
    quiet = people.veteran & ~np.isin(np.arange(PERSONS), gone)
    assert quiet.sum() > 100
    assert np.isin(np.flatnonzero(quiet), sealed["person"]).all()


def test_nobody_is_sealed_in_a_programme_and_sealed_persons_receive_no_records(after_sealing: Lived) -> None:
    recorded, entered = after_sealing.recorded, ("order", "programme_start", "isolation_start")
    for seal in recorded[where(recorded, kind="sealed")]:
        hers = recorded[recorded["person"] == seal["person"]]
        before, later = (
            hers[hers["occurred_on"] <= seal["occurred_on"]],
            hers[hers["occurred_on"] > seal["occurred_on"]],
        )
        begun = max(before["occurred_on"][where(before, kind=kind)].max(initial=0) for kind in entered)
        completed = before["occurred_on"][where(before, kind="programme_end", outcome="completed")]
        assert completed.max() > begun
        if len(later):
            first = later[later["occurred_on"] == later["occurred_on"].min()]
            assert (where(first, kind="order") | where(first, kind="isolation_start")).any()


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


def test_aftercare_ends_with_the_seal(after_sealing: Lived) -> None:
    diary, recorded = after_sealing.diary, after_sealing.recorded
    weeks = after_sealing.world.ground.weeks
    for seal in recorded[where(recorded, kind="sealed")]:
        week = int(weeks.of(np.array([seal["occurred_on"]]))[0])
        tests = diary.why[week + 1 :, seal["person"]][diary.urine[week + 1 :, seal["person"]] != NO_TEST]
        assert AFTERCARE not in tests
