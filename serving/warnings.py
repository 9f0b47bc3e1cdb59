"""Early warnings as they may be told: place, period, and numbers so rounded that no count under ten shows.

What was observed is rounded down to tens and under ten not told, what was expected comes in the bands of a forecast,
and how rarely chance brings such a warning in few steps: from the exact figure and the model the count could be had.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from features.hotspot import WEEK
from models.counts import SMALLEST_SHOWN
from models.early_warning import early_warnings
from models.scan import CITY, NOMINAL, EarlyWarning
from serving.area_messages import AreaWarning, Warnings
from serving.area_record import WARNINGS, Made, Marks
from serving.desk import Desk
from serving.disclosure import width_of_band
from serving.hotspots import Asked, looked, names_of
from serving.wording import Wording

RECURRENCES_WEEKS = (20, 52, 104, 260, 520)


@dataclass(frozen=True)
class ToldWarning:
    """What may be told of a warning's numbers."""

    observed: int | None  # rounded down to tens; None under ten
    at_least: float
    below: float
    recurrence_weeks: int


def warnings(desk: Desk, asked: Asked) -> Made[Warnings]:
    """The warnings of a day; ProblemError when there is no model to warn, or too little is known."""
    told = looked(desk, asked, early_warnings, summed=False)
    names = names_of(told.places.areas, asked.wording.language)
    answer = Warnings(
        warnings=[_message(each, names, asked) for each in told.found],
        false_alarms=NOMINAL,
        note=asked.wording.warning("note"),
        answer_id=told.id_as(WARNINGS),
        **told.origin,
    )
    return Made(answer, Marks.of(parts_of(told.found), desk.reading.records.hash_of))


def parts_of(found: Sequence[EarlyWarning]) -> Mapping[str, object]:
    """What the warnings of a day are known by when they are made again."""
    return {
        "areas": [(each.level, each.name, each.rings, each.area_ids, each.weeks) for each in found],
        "rates": [(each.observed, each.expected, each.chance) for each in found],
        "told": [told(each) for each in found],
    }


def told(warning: EarlyWarning) -> ToldWarning:
    """What may be told of a warning: nothing finer than ten incidents, or than a band of as many weeks."""
    width = width_of_band(warning.weeks)
    steps = warning.expected // width
    return ToldWarning(
        warning.observed // SMALLEST_SHOWN * SMALLEST_SHOWN or None,
        round(steps * width, 6),
        round((steps + 1) * width, 6),
        max((each for each in RECURRENCES_WEEKS if each <= warning.recurrence_weeks), default=RECURRENCES_WEEKS[0]),
    )


def _message(warning: EarlyWarning, names: Mapping[str, str], asked: Asked) -> AreaWarning:
    numbers, name = told(warning), names.get(warning.name, warning.name)
    first_day = asked.as_of - timedelta(days=WEEK * warning.weeks - 1)
    return AreaWarning(
        level=warning.level,
        area_id=warning.name,
        name=name,
        rings=warning.rings,
        area_ids=list(warning.area_ids),
        first_day=first_day,
        last_day=asked.as_of,
        observed=numbers.observed,
        suppressed=numbers.observed is None,
        expected=numbers.at_least,
        expected_below=numbers.below,
        recurrence_weeks=numbers.recurrence_weeks,
        text=_text(numbers, _place(warning, name, asked.wording), (first_day, asked.as_of), asked.wording),
    )


def _place(warning: EarlyWarning, name: str, wording: Wording) -> str:
    if warning.level == CITY:
        return wording.warning("city")
    return wording.warning("around", name=name) if warning.rings else name


def _text(numbers: ToldWarning, place: str, days: tuple[date, date], wording: Wording) -> str:
    if numbers.observed is None:
        observed = wording.warning("hidden", smallest=SMALLEST_SHOWN)
    else:
        observed = wording.warning("observed", value=numbers.observed)
    return wording.warning(
        "text",
        place=place,
        first=days[0],
        last=days[1],
        observed=observed,
        expected=wording.band(at_least=numbers.at_least, below=numbers.below),
        recurrence=numbers.recurrence_weeks,
    )
