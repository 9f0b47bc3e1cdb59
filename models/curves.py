"""Calibrations that are no straight line: what they add to Platt's line stands among the reasons as `calibration`.

Fitted in `training/calibrations.py`; here is what a model carries of them: plain numbers, and how a risk comes of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.arrays import Floats
from features.catalogue import Feature
from features.errors import ArtifactError
from features.plain import from_plain
from models.calibration import logit
from models.linear import Linear

LINE = "platt"


@dataclass(frozen=True)
class Beta:
    """Log-odds with a slope for ln p and one for -ln(1 - p), p the raw risk; neither points down."""

    lines: Linear
    method: str = "beta"

    def log_odds(self, raw: Floats) -> Floats:
        """The calibrated log-odds of raw ones."""
        return self.lines.log_odds(both_logarithms(raw))


@dataclass(frozen=True)
class Knots:
    """The calibrated risk at some raw log-odds, straight between them and level beyond; it never falls."""

    method: str
    raw: tuple[float, ...]
    risk: tuple[float, ...]

    def log_odds(self, raw: Floats) -> Floats:
        """The calibrated log-odds of raw ones."""
        return logit(np.interp(raw, self.raw, self.risk))


Curve = Beta | Knots
CURVES: dict[str, type[Curve]] = {"beta": Beta, "isotonic": Knots, "venn_abers": Knots}


def both_logarithms(raw: Floats) -> Floats:
    """Ln p and -ln(1 - p) of raw log-odds, shape (rows, 2); both rise with the risk p.

    >>> both_logarithms(np.array([0.0])).round(3).tolist()
    [[-0.693, 0.693]]
    """
    return np.column_stack([-np.logaddexp(0.0, -raw), np.logaddexp(0.0, raw)])


def curve_of(plain: Mapping[str, Any]) -> Curve:
    """The curve that was written down; ArtifactError when its method is not known."""
    kind = CURVES.get(str(plain.get("method")))
    if kind is None:
        raise ArtifactError(f"model: its calibration is not known; expected one of {', '.join(CURVES)}. Train another.")
    return from_plain(plain, kind, where="curve")


@dataclass(frozen=True)
class Bend(Feature):
    """The entry among the reasons that no feature gives: what the curve adds to the line, at this score.

    Its value is the log-odds by the line alone.
    """

    code: str = "calibration"

    @property
    def unit(self) -> str:
        """That of its value."""
        return "log-odds"

    @property
    def changeable(self) -> bool:
        """Never: it says something of the model, not of the person."""
        return False


BEND = Bend()
