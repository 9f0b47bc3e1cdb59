"""What may be said of one station alone: of most too little, for their persons are few.

A figure of few persons is mostly chance, and could give one of them away. Stations below the least numbers are judged
together; of the others it is only counted for how many relapses surely differ from what the risks said.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.arrays import Floats
from training.evaluate import Estimate, Sampling, ratio

CHANCE = 0.05  # of right stations that lie outside their 95 % interval


@dataclass(frozen=True)
class Stations:
    """How many stations were judged, how many are too small for figures of their own, and how the risks do in them.

    `small_rows`: share of the rows that lie in small stations. `small_together`: relapses over the sum of the risks in
    all of these. `differ`: in how many of the `large` ones that ratio surely is not 1; were all risks right, it would
    seem so in `by_chance` of them.
    """

    stations: int
    small: int
    small_rows: float
    small_together: Estimate
    large: int
    differ: int
    by_chance: float
    least_persons: int
    least_relapses: int


def small_stations(
    rows: pd.DataFrame, risk: Floats, sampling: Sampling, *, least_persons: int, least_relapses: int
) -> Stations | None:
    """What observed rows (person_id, station, relapse) say of stations; None where no row names one."""
    named = rows["station"].ne("").to_numpy(dtype=np.bool_)
    if not named.any():
        return None
    grouped = rows[named].groupby("station")
    persons, relapses, n_rows = grouped["person_id"].nunique(), grouped["relapse"].sum(), grouped.size()
    few = (persons < least_persons) | (np.minimum(relapses, n_rows - relapses) < least_relapses)
    inside = rows["station"].isin(few.index[few]).to_numpy(dtype=np.bool_)
    large = few.index[~few]
    y = rows["relapse"].to_numpy(dtype=np.float64)
    return Stations(
        stations=len(few),
        small=int(few.sum()),
        small_rows=float(inside.sum() / named.sum()),
        small_together=ratio(y * inside, risk * inside, sampling),
        large=len(large),
        differ=sum(
            _differs(rows["station"].eq(station).to_numpy(dtype=np.bool_), y, risk, sampling) for station in large
        ),
        by_chance=CHANCE * len(large),
        least_persons=least_persons,
        least_relapses=least_relapses,
    )


def _differs(inside: np.ndarray[tuple[int], np.dtype[np.bool_]], y: Floats, risk: Floats, sampling: Sampling) -> bool:
    of_station = ratio(y[inside], risk[inside], sampling.of(inside))
    return of_station.low > 1 or of_station.high < 1
