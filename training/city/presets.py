"""The places there are: where each differs from the common figures, and why; and a checked request for a city."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from features.errors import ConfigError
from training.city.assume import OURS, Assumption, assumptions
from training.city.figures import DOMAIN_1, Figures
from training.city.names import PERSON_DIGITS
from training.city.weeks import EPOCH, weeks

MOST_PERSONS, MOST_YEARS = 10**PERSON_DIGITS - 1, 50
FESTIVAL_YEARS = (2000, 2035)  # from and to: in these the Spring Festival of `weeks` is right to a day
BIASES = ("none", "testing")


@dataclass(frozen=True)
class Difference:
    """One figure that is another in this place, and the source that says so."""

    name: str
    value: Any
    source: str = OURS


@dataclass(frozen=True)
class Preset:
    """A place: how many persons and years by default, and where its figures differ from the common ones."""

    name: str
    persons: int
    years: int
    size_source: str
    differences: tuple[Difference, ...] = ()

    @property
    def figures(self) -> Figures:
        """The common figures with the differences of this place."""
        figures = Figures()
        for each in self.differences:
            group, name = each.name.split(".")
            figures = replace(figures, **{group: replace(getattr(figures, group), **{name: each.value})})
        return figures

    def assumptions(self) -> Iterator[Assumption]:
        """Every assumption of the place with its unit and source, its own size first."""
        yield Assumption("persons", self.persons, "persons by default", self.size_source)
        yield Assumption("years", self.years, "years of records by default", self.size_source)
        own = {each.name: each.source for each in self.differences}
        for each in assumptions(self.figures):
            yield replace(each, source=own.get(each.name, each.source))


DEMO = Preset(
    "demo",
    2_000,
    3,
    f"{OURS}: small enough to be looked at",
    # Beyond its size, so that three years hold enough of them to judge a forecast by.
    (Difference("incidents.overdoses_a_week", 60.0),),
)

GUIYANG = Preset(
    "guiyang",
    18_957,
    5,
    f"Guiyang, {DOMAIN_1}",
    (
        Difference("places.districts", 10, f"Guiyang, {DOMAIN_1}"),
        Difference("places.townships", 112),
        Difference("places.stations", 144, f"Guiyang, {DOMAIN_1}"),
        Difference("places.model_stations", 55, f"Guiyang, {DOMAIN_1}"),
        Difference("places.radius_m", 24_000.0),
        Difference("places.inhabitants", 4_600_000),
        Difference("places.longitude", 101.2),
        Difference("incidents.overdoses_a_week", 60.0),
        Difference("incidents.clusters", 40),
    ),
)

FUGU = Preset(
    "fugu",
    2_003,
    5,
    f"Fugu, {DOMAIN_1}; five years are {OURS}",
    (
        Difference("places.districts", 1, "a county"),
        Difference("places.townships", 20),
        Difference("places.stations", 22, f"Fugu, {DOMAIN_1}"),
        Difference("places.model_stations", 8),
        Difference("places.persons_per_worker", 2_003 / 58, f"58 social workers, {DOMAIN_1}"),
        Difference("places.radius_m", 30_000.0),
        Difference("places.cell_m", 500.0),
        Difference("places.inhabitants", 240_000),
        Difference("places.longitude", 102.0),
        Difference("people.veteran_share", 0.2, f"calibrated: 1,110 of 2,003 abstinent for three years, {DOMAIN_1}"),
        Difference("contacts.family_contact", (0.12, 0.55), f"family met 90 %, {DOMAIN_1}"),
        Difference("programmes.refusal_share", 0.0, f"report and execution 100 %, {DOMAIN_1}"),
        Difference("care.aftercare_a_year", 4.3, f"96 % of all under control are met and tested, {DOMAIN_1}"),
        Difference("people.employed_at_entry", 0.6, f"employed 60 %, {DOMAIN_1}"),
        Difference("incidents.overdoses_a_week", 4.0),
        Difference("incidents.clusters", 6),
    ),
)

PRESETS = {preset.name: preset for preset in (GUIYANG, FUGU, DEMO)}


@dataclass(frozen=True)
class Plan:
    """A city asked for: everything it follows from."""

    preset: str
    persons: int
    years: int
    seed: int
    until: date
    bias: str

    @property
    def figures(self) -> Figures:
        """The figures of its place."""
        return PRESETS[self.preset].figures


def plan(  # noqa: PLR0913 (a request, each part of which may be left out)
    preset: str = "guiyang",
    *,
    persons: int | None = None,
    years: int | None = None,
    seed: int = 7,
    until: date = date(2025, 12, 31),
    bias: str = "none",
) -> Plan:
    """The request, completed by its preset; ConfigError with every fault when there is no such city."""
    if preset not in PRESETS:
        raise ConfigError(
            f"city: there is no preset `{preset}`; expected one of: {', '.join(PRESETS)}. Nothing was built."
        )
    place = PRESETS[preset]
    asked = Plan(
        preset=preset,
        persons=place.persons if persons is None else persons,
        years=place.years if years is None else years,
        seed=seed,
        until=until,
        bias=bias,
    )
    faults = list(_faults(asked))
    if faults:
        raise ConfigError(f"city: {'; '.join(faults)}. Nothing was built; mend the values and try again.")
    return asked


def _faults(asked: Plan) -> Iterator[str]:
    if not 1 <= asked.persons <= MOST_PERSONS:
        yield f"persons is {asked.persons}, expected 1 to {MOST_PERSONS}"
    if not 1 <= asked.years <= MOST_YEARS:
        yield f"years is {asked.years}, expected 1 to {MOST_YEARS}"
    if asked.seed < 0:
        yield f"seed is {asked.seed}, expected 0 or more"
    yield from _calendar_faults(asked)
    if asked.bias not in BIASES:
        yield f"bias is {asked.bias}, expected one of: {', '.join(BIASES)}"


def _calendar_faults(asked: Plan) -> Iterator[str]:
    """Lives begin years before records open, and all of it has to lie where the Spring Festival is known."""
    first, last = FESTIVAL_YEARS
    if not first <= asked.until.year <= last:
        yield f"until is {asked.until}, expected a day from {first}-01-01 to {last}-12-31"
    elif 1 <= asked.years <= MOST_YEARS:
        begins = weeks(asked.years, asked.until, asked.figures.calendar.lead_weeks).first
        if begins < (date(first, 1, 1) - EPOCH).days:
            yield (
                f"years is {asked.years} up to {asked.until}, for which lives begin "
                f"{EPOCH + timedelta(days=begins)}, expected {first}-01-01 or later"
            )
