"""Whether early warnings keep their promise: false alarms on replayed quiet history, and how surely harm is found.

A quiet history is drawn from the forecasts of the lived one: each four weeks in turn, from what the prior expected
with its dispersion, so that nothing happens in it but chance. Everything is then done to it that is done to a real one.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from features.areas import AreaSet
from features.arrays import Floats, Ints
from features.effort import share_tested
from features.hotspot import WEEK, Places
from models import scan
from models.early_warning import larger_areas
from models.hotspot import Dispersions
from models.hotspot_fit import dispersions_of
from models.prior import Evidence, Prior, fit_prior, windows_before
from models.scan import FEWEST_WEEKS, LONGEST_WEEKS, MOST_WEEKS, NOMINAL, Reference, Watch, Zones
from training.hotspot_config import HotspotConfig
from training.hotspot_study import counted_places, study_of

EXTRA = 6  # incidents added to one area in one week
TRIALS = 400


@dataclass(frozen=True, eq=False)
class Scanned:
    """All weekly scans of a history: zones, what was seen, the largest statistic of each, the dispersions used."""

    zones: Zones
    seen: Watch
    found: Floats  # (dates,)
    dispersions: Dispersions

    def references(self) -> dict[int, Reference]:
        """By date's position, what its scan is compared with, wherever enough weeks went before."""
        scans = range(FEWEST_WEEKS + LONGEST_WEEKS, len(self.found))
        slices = {at: self.found[max(0, at - MOST_WEEKS - LONGEST_WEEKS) : at + 1] for at in scans}
        return {at: told for at, found in slices.items() if (told := scan.reference_of(found)) is not None}


@dataclass(frozen=True)
class Promise:
    """Shares of scans that warned: of quiet histories, of the lived one; and of areas with extra harm, that were."""

    nominal: float
    false_alarms: float
    scans: int
    lived_alarms: float
    lived_scans: int
    power_any_area: float  # areas drawn evenly
    power_busy_area: float  # areas drawn as incidents fall, so mostly busy ones
    trials: int


def check(places: Places, config: HotspotConfig, *, histories: int, seed: int) -> Promise:
    """The promise of the warnings on a city's incidents."""
    config = replace(config, at_equal_effort=False)  # the scan itself looks at how much was tested
    lived_places = counted_places(places, config)
    lived, evidence, prior = _scanned(lived_places, config)
    rng = np.random.default_rng(seed)
    quiet = [
        _scanned(drawn_places(lived_places, evidence, prior, lived.dispersions, rng), config)[0]
        for _ in range(histories)
    ]
    alarms = [alarm for each in quiet for alarm in alarms_of(each)]
    lived_alarms = alarms_of(lived)
    return Promise(
        NOMINAL,
        float(np.mean(alarms)),
        len(alarms),
        float(np.mean(lived_alarms)),
        len(lived_alarms),
        power(lived, busy=False, trials=TRIALS, rng=rng),
        power(lived, busy=True, trials=TRIALS, rng=rng),
        TRIALS,
    )


def alarms_of(scanned: Scanned, *, nominal: float = NOMINAL) -> list[bool]:
    """Of each scan with enough weeks before it, whether it warns."""
    return [reference.chance(float(scanned.found[at])) <= nominal for at, reference in scanned.references().items()]


def power(scanned: Scanned, *, busy: bool, trials: int, rng: np.random.Generator) -> float:
    """Share of trials in which a warning holds the area that was given extra incidents in one week.

    The week is the latest whose incidents are known by the scan; the forecast was made before, so it does not move.
    """
    references = scanned.references()
    latest = scanned.seen.observed.shape[1] - int((scanned.seen.expected[-1] > 2 * scan.SMALLEST).any(axis=1).sum())
    usual = scanned.seen.expected[:, -1].mean(axis=0)
    share = usual / usual.sum() if busy else None
    found = 0
    for at in rng.choice([*references], trials):
        area = int(rng.choice(len(usual), p=share))
        extra = np.zeros_like(scanned.seen.observed[at])
        extra[latest:, area] = EXTRA
        seen = Watch(scanned.seen.as_of[[at]], (scanned.seen.observed[at] + extra)[None], scanned.seen.expected[[at]])
        holding = scanned.zones.member[:, [area]].nonzero()[0]
        told = scan.statistics(scanned.zones, seen, scanned.dispersions)[0][:, holding]
        found += references[at].chance(float(told.max())) <= NOMINAL
    return found / trials


def drawn_places(
    places: Places, evidence: Evidence, prior: Prior, dispersions: Dispersions, rng: np.random.Generator
) -> Places:
    """The same city with incidents drawn from its own forecasts, one horizon after the other."""
    past, expected = evidence.past, prior.expected(evidence)
    at = np.arange(0, len(past.as_of), past.horizon_weeks)
    own = max(dispersions.area - dispersions.city, 0.0)
    rate = (
        expected[at]
        * scan.gamma_factors(rng, dispersions.city, (len(at), 1))
        * scan.gamma_factors(rng, own, (len(at), len(past.areas)))
    )
    counts = rng.poisson(rate)
    horizon, area = (np.repeat(index, counts.ravel()) for index in np.indices(counts.shape).reshape(2, -1))
    day = past.as_of[at][horizon] + 1 + rng.integers(0, WEEK * past.horizon_weeks, len(horizon))
    lag = rng.choice((places.incidents["known_on"] - places.incidents["occurred_on"]).to_numpy(np.int64), len(day))
    made = _as_incidents(day, day + lag, area, past.areas, places.incidents)
    return replace(places, incidents=made[made["known_on"] <= int(places.incidents["known_on"].max())])


def _scanned(known: Places, config: HotspotConfig) -> tuple[Scanned, Evidence, Prior]:
    """Every weekly scan of a history; the prior's weights and the dispersion are those of the first compared week."""
    end = int(known.incidents["known_on"].max())
    evidence = study_of(known, config, day=end, study_as_of=end).evidence
    first = evidence.past.as_of[min(len(evidence.past.as_of) - 1, config.history_weeks + FEWEST_WEEKS)]
    windows = windows_before(evidence, int(first))
    prior = fit_prior(evidence, windows)
    dispersions = dispersions_of(windows.observed, prior.expected(evidence)[windows.at], evidence)
    tested = share_tested(known.incidents, evidence.past.as_of)
    past, weeks = evidence.past, config.history_weeks
    seen = scan.watch(past, prior.expected(evidence), tested, from_weeks=weeks, scans=len(past.as_of))
    zones = scan.zones_of(past.areas, larger_areas(past.areas, known.areas))
    return Scanned(zones, seen, scan.largest(zones, seen, dispersions)[0], dispersions), evidence, prior


def _as_incidents(occurred_on: Ints, known_on: Ints, area: Ints, areas: AreaSet, like: pd.DataFrame) -> pd.DataFrame:
    """Incidents in areas given by position: in the middle of cells, else by area id."""
    made = pd.DataFrame({"occurred_on": occurred_on, "known_on": known_on})
    made = made.assign(**{name: like[name].mode()[0] for name in ("kind", "reported_by")})
    if areas.tiling is None:
        return made.assign(area_id=pd.Series(areas.ids[area], dtype="str"), longitude=np.nan, latitude=np.nan)
    longitude, latitude = areas.tiling.centres(areas.ids)[area].T
    nowhere = pd.Series([None] * len(made), dtype="str")
    return made.assign(area_id=nowhere, longitude=longitude, latitude=latitude)
