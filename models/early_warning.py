"""The early warnings of a city on a day, from a fitted hotspot model and what was known by the end of it."""

import numpy as np
import pandas as pd

from features import hotspot as catalogue
from features.areas import AreaSet, Strings
from features.arrays import Ints
from features.effort import share_tested
from features.hotspot import WEEK, Places
from models import scan
from models.hotspot import YEAR_WEEKS, HotspotModel, refuse_stopped_records, refuse_thin_air, study_areas
from models.scan import LONGEST_WEEKS, MOST_WEEKS, NOMINAL, EarlyWarning

SEED = 7  # of the weeks drawn where too few were lived


def early_warnings(
    model: HotspotModel, places: Places, *, as_of: int, nominal: float = NOMINAL, seed: int = SEED
) -> tuple[EarlyWarning, ...]:
    """The warnings of a day, the least likely first; a quiet week has any with the nominal chance.

    TooLittleHistoryError as for a forecast: before a year was known, or where the records have stopped.
    """
    scope = model.scope
    known = catalogue.counted(places.incidents, level=scope.level, kinds=scope.kinds, reporters=scope.reporters)
    refuse_stopped_records(np.asarray(known["known_on"], dtype=np.int64), as_of)
    areas = study_areas(scope, known, places.areas, as_of=as_of)
    dates = _weeks_upto(as_of, MOST_WEEKS + 2 * LONGEST_WEEKS, known)
    past = catalogue.visible_past(known, places.effort, areas, as_of=dates, horizon_weeks=scope.horizon_weeks)
    refuse_thin_air(past)
    seen = scan.watch(past, model.prior.expected_of(past), share_tested(known, dates), from_weeks=YEAR_WEEKS)
    zones = scan.zones_of(areas, larger_areas(areas, places.areas))
    found, told = scan.largest(zones, seen, model.dispersions)
    reference = scan.reference_of(found) or scan.drawn_reference(zones, seen, model.dispersions, seed=seed)
    return scan.warnings_of(zones, seen, told, reference, nominal=nominal)


def larger_areas(areas: AreaSet, table: pd.DataFrame | None) -> list[tuple[str, Strings]]:
    """What the areas are part of, level by level: their parents, and what the `areas` table says those are part of."""
    if areas.parents is None:
        return []
    if table is None or "parent_id" not in table:
        return [("larger", areas.parents)]
    rows = table.set_index("area_id")
    level = rows["level"].reindex(areas.parents).dropna()
    told = [(str(level.iloc[0]) if len(level) else "larger", areas.parents)]
    above = rows["parent_id"].reindex(areas.parents)
    if above.notna().any():
        told.append(("district", above.fillna("none").to_numpy(dtype=str)))
    return told


def _weeks_upto(day: int, weeks: int, known: pd.DataFrame) -> Ints:
    """Weekly as-of dates up to a day, no further back than the first incident."""
    first = int(known["occurred_on"].min()) if len(known) else day
    return day - WEEK * np.arange(min(weeks, max(0, (day - first) // WEEK)), -1, -1, dtype=np.int64)
