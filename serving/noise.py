"""Noise on what is told of areas, where it is set so: from an answer nobody can be sure that an incident was counted.

Differential privacy by the Laplace mechanism (Dwork, McSherry, Nissim, Smith 2006, doi:10.1007/11681878_14), of whole
counts by its discrete form (Ghosh, Roughgarden, Sundararajan 2012, doi:10.1137/09076828X). What is drawn is a keyed
hash of the number it is put on and of what that number is of. So the same question has the same answer for as long as
the number is the same, and asking again averages nothing out.
"""

import hmac
import json
from dataclasses import dataclass
from math import floor, isfinite, log

from features.errors import ConfigError

DRAW_BYTES = 8
MOST_EPSILON = 100.0  # beyond it there is no noise to speak of


@dataclass(frozen=True)
class Noise:
    """Noise of a budget epsilon, drawn from a secret key."""

    epsilon: float
    key: bytes

    def __post_init__(self) -> None:
        if not (isfinite(self.epsilon) and 0 < self.epsilon <= MOST_EPSILON):
            raise ConfigError(
                f"noise: epsilon should be above 0 and at most {MOST_EPSILON:g}; expected for instance 1."
            )

    def about(self, *what: object) -> "Noise":
        """The noise on the numbers of one table, which has nothing to do with that on another's."""
        return Noise(self.epsilon, self._hash(what))

    def whole(self, *what: object) -> int:
        """What is added to a count that one incident changes by one: discrete Laplace, P(k) as exp(-epsilon |k|)."""
        up, down = (floor(each / self.epsilon) for each in self._exponentials(what))
        return up - down

    def scaled(self, scale: float, *what: object) -> float:
        """What is added to a number that one incident changes by `scale` at most: Laplace of scale / epsilon."""
        up, down = self._exponentials(what)
        return (up - down) * scale / self.epsilon

    def _exponentials(self, what: tuple[object, ...]) -> tuple[float, float]:
        """Two draws from the exponential distribution of mean one."""
        drawn = self._hash(what)
        parts = (drawn[:DRAW_BYTES], drawn[DRAW_BYTES : 2 * DRAW_BYTES])
        first, second = (-log((int.from_bytes(part) + 1) / 2 ** (8 * DRAW_BYTES)) for part in parts)
        return first, second

    def _hash(self, what: tuple[object, ...]) -> bytes:
        return hmac.digest(self.key, json.dumps(what).encode(), "sha256")
