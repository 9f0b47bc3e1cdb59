"""Early warning: where, in the last weeks, clearly more incidents came than had been forecast.

A prospective space-time scan (Neill 2009, doi:10.1002/sim.3613; negative-binomial as Tango et al. 2011,
doi:10.1186/1476-072X-10-29). A zone is an area, the areas about it, a larger area or the city; a window is the last
one to four weeks. What a zone was expected to have is the prior's forecast of four weeks before, times the share of
such recent incidents that is usually known by now. The statistic of a scan is its largest log likelihood ratio.

How unusual that is, is read from the same scan of every past week, each with what was known then: so the rate of false
alarms is that of the history of the city itself, whatever the model gets wrong in the same way every week. Where there
are too few such weeks, it is read from weeks drawn from the forecast and its dispersion.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, eye_array, vstack

from features.areas import AreaSet, Strings
from features.arrays import Floats, Ints
from features.effort import looked
from features.hotspot import WEEK, VisiblePast
from features.reporting import exposure
from models.counts import negative_binomial_deviance
from models.hotspot import Dispersions

WINDOWS_WEEKS = (1, 2, 3, 4)
LONGEST_WEEKS = WINDOWS_WEEKS[-1]
RINGS = 2  # of areas about an area: how far a zone reaches
FEWEST_WEEKS = 104  # past scans; with fewer, weeks are drawn instead
MOST_WEEKS = 156  # past scans looked back on, so that the rate follows how the city is now
DRAWN_WEEKS = 999
TAIL = 0.1  # share of past scans whose excess tells how fast the tail falls
NOMINAL = 0.05  # false alarms a scan
MOST_WARNINGS = 10
CITY = "city"
LEAST_KNOWN = 0.1  # share of a window's incidents usually known, under which the window tells nothing yet
SMALLEST = 1e-9
DATES_AT_ONCE = 4  # of which statistics are made: of many cells each step of all would be tens of megabytes


@dataclass(frozen=True, eq=False)
class Zones:
    """Sets of areas that a warning can be of: which areas are in each, its level, name and how many rings it has."""

    member: csr_array  # (zones, areas) of 0 and 1
    area_ids: Strings
    level: Strings
    name: Strings
    rings: Ints


@dataclass(frozen=True, eq=False)
class Watch:
    """What came and what had been expected in the windows that end at some as-of dates; (dates, windows, areas)."""

    as_of: Ints
    observed: Floats
    expected: Floats


@dataclass(frozen=True)
class Reference:
    """The largest statistics of scans of quiet weeks, ascending, and whether those weeks were lived or drawn."""

    maxima: tuple[float, ...]
    lived: bool

    def chance(self, statistic: float) -> float:
        """Chance that a scan of a quiet week has a statistic this large, above 0, at most 1.

        By rank; above the highest tenth by an exponential tail with an estimated scale, whose predictive form
        (1 + x / S)^-k is exact for k exceedances that sum to S.
        """
        maxima = np.array(self.maxima)
        n = len(maxima)
        k = min(n - 1, max(1, round(TAIL * n)))
        threshold, excess = maxima[-k - 1], (maxima[-k:] - maxima[-k - 1]).sum()
        if statistic <= threshold or excess <= 0:
            return float((1 + (maxima >= statistic).sum()) / (n + 1))
        return float((k + 1) / (n + 1) * (1 + (statistic - threshold) / excess) ** -k)


@dataclass(frozen=True)
class EarlyWarning:
    """A zone in which clearly more came in the last weeks than was expected."""

    level: str
    name: str  # of the area in its middle, of the larger area, or `city`
    rings: int
    area_ids: tuple[str, ...]
    weeks: int  # that end at the as-of date
    observed: int
    expected: float
    chance: float  # that a scan of a quiet week finds anything as unusual

    @property
    def recurrence_weeks(self) -> float:
        """How often chance alone would bring such a warning, with a scan every week: once in so many weeks."""
        return 1 / self.chance


def zones_of(areas: AreaSet, larger: Sequence[tuple[str, Strings]] = (), *, rings: int = RINGS) -> Zones:
    """Every area, every area with the rings about it, every larger area of each level given, and the city."""
    parts = list(_zones(areas, larger, rings))
    return Zones(
        csr_array(vstack([member for member, _, _, _ in parts], format="csr")),
        areas.ids,
        np.concatenate([np.full(len(names), level) for _, level, names, _ in parts]),
        np.concatenate([names for _, _, names, _ in parts]),
        np.concatenate([np.full(len(names), reach, np.int64) for _, _, names, reach in parts]),
    )


def watch(past: VisiblePast, forecasts: Floats, tested: Floats, *, from_weeks: int, scans: int = MOST_WEEKS) -> Watch:
    """What was visible at the last as-of dates with `from_weeks` of history, beside the forecast made before each.

    `forecasts`: expected in the horizon of each as-of date, (dates, areas). `tested`: share of each date's incidents
    that testing brought to light; so much of the forecast moves with it.
    """
    enough = np.flatnonzero(past.weeks_of_history() >= from_weeks + LONGEST_WEEKS)
    at = enough[enough >= LONGEST_WEEKS][-(scans + LONGEST_WEEKS + 1) :]
    a_week = forecasts[at - LONGEST_WEEKS] / past.horizon_weeks
    a_week *= 1 + tested[at, None] * (looked(past, weeks=LONGEST_WEEKS)[at] - 1)
    shares = exposure(past.inside, past.as_of[at], WEEK * LONGEST_WEEKS)
    observed, expected = [], []
    for weeks in WINDOWS_WEEKS:
        known = shares[:, : WEEK * weeks].sum(axis=1, keepdims=True) / WEEK
        told = known >= LEAST_KNOWN * weeks
        observed.append(past.count(past.inside, weeks=weeks, size=len(past.areas))[at] * told)
        expected.append(np.maximum(a_week * known, SMALLEST))
    return Watch(past.as_of[at], np.stack(observed, axis=1), np.stack(expected, axis=1))


def largest(zones: Zones, seen: Watch, dispersions: Dispersions) -> tuple[Floats, Floats]:
    """The largest statistic of each date, and all of the last date, (windows, zones); the others are not kept."""
    found = np.empty(len(seen.observed))
    last = np.empty((len(WINDOWS_WEEKS), len(zones.name)))
    for first in range(0, len(found), DATES_AT_ONCE):
        part = slice(first, first + DATES_AT_ONCE)
        told = statistics(zones, Watch(seen.as_of[part], seen.observed[part], seen.expected[part]), dispersions)
        found[part], last = told.max(axis=(1, 2)), told[-1]
    return found, last


def statistics(zones: Zones, seen: Watch, dispersions: Dispersions) -> Floats:
    """Log likelihood ratio of more than expected against as expected, zero where less came; (dates, windows, zones).

    Areas of one zone miss together and each for itself, so a zone's dispersion is the city's, and the rest of an
    area's spread over its areas: d = city + (area - city) x sum of squares / square of the sum of what was expected.
    """
    observed, expected = _within(zones, seen.observed), _within(zones, seen.expected)
    own = max(dispersions.area - dispersions.city, 0.0)
    spread = dispersions.city + own * _within(zones, seen.expected**2) / expected**2
    ratio = negative_binomial_deviance(observed, expected, spread) / 2
    return np.where(observed > expected, ratio, 0.0)


def reference_of(found: Floats) -> Reference | None:
    """The past scans a new one is compared with, from the largest statistic of each date; None where too few.

    The last is the new one: its weeks stay out.
    """
    maxima = np.sort(found[: -LONGEST_WEEKS - 1])
    return Reference(tuple(maxima.tolist()), lived=True) if len(maxima) >= FEWEST_WEEKS else None


def drawn_reference(zones: Zones, seen: Watch, dispersions: Dispersions, *, seed: int) -> Reference:
    """Scans of weeks drawn from what is expected of the last date, with its dispersion; the same for a seed."""
    rng = np.random.default_rng(seed)
    expected = seen.expected[-1]
    each = np.diff(expected, axis=0, prepend=0.0)  # what the window adds, a week further back
    maxima = []
    for first in range(0, DRAWN_WEEKS, 100):
        n = min(100, DRAWN_WEEKS - first)
        rate = each * gamma_factors(rng, dispersions.city, (n, 1, 1))
        rate = rate * gamma_factors(rng, max(dispersions.area - dispersions.city, 0.0), (n, 1, expected.shape[1]))
        weeks = np.cumsum(rng.poisson(rate), axis=1).astype(np.float64)
        drawn = Watch(np.zeros(n, np.int64), weeks, np.broadcast_to(expected, weeks.shape))
        maxima.append(largest(zones, drawn, dispersions)[0])
    return Reference(tuple(np.sort(np.concatenate(maxima)).tolist()), lived=False)


def warnings_of(
    zones: Zones, seen: Watch, told: Floats, reference: Reference, *, nominal: float = NOMINAL
) -> tuple[EarlyWarning, ...]:
    """The warnings of the last as-of date from its statistics, the least likely first; no two share an area."""
    found: list[EarlyWarning] = []
    taken = np.zeros(len(zones.area_ids), bool)
    order = np.argsort(-told, axis=None, kind="stable")
    for window, zone in zip(*np.unravel_index(order, told.shape), strict=True):
        chance = reference.chance(float(told[window, zone]))
        if chance > nominal or len(found) == MOST_WARNINGS:
            break
        members = zones.member.indices[zones.member.indptr[zone] : zones.member.indptr[zone + 1]]
        if taken[members].any():
            continue
        taken[members] = True
        found.append(_warning(zones, seen, (int(window), int(zone)), zones.area_ids[np.sort(members)], chance))
    return tuple(found)


def _warning(zones: Zones, seen: Watch, where: tuple[int, int], ids: Strings, chance: float) -> EarlyWarning:
    window, zone = where
    row = zones.member[[zone]]
    return EarlyWarning(
        level=str(zones.level[zone]),
        name=str(zones.name[zone]),
        rings=int(zones.rings[zone]),
        area_ids=tuple(ids.tolist()),
        weeks=WINDOWS_WEEKS[window],
        observed=round(float((row @ seen.observed[-1, window])[0])),
        expected=float((row @ seen.expected[-1, window])[0]),
        chance=chance,
    )


def _zones(
    areas: AreaSet, larger: Sequence[tuple[str, Strings]], rings: int
) -> Iterator[tuple[csr_array, str, Strings, int]]:
    size = len(areas)
    member = csr_array(eye_array(size, format="csr"))
    yield member, areas.level, areas.ids, 0
    if areas.neighbours is not None:
        near = csr_array(areas.neighbours + member)
        for reach in range(1, rings + 1):
            member = csr_array(member @ near)
            member.data[:] = 1.0
            yield member, areas.level, areas.ids, reach
    for level, parents in larger:
        names, parent = np.unique(parents, return_inverse=True)
        yield csr_array((np.ones(size), (parent, np.arange(size))), shape=(len(names), size)), level, names, 0
    yield csr_array(np.ones((1, size))), CITY, np.array([CITY]), 0


def _within(zones: Zones, values: Floats) -> Floats:
    """Sums over each zone, (..., areas) to (..., zones)."""
    flat = values.reshape(-1, values.shape[-1])
    return np.asarray((zones.member @ flat.T).T, np.float64).reshape(*values.shape[:-1], -1)


def gamma_factors(rng: np.random.Generator, dispersion: float, shape: tuple[int, ...]) -> Floats:
    """Factors of mean one whose variance is the dispersion."""
    return rng.gamma(1 / dispersion, dispersion, shape) if dispersion > SMALLEST else np.ones(shape)
