"""All numbers of the invented city stand in its tables, hold together, and are what the city follows."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.city.figures import Figures
from training.city.ground import chance, survey
from training.city.people import people
from training.city.presets import PRESETS, Difference, Preset, plan
from training.city.weeks import some_days

CITY = Path(__file__).parents[1] / "training" / "city"

# The tables themselves, with what is printed beside them, and what asks, counts or checks but makes nothing.
TABLES = {"figures", "presets", "check"}
ONLY_READERS = {"tally", "oracle", "build"}

# Numbers of the form and not of the city: how many codes there are, which random stream, digits, sizes of memory, a
# Gauss curve, the calendar. 0, 1, 2 and the 7 days of a week may stand anywhere.
ANYWHERE = {0, 1, 2, 7}
FORM: dict[str, set[float]] = {
    "areas": {5},  # decimals of a degree
    "arrival": {0.5, 8},  # half a day lost when cut to whole ones; digits of an id
    "block": {1000, 4},  # persons a block; its streams
    "effort": {5},  # a stream
    "incidents": {0.5, 3, 4},  # a Gauss curve; streams
    "living": {3},  # codes
    "orders": {3},  # programmes by order or own will
    "people": {3, 6},  # the same; digits of an id
    "places": {20},  # points drawn for each that is kept
    "records": {4},  # codes
    "state": {6, 10, 27},  # a day behind all others; codes; weeks remembered
    "supply": {0.5},  # a Gauss curve; the middle of a week
    "testing": {3, 4, 6},  # days a test may see, as many as its shares; codes
    "weeks": {4, 6, 21, 52, 1970, 2000, 2035, 52.18, 365.25, 10963.093, 29.530588},  # the calendar and the moon
}


def test_no_number_of_the_city_stands_outside_its_tables() -> None:
    for path in CITY.glob("*.py"):
        if path.stem not in TABLES | ONLY_READERS:
            constants = (
                node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)
            )
            numbers = {each.value for each in constants if type(each.value) in {int, float}}
            assert numbers <= ANYWHERE | FORM.get(path.stem, set()), path.name


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_shares_of_persons_add_up_to_one(preset: Preset) -> None:
    shares = [each.value for each in preset.assumptions() if each.unit.startswith("shares of persons")]
    assert len(shares) == 5
    entered = preset.figures.people
    for each in (*shares, (entered.treatment_share, entered.rehabilitation_share, entered.methadone_share)):
        assert sum(each) == pytest.approx(1)


def test_every_span_of_days_runs_from_less_to_more() -> None:
    figures = Figures()
    groups = (figures.programmes, figures.tests, figures.contacts, figures.arrival, figures.stations)
    spans = [span for group in groups for name, span in vars(group).items() if name.endswith("_days")]
    spans = [span for span in spans if isinstance(span, tuple) and len(span) == 2]
    assert len(spans) > 15
    assert all(0 <= first < last for first, last in spans)


def test_a_span_of_days_includes_both_its_ends() -> None:
    assert set(some_days((3, 5), 200, np.random.default_rng(1)).tolist()) == {3, 4, 5}


def test_the_facts_of_persons_follow_the_shares_of_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    other = (
        Difference("facts.sexes", (0.0, 1.0)),
        Difference("facts.substances", (0.0, 0.0, 1.0, 0.0, 0.0)),
        Difference("facts.age_range", (30, 31)),
        Difference("people.methadone_share", 0.0),
        Difference("people.treatment_share", 0.67),
    )
    monkeypatch.setitem(PRESETS, "demo", replace(PRESETS["demo"], differences=other))
    asked = plan("demo", persons=200)
    _, facts = people(0, 200, survey(asked), chance(asked, 1, 0, 0))
    assert set(facts["sex"]) == {"female"}
    assert set(facts["primary_substance"]) == {"ketamine"}
    registered = 1970 + np.floor(facts["registered_on"] / 365.25)
    assert set(registered - facts["birth_year"]) == {30, 31}
