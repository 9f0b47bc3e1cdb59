"""Small invented cities as incidents, areas and weekly pasts, for the tests of maps, prior and baselines."""

import json

import numpy as np
import pandas as pd
import shapely

from features.areas import townships
from features.hotspot import visible_past


def incidents(occurred_on, area_id, *, late=0):
    occurred_on = np.asarray(occurred_on)
    return pd.DataFrame(
        {
            "occurred_on": occurred_on,
            "known_on": occurred_on + late,
            "area_id": pd.Series(np.broadcast_to(np.asarray(area_id, dtype=object), len(occurred_on)), dtype="str"),
            "kind": "overdose",
            "reported_by": "citizen",
            "longitude": np.nan,
            "latitude": np.nan,
        }
    )


def row_of_areas(n, *, outlined=True, parents=None):
    """Areas T00, T01, ... side by side, each about a kilometre wide."""
    boxes = [json.dumps(shapely.geometry.mapping(shapely.box(k * 0.01, 0, k * 0.01 + 0.01, 0.01))) for k in range(n)]
    geometry = pd.Series(boxes if outlined else [None] * n, dtype="str")
    ids = [f"T{k:02}" for k in range(n)]
    return pd.DataFrame({"area_id": ids, "level": "township", "geometry": geometry, "parent_id": parents})


def past_of(rows, dates, *, areas=None, horizon_weeks=4):
    areas = row_of_areas(3) if areas is None else areas
    return visible_past(rows, None, townships(areas), as_of=np.asarray(dates), horizon_weeks=horizon_weeks)


def steady(rates_a_day, days, *, seed=3, first=1000):
    """Poisson incidents of areas T00, T01, ... at constant rates."""
    drawn = np.random.default_rng(seed)
    counts = drawn.poisson(np.asarray(rates_a_day)[None, :], (days, len(rates_a_day)))
    day, area = np.nonzero(counts)
    times = counts[day, area]
    return incidents(np.repeat(first + day, times), np.repeat([f"T{k:02}" for k in area], times))
