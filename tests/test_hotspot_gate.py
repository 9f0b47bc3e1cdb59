"""The gate of a hotspot model lets a good challenger in, and refuses planted bad ones, each for its own fault."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.errors import ConfigError
from features.hotspot import CATALOGUE, Places
from models import artifact
from tests.test_hotspot_training import SMALL, TOWN, steady_city
from training import card, feedback, hotspot_gate
from training.gate import Ages
from training.hotspot import train
from training.hotspot_config import HotspotConfig
from training.hotspot_gate import Case, Drift, look, on_record, poisoned_after
from training.hotspot_gate_choice import ITEMS, HotspotGate

CITY = Places(steady_city(), TOWN)
NO_SIMULATION = tuple(name for name in ITEMS if name not in {"feedback", "record"})  # of a steady city few are ahead
STEADY = Drift(0.3, (0.31, 0.3), 0.02, holds=True)


def challenger_of(trained, config):
    told = card.hotspot_card(trained, config, snapshot="digest")
    plain = artifact.hotspot_to_plain(trained.model, name=config.name)
    return artifact.Artifact("digest", trained.model.booster.model_to_string(), plain, told)


@pytest.fixture(scope="module")
def case():
    config = replace(SMALL, gate=HotspotGate(items=NO_SIMULATION))
    good = challenger_of(train(CITY, config), config)
    return Case(config, good, good, Ages(0, 1, 1), CITY)


def refused(case, *items):
    items = items or case.config.gate.items
    asked = replace(case, config=replace(case.config, gate=replace(case.config.gate, items=items)))
    return {each.item: each.why for each in look(asked) if not each.passed}


def test_a_good_challenger_passes_every_item(case):
    findings = look(case)
    assert [each.item for each in findings] == list(NO_SIMULATION)
    assert all(each.passed for each in findings), findings


def test_a_booster_that_broke_off_is_refused_before_it_is_read(case):
    broken = replace(case.challenger, booster_text=case.challenger.booster_text[:500])
    assert refused(replace(case, challenger=broken), "sound") == {"sound": "the booster is not whole"}


def test_a_model_that_cannot_look_at_the_records_of_today_is_refused(case):
    stopped = Places(CITY.incidents.assign(known_on=CITY.incidents["known_on"].where(lambda day: day < 0, 1)), TOWN)
    assert "cannot answer" in refused(replace(case, places=stopped), "sound")["sound"]


def test_an_empty_item_of_the_card_is_refused_by_name(case):
    empty = replace(case.challenger, card={**case.challenger.card, "limits": [], "recipe": None})
    assert refused(replace(case, challenger=empty), "card") == {"card": "empty on the card: recipe, limits"}


def test_old_records_and_an_older_snapshot_than_the_champions_are_refused(case):
    assert set(refused(replace(case, ages=Ages(61, 1, 2)), "fresh", "newer")) == {"fresh", "newer"}
    assert refused(replace(case, ages=Ages(60, 2, 2)), "fresh", "newer") == {}


def test_a_model_that_sees_the_future_is_refused(case, monkeypatch):
    def peeking(past, weeks):
        late = past.incidents.known_on > past.as_of[-1]
        return np.full((len(past.as_of), len(past.areas)), float(late.sum()))

    assert refused(case, "leak") == {}
    monkeypatch.setitem(CATALOGUE, "count", peeking)
    assert "it sees the future: count_4w" in refused(case, "leak")["leak"]


def test_poison_changes_nothing_that_was_known_and_much_that_was_not():
    effort = pd.DataFrame({"area_id": "T1", "week": 10_003, "known_on": [10_010], "tests": 5, "contacts": 0})
    poisoned = poisoned_after(Places(CITY.incidents, TOWN, effort), 10_500, seed=1)
    known = CITY.incidents[CITY.incidents["known_on"].le(10_500)]
    kept = poisoned.incidents[poisoned.incidents["known_on"].le(10_500)]
    assert kept.reset_index(drop=True).equals(known.reset_index(drop=True))
    assert len(poisoned.incidents) - len(kept) > 0.9 * len(known)
    assert poisoned.effort["known_on"].tolist() == [10_010, 10_501]


def test_a_recipe_surely_worse_than_the_champions_is_refused(case):
    wild = replace(SMALL, learning=replace(SMALL.learning, rounds=1), recent_days="dropped")
    champion = replace(case.champion, card={**case.champion.card, "recipe": card.to_plain(wild)})
    found = hotspot_gate.later(replace(case, champion=champion))
    assert "origins" in found.why
    assert {"value", "low", "high"} <= set(found.figures)
    outcome = hotspot_gate.judge(CITY, SMALL).outcome
    bad, good = outcome.observed + 5.0, outcome.observed + 0.1
    assert not hotspot_gate._compared(bad, good, outcome, SMALL).passed
    assert hotspot_gate._compared(good, bad, outcome, SMALL).passed


def test_recipes_of_other_areas_have_no_common_measure_and_refuse_nobody(case):
    other = replace(SMALL, kinds=("overdose",))
    champion = replace(case.champion, card={**case.champion.card, "recipe": card.to_plain(other)})
    assert "no common measure" in hotspot_gate.later(replace(case, champion=champion)).why


def test_a_forecast_that_feeds_on_itself_is_refused(case):
    drifting = replace(STEADY, drift=0.4, holds=False)
    assert refused(replace(case, feedback=lambda *_: STEADY), "feedback") == {}
    assert "+40% from the truth" in refused(replace(case, feedback=lambda *_: drifting), "feedback")["feedback"]
    with pytest.raises(ConfigError, match="needs the simulator"):
        refused(case, "feedback")


def test_feedback_is_lived_through_by_the_challengers_recipe_with_the_effort_it_knows(case):
    asked = []
    told = replace(case, config=replace(SMALL, seed=99), feedback=lambda *given: asked.append(given) or STEADY)
    assert refused(told, "feedback") == {}
    [(recipe, tested)] = asked
    assert recipe.learning == SMALL.learning
    assert recipe.seed == SMALL.seed
    assert not recipe.at_equal_effort  # the city has no table of effort, whatever the recipe asks for
    assert tested == 0.0  # and counts overdoses, which testing does not find


def test_the_audit_of_the_default_configuration_holds():
    told = feedback.feedback(HotspotConfig(), 1.0)
    assert told.holds
    assert len(told.forecast_shares) == 1 + 10


def test_feedback_on_the_card_is_what_the_gate_goes_by(case):
    drifting = replace(STEADY, drift=0.4, holds=False, adjusted=False)
    on_card = {**case.challenger.card, "feedback": card.to_plain(drifting)}
    told = replace(case, challenger=replace(case.challenger, card=on_card), feedback=lambda *_: STEADY)
    assert "ingest `effort`" in refused(told, "feedback")["feedback"]


def test_a_record_surely_behind_a_count_is_refused_and_behind_a_kernel_told():
    ahead = {"deviance_skill": {"difference": 0.1, "low": 0.02, "high": 0.2}}
    behind = {"deviance_skill": {"difference": -0.1, "low": -0.2, "high": -0.01}}

    def told(paired):
        return on_record({"counts": {"origins": 14}, "horizons": {"4": {"paired": paired}}}, "4")

    assert told({"count_12m": ahead, "ewma": ahead}).passed
    found = told({"count_12m": ahead, "ewma": behind})
    assert (found.passed, "behind ewma" in found.why) == (False, True)
    found = told({"count_12m": ahead, "eb_kernel": behind})
    assert (found.passed, "behind eb_kernel" in found.why) == (True, True)


def test_an_item_nobody_knows_is_refused_by_name():
    with pytest.raises(ConfigError, match="hunch"):
        HotspotGate(items=("hunch",))
