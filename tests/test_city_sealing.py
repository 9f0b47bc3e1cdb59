"""What is recorded stops while a person is away, and when the record of a completed programme is sealed."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from training.city.block import Lived, live
from training.city.ground import survey
from training.city.people import METHADONE
from training.city.presets import plan
from training.city.records import not_while_away, until_sealed
from training.city.rows import Rows, rows, where
from training.city.testing import AFTERCARE, NO_TEST
from training.city.weeks import EPOCH

PERSONS = 1000


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
    county = survey(plan("fugu", persons=PERSONS, years=3, seed=5, until=date(2026, 12, 31)))
    many = replace(county.figures, people=replace(county.figures.people, veteran_share=0.4))
    return live(replace(county, figures=many), 0)


def test_records_of_completed_programmes_are_sealed_from_2026_on_veterans_too(after_sealing: Lived) -> None:
    recorded, people = after_sealing.recorded, after_sealing.world.people
    sealed = recorded[where(recorded, kind="sealed")]
    first_day = (date(2026, 1, 1) - EPOCH).days
    assert sealed["occurred_on"].min() > first_day
    assert len(np.unique(sealed["person"])) == len(sealed)
    gone = recorded["person"][
        where(recorded, kind="death") | where(recorded, kind="order") | where(recorded, kind="isolation_start")
    ]
    assert not (people.programme[people.veteran] == METHADONE).any()  # which has no end of three years
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


def test_aftercare_ends_with_the_seal(after_sealing: Lived) -> None:
    diary, recorded = after_sealing.diary, after_sealing.recorded
    weeks = after_sealing.world.ground.weeks
    for seal in recorded[where(recorded, kind="sealed")]:
        week = int(weeks.of(np.array([seal["occurred_on"]]))[0])
        tests = diary.why[week + 1 :, seal["person"]][diary.urine[week + 1 :, seal["person"]] != NO_TEST]
        assert AFTERCARE not in tests
