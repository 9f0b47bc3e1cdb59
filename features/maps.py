"""Maps of where incidents occur, as they were known at each as-of date: what the prior is stacked from.

A map says which share of a city's incidents lies in each area: every visible incident weighs by its age (halving with
each half-life) and is spread over the areas around it. With outlines the spread is Gaussian, its width in typical
distances between neighbouring areas; without, all that is known is the larger area that an area is part of.

Neighbours differ in how much they have, but often rise and fall together. So some maps do not smooth counts but how
counts change: a lasting map, bent by what came lately in an area and near it over what that map had expected there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import numpy as np
from scipy.sparse import coo_array, csr_array, vstack
from scipy.spatial import cKDTree

from features.areas import AreaSet
from features.arrays import Floats
from features.hotspot import WEEK, VisiblePast

HALF_LIVES_WEEKS: tuple[int | None, ...] = (4, 26, 104, None)
WIDTHS = (0.0, 0.6, 1.7, 6.0)  # of the Gaussian spread, in typical distances between neighbours
FAR = 3.5  # widths beyond which nothing is spread
AREAS_AT_ONCE = 256  # whose pairs are looked for
LASTING_WEEKS: tuple[int | None, ...] = (104, None)  # half-lives of the maps that are bent
LASTING_STRENGTH = 4.0  # incidents that the areas near by weigh beside an area's own in a lasting map
BENDING_WEEKS = (8, 26)  # half-lives of what bends them
BENDING_WIDTHS = (0.0, 1.0)
BENDING_STRENGTH = 8.0  # incidents as expected, added to both sides, so that few bend little
EVEN_SHARE = 0.02  # of what is near by, so that no area expects nothing
SPREADS_KEPT = 8  # all widths of two levels
MOST_AREAS_KEPT = 6000  # of which the widest spread takes 100 MB; that of more is made each time


@dataclass(frozen=True)
class MapKind:
    """How a map is made: how fast old incidents fade, and how far each is spread."""

    half_life_weeks: int | None  # None: all history weighs alike
    spread: str = "own"
    width: float = 0.0
    lasting_weeks: int | None = None  # of a bent map: half-life of the map that is bent


EVEN = MapKind(None, "even")
INHABITED = MapKind(None, "inhabited")  # as many incidents a head everywhere
BENT = "bent"
LASTING = "lasting"  # what is bent, before it is: shrunk towards what is near by, or with no width towards the mean
NEAR = MapKind(None, "gaussian", 1.0)


def bank_of(areas: AreaSet) -> tuple[MapKind, ...]:
    """The kinds of maps these areas allow: 17 and 8 bent with outlines; without, own and parent's, even, 4 bent.

    Where inhabitants are told there is one more, by heads.
    """
    return _bank(
        outlined=areas.centres_m is not None,
        nested=areas.parents is not None,
        peopled=areas.inhabitants is not None,
    )


def is_bank(kinds: Sequence[MapKind]) -> bool:
    """Whether these are the kinds of maps that some areas allow."""
    return any(
        tuple(kinds) == _bank(outlined=outlined, nested=nested, peopled=peopled)
        for outlined, nested, peopled in product((False, True), repeat=3)
    )


def _bank(*, outlined: bool, nested: bool, peopled: bool) -> tuple[MapKind, ...]:
    fading = HALF_LIVES_WEEKS
    bent = tuple(
        MapKind(recent, BENT, width, lasting)
        for lasting in LASTING_WEEKS
        for recent in BENDING_WEEKS
        for width in (BENDING_WIDTHS if outlined else BENDING_WIDTHS[:1])
    )
    heads = (INHABITED,) if peopled else ()
    if outlined:
        widths = [MapKind(life, "gaussian" if width else "own", width) for life in fading for width in WIDTHS]
        return (*widths, EVEN, *heads, *bent)
    spreads = ["own", "parent"] if nested else ["own"]
    return (*(MapKind(life, spread) for life in fading for spread in spreads), EVEN, *heads, *bent)


def unfaded(kind: MapKind) -> MapKind:
    """The map of all history alike that has the spread of this one: nothing of it is recent."""
    return MapKind(None, LASTING, 1.0) if kind.spread == BENT else replace(kind, half_life_weeks=None)


def without_neighbours(kind: MapKind) -> MapKind:
    """The map of all history alike that knows what each area had itself, in the place of this one."""
    if kind in {EVEN, INHABITED}:
        return kind
    return MapKind(None, LASTING if kind.spread == BENT else "own")


def maps(past: VisiblePast, kinds: Sequence[MapKind]) -> Floats:
    """Share of the incidents in each area by each kind of map, shape (as-of dates, kinds, areas); even where none."""
    drawn = _drawing(past, kinds)
    bank = np.empty((len(past.as_of), len(kinds), len(past.areas)))
    for place, kind in enumerate(kinds):  # each put where it stays: of many cells and dates all of them twice is much
        bank[:, place] = drawn(kind)
    return bank


def mixture(past: VisiblePast, kinds: Sequence[MapKind], weights: Sequence[float]) -> Floats:
    """What these maps, each times its weight, sum up to, (as-of dates, areas), without keeping them.

    Those of one width are summed before they are spread, as that is linear: of many cells it takes most of the time.
    """
    alike = [replace(kind, spread="own", width=0.0) if kind.spread == "gaussian" else kind for kind in kinds]
    drawn, blank = _drawing(past, alike), np.zeros((len(past.as_of), len(past.areas)))
    summed: dict[MapKind, Floats] = {}
    for kind, own, weight in zip(kinds, alike, weights, strict=True):
        spread = EVEN if kind == own else replace(kind, half_life_weeks=None)  # EVEN: of what is not spread any more
        summed[spread] = summed.get(spread, blank) + weight * drawn(own)
    none_yet = ~np.isfinite(past.inside.first_day(past.as_of))[:, None]  # where every map is even
    told = [
        np.where(none_yet, each, spread_out(each, spread_matrix(past.areas, kind))) for kind, each in summed.items()
    ]
    return np.asarray(np.sum(told, axis=0), np.float64)


def _drawing(past: VisiblePast, kinds: Sequence[MapKind]) -> Callable[[MapKind], Floats]:
    """What draws each of the kinds, (as-of dates, areas), from what they have in common."""
    lives = {life for kind in kinds for life in (kind.half_life_weeks, kind.lasting_weeks)}
    fading = {life: faded_counts(past, life) for life in lives}
    alike = {(kind.spread, kind.width): kind for kind in kinds}
    spreading = {key: spread_matrix(past.areas, kind) for key, kind in alike.items()}
    near = neighbourhood(past.areas)
    lasting = {life: _lasting(fading[life], near) for life in {each.lasting_weeks for each in kinds}}

    def drawn(kind: MapKind) -> Floats:
        counts = fading[kind.half_life_weeks]
        if kind == EVEN:
            return np.full_like(counts, 1 / counts.shape[1])
        if kind == INHABITED:
            return np.broadcast_to(_by_heads(past.areas), counts.shape)
        if kind.spread == BENT:
            return _bent(lasting[kind.lasting_weeks], counts, near if kind.width else None)
        if kind.spread == LASTING:
            return _lasting(counts, near if kind.width else None)
        return shares(spread_out(counts, spreading[kind.spread, kind.width]))

    return drawn


def shares(counts: Floats) -> Floats:
    """Share of each area, (dates, areas); even where nothing was seen."""
    total = counts.sum(axis=1, keepdims=True)
    even = np.full_like(counts, 1 / counts.shape[1])
    return np.divide(counts, total, out=even, where=total > 0)


def shrunk(own: Floats, near: Floats, strength: float) -> Floats:
    """Shares by the posterior mean under a gamma prior about what is near by, which weighs `strength` incidents."""
    return shares(np.asarray((own + strength) / (near + strength) * near, np.float64))


def with_even(counts: Floats, share: float) -> Floats:
    """Counts with a little of the mean of all areas, so that no area expects nothing."""
    return np.asarray((1 - share) * counts + share * counts.mean(axis=1, keepdims=True), np.float64)


def spread_out(counts: Floats, by: csr_array | None) -> Floats:
    """Counts spread over the areas around each; as they are where nothing says how."""
    return counts if by is None else np.asarray(counts @ by, np.float64)


def neighbourhood(areas: AreaSet) -> csr_array | None:
    """How an incident is spread over what is next to its area, or the larger area; None where neither is known."""
    return spread_matrix(areas, NEAR if areas.centres_m is not None else MapKind(None, "parent"))


def _by_heads(areas: AreaSet) -> Floats:
    """Share of the inhabitants in each area, those of an area that tells none as many as the mean; (1, areas)."""
    people = np.full(len(areas), np.nan) if areas.inhabitants is None else areas.inhabitants
    return shares(np.nan_to_num(people, nan=float(np.nanmean(people)))[None, :])


def _lasting(own: Floats, near: csr_array | None) -> Floats:
    """Shares by own counts, shrunk towards those near by; towards the mean where nothing says what is near."""
    return shrunk(own, with_even(spread_out(own, near), EVEN_SHARE if near is not None else 1.0), LASTING_STRENGTH)


def _bent(lasting: Floats, recent: Floats, near: csr_array | None) -> Floats:
    """The lasting map times what came lately over what it had expected, in an area and near it, shrunk towards one."""
    home = 1.0 if near is None else float(near.diagonal().mean())  # own incidents count as one, so that they are summed
    expected = lasting * recent.sum(axis=1, keepdims=True)
    came, due = (spread_out(each, near) / home + BENDING_STRENGTH for each in (recent, expected))
    return shares(np.asarray(lasting * came / due, np.float64))


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
    made = _kept_spread if len(areas) <= MOST_AREAS_KEPT else _made_spread
    return made(np.asarray(areas.centres_m, np.float64).tobytes(), width)


def _made_spread(centres_m: bytes, width: float) -> csr_array:
    """The Gaussian spread between centres, east and north in metres; read only, as it may be shared."""
    all_centres = np.frombuffer(centres_m, np.float64).reshape(-1, 2)
    # In integers of half the usual room: of many cells there are millions of pairs.
    placed = np.flatnonzero(np.isfinite(all_centres).all(axis=1)).astype(np.int32)
    centres = all_centres[placed]
    width_m = width * typical_distance_m(centres)
    tree = cKDTree(centres)
    size = len(all_centres)
    unplaced = np.setdiff1d(np.arange(size, dtype=np.int32), placed)  # what has no outline keeps its incidents
    alone = (np.arange(len(unplaced), dtype=np.int32), unplaced)
    rows = [csr_array(coo_array((np.ones(len(unplaced)), alone), shape=(len(unplaced), size)))]
    for first in range(0, len(placed), AREAS_AT_ONCE):  # pairs take far more room than what is kept of them
        some = placed[first : first + AREAS_AT_ONCE]
        near = cKDTree(all_centres[some]).sparse_distance_matrix(tree, FAR * width_m, output_type="coo_matrix")
        weight = np.exp(-0.5 * (near.data / width_m) ** 2)
        pairs = (near.row.astype(np.int32), placed[near.col])
        rows.append(csr_array(coo_array((weight, pairs), shape=(len(some), size))))
    spread = csr_array(vstack(rows, format="csr"))
    if len(unplaced):
        spread = spread[np.argsort(np.concatenate([unplaced, placed]))]
    total = np.asarray(spread @ np.ones(size), np.float64)
    spread.data *= np.repeat(1 / total, np.diff(spread.indptr))  # in place
    for part in (spread.data, spread.indices, spread.indptr):
        part.flags.writeable = False
    return spread


# By the outlines alone, in which no incident is: a map made after new records finds the spread of the one before.
_kept_spread = lru_cache(maxsize=SPREADS_KEPT)(_made_spread)
