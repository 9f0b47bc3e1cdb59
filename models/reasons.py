"""Reasons: what each feature adds to a score, exact and checked.

Contributions are LightGBM's own TreeSHAP values (Lundberg et al. 2020, doi:10.1038/s42256-019-0138-9), in log-odds
(or log-rate). They are never called causes. A score whose contributions do not add up is not given.
"""

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats

TOLERANCE = 1e-6


class ReasonsError(Exception):
    """Contributions do not add up to the score: a bug, or a model that is not what it claims to be."""


@dataclass(frozen=True)
class Contributions:
    """Contributions of each feature to each score, shape (rows, features), with the base of each row.

    `calibration`: what a calibration that is no straight line adds to each score; None where it is one.
    """

    by_feature: Floats
    base: Floats
    total: Floats
    calibration: Floats | None = None

    def strongest(self, row: int, most: int) -> list[int]:
        """The features with the largest contributions to one row, strongest first; ties by their order."""
        order = np.argsort(-np.abs(self.by_feature[row]), kind="stable")
        return [int(place) for place in order[:most] if self.by_feature[row, place] != 0]


def contributions_of(shares: Floats, total: Floats, calibration: Floats | None = None) -> Contributions:
    """Checked contributions, from shares with the base in the last column; ReasonsError when the sum is off."""
    off = np.abs(shares.sum(axis=1) + (0.0 if calibration is None else calibration) - total)
    if len(off) and not off.max() <= TOLERANCE:  # also when not a number
        raise ReasonsError(
            f"contributions differ from the score by {off.max():.2e}; at most {TOLERANCE:.0e} is allowed."
        )
    return Contributions(by_feature=shares[:, :-1], base=shares[:, -1], total=total, calibration=calibration)
