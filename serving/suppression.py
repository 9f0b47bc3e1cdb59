"""Observed counts by area and period, as far as they may be told: no count under ten can be had from them by sums.

What is told is made of blocks. A block is a part of the city; of it two margins are told, what its rows (areas) had in
all the time, and what each column (period) had in all of the block, and never what a row had in a column. Rows and
columns are joined with others until each has ten incidents at least: small areas with the smallest larger one beside
them, small periods with the next. All that is told are sums of these margins, level by level. So whatever is hidden
can be anything in a range at least ten wide: of a row in a column, from max(0, row + column - all) to min(row, column);
of an area inside a row, from none to as much as the row (proof: the transport polytope of two margins).

That holds for one table. Two that overlap could be subtracted from each other, so tables are of calendar years as known
on one fixed day after their end (`serving/observed.py`), and are never made anew with later news.

Where noise is set, it is put on the margins, and what is told is sums of these. An incident counts in one row and in
one column of its block, so a whole table, asked for in every way, costs twice epsilon. The noise guards the numbers,
not the choice of which are told, which follows from the counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from features.areas import Strings
from features.arrays import Flags, Ints
from features.errors import ConfigError
from models.counts import SMALLEST_SHOWN
from serving.noise import Noise

Span = tuple[int, int]  # the first period, and the one after the last


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """What the finest areas are part of: ids of each level, the whole first, for every finest area."""

    levels: tuple[str, ...]
    ids: Strings  # (levels, finest areas)


@dataclass(frozen=True)
class Observed:
    """Incidents of an area in some periods; None where it may not be told."""

    area_id: str
    span: Span
    value: int | None

    @property
    def suppressed(self) -> bool:
        """Whether there is a number that may not be told."""
        return self.value is None


@dataclass(frozen=True, eq=False)
class ObservedTable:
    """A table of counts and what of it may be told: the block, row and column that each area and period lies in."""

    hierarchy: Hierarchy
    counts: Ints  # (finest areas, periods)
    block: Ints  # of each finest area
    row: Ints  # of each finest area; a row lies in one block
    column: Ints  # of each period
    noise: Noise | None = None

    def observed(self, level: str, spans: Sequence[Span]) -> tuple[Observed, ...]:
        """Every area of a level in every span, areas ascending; suppressed where it is no sum of margins."""
        if level not in self.hierarchy.levels:
            raise ConfigError(f"observed: level `{level}`; expected one of {list(self.hierarchy.levels)}.")
        of_level = self.hierarchy.ids[self.hierarchy.levels.index(level)]
        return tuple(
            Observed(str(area), span, self._told(of_level == area, span))
            for area in np.unique(of_level)
            for span in spans
        )

    def _told(self, area: Flags, span: Span) -> int | None:
        periods = np.zeros(self.counts.shape[1], bool)
        periods[slice(*span)] = True
        by_row = periods.all() and _is_sum(area, self.row)
        by_column = _is_sum(area, self.block) and _is_sum(periods, self.column)
        if not (by_row or by_column) or self.counts.sum() < SMALLEST_SHOWN:
            return None
        counted = int(self.counts[np.ix_(area, periods)].sum())
        if self.noise is None:
            return counted
        rows = [(self.row == each, periods) for each in np.unique(self.row[area])] if by_row else []
        blocks, columns = np.unique(self.block[area]), np.unique(self.column[periods])
        cells = [(self.block == block, self.column == column) for block in blocks for column in columns]
        margins = rows if rows and (not by_column or len(rows) <= len(cells)) else cells
        return max(SMALLEST_SHOWN, counted + sum(self._noise(self.noise, *margin) for margin in margins))

    def _noise(self, noise: Noise, areas: Flags, periods: Flags) -> int:
        """The noise on a margin: the incidents of some of the finest areas in some periods."""
        counted = int(self.counts[np.ix_(areas, periods)].sum())
        return noise.whole(self.hierarchy.ids[-1, areas].tolist(), np.flatnonzero(periods).tolist(), counted)


def protected(counts: Ints, hierarchy: Hierarchy, noise: Noise | None = None) -> ObservedTable:
    """What may be told of counts by finest area and period, shape (finest areas, periods)."""
    column = _columns(counts.sum(axis=0))
    by_column = np.stack([counts[:, column == each].sum(axis=1) for each in np.unique(column)], axis=1)
    block = _blocks(by_column, hierarchy)
    row = np.full(len(counts), -1, np.int64)
    for each in np.unique(block):
        inside = np.flatnonzero(block == each)
        for members in _rows(inside, counts.sum(axis=1), hierarchy, level=1):
            row[members] = row.max() + 1
    return ObservedTable(hierarchy, counts, block, row, column, noise)


def _is_sum(chosen: Flags, labels: Ints) -> bool:
    """Whether what is chosen is made of whole parts: no part has some inside and some outside."""
    return not np.isin(labels[chosen], labels[~chosen]).any()


def _columns(totals: Ints) -> Ints:
    """The column of each period: periods joined with the next until each has enough; the last with the one before."""
    column, current, sofar = np.zeros(len(totals), np.int64), 0, 0
    for period, total in enumerate(totals.tolist()):
        column[period] = current
        sofar += total
        if sofar >= SMALLEST_SHOWN:
            current, sofar = current + 1, 0
    return np.minimum(column, max(current - 1, 0))


def _blocks(by_column: Ints, hierarchy: Hierarchy) -> Ints:
    """The block of each finest area: a part of the city alone where every column has enough, the others together."""
    parts = hierarchy.ids[min(1, len(hierarchy.levels) - 1)]
    names, part = np.unique(parts, return_inverse=True)
    sums = np.stack([by_column[part == each].sum(axis=0) for each in range(len(names))])
    alone = sums.min(axis=1) >= SMALLEST_SHOWN
    order = np.argsort(sums.sum(axis=1), kind="stable")
    while not alone.all() and alone.any() and sums[~alone].sum(axis=0).min() < SMALLEST_SHOWN:
        alone[next(each for each in order if alone[each])] = False
    block = np.where(alone, 1 + np.arange(len(names)), 0)
    return np.asarray(block[part], np.int64)


def _rows(inside: Ints, totals: Ints, hierarchy: Hierarchy, *, level: int) -> Iterator[Ints]:
    """The rows of some finest areas: their parts at a level, each divided again, where all parts have enough."""
    if level == len(hierarchy.levels):
        yield inside
        return
    _, part = np.unique(hierarchy.ids[level, inside], return_inverse=True)
    sums = np.bincount(part, weights=totals[inside])
    alone = sums >= SMALLEST_SHOWN
    order = np.argsort(sums, kind="stable")
    while not alone.all() and alone.any() and sums[~alone].sum() < SMALLEST_SHOWN:
        alone[next(each for each in order if alone[each])] = False
    if not alone.all():
        yield inside[~alone[part]]
    for each in np.flatnonzero(alone):
        yield from _rows(inside[part == each], totals, hierarchy, level=level + 1)
