"""From all that is told of all areas, whoever knows the model as well cannot work out a count under ten."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.areas import townships
from features.hotspot import FEATURES, Places, compute, visible_past
from models import hotspot as model
from models import prior_parts
from models.hotspot import Scope
from models.hotspot_fit import Learning, Lessons, fit
from models.prior import Recent, evidence_of
from serving import disclosure

QUIET = 52
BUSY = 8
MARGIN = 0.1  # how much better than guessing an attack may be: only `among_highest` tells quiet areas apart
TRIED = range(13)  # counts of a year that the inversion tries
WEEKS = np.arange(1364, 2370, 7)
DATES = WEEKS[::2]


@pytest.fixture(scope="module")
def invented():
    """A model of sixty invented townships, most with fewer than ten incidents a year, and its feature table."""
    drawn = np.random.default_rng(2)
    yearly = np.concatenate([np.linspace(0.2, 12, QUIET), np.linspace(20, 90, BUSY)])
    names = [f"T{number:02}" for number in range(QUIET + BUSY)]
    area_id = np.repeat(names, drawn.poisson(yearly * 1400 / 365))
    day = drawn.integers(1000, 2400, len(area_id))
    rows = pd.DataFrame({"occurred_on": day, "known_on": day, "area_id": area_id, "kind": "overdose"})
    rows = rows.assign(reported_by="citizen", longitude=np.nan, latitude=np.nan)
    areas = pd.DataFrame({"area_id": names, "level": "township", "geometry": pd.Series([None] * 60, dtype="str")})
    past = visible_past(rows, None, townships(areas), as_of=WEEKS, horizon_weeks=4)
    table, evidence = compute(past), evidence_of(past, Recent(0))
    scope = Scope("township", 4, ("overdose",), ("citizen",), None)
    lessons = Lessons(evidence, table, np.arange(len(WEEKS) - 4), int(WEEKS[-1]))
    fitted = fit(lessons, scope, Learning(rounds=60, rows_per_leaf=50), FEATURES)
    return (
        fitted,
        table.assign(
            prior=fitted.prior.expected(evidence).ravel(),
            told_52w=table["count_52w"],
            **model.parts_of(fitted, evidence),
        ),
        Places(rows, areas),
    )


@pytest.fixture(scope="module")
def city(invented):
    """The model and its table; the places it looks at are the attacker's alone."""
    return invented[:2]


@pytest.fixture(scope="module", params=["T05", "T45"])
def inverted(invented, request):
    """The attack: whoever knows the model and every other incident tries each count of one area's year in turn.

    By count what the model says unrounded of the level of the area, and the answer that is told of it.
    """
    fitted, _, places = invented
    place, as_of = int(request.param[1:]), int(WEEKS[-1])
    tables = [model.look(fitted, with_year(places, request.param, n, as_of), as_of=as_of) for n in TRIED]
    levels = [model.contributions(fitted, table)["prior"].iloc[place] for table in tables]
    return levels, [seen(disclosure.told(fitted, table)[place]) for table in tables]


def with_year(places, area, n, as_of):
    """The same places with so many incidents of an area in the year before, evenly spread."""
    rows = places.incidents
    own = rows["area_id"].eq(area) & rows["occurred_on"].between(as_of - 363, as_of)
    days = as_of - 363 + np.arange(n) * 364 // max(n, 1)
    new = rows.iloc[:1].loc[lambda row: row.index.repeat(n)].assign(area_id=area, occurred_on=days, known_on=days)
    return Places(pd.concat([rows[~own], new], ignore_index=True), places.areas)


def at(table, as_of):
    return table[table["as_of"].eq(as_of)].reset_index(drop=True)


def years_from_the_level(log_level):
    """The year's count of every area, read from the log of its expected count: what a stranger can do."""
    return np.round(np.exp(log_level) * 52 / 4)


def seen(told):
    return (told.band, told.reasons)


def test_from_an_unrounded_level_every_count_comes_out_whole(inverted):
    levels, _ = inverted
    assert len(np.unique(np.round(levels, 9))) == len(TRIED)


def test_the_same_inversion_of_what_is_told_singles_no_count_under_ten_out(inverted):
    _, answers = inverted
    alike = [sum(each == answer for each in answers) for answer in answers]
    assert min(alike[:10]) >= 3
    assert len({*answers}) <= 2  # one answer for all, or one more for the larger: no band between them


def test_the_same_attack_on_what_is_told_finds_no_small_count(city):
    fitted, table = city
    today = at(table, DATES[-1])
    told = disclosure.told(fitted, today)
    middle = np.array([(each.band.at_least + each.band.below) / 2 for each in told])  # all that is left to invert
    small = (today["count_52w"] < 10).to_numpy()
    found = (years_from_the_level(np.log(middle)) == today["count_52w"].to_numpy())[small]
    assert found.mean() <= today["count_52w"][small].value_counts(normalize=True).max() + MARGIN


def test_who_has_seen_the_true_counts_of_half_the_answers_learns_little_of_the_others(city):
    fitted, table = city
    pairs = [
        (hash(seen(told)), count)
        for as_of in DATES
        for told, count in zip(disclosure.told(fitted, at(table, as_of)), at(table, as_of)["count_52w"], strict=True)
        if count < 10
    ]
    answers = pd.DataFrame(pairs, columns=["told", "count"])
    learned, asked = answers[::2], answers[1::2]  # of the same weeks, so that nothing but the answers is unknown
    commonest = learned["count"].mode()[0]
    likeliest = learned.groupby("told")["count"].agg(lambda counts: counts.mode()[0])
    found = (asked["told"].map(likeliest).fillna(commonest) == asked["count"]).mean()
    assert found <= (asked["count"] == commonest).mean() + MARGIN


def test_areas_with_fewer_than_ten_incidents_are_given_the_same_reasons(city):
    fitted, table = city
    for as_of in DATES[::10]:
        today = at(table, as_of)
        reasons = {
            told.reasons
            for told, count in zip(disclosure.told(fitted, today), today["count_52w"], strict=True)
            if count < 10
        }
        assert len(reasons) == 1
        [only] = reasons
        assert only[0] == disclosure.AreaReason("level", None)
        assert {reason.code for reason in only[1:] if not reason.suppressed} <= {"city", "season"}


def test_one_incident_more_or_less_changes_no_reason_of_a_quiet_area(city):
    fitted, table = city
    today = at(table, DATES[-1])
    place = int(today["count_52w"].to_numpy()[:QUIET].argmin())
    columns = [each.name for each in FEATURES if each.code == "count" and (each.weeks or 0) in {0, 52}]
    more = today.copy()
    more.loc[place, columns] += 1
    before, after = (disclosure.told(fitted, told)[place] for told in (today, more))
    assert before == after


def test_a_busy_area_is_told_in_tens_and_in_steps_of_ten_a_year(city):
    fitted, table = city
    today = at(table, DATES[-1])
    busy = [
        (told, count)
        for told, count in zip(disclosure.told(fitted, today), today["count_52w"], strict=True)
        if told.band.at_least
    ]
    assert len(busy) >= BUSY - 1
    for told, count in busy:
        step = disclosure._step(told.band)
        assert step >= min(1.0, 1 / told.band.at_least)
        for reason in (reason for reason in told.reasons if reason.code != "base"):
            assert reason.contribution / step == pytest.approx(round(reason.contribution / step), abs=0.01)
            assert reason.value == (count // 10 * 10 if reason.code == "level" else None)


def test_in_a_small_city_the_trend_told_of_every_area_singles_no_count_under_ten_out():
    told = []
    for step in (
        disclosure.STEPS[0],
        disclosure._step_of_city([disclosure.Band(0, 1, 0, 3, 1), disclosure.Band(1, 2, 0, 4, 0.5)]),
    ):
        trends = [{"city": np.log((2 + n) / 6), "season": 0.0} for n in range(10)]  # two weeks' incidents, of six usual
        told.append({disclosure._little(pd.DataFrame([each]), step) for each in trends})
    assert len(told[0]) == 10  # the attack on a trend in tenths: every count is told apart
    assert len(told[1]) <= 4


def test_of_each_area_all_six_families_are_told_and_what_rounds_to_nothing_as_that(city):
    fitted, table = city
    today = at(table, DATES[-1])
    parts = disclosure.families(fitted, today)
    for each, (_, own) in zip(disclosure.told(fitted, today), parts.iterrows(), strict=True):
        assert sorted({*(reason.code for reason in each.reasons)} - {"base"}) == sorted(disclosure.FAMILIES[1:])
        for reason in each.reasons:
            assert (reason.direction == "none") == (reason.contribution == 0)
            if reason.direction == "none" and not any(other.suppressed for other in each.reasons):
                assert abs(own[reason.code]) <= reason.step / 2
    told = [reason.direction for each in disclosure.told(fitted, today) for reason in each.reasons]
    assert {*told} == {"raises", "lowers", "none", None}


def test_what_is_common_to_all_areas_is_told_alike_of_all(city):
    fitted, table = city
    told = disclosure.told(fitted, at(table, DATES[-1]))
    assert len({reason for each in told for reason in each.reasons if reason.code == "base"}) == 1


def test_families_sum_to_the_log_rate_before_they_are_rounded(city):
    fitted, table = city
    today = at(table, DATES[0])
    parts = disclosure.families(fitted, today)
    assert parts.sum(axis=1).to_numpy() == pytest.approx(np.log(model.predict(fitted, today)))
    assert parts["level"].mean() == pytest.approx(0.0)
    of_prior = [f"prior_{family}" for family in prior_parts.FAMILIES]
    assert today[of_prior].sum(axis=1).to_numpy() == pytest.approx(np.log(today["prior"].to_numpy()), abs=1e-9)
    assert tuple(parts.columns) == disclosure.FAMILIES


@pytest.mark.parametrize("weeks", [1, 4, 13, 52])
def test_a_band_is_as_wide_as_ten_incidents_a_year_and_says_no_more_than_its_ends(city, weeks):
    fitted, table = city
    longer = replace(fitted, scope=replace(fitted.scope, horizon_weeks=weeks))
    bands = [told.band for told in disclosure.told(longer, at(table, DATES[-1]))]
    assert all(band.below - band.at_least >= 10 * weeks / 52 - 1e-9 for band in bands)
    assert len({(band.low, band.high) for band in bands}) <= len({band.at_least for band in bands})
    assert sum(band.among_highest == 0.05 for band in bands) == 3


def test_at_equal_effort_counts_are_those_seen_and_bands_as_much_wider_as_one_incident_weighs(city):
    fitted, table = city
    today = at(table, DATES[-1])
    heavy = np.where(np.arange(len(today)) % 2, 4.0, 1.0)
    weighed = replace(fitted, scope=replace(fitted.scope, at_equal_effort=True))
    told = disclosure.told(weighed, today.assign(told_52w=today["count_52w"] / heavy, times_as_heavy=heavy))
    assert all(each.band.below - each.band.at_least >= 10 * 4 / 52 * by for each, by in zip(told, heavy, strict=True))
    for each, count in zip(told, today["count_52w"] / heavy, strict=True):
        level = {reason.value for reason in each.reasons if reason.code == "level"}
        assert level <= ({None} if count < 10 else {count // 10 * 10, None})


def test_who_asks_every_day_sees_an_area_reach_ten_at_the_end_of_four_weeks_alone(invented):
    fitted, _, places = invented
    first = model.last_told_day(int(WEEKS[-1])) - 27
    rows, seen = places.incidents, []
    others = rows[rows["area_id"].ne("T05")]
    for reached_on in (first + 3, first + 17):  # the tenth incident of the year, early or late in the four weeks
        when = np.array([*(first - 10 * np.arange(1, 10)), reached_on])
        ten = rows.iloc[[0] * 10].assign(area_id="T05", occurred_on=when, known_on=when)
        asked = Places(pd.concat([others, ten], ignore_index=True), places.areas)
        days = range(first - 1, first + 35, 3)
        seen.append([model.look(fitted, asked, as_of=day)["told_52w"].iloc[5] >= 10 for day in days])
    assert seen[0] == seen[1]
    assert {*seen[0]} == {False, True}
