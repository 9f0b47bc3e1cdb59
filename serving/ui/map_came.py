"""What came in the weeks that a forecast on the map was of, by those counts of it that are told elsewhere.

A count of just these weeks could be subtracted from that of others, so none is made here. What came is told by spans of
days of which counts are told already: those of the record in a model's card (`training/hotspot_record.py`: in tens, by
city and district) and the months of a settled year (`serving/observed.py`), and under the days of that span. Where no
span overlaps half of the weeks nothing is told.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from features.hotspot import Places
from models.counts import SMALLEST_SHOWN
from models.track_record import CITY, TrackRecord, track_record
from serving.desk import Desk
from serving.observed_counts import SPANS, first_of, last_of, settled_year
from serving.suppression import ObservedTable
from serving.ui.map_query import MapQuery
from serving.ui.map_record import card_of

DISTRICT = "district"


@dataclass(frozen=True)
class Count:
    """Incidents as far as they may be told: at least and at most so many."""

    at_least: int
    at_most: int


@dataclass(frozen=True)
class Interval:
    """The 90 % interval of what a forecast of the same place and days expected."""

    low: float
    high: float


@dataclass(frozen=True)
class Came:
    """What came from one day to another, by id of a district or CITY; None where it may not be told.

    `of_all_kinds`: of incidents of all kinds, not only of those the model forecasts. `forecasts`: what was expected of
    a place, where a forecast of just these days is in the record.
    """

    first: date
    last: date
    by_place: Mapping[str, Count | None]
    of_all_kinds: bool
    forecasts: Mapping[str, Interval] = field(default_factory=dict)

    def place_of(self, district: str) -> str:
        """The smallest place that holds a district and of which a number is told: itself, else the city."""
        return CITY if self.by_place.get(district) is None else district


def came(desk: Desk, query: MapQuery, places: Places) -> Came | None:
    """What is told of the weeks of a forecast; None where they are not over or no span tells of them."""
    if not query.is_over:
        return None
    return nearest([*_of_cards(desk, query.weeks), *_of_months(desk, query, places)], query.first, query.until)


def nearest(spans: Iterable[Came], first: date, last: date) -> Came | None:
    """The span that overlaps some days most, by half of them at least; None where none does.

    One that tells a number comes before one that does not, and what was forecast before incidents of all kinds; of two
    alike the shorter, then that of more places.
    """

    def rank(span: Came) -> tuple[bool, bool, int, int, int]:
        tells, overlap = any(each is not None for each in span.by_place.values()), _overlap(span, first, last)
        return tells, not span.of_all_kinds, overlap, -_days(span.first, span.last), len(span.by_place)

    near = [each for each in spans if 2 * _overlap(each, first, last) >= _days(first, last)]
    return max(near, key=rank, default=None)


def spans_of(record: TrackRecord) -> Iterator[Came]:
    """The spans of a record."""
    for forecasts in zip(*(each.forecasts for each in record.totals), strict=True):
        counts = (None if each.observed is None else _tens(each.observed) for each in forecasts)
        told = dict(zip((each.area_id for each in record.totals), counts, strict=True))
        first, last = (date.fromisoformat(each) for each in (forecasts[0].first, forecasts[0].last))
        expected = {
            total.area_id: Interval(each.low, each.high) for total, each in zip(record.totals, forecasts, strict=True)
        }
        yield Came(first, last, told, of_all_kinds=False, forecasts=expected)


def months_of(table: ObservedTable, year: int) -> Iterator[Came]:
    """The months of a settled year."""
    levels = [level for level in (CITY, DISTRICT) if level in table.hierarchy.levels]
    told = [each for level in levels for each in table.observed(level, SPANS["month"])]
    for month, behind in SPANS["month"]:
        counts = {each.area_id: each.value for each in told if each.span == (month, behind)}
        by_place = {name: None if count is None else Count(count, count) for name, count in counts.items()}
        yield Came(first_of(year, month), last_of(year, behind), by_place, of_all_kinds=True)


def _of_cards(desk: Desk, weeks: int) -> Iterator[Came]:
    """The spans in the cards of all models of a horizon: that of one of townships tells of districts too."""
    for champion, model in desk.champions.hotspots():
        if model.scope.horizon_weeks == weeks:
            record = track_record(card_of(desk, champion), weeks)
            yield from spans_of(record) if record else ()


def _of_months(desk: Desk, query: MapQuery, places: Places) -> Iterator[Came]:
    for year in range(query.first.year, query.until.year + 1):
        table = settled_year(places, year, desk.settings)
        yield from months_of(table, year) if table else ()


def _tens(observed: int) -> Count:
    return Count(observed, observed + SMALLEST_SHOWN - 1)


def _overlap(span: Came, first: date, last: date) -> int:
    return max(0, _days(max(span.first, first), min(span.last, last)))


def _days(first: date, last: date) -> int:
    return (last - first).days + 1
