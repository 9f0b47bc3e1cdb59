"""The proof of no leak, as a tool: it passes on what is sound and fails loudly on a planted leak, of one day too."""

import json
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.catalogue import CATALOGUE, Feature, feature
from features.closing import past_months
from features.errors import TooLittleHistoryError
from features.history import NEVER
from features.relapse import FeatureChoice, chosen
from features.vocabulary import KINDS, SOURCES
from tests.test_cli import waystation
from training import edits
from training.config import read
from training.edits import UNHEARD_OF, Ground, newcomer_of
from training.material import material
from training.proof import COHORT, SCORE, Facts, Poison, Watched, prove
from training.relapse import train

ALL = chosen(FeatureChoice(told_substances=("",), generic_kinds=("unheard_of",), last_tests=(3,)))


@pytest.fixture(scope="module")
def made_from(small_home):
    return material(small_home, lambda _: None)


@pytest.fixture(scope="module")
def watched(small_home, made_from):
    config = read(small_home.path / "relapse.toml")
    trained = train(made_from.history, config, snapshot_day=made_from.last_day)
    return Watched(made_from.last_day - 200, config.cohort, chosen(config.features), trained.model)


@pytest.fixture(scope="module")
def tables(made_from):
    snapshot = made_from.snapshot
    events = pd.read_parquet(snapshot.folder / "events.parquet")
    return events, Facts(snapshot.read("persons"), snapshot.read("stations"))


@pytest.fixture(scope="module")
def ground(tables, watched):
    events, facts = tables
    return Ground.of(events, watched.as_of, facts.persons["person_id"].to_numpy(dtype=object), ALL)


@contextmanager
def planted(function, *, source="community"):
    """A function of the catalogue while a test lasts."""
    feature(family="planted", unit="", source=source)(function)
    try:
        yield function.__name__
    finally:
        del CATALOGUE[function.__name__]


def test_a_thousand_edits_to_the_future_move_nothing_and_would_have_moved_nearly_all(tables, watched):
    done = prove(*tables, watched, Poison(1000, seed=3))
    assert done.moved == ()
    assert sum(done.edits.values()) == 1000
    assert all(done.edits[sort] > 100 for sort in edits.SORTS)
    assert done.with_scores
    assert done.scored > 50
    assert done.suffices
    assert not {COHORT, SCORE} & set(done.not_exercised)


@pytest.mark.parametrize("days", [1, 30])
def test_a_leak_of_any_feature_is_named_if_it_is_of_one_day_only(tables, watched, days):
    """Beside each feature of every family a twin that sees some days too far."""
    twins = {f"twin_column_{place}": each for place, each in enumerate(ALL)}

    def twin(past, *, column):
        """The feature with the knowledge of a later day. Missing where the feature is."""
        return twins[f"twin_{column}"].of(past.in_hindsight(int(past.as_of[0]) + days))

    with planted(twin):
        leaky = tuple(Feature("twin", (("column", name.removeprefix("twin_")),)) for name in twins)
        done = prove(*tables, replace(watched, features=(*ALL, *leaky), model=None), Poison(1000, seed=3))
    assert set(done.moved) <= set(twins)  # the features themselves do not leak
    found = {twins[name].name for name in done.moved}
    missed = {each.name for each in ALL} - found
    # What the months of stations tell was closed long before; their leaks have a test of their own.
    assert {name for name in missed if not name.startswith("station_")} <= set(done.not_exercised)
    assert len(missed) < 0.1 * len(ALL)
    families = {each.definition.family for each in ALL}
    assert families - {twins[name].definition.family for name in done.moved} <= {"station", "facts"}


def test_a_leak_of_what_other_persons_did_is_named(tables, watched):
    def records_of_the_city(past):
        """Records of the whole city whenever they became known, count."""
        return np.full(len(past), float((past.history.until == NEVER).sum()))

    def months_too_open(past):
        """Tests of the city in months counted as if all had been known at once, count."""
        at_once = replace(past.history, known=past.history.occurred)
        months = past_months(at_once, tables[1].stations, until=int(past.as_of[0]))
        return np.full(len(past), float(months["tests_given"].sum()))

    def words(past):
        """Kinds of events in the history, count."""
        return np.full(len(past), float(len(past.history.levels["kind"])))

    def place(past):
        """The place of the person among all, those who came later included."""
        return past.person.astype(float)

    with (
        planted(records_of_the_city) as one,
        planted(months_too_open) as two,
        planted(words) as three,
        planted(place) as four,
    ):
        leaky = replace(watched, features=tuple(map(Feature, (one, two, three, four))), model=None)
        assert set(prove(*tables, leaky, Poison(300, seed=3)).moved) == {one, two, three, four}


def test_what_no_edit_can_reach_is_named_and_fails(tables, watched):
    def idle(past):
        """Nothing that any record tells, count."""
        return np.zeros(len(past))

    with planted(idle) as name:
        done = prove(*tables, replace(watched, features=(Feature(name),), model=None), Poison(50, seed=3))
    assert done.moved == ()
    assert done.not_exercised == ("idle",)
    assert (done.with_a_future, done.suffices) == (2, False)
    assert not done.with_scores


def test_facts_of_registration_have_no_future_to_be_exercised(tables, watched):
    facts = chosen(FeatureChoice(facts=("birth_year",)))[-2:]
    done = prove(*tables, replace(watched, features=facts, model=None), Poison(50, seed=3))
    assert "fact_number_birth_year" not in done.not_exercised


@pytest.mark.parametrize("n_edits", [1, 7, 25, 1000])
def test_as_many_edits_are_made_as_were_asked_for(tables, watched, n_edits):
    few = replace(watched, features=(), model=None)
    assert sum(prove(*tables, few, Poison(n_edits, seed=3)).edits.values()) == n_edits


def test_edits_touch_every_word_and_nothing_that_was_known(ground):
    after, made = ground.edited(1000, "a newcomer", np.random.default_rng(1))
    key = ["event_id", "revision"]
    both = ground.events.merge(after, how="outer", on=key, indicator=True, suffixes=("", "_after"))
    known = ground.events["known_on"] <= ground.as_of
    unchanged = ground.events[known].merge(after, how="inner", on=list(after.columns))
    assert len(unchanged) == known.sum()
    new = both[(both["_merge"] == "right_only") | (both["kind"] != both["kind_after"])]
    assert set(new["kind_after"].dropna()) >= {*KINDS, UNHEARD_OF, "unheard_of"}
    assert set(new["source_after"].dropna()) == set(SOURCES)
    for column in ("station_id", "note_code", "substance"):
        assert UNHEARD_OF in set(new[f"{column}_after"])
    assert (new["known_on_after"].dropna() > ground.as_of).all()
    assert ((new["known_on_after"] == ground.as_of + 1) & (new["occurred_on_after"] <= ground.as_of)).sum() > 300
    assert "a newcomer" in set(after["person_id"])
    assert made.total() == 1000


def test_a_newcomer_comes_between_the_persons_that_are_there(tables):
    persons = tables[1].persons
    newcomer = newcomer_of(persons, 20_000, np.random.default_rng(1))
    place = np.searchsorted(np.sort(persons["person_id"].to_numpy(dtype=object)), newcomer["person_id"].iloc[0])
    assert place > 0
    assert newcomer["registered_on"].iloc[0] > 20_000


def test_after_the_last_record_there_is_nothing_to_poison(tables, watched):
    last = int(tables[0]["known_on"].max())
    with pytest.raises(TooLittleHistoryError, match="no future to poison"):
        prove(*tables, replace(watched, as_of=last), Poison(10))
    prove(*tables, replace(watched, as_of=last - 1, features=(), model=None), Poison(10))


def test_the_command_says_that_nothing_moved_and_that_no_scores_were_watched(small_home, tmp_path):
    asked = ("--as-of", "2025-06-30", "--config", small_home.path / "relapse.toml", "--json", tmp_path / "proof.json")
    done = waystation(small_home.path, "prove-no-leak", *asked)
    assert done.returncode == 0, done.stderr
    assert "Nothing moved." in done.stdout
    assert "No scores and reasons were watched" in done.stdout
    told = json.loads((tmp_path / "proof.json").read_text())
    assert told["with_scores"] is False
    assert sum(told["edits"].values()) == 1000


def test_the_command_fails_when_too_little_was_exercised(small_home):
    config = small_home.path / "relapse.toml"
    done = waystation(small_home.path, "prove-no-leak", "--as-of", "2025-06-30", "--config", config, "--edits", 3)
    assert done.returncode == 1
    assert "Not exercised" in done.stdout
    assert "Nothing moved." not in done.stdout


def test_the_command_refuses_a_date_after_the_last_record(small_home):
    done = waystation(small_home.path, "prove-no-leak", "--as-of", "2035-12-31")
    assert done.returncode == 2
    assert "no future to poison" in done.stderr
