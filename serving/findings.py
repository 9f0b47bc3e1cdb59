"""What a model finds in a city on a day: unrounded, which no answer tells, and as far as it may be told."""

from collections.abc import Mapping
from dataclasses import dataclass

from features.areas import Floats
from features.hotspot import Places
from models.hotspot import HotspotModel, look
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
    """What the model finds in each of its areas; TooLittleHistoryError as of `look`."""
    table = look(model, places, as_of=as_of)
    return Findings(rates(model, table, noise), tuple(told(model, table, noise)))
