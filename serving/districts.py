"""A forecast of districts: the sums of their townships, told in bands of the same width.

Nothing more can be had of a township by subtraction. Bands of both lie on one grid of width w, so with a township in
[a, a + w), the others of its district in bands that sum to [b, b + (n - 1) w) and the district in [k w, (k + 1) w), the
township is known to lie between k w - b - (n - 1) w, which is a at most, and (k + 1) w - b, which is a + w at least.
"""

import numpy as np
import pandas as pd

from features.areas import Floats, Strings
from models.counts import interval_of
from models.hotspot import HotspotModel, predict
from serving.disclosure import SHARES, Band, width_of_band


def districts(model: HotspotModel, table: pd.DataFrame, areas: pd.DataFrame) -> dict[str, Band]:
    """The band of each district by id, from a feature table of the townships of one as-of date."""
    parents = areas[areas["level"].eq("township")].set_index("area_id")["parent_id"].dropna()
    district = table["area_id"].astype("str").map(parents)
    expected = pd.Series(predict(model, table)).groupby(district.to_numpy()).sum().astype(np.float64)
    return bands_of(expected.index.to_numpy(dtype=str), np.asarray(expected, np.float64), model)


def bands_of(ids: Strings, expected: Floats, model: HotspotModel) -> dict[str, Band]:
    """Each expected count rounded down to its band, with the interval of the band and its place among all."""
    width = width_of_band(model.scope.horizon_weeks)
    steps = np.floor(expected / width)
    low = interval_of(steps * width, model.dispersions.parent)[0]
    high = interval_of((steps + 1) * width, model.dispersions.parent)[1]
    place = np.argsort(np.argsort(-expected, kind="stable"), kind="stable") + 1
    share = [next(each for each in SHARES if at <= max(1, round(each * len(ids)))) for at in place.tolist()]
    columns = [each.round(6).tolist() for each in (steps * width, (steps + 1) * width, low, high)]
    return {name: Band(*row) for name, *row in zip(ids.tolist(), *columns, share, strict=True)}
