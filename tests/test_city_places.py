"""What places show of an invented city follows from the records that arrived, and from nothing else."""

import hashlib
from collections import defaultdict
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely

from features.vocabulary import TEST_GIVEN
from training.city import City, build
from training.city.arrival import SENT, arrive, latest_of, lost_probability
from training.city.block import Lived, live, positive_before_records
from training.city.ground import Ground, survey
from training.city.incidents import harm, overdoses_a_week, told_of
from training.city.presets import plan
from training.city.rows import Rows, code
from training.city.supply import supply
from training.city.testing import POSITIVE

UNTIL = date(2025, 12, 31)
A_WEEK = pd.Timedelta(days=7)

# The content of a small city, to the sixth decimal. Who changes it says so in CHANGELOG.md, with figures before and
# after, and puts the new digest here.
GOLDEN = "a61722459c58912704a4a7653e736cd40300ca5ff60a1659098240488dd32edf"


@pytest.fixture(scope="module")
def city() -> City:
    return build(persons=900, years=2, seed=4, until=UNTIL)


@pytest.fixture(scope="module")
def ground() -> Ground:
    return survey(plan("demo", persons=900, years=2, seed=4, until=UNTIL))


@pytest.fixture(scope="module")
def lived(ground: Ground) -> Lived:
    return live(ground, 0)


def test_a_small_city_is_the_one_it_was() -> None:
    small = build(persons=60, years=1, seed=3, until=date(2024, 6, 30))
    told = {**small.tables, **{f"truth/{name}": table for name, table in small.truth.items()}}
    text = "".join(f"{name}\n{table.to_csv(index=False, float_format='%.6f')}" for name, table in sorted(told.items()))
    assert hashlib.sha256(text.encode()).hexdigest() == GOLDEN


def sent(*given: tuple[int, int, int, int, str, str, bool]) -> Rows:
    """Rows of (event, revision, person, day, kind, outcome, retracted), each known two days later."""
    made = np.zeros(len(given), dtype=SENT)
    for row, (event, revision, person, day, kind, outcome, retracted) in zip(made, given, strict=True):
        row["event"], row["revision"], row["person"], row["occurred_on"] = event, revision, person, day
        row["known_on"], row["retracted"], row["township"] = day + 2 * revision, retracted, person
        row["kind"], row["outcome"] = code("kind", kind), code("outcome", outcome)
    return made


def test_the_first_positive_is_the_first_of_all_that_stands() -> None:
    known = sent(
        (0, 1, 0, 10, "urine_test", "positive", False),
        (0, 2, 0, 10, "urine_test", "negative", False),  # corrected
        (1, 1, 0, 20, "hair_test", "positive", False),
        (1, 1, 0, 20, "hair_test", "positive", False),  # sent twice
        (2, 1, 0, 30, "urine_test", "positive", False),  # not the first
        (3, 1, 1, 10, "urine_test", "positive", False),  # positive before records open
        (4, 1, 2, 10, "urine_test", "positive", False),
        (4, 2, 2, 10, "urine_test", "positive", True),  # taken back
        (5, 1, 3, 15, "urine_test", "missed", False),
        (5, 2, 3, 15, "urine_test", "positive", False),  # known by its correction alone
        (6, 1, 3, 5, "programme_start", "community_treatment", False),
        (7, 1, 3, 40, "programme_start", "community_rehabilitation", False),  # a return, no entry
    )
    told = told_of(known, np.array([False, True, False, False]))
    firsts, entries = [(20, 20 + 2, True, 0), (15, 15 + 4, True, 3)], [(5, 5 + 2, False, 3)]
    assert told.tolist() == firsts + entries


def test_who_was_positive_before_records_open_is_known(lived: Lived) -> None:
    opens = lived.world.ground.weeks.opens
    plain = [
        any(POSITIVE in (lived.diary.urine[week, who], lived.diary.hair[week, who]) for week in range(opens))
        for who in range(lived.diary.urine.shape[1])
    ]
    assert positive_before_records(lived.diary, lived.world.ground).tolist() == plain
    assert 0.05 < np.mean(plain) < 0.6


def test_nobody_hears_of_a_first_positive_before_its_record_nor_twice(city: City) -> None:
    events = city.tables["events"]
    positive = events[events["kind"].isin(["urine_test", "hair_test"]) & (events["outcome"] == "positive")]
    firsts = city.tables["incidents"].query("kind == 'first_positive'")
    assert len(firsts) > 50
    for incident in firsts.itertuples():
        here = (positive["township_id"] == incident.area_id) & (positive["occurred_on"] == incident.occurred_on)
        assert (positive.loc[here, "known_on"] <= incident.known_on).any()
    assert len(firsts) <= positive["person_id"].nunique()


def test_first_positives_of_a_settled_city_do_not_pile_up_when_records_open(city: City) -> None:
    firsts = city.tables["incidents"].query("kind == 'first_positive'")["occurred_on"]
    earlier, later = (firsts < "2025-01-01").sum(), (firsts >= "2025-01-01").sum()
    assert earlier < later + 4 * np.sqrt(earlier + later)


def test_effort_is_what_the_events_hold_on_the_day_it_is_reported(city: City) -> None:
    held = defaultdict(list)
    events = city.tables["events"]
    monday = events["occurred_on"] - pd.to_timedelta(events["occurred_on"].dt.day_of_week, unit="D")
    for row in events.assign(week=monday).itertuples():
        held[row.township_id, row.week].append(row)
    effort = city.tables["effort"]
    for told in effort.itertuples():
        latest = {}
        for row in sorted(held[told.area_id, told.week], key=lambda row: row.revision):
            if row.known_on <= told.known_on:
                latest[row.event_id] = row
        standing = [row for row in latest.values() if not row.retracted]
        assert told.tests == sum(r.kind in {"urine_test", "hair_test"} and r.outcome in TEST_GIVEN for r in standing)
        assert told.contacts == sum(r.outcome == "kept" for r in standing)
    assert (effort["known_on"] >= effort["week"] + A_WEEK + A_WEEK).all()
    assert effort["tests"].sum() > 1000


def test_the_season_of_overdoses_is_as_strong_as_its_figure(ground: Ground) -> None:
    still = replace(ground.figures.supply, moving_sd=0.0, level_sd=0.0, surges_a_year=0.0)
    field = supply(ground.places, ground.season, still, np.random.default_rng(1))
    assert field.felt == pytest.approx(np.tile(field.felt[0], (len(field.felt), 1)))  # use has a season of its own
    happening = harm(replace(ground, supply=field))
    of_city = happening.expected.sum(axis=1)
    assert of_city / of_city.mean() == pytest.approx(
        (1 + still.season * ground.season) / (1 + still.season * ground.season).mean()
    )


@pytest.mark.parametrize(
    ("preset", "persons", "a_week"),
    [("guiyang", 18_957, 60), ("guiyang", 2 * 18_957, 120), ("guiyang", 100, 25), ("fugu", 100, 4)],
)
def test_overdoses_go_with_persons_down_to_what_a_model_can_be_tried_on(
    preset: str, persons: int, a_week: float
) -> None:
    asked = survey(plan(preset, persons=persons, years=1, until=UNTIL))
    assert overdoses_a_week(asked) == a_week


def test_more_of_the_overdoses_is_told_of_where_stations_are_diligent(city: City, ground: Ground) -> None:
    diligence = city.truth["stations"].merge(city.tables["stations"], on="station_id").groupby("township_id")[
        "diligence"
    ].mean()  # fmt: skip
    truth = city.truth["overdose_intensity"].groupby("area_id")[["expected", "seen"]].sum().loc[diligence.index]
    share = truth["seen"] / truth["expected"]
    assert np.corrcoef(share, diligence)[0, 1] > 0.8
    high = diligence > diligence.median()
    overdoses = city.tables["incidents"].query("kind == 'overdose'")
    services = overdoses["reported_by"] == "service"
    told = pd.Series(located(overdoses[services], city)).value_counts().reindex(diligence.index, fill_value=0)
    assert told[high].sum() / truth["expected"][high].sum() > 1.15 * told[~high].sum() / truth["expected"][~high].sum()


def located(overdoses: pd.DataFrame, city: City) -> list[str]:
    """The township of each overdose."""
    areas = city.tables["areas"].query("level == 'township'")
    tree = shapely.STRtree(shapely.from_geojson(areas["geometry"].to_numpy(dtype=object)))
    found = tree.nearest(shapely.points(overdoses["longitude"], overdoses["latitude"]))
    return areas["area_id"].to_numpy()[found].tolist()


def test_less_diligent_stations_lose_more_and_lose_what_is_stated(lived: Lived) -> None:
    ground, recorded = lived.world.ground, lived.recorded
    known = arrive(recorded, ground, np.random.default_rng(1))
    ordered = recorded[np.lexsort((recorded["kind"], recorded["person"], recorded["occurred_on"]))]
    lost = ~np.isin(np.arange(len(ordered)), known["event"])
    in_time = ordered["occurred_on"] <= ground.weeks.until - ground.figures.arrival.most_days
    chance = lost_probability(ordered, ground)
    stated = chance[in_time].sum()
    assert stated > 200
    assert abs(lost[in_time].sum() - stated) < 4 * np.sqrt(stated)
    careful = ground.stations.diligence[ordered["station"]] > np.median(ground.stations.diligence)
    routine = in_time & (chance > 0)
    assert lost[routine & ~careful].mean() > 1.3 * lost[routine & careful].mean()
    assert not lost[in_time & (chance == 0)].any()


def test_a_correction_says_what_is_true_in_place_of_what_is_not(lived: Lived) -> None:
    ground, recorded = lived.world.ground, lived.recorded
    known = arrive(recorded, ground, np.random.default_rng(1))
    ordered = recorded[np.lexsort((recorded["kind"], recorded["person"], recorded["occurred_on"]))]
    second = known[(known["revision"] == 2) & ~known["retracted"]]
    assert len(second) > 30
    wrong = {row["event"]: row["outcome"] for row in known[known["revision"] == 1]}
    assert (second["outcome"] == ordered["outcome"][second["event"]]).all()
    assert all(row["outcome"] != wrong[row["event"]] for row in second)


def test_each_event_stands_once_by_its_latest_revision() -> None:
    kept = ("check_in", "kept")
    known = sent((1, 2, 0, 5, *kept, False), (1, 1, 0, 5, *kept, False), (0, 1, 0, 5, *kept, False))
    latest = latest_of(np.concatenate([known, known[:1], sent((2, 1, 0, 5, *kept, False), (2, 2, 0, 5, *kept, True))]))
    assert [(row["event"], row["revision"]) for row in latest] == [(0, 1), (1, 2)]
    assert len(latest_of(known[:0])) == 0
