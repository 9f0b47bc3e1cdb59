"""How a hotspot model is made: learned from all complete outcomes, with the record of its recipe in the backtest."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from features.hotspot import FEATURES, Places, compute, visible_past
from models import hotspot as model
from models.hotspot import HotspotModel
from models.hotspot_fit import fit
from training.hotspot_backtest import Backtest, judge
from training.hotspot_config import HotspotConfig
from training.hotspot_study import counted_places, scope_of, study_of


@dataclass(frozen=True, eq=False)
class TrainedHotspot:
    """A fitted model, how the same recipe did in the backtest, and the rows it learned from."""

    model: HotspotModel
    backtest: Backtest
    n_rows: int
    n_as_of: int
    snapshot_day: int  # the last day whose records it was made from

    @property
    def figures(self) -> dict[str, Any]:
        """The figures of the backtest."""
        return self.backtest.figures


def train(places: Places, config: HotspotConfig) -> TrainedHotspot:
    """Model learned from all complete outcomes, with the record of its recipe in the backtest."""
    known = counted_places(places, config)
    end = int(known.incidents["known_on"].max())
    study = study_of(known, config, day=end, study_as_of=end)
    lessons = study.lessons(config, day=end)
    fitted = fit(lessons, study.scope, config.learning, FEATURES)
    learned = study.as_of[lessons.weeks]
    n_rows = len(learned) * len(study.evidence.past.areas)
    last_day = int(places.incidents["known_on"].max())
    judged = judge(places, config)
    return TrainedHotspot(fitted, judged, n_rows, len(learned), last_day)


def look_at(places: Places, config: HotspotConfig, *, day: int) -> pd.DataFrame:
    """area_id, as_of and the features of every area at the end of a day."""
    told = replace(places, incidents=places.incidents[places.incidents["known_on"].le(day)])
    known = counted_places(told, config)
    scope = scope_of(known, config, study_as_of=day)
    areas = model.study_areas(scope, known.incidents, known.areas, as_of=day)
    today = np.array([day], np.int64)
    past = visible_past(known.incidents, known.effort, areas, as_of=today, horizon_weeks=config.horizon_weeks)
    return compute(model.equalised(scope, past, known.incidents), FEATURES)
