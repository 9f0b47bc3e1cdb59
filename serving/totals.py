"""Forecasts of larger areas: what the smaller ones add up to, so told that nothing more of any of them is known.

A total is told by the piece of a line that it lies in, the line going from the sum of the lower ends told of its areas
to the sum of the upper ones, cut at multiples of the widest of their bands, W, that lie W at least from either end.
Where the line is cut follows from what is told already, so a total tells its piece [lower, upper) and no more. Of an
area in [a, b) it tells: from lower less all that the others may have, no more than a since lower is W or more below the
upper end of the line, to upper less the least they have, b at least likewise. So the area may still be anywhere in its
own band. A total of totals is made alike from their pieces. Of a district every sum that it can have with an area
anywhere in its band is within the district's piece, and the city's piece can be reached from each of these by the other
districts, which may be anywhere in theirs; so all levels told together tell no more of an area than its band does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.areas import AreaSet, Strings
from features.arrays import Floats, Ints
from features.hotspot import Places
from models.counts import interval_of
from models.early_warning import larger_areas
from models.hotspot import HotspotModel, areas_of, last_sunday
from serving.disclosure import Band, Told, among_highest
from serving.findings import Findings, findings
from serving.noise import Noise
from serving.problems import ProblemError

CITY, DISTRICT, TOWNSHIP = "city", "district", "township"
NONE = "none"  # what an area is part of that is part of nothing
DIGITS = 6  # of an incident, to which the ends of bands are told


@dataclass(frozen=True, eq=False)
class Level:
    """The areas of a level: ids, expected incidents unrounded, the ends told of each; and where the finest lie.

    `within`: the place of each of the finest areas among them.
    """

    ids: Strings
    rates: Floats
    at_least: Floats
    below: Floats
    within: "Ints"


def by_level(model: HotspotModel, places: Places, *, as_of: int, level: str, noise: Noise | None = None) -> Findings:
    """What is found in the areas of a level, the model's own or a larger one; ProblemError where there are none."""
    finest = findings(model, places, as_of=as_of, noise=noise)
    if level == model.scope.level:
        return finest
    return totals(model, finest, areas_of(model, places, as_of=last_sunday(as_of)), places.areas, level=level)


def totals(
    model: HotspotModel, finest: Findings, areas: AreaSet, table: pd.DataFrame | None, *, level: str
) -> Findings:
    """What is found in the areas of a level larger than the model's; ProblemError where there are none such."""
    larger = _larger(areas, table)
    if level not in [name for name, _ in larger]:
        raise ProblemError("no_districts")
    ids = [each.area_id for each in finest.told]
    summed = _finest(finest)
    for name, parts in larger:
        of_each = pd.Series(parts, index=areas.ids).reindex(ids).to_numpy(dtype=str)
        summed = summed_up(summed, np.where(of_each == NONE, summed.ids[summed.within], of_each))
        if name == level:
            return _told(model, summed, named=np.unique(of_each[of_each != NONE]), level=level)
    raise AssertionError  # the level is one of them


def summed_up(finer: Level, parts: Strings) -> Level:
    """The level that areas make up: their sums and the pieces these are told by; `parts`: id for each finest area."""
    first = np.unique(finer.within, return_index=True)[1]  # one of the finest areas of each
    names, part = np.unique(parts[first], return_inverse=True)
    rates, low, high = (
        np.bincount(part, weights=each).astype(np.float64) for each in (finer.rates, finer.at_least, finer.below)
    )
    width = np.zeros(len(names))
    np.maximum.at(width, part, finer.below - finer.at_least)
    ends = _pieces(rates, low.round(DIGITS), high.round(DIGITS), width.round(DIGITS))
    return Level(names, rates, *ends, part[finer.within])


def _pieces(rates: Floats, low: Floats, high: Floats, width: Floats) -> tuple[Floats, Floats]:
    """The ends of the piece that each total lies in, of lines from `low` to `high` cut at multiples of `width`."""
    first = np.ceil((low / width + 1).round(DIGITS))
    last = np.floor((high / width - 1).round(DIGITS))
    step, is_cut = np.floor(rates / width), first <= last
    at_least = np.where(is_cut & (step >= first), np.minimum(step, last) * width, low)
    below = np.where(is_cut & (step < last), np.maximum(step + 1, first) * width, high)
    return at_least.round(DIGITS), below.round(DIGITS)


def _larger(areas: AreaSet, table: pd.DataFrame | None) -> Sequence[tuple[str, Strings]]:
    """The levels above the areas that have names, the smallest first, and what each area is part of there."""
    return [*_named(areas, table), (CITY, np.full(len(areas), CITY))]


def _named(areas: AreaSet, table: pd.DataFrame | None) -> Iterator[tuple[str, Strings]]:
    given = larger_areas(areas, table)
    if areas.tiling is None:
        names: tuple[str, ...] = (DISTRICT,)
    else:  # cells are part of townships where these have outlines, else of blocks, which nobody knows
        names = (TOWNSHIP, DISTRICT) if given and given[0][0] == TOWNSHIP else ()
    for name, (_, parts) in zip(names, given, strict=False):
        yield name, parts


def _finest(found: Findings) -> Level:
    ids = np.array([each.area_id for each in found.told], dtype=str)
    ends = [np.array([getattr(each.band, name) for each in found.told], np.float64) for name in ("at_least", "below")]
    return Level(ids, found.rates, ends[0], ends[1], np.arange(len(ids)))


def _told(model: HotspotModel, summed: Level, *, named: Strings, level: str) -> Findings:
    """The named areas of a level, without those of the level below that are part of none."""
    kept = np.isin(summed.ids, named)
    rates, at_least, below = summed.rates[kept], summed.at_least[kept], summed.below[kept]
    dispersion = model.dispersions.city if level == CITY else model.dispersions.parent
    low, high = interval_of(at_least, dispersion)[0], interval_of(below, dispersion)[1]
    columns = [each.round(DIGITS).tolist() for each in (at_least, below, low, high)]
    bands = [Band(*row) for row in zip(*columns, among_highest(rates), strict=True)]
    return Findings(
        rates, tuple(Told(name, band, ()) for name, band in zip(summed.ids[kept].tolist(), bands, strict=True))
    )
