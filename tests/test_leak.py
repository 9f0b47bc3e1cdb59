"""The proof that no feature sees the future: edit it at will, nothing moves."""

from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from features.asof import Visible
from features.catalogue import CATALOGUE, Feature, compute, feature
from features.closing import past_months
from features.cohort import Cohort, GoodPeriods, why_not
from features.history import History
from features.relapse import FeatureChoice, Repeated, chosen
from features.stations import StationMonths
from features.vocabulary import KINDS, SUBSTANCES
from tests.every_feature import every_feature

AS_OF = 400
PERSONS = pd.DataFrame({"person_id": ["P1", "P2"], "birth_year": [1960, 1960], "arm": ["a", None]})
WHEN = pd.DataFrame({"person_id": ["P1", "P2"], "as_of": AS_OF})
MANY = pd.DataFrame({"person_id": [f"P{n:03d}" for n in range(300)], "birth_year": 1960, "arm": "a"})
STATIONS = pd.DataFrame({"station_id": ["S1", "S2", "S3"], "social_workers": [1.0, 2.0, np.nan]})
MANY_WHEN = MANY[["person_id"]].assign(as_of=AS_OF)
CHOSEN = chosen(
    FeatureChoice(
        lookbacks_days=(7, 30, 90, 365),
        substances=("", "opioid"),
        results_back=4,
        periods=Repeated(7, 8),
        last_tests=(3, 99),
        told_substances=("opioid", ""),
        other_positives=("cocaine",),
        generic_kinds=("unheard_of", "plan"),
        generic_values=("withdrawal_score",),
        facts=("birth_year",),
        facts_are=(("arm", "a"),),
    )
)
EVERYTHING = tuple(dict.fromkeys((*CHOSEN, *every_feature())))
COHORT = Cohort(washout_days=30, good_periods=GoodPeriods(1, 4, 7))


@st.composite
def event(draw, *, known_after=None):
    kind = draw(st.sampled_from([*KINDS, "unheard_of"]))
    outcomes = KINDS[kind].outcomes if kind in KINDS else ("some", "other")
    occurred = draw(st.integers(0, 800))
    known = occurred + draw(st.integers(0, 60))
    if known_after is not None:
        known = max(known, known_after + 1 + draw(st.integers(0, 30)))
    return {
        "event_id": f"e{draw(st.integers(0, 400))}",
        "revision": 1,
        "retracted": draw(st.booleans()) if known_after is not None else False,
        "person_id": draw(st.sampled_from(["P1", "P2"])),
        "occurred_on": occurred,
        "known_on": known,
        "source": "community",
        "kind": kind,
        "outcome": draw(st.sampled_from(outcomes)) if outcomes else None,
        "substance": draw(st.sampled_from([*SUBSTANCES, None])),
        "value": draw(st.one_of(st.just(np.nan), st.floats(0, 100))),
        "station_id": draw(st.sampled_from(["S1", "S2", None])),
        "note_code": draw(st.sampled_from(["surprise", "week", None])),
    }


def history_of(rows):
    columns = ["event_id", "revision", "retracted", "person_id", "occurred_on", "known_on", "source", "kind",
               "outcome", "substance", "value", "station_id", "note_code"]  # fmt: skip
    made = pd.DataFrame(rows, columns=columns).drop_duplicates("event_id")
    return made.astype({"value": float, "revision": int, "retracted": bool})


def dense(*, seed):
    """Events enough that every feature of somebody would change if half of them came or went."""
    rng, n = np.random.default_rng(seed), 60_000
    kinds = [*KINDS, "unheard_of", "unheard_of_too"]
    kind = np.array(kinds, dtype=object)[rng.integers(0, len(kinds), n)]
    outcomes = {name: [*KINDS[name].outcomes, None] if name in KINDS else [None] for name in kinds}
    occurred = rng.integers(0, AS_OF + 50, n)
    return pd.DataFrame(
        {
            "event_id": [f"{seed} {row}" for row in range(n)],
            "revision": 1,
            "retracted": False,
            "person_id": MANY["person_id"].to_numpy()[rng.integers(0, len(MANY), n)],
            "occurred_on": occurred,
            "known_on": occurred + rng.integers(0, 60, n),
            "source": "community",
            "kind": kind,
            "outcome": [outcomes[name][rng.integers(0, len(outcomes[name]))] for name in kind],
            "substance": np.array([*SUBSTANCES, None], dtype=object)[rng.integers(0, len(SUBSTANCES) + 1, n)],
            "value": rng.uniform(0, 100, n),
            "station_id": np.array(["S1", "S2", "S3", None], dtype=object)[rng.integers(0, 4, n)],
            "note_code": np.array(["surprise", "week", None], dtype=object)[rng.integers(0, 3, n)],
        }
    )


def told(rows, persons):
    """The history of the rows, with the months of stations as they were closed."""
    alone = History.of(rows, persons)
    return replace(alone, stations=StationMonths.of(past_months(alone, STATIONS, until=10_000)))


def with_later(known, future):
    """The known rows, others known only later though some of them happened before, and corrections of a third."""
    present = known[known["known_on"] <= AS_OF]
    others = future.assign(known_on=np.maximum(future["known_on"], AS_OF + 1))
    corrected = present[::3].assign(revision=2, known_on=AS_OF + 1, outcome="positive", value=99.0)
    return pd.concat([present, others, corrected.assign(retracted=np.arange(len(corrected)) % 2 == 0)])


def with_future(known, unseen, corrections):
    """The known rows with others that became known later: new events, and corrections of what is known."""
    present = known[known["known_on"] <= AS_OF]
    added = history_of(unseen).assign(event_id=lambda rows: "future " + rows["event_id"])
    later = present.head(len(corrections)).assign(
        revision=2, known_on=AS_OF + 1, retracted=corrections[: len(present)], outcome="positive", value=99.0
    )
    return pd.concat([present, added, later], ignore_index=True)


def test_the_proof_leaves_out_no_function_of_the_catalogue():
    assert {each.code for each in EVERYTHING} == set(CATALOGUE)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(event(), min_size=1, max_size=40),
    unseen=st.lists(event(known_after=AS_OF), max_size=40),
    corrections=st.lists(st.booleans(), max_size=10),
)
def test_future_events_do_not_change_a_feature_or_the_cohort(rows, unseen, corrections):
    known = history_of(rows)
    before = told(known[known["known_on"] <= AS_OF], PERSONS)
    after = told(with_future(known, unseen, corrections), PERSONS)
    pd.testing.assert_frame_equal(compute(before, WHEN, EVERYTHING), compute(after, WHEN, EVERYTHING), check_exact=True)
    assert (why_not(Visible.at(before, WHEN), COHORT) == why_not(Visible.at(after, WHEN), COHORT)).all()


def test_a_dense_future_of_many_persons_moves_nothing():
    known, future = dense(seed=1), dense(seed=2)
    before = told(known[known["known_on"] <= AS_OF], MANY)
    after = told(with_later(known, future), MANY)
    pd.testing.assert_frame_equal(
        compute(before, MANY_WHEN, EVERYTHING), compute(after, MANY_WHEN, EVERYTHING), check_exact=True
    )


def test_the_dense_future_would_move_every_function_that_looked_at_it():
    past = Visible.at(told(with_later(dense(seed=1), dense(seed=2)), MANY), MANY_WHEN)
    future = past.in_hindsight(10_000)
    moved = {each.code for each in EVERYTHING if not np.array_equal(each.of(past), each.of(future), equal_nan=True)}
    assert set(CATALOGUE) - moved == {"fact_number", "fact_is"}  # fixed at registration: they have no future


def test_the_proof_catches_a_feature_that_leaks():
    @feature(family="planted", unit="count")
    def leaking(past):
        """Records whatever the day they became known. Zero if none."""
        return past.in_hindsight(10_000).of().within(days=100_000).between(start_days=1000, end_days=-1000).count()

    try:
        known = history_of([_plain(10, 12)])
        after = pd.concat([known, history_of([{**_plain(20, AS_OF + 5), "event_id": "later"}])])
        one, two = (compute(History.of(rows, PERSONS), WHEN, [Feature("leaking")]) for rows in (known, after))
        assert not one.equals(two)
    finally:
        del CATALOGUE["leaking"]


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(event(), min_size=1, max_size=60))
def test_one_row_alone_equals_the_same_row_among_many(rows):
    made = history_of(rows)
    days = np.arange(0, 900, 45)
    many = pd.DataFrame({"person_id": np.repeat(["P1", "P2"], len(days)), "as_of": np.tile(days, 2)})
    whole = told(made, PERSONS)
    batch = compute(whole, many, EVERYTHING)
    for place in (0, 9, 13, 30):
        person_id = many["person_id"][place]
        alone = History.of(
            made[made["person_id"] == person_id],
            PERSONS[PERSONS["person_id"] == person_id].reset_index(drop=True),
            whole.stations,  # closed months are the same rows for everyone
        )
        row = compute(alone, many.iloc[[place]], EVERYTHING)
        pd.testing.assert_frame_equal(row, batch.iloc[[place]], check_exact=True)


def _plain(occurred, known):
    return {
        "event_id": "e1", "revision": 1, "retracted": False, "person_id": "P1", "occurred_on": occurred,
        "known_on": known, "source": "community", "kind": "plan", "outcome": None, "substance": None,
        "value": np.nan, "station_id": None, "note_code": None,
    }  # fmt: skip
