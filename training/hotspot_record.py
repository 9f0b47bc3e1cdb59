"""How the last forecasts did one by one, told so that no count under ten can be had of any.

A card is read by more people than may read counts, and calendar months of a city are told as they are
(`serving/observed.py`), from which what came of a forecast could be subtracted. So of each a card holds

- what it expected, in whole steps of what ten incidents a year make in its weeks;
- what came, rounded down to tens, and only where ten at least came and ten at least are left of the calendar months it
  lies in: the months less what came is then known to a range of ten, as is what came;
- what its highest areas caught as a share of what came, in bands so wide that each holds ten counts even for one who
  knows what came. A share says nothing of the whole it is of. Where one forecast has too few for a band to say
  anything, some are told together.

Every incident counts as one, as it was seen, also where the model weighs them by how much was tested.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from features.areas import AreaSet, locate
from features.arrays import Flags, Floats, Ints
from features.hotspot import WEEK, Places
from features.schema import EPOCH, days_since_epoch
from models.counts import SMALLEST_SHOWN, interval_of
from models.track_record import CITY, Band, Caught, Total, Totals, TrackRecord
from training.hotspot_metrics import STABLE_SHARE, Told, top_areas

FORECASTS = 13  # of four weeks: a year
WIDTHS = (0.05, 0.1, 0.2, 0.25)  # of the bands of what was caught
TOGETHER = (1, 2, 3, 4, 6)  # forecasts told in one
CERTAIN = 2  # the mean forecast has so many times what a band needs, so that a lesser one has enough as well
YEAR_WEEKS = 52


@dataclass(frozen=True, eq=False)
class Seen:
    """The incidents that count, as they were seen: their days, and the positions of their areas."""

    areas: AreaSet
    occurred_on: Ints
    area: Ints  # OUTSIDE, the last position of an array, for one in no area

    @classmethod
    def of(cls, known: Places, areas: AreaSet) -> "Seen":
        """The counted incidents of a city."""
        return cls(areas, known.incidents["occurred_on"].to_numpy(np.int64), locate(known.incidents, areas))

    def between(self, first: int, last: int) -> Ints:
        """Incidents of each area from the first day to the last; behind them, those that lay in no area."""
        within = (self.occurred_on >= first) & (self.occurred_on <= last)
        return np.bincount(self.area[within] % (len(self.areas) + 1), minlength=len(self.areas) + 1)


@dataclass(frozen=True, eq=False)
class Judged:
    """The last forecasts: their as-of dates, what each model told at each, what was seen, and for how many weeks."""

    origins: Ints
    told: Mapping[str, Told]
    seen: Seen
    horizon_weeks: int


def record_of(judged: Judged, model: str) -> dict[str, Any]:
    """The record of the last forecasts as plain values; `model` is the one whose totals are told."""
    last = slice(-FORECASTS, None)
    told = {name: Told(each.expected[last], each.dispersions[last]) for name, each in judged.told.items()}
    kept = Judged(judged.origins[last], told, judged.seen, judged.horizon_weeks)
    return asdict(TrackRecord(STABLE_SHARE, tuple(_totals(kept, told[model])), tuple(_caught(kept))))


def _totals(judged: Judged, told: Told) -> Iterator[Totals]:
    """The totals of the city and, of townships, those of each district."""
    areas = judged.seen.areas
    yield _totals_of(judged, told, CITY, np.ones(len(areas) + 1, bool))
    if areas.level == "township" and areas.parents is not None:
        for district in np.unique(areas.parents).tolist():
            yield _totals_of(judged, told, district, np.append(areas.parents == district, False))


def _totals_of(judged: Judged, told: Told, name: str, inside: Flags) -> Totals:
    of_city = name == CITY
    expected = told.expected[:, inside[:-1]].sum(axis=1)
    dispersions = told.dispersions[:, 2 if of_city else 1]
    rows = zip(judged.origins.tolist(), expected.tolist(), dispersions.tolist(), strict=True)
    return Totals(name, tuple(_total(judged, inside, *row) for row in rows))


def _total(judged: Judged, inside: Flags, origin: int, expected: float, dispersion: float) -> Total:
    step = -(-SMALLEST_SHOWN * judged.horizon_weeks // YEAR_WEEKS)
    at_least = expected // step * step
    low, high = interval_of(np.array([at_least, at_least + step]), dispersion)
    first, last = origin + 1, origin + WEEK * judged.horizon_weeks
    came = _tens(judged.seen, inside, first, last)
    return Total(_iso(first), _iso(last), at_least, float(low[0]), float(high[1]), came)


def _tens(seen: Seen, inside: Flags, first: int, last: int) -> int | None:
    """What came, rounded down to tens; None where fewer than ten came, or are left of the months around."""
    came = int(seen.between(first, last)[inside].sum())
    left = int(seen.between(*_months_around(first, last))[inside].sum()) - came
    return came // SMALLEST_SHOWN * SMALLEST_SHOWN if min(came, left) >= SMALLEST_SHOWN else None


def _months_around(first: int, last: int) -> tuple[int, int]:
    """The first day of the month of one day, and the last of that of another."""
    begin, end = EPOCH + timedelta(days=first), EPOCH + timedelta(days=last)
    behind = date(end.year + end.month // 12, end.month % 12 + 1, 1)
    return days_since_epoch(begin.replace(day=1)), days_since_epoch(behind) - 1


def _caught(judged: Judged) -> Iterator[Caught]:
    """What each model caught, forecast by forecast or some together; nothing where all together are too few."""
    days = WEEK * judged.horizon_weeks
    came = np.array([judged.seen.between(each + 1, each + days) for each in judged.origins.tolist()])
    hits = {name: _hits(each.expected, came) for name, each in judged.told.items()}
    totals = came.sum(axis=1)
    n, width = _bands(float(totals.mean()))
    for run in _runs(len(totals), n):
        first, last = int(judged.origins[run][0]) + 1, int(judged.origins[run][-1]) + days
        total = int(totals[run].sum())
        is_told = total * width >= SMALLEST_SHOWN
        models = [_band(name, int(each[run].sum()) / total, width) for name, each in hits.items()] if is_told else []
        yield Caught(_iso(first), _iso(last), len(totals[run]), tuple(models))


def _bands(mean: float) -> tuple[int, float]:
    """How many forecasts are told together, as few as can be, and how wide bands have to be; (0, 0) for none."""
    needed = CERTAIN * SMALLEST_SHOWN
    return next(((n, width) for n in TOGETHER for width in WIDTHS if n * mean * width >= needed), (0, 0.0))


def _runs(size: int, n: int) -> Iterator[slice]:
    """Positions of `n` forecasts in a row, the newest complete; the oldest run takes in those left over."""
    if n:
        starts = [0, *range(size - n * max(size // n - 1, 0), size, n)]
        yield from (slice(start, end) for start, end in pairwise([*starts, size]))


def _hits(expected: Floats, came: Ints) -> Ints:
    """What came in the highest areas of each forecast."""
    highest = [top_areas(each, STABLE_SHARE) for each in expected]
    return np.array([each[areas].sum() for each, areas in zip(came, highest, strict=True)])


def _band(model: str, share: float, width: float) -> Band:
    step = min(int(share / width + 1e-9), round(1 / width) - 1)  # all of them lie in the highest band
    return Band(model, round(step * width, 6), round((step + 1) * width, 6))


def _iso(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()
