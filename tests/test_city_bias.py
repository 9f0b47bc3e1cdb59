"""With the testing bias, groups differ in how often they are tested, and in nothing that is true of them."""

from datetime import date

import numpy as np
import numpy.typing as npt
import pytest

from training.city.block import Lived, live
from training.city.ground import survey
from training.city.presets import plan
from training.city.testing import NO_TEST, SCHEDULED, SURPRISE

PERSONS = 1000
Groups = dict[str, npt.NDArray[np.bool_]]


def city(bias: str, preset: str = "guiyang") -> Lived:
    return live(survey(plan(preset, persons=PERSONS, years=2, seed=4, until=date(2025, 12, 31), bias=bias)), 0)


@pytest.fixture(scope="module")
def plain() -> Lived:
    return city("none")


@pytest.fixture(scope="module")
def biased() -> Lived:
    return city("testing")


def groups(lived: Lived) -> Groups:
    ground = lived.world.ground
    districts = ground.places.district[lived.world.people.township]
    return {
        "women": (lived.facts["sex"] == "female").to_numpy(),
        "minorities": (lived.facts["ethnicity"] != "han").to_numpy(),
        "watched districts": districts < 3,
    }


def out_of_turn(lived: Lived, group: npt.NDArray[np.bool_]) -> float:
    """Surprise tests for each week in a programme without a scheduled one, of the group over the others."""
    diary = lived.diary
    held = diary.urine != NO_TEST
    more, asked = held & (diary.why == SURPRISE), diary.routine & ~(held & (diary.why == SCHEDULED))
    rate = [more[:, each].sum() / asked[:, each].sum() for each in (group, ~group)]
    return float(rate[0] / rate[1])


def test_groups_are_tested_alike_without_bias_and_otherwise_with_it(plain: Lived, biased: Lived) -> None:
    expected = {"women": 0.7, "minorities": 1.5, "watched districts": 1.5}
    for name, factor in expected.items():
        usual = out_of_turn(plain, groups(plain)[name])
        assert usual == pytest.approx(1.0, abs=0.2)
        assert out_of_turn(biased, groups(biased)[name]) / usual == pytest.approx(factor, rel=0.2)


def test_the_same_persons_with_the_same_truth_live_in_both_cities(plain: Lived, biased: Lived) -> None:
    assert plain.facts.equals(biased.facts)
    for trait in ("frailty", "support", "stigma", "entry_day", "township"):
        assert np.array_equal(getattr(plain.world.people, trait), getattr(biased.world.people, trait))
    assert np.array_equal(plain.world.ground.supply.felt, biased.world.ground.supply.felt)
    assert (plain.world.people.watch == 1).all()
    assert not (biased.world.people.watch == 1).all()


def test_groups_use_alike_in_truth_with_the_bias(biased: Lived) -> None:
    diary, townships = biased.diary, groups(biased)
    for group in townships.values():
        share = [
            (diary.used & diary.routine)[:, each].sum(axis=0) / np.maximum(diary.routine[:, each].sum(axis=0), 1)
            for each in (group, ~group)
        ]
        error = np.hypot(*(each.std() / np.sqrt(len(each)) for each in share))
        assert abs(share[0].mean() - share[1].mean()) < 4 * error


def test_where_there_is_one_district_townships_are_watched() -> None:
    county, unwatched = city("testing", "fugu"), city("none", "fugu")
    watch = county.world.ground.watch
    assert (watch > 1).mean() == pytest.approx(0.3, abs=0.05)
    watched = watch[county.world.people.township] > 1
    usual = out_of_turn(unwatched, watched)
    assert out_of_turn(county, watched) / usual == pytest.approx(1.5, rel=0.25)
    assert (unwatched.world.ground.watch == 1).all()
