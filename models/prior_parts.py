"""What the prior is made of: each family is what the log of the rate gains when one more thing is known.

First nothing but an even share of the city as it was over all history; then what each area had itself over the years,
then what is around it, then how both changed lately; then how the city is going now, and the season ahead. Each step
is the log of one expectation over that before it, so that the steps add up to the log of the prior, exactly.
"""

from collections.abc import Callable

import numpy as np

from features.arrays import Floats
from features.city_level import calm_levels, long_level
from features.maps import MapKind, maps, unfaded, without_neighbours
from models.prior import Evidence, Prior
from models.reasons import ReasonsError

FAMILIES = ("base", "level", "neighbours", "recent", "city", "season")
TOLERANCE = 1e-9


def prior_parts(prior: Prior, evidence: Evidence) -> dict[str, Floats]:
    """What each family adds to the log of the prior, each (as-of dates, areas); ReasonsError when they do not sum."""
    past, weights = evidence.past, np.array(prior.level_weights)
    shares = [_share(prior, evidence, of) for of in (without_neighbours, unfaded)]
    even = np.full_like(shares[0], 1 / shares[0].shape[1])
    where = np.log([even, *shares, prior.share(evidence.maps)])
    usual, calm = long_level(past, evidence.ages), calm_levels(past, evidence.ages) @ weights
    much = np.log([usual, calm, evidence.levels @ weights])[:, :, None]
    steps = [where[0] + much[0], *np.diff(where, axis=0), *(step + 0 * even for step in np.diff(much, axis=0))]
    off = np.abs(np.sum(steps, axis=0) - np.log(prior.expected(evidence))).max(initial=0.0)
    if not off <= TOLERANCE:  # also when not a number
        raise ReasonsError(f"parts of the prior differ from its log by {off:.2e}; at most {TOLERANCE:.0e} is allowed.")
    return dict(zip(FAMILIES, steps, strict=True))


def _share(prior: Prior, evidence: Evidence, counterpart: Callable[[MapKind], MapKind]) -> Floats:
    """The share of each area, each map replaced by its counterpart; those of the bank are not drawn again."""
    instead = [counterpart(kind) for kind in evidence.kinds]
    missing = [kind for kind in dict.fromkeys(instead) if kind not in evidence.kinds]
    drawn = {kind: evidence.maps[:, place] for place, kind in enumerate(evidence.kinds)}
    if missing:
        drawn |= dict(zip(missing, np.moveaxis(maps(evidence.past, missing), 1, 0), strict=True))
    return prior.share(np.stack([drawn[kind] for kind in instead], axis=1))
