"""Whether forecasts feed on themselves: they steer where is tested, testing decides what is seen, and so on.

On an invented city the truth is known. For two years testing is even; then, round after round, the recipe of the model,
prior and trees, is fitted anew on all that was seen and the tests of the next round follow its forecast. Where no
account is taken of how much was tested, a place where more is looked for seems to have more (Lum and Isaac 2016,
doi:10.1111/j.1740-9713.2016.00960.x; Ensign et al. 2018): the share of the top district drifts away from the true one.
The city is one of townships without outlines, so a recipe for cells lives through it by township, without neighbours.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from features.areas import AreaSet, Strings
from features.arrays import Flags, Floats, Ints
from features.effort import at_equal_effort
from features.hotspot import FEATURES, WEEK, Run, VisiblePast, compute
from models.hotspot import PRIOR, Scope, predict
from models.hotspot_fit import fit
from models.prior import evidence_of
from training.city.ground import survey
from training.city.incidents import harm
from training.city.presets import Plan, plan
from training.hotspot_config import HotspotConfig
from training.hotspot_gate import Drift
from training.hotspot_study import FEWEST_WEEKS, Study

GATE_PERSONS = 1000  # only the ground is surveyed, so that their number hardly matters
ALLOWED = 0.1  # of the true share: how far the forecast's share of the top district may be from it


@dataclass(frozen=True)
class Loop:
    """How forecasts steer testing, and how testing finds."""

    even_weeks: int = 104
    rounds: int = 10
    round_weeks: int = 13
    steered: float = 0.8  # share of the tests that follow the forecast; the rest is even
    found_a_week: float = 60.0  # incidents that even testing finds in the city
    tests_a_week: float = 1000.0
    tested: float = 1.0  # share of the incidents that come of testing; the others are told of whatever is tested


@dataclass(frozen=True)
class Figures:
    """The share of the district that truly has most: in truth, and in the forecast of each round."""

    adjusted: bool
    true_share: float
    forecast_shares: tuple[float, ...]

    @property
    def drift(self) -> float:
        """How far the forecast of the last rounds is from the truth, relative to it; their mean, as each is noisy."""
        return float(np.mean(self.forecast_shares[-3:])) / self.true_share - 1

    @property
    def holds(self) -> bool:
        """Whether the model may be promoted as far as this goes."""
        return abs(self.drift) <= ALLOWED


@dataclass(frozen=True, eq=False)
class _Truth:
    """What even testing would find a week, by township, and the district of each."""

    areas: AreaSet
    rate: Floats
    districts: Strings


@dataclass(eq=False)
class _Record:
    """What testing found, what was told of without it, and how much was tested, week after week; each (areas,)."""

    found: list[Ints] = field(default_factory=list)
    told: list[Ints] = field(default_factory=list)
    tests: list[Floats] = field(default_factory=list)

    def week(self, rate: Floats, tests: Floats, how: Loop, rng: np.random.Generator) -> None:
        """Add a week: what is found grows with the tests."""
        even = how.tests_a_week / len(rate)
        self.found.append(rng.poisson(how.tested * rate * tests / even))
        self.told.append(rng.poisson((1 - how.tested) * rate))
        self.tests.append(tests)


def audit(city: Plan, config: HotspotConfig, loop: Loop | None = None) -> Figures:
    """The figures of a city whose testing follows the forecasts of a recipe, from the seed of the recipe."""
    how, truth = loop or Loop(), _truth_of(city, (loop or Loop()).found_a_week)
    rng, record = np.random.default_rng(config.seed), _Record()
    tests, shares = np.full(len(truth.areas), how.tests_a_week / len(truth.areas)), []
    for _ in range(how.even_weeks):
        record.week(truth.rate, tests, how, rng)
    for _ in range(how.rounds):
        share = _forecast_share(truth.areas, record, config)
        shares.append(_of_top(truth, share))
        tests = how.tests_a_week * ((1 - how.steered) / len(share) + how.steered * share)
        for _ in range(how.round_weeks):
            record.week(truth.rate, tests, how, rng)
    shares.append(_of_top(truth, _forecast_share(truth.areas, record, config)))
    return Figures(config.at_equal_effort, _of_top(truth, truth.rate / truth.rate.sum()), tuple(shares))


def feedback(config: HotspotConfig, tested: float) -> Drift:
    """What the gate asks: the audit of a recipe on an invented city where this share of incidents comes of testing."""
    told = audit(plan(persons=GATE_PERSONS, years=3), config, Loop(tested=tested))
    return Drift(told.true_share, told.forecast_shares, told.drift, told.holds, config.at_equal_effort, tested)


def _truth_of(city: Plan, found_a_week: float) -> _Truth:
    ground = survey(city)
    lasting = harm(ground).expected.mean(axis=0)
    names = np.array([f"T{place:03}" for place in range(len(lasting))])
    districts = np.array([f"D{district:02}" for district in ground.places.district])
    areas = AreaSet("township", names, None, None, parents=districts)
    return _Truth(areas, found_a_week * lasting / lasting.sum(), districts)


def _forecast_share(areas: AreaSet, record: _Record, recipe: HotspotConfig) -> Floats:
    """Share of each area in the forecast made from the record, all fitted anew; what happened is known at once."""
    config = replace(recipe, reporting_lag_days=0, level="township")
    past, found = _past(areas, record, config.horizon_weeks)
    past = at_equal_effort(past, found) if config.at_equal_effort else past
    scope = Scope(config.level, config.horizon_weeks, config.kinds, config.reporters)
    study = Study(scope, evidence_of(past, config.recent), compute(past, FEATURES), np.empty(0, np.int64))
    lessons = study.lessons(config, day=int(past.as_of[-1]))
    fitted = fit(lessons, scope, config.learning, FEATURES)
    today = lessons.rows(np.array([len(past.as_of) - 1]))
    expected = predict(fitted, today.assign(**{PRIOR: fitted.prior.expected(study.evidence)[-1]}))
    return np.asarray(expected / expected.sum(), np.float64)


def _past(areas: AreaSet, record: _Record, horizon_weeks: int) -> tuple[VisiblePast, Flags]:
    """The record as a past that ends with its last week, day 0 the Monday of the first; and what testing found."""
    seen, tests = np.stack([record.found, record.told]), np.stack(record.tests)
    how, week, area = (np.repeat(index, seen.ravel()) for index in np.indices(seen.shape).reshape(3, -1))
    ends = WEEK * np.arange(1, len(tests) + 1) - 1
    day = ends[week] - 3
    incidents = Run(area, day, day, np.ones(len(day)))
    every, place = np.repeat(ends, len(areas)), np.tile(np.arange(len(areas)), len(tests))
    past = VisiblePast(areas, ends[FEWEST_WEEKS:], horizon_weeks, incidents, Run(place, every, every, tests.ravel()))
    return past, how == 0


def _of_top(truth: _Truth, share: Floats) -> float:
    """The share of the district that truly has most."""
    names, district = np.unique(truth.districts, return_inverse=True)
    true = np.bincount(district, weights=truth.rate, minlength=len(names))
    return float(np.bincount(district, weights=share, minlength=len(names))[int(true.argmax())])
