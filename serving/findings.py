"""What a model finds in a city on a day: unrounded, which no answer tells, and as far as it may be told.

All days of a week are given what was known by the Sunday they begin with. What comes in within a week moves a band now
and then, and mostly back again; it makes no forecast surely better (docs/figures.md), and who asks day by day sees no
more than who asks once a week.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from features.arrays import Floats
from features.hotspot import Places
from models.hotspot import HotspotModel, last_sunday, look
from serving.disclosure import Told, rates, told
from serving.noise import Noise


@dataclass(frozen=True, eq=False)
class Findings:
    """Expected incidents of each area, unrounded and with the noise that is set; and what may be told of it."""

    rates: Floats
    told: tuple[Told, ...]

    @property
    def parts(self) -> Mapping[str, object]:
        """What an answer is known by when it is made again."""
        return {"areas": [each.area_id for each in self.told], "rates": self.rates.tolist(), "told": self.told}


def findings(model: HotspotModel, places: Places, *, as_of: int, noise: Noise | None = None) -> Findings:
    """What the model finds in each of its areas, as known at the last Sunday; TooLittleHistoryError as of `look`."""
    table = look(model, places, as_of=last_sunday(as_of))
    return Findings(rates(model, table, noise), tuple(told(model, table, noise)))
