"""Maps of where incidents occur, as they were known at each as-of date: what the prior is stacked from.

A map says which share of a city's incidents lies in each area: every visible incident weighs by its age (halving with
each half-life) and is spread over the areas around it. With outlines the spread is Gaussian, its width in typical
distances between neighbouring areas; without, all that is known is the larger area that an area is part of.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.spatial import cKDTree

from features.areas import AreaSet, Floats
from features.hotspot import WEEK, VisiblePast

HALF_LIVES_WEEKS: tuple[int | None, ...] = (4, 26, 104, None)
WIDTHS = (0.0, 0.6, 1.7, 6.0)  # of the Gaussian spread, in typical distances between neighbours
FAR = 3.5  # widths beyond which nothing is spread


@dataclass(frozen=True)
class MapKind:
    """How a map is made: how fast old incidents fade, and how far each is spread."""

    half_life_weeks: int | None  # None: all history weighs alike
    spread: str = "own"
    width: float = 0.0


EVEN = MapKind(None, "even")


def bank_of(areas: AreaSet) -> tuple[MapKind, ...]:
    """The kinds of maps these areas allow: 17 with outlines; without, own and parent's counts, and the even map."""
    fading = HALF_LIVES_WEEKS
    if areas.centres_m is not None:
        widths = [MapKind(life, "gaussian" if width else "own", width) for life in fading for width in WIDTHS]
        return (*widths, EVEN)
    spreads = ["own"] if areas.parents is None else ["own", "parent"]
    return (*(MapKind(life, spread) for life in fading for spread in spreads), EVEN)


def maps(past: VisiblePast, kinds: Sequence[MapKind]) -> Floats:
    """Share of the incidents in each area by each kind of map, shape (as-of dates, kinds, areas); even where none."""
    size = len(past.areas)
    alike = {(kind.spread, kind.width): kind for kind in kinds}
    spreading = {key: spread_matrix(past.areas, kind) for key, kind in alike.items()}
    fading = {life: faded_counts(past, life) for life in {kind.half_life_weeks for kind in kinds if kind != EVEN}}
    told = np.full((len(past.as_of), len(kinds), size), 1 / size)
    for place, kind in enumerate(kinds):
        if kind == EVEN:
            continue
        by, counts = spreading[kind.spread, kind.width], fading[kind.half_life_weeks]
        spread = counts if by is None else np.asarray(counts @ by)
        total = spread.sum(axis=1, keepdims=True)
        np.divide(spread, total, out=told[:, place], where=total > 0)
    return told


def faded_counts(past: VisiblePast, half_life_weeks: int | None) -> Floats:
    """Visible incidents of each area, weights halving with each half-life of age, shape (as-of dates, areas)."""
    run, size = past.inside, len(past.areas)
    oldest = int((past.as_of[-1] - run.occurred_on).max(initial=0))
    ages = np.arange(max(oldest, 0) + 1)
    weight_of_age = np.ones(len(ages)) if half_life_weeks is None else 0.5 ** (ages / (WEEK * half_life_weeks))
    counts = np.zeros((len(past.as_of), size))
    for row, as_of in enumerate(past.as_of):  # each date by itself, so that one asked alone gives the same bits
        seen = run.visible_from <= as_of
        weights = weight_of_age[as_of - run.occurred_on[seen]] * run.weight[seen]
        counts[row] = np.bincount(run.area[seen], weights=weights, minlength=size)
    return counts


def spread_matrix(areas: AreaSet, kind: MapKind) -> csr_array | None:
    """Share of an incident in one area (row) that each area (column) is given; None where it stays where it is."""
    if kind.spread == "gaussian" and kind.width > 0:
        return _gaussian(areas, kind.width)
    if kind.spread == "parent" and areas.parents is not None:
        _, parent = np.unique(areas.parents, return_inverse=True)
        member = csr_array((np.ones(len(parent)), (np.arange(len(parent)), parent)))
        size = np.bincount(parent).astype(np.float64)
        return csr_array(member.multiply(1 / size[None, :])) @ member.T
    return None


def typical_distance_m(centres_m: Floats) -> float:
    """Median distance from an area to the nearest other one, metres; one metre where there is only one."""
    if len(centres_m) < 2:
        return 1.0
    nearest = np.asarray(cKDTree(centres_m).query(centres_m, k=2)[0], np.float64)
    return float(max(np.median(nearest[:, 1]), 1.0))


def _gaussian(areas: AreaSet, width: float) -> csr_array | None:
    if areas.centres_m is None:
        return None
    placed = np.flatnonzero(np.isfinite(areas.centres_m).all(axis=1))
    centres = areas.centres_m[placed]
    width_m = width * typical_distance_m(centres)
    tree = cKDTree(centres)
    near = tree.sparse_distance_matrix(tree, FAR * width_m, output_type="coo_matrix")
    weight = np.exp(-0.5 * (near.data / width_m) ** 2)
    size = len(areas)
    unplaced = np.setdiff1d(np.arange(size), placed)  # what has no outline keeps its incidents
    rows = np.concatenate([placed[near.row], unplaced])
    columns = np.concatenate([placed[near.col], unplaced])
    spread = csr_array(coo_array((np.append(weight, np.ones(len(unplaced))), (rows, columns)), shape=(size, size)))
    total = spread @ np.ones(size)
    return csr_array(spread.multiply(1 / total[:, None]))
