"""How much to expect of the whole city: exponential totals of its areas, plain, seasonally adjusted, and as they grow.

Recent days are weighed by how complete their records are, or left out, as configured: a total is incidents seen over
days of exposure, both fading with age.
"""

from dataclasses import dataclass

import numpy as np

from features.arrays import Flags, Floats
from features.hotspot import WEEK, YEAR_DAYS, VisiblePast
from features.reporting import exposure
from features.trend import trend_of

HALF_LIVES_WEEKS = (2, 4, 8, 13, 26, 52)
TREND_HALF_LIVES_WEEKS = (26, 104)  # of the trends that are followed into the horizon
N_LEVELS = 2 * len(HALF_LIVES_WEEKS) + len(TREND_HALF_LIVES_WEEKS)  # plain, adjusted, by trend
RECENT = ("corrected", "dropped")
CALM = 200  # incidents spread evenly over the year, added so that few incidents make no season
LEAST_SEEN = 0.25  # share of a day's incidents known, under which the day tells nothing of the season
SMALLEST = 1e-3  # incidents in the horizon; a city is never expected to be quite still


@dataclass(frozen=True, eq=False)
class Ages:
    """Incidents inside the areas by age in days, and the share of each day's incidents known; (as-of dates, ages)."""

    counts: Floats
    exposure: Floats


def ages(past: VisiblePast, *, recent: str, lag_days: int) -> Ages:
    """Visible incidents and exposure by age; `dropped` leaves the days of the reporting lag out of both."""
    run = past.inside
    size = int(max((past.as_of[-1] - run.occurred_on).max(initial=0) + 1, lag_days + 1))
    counts = np.zeros((len(past.as_of), size))
    for row, as_of in enumerate(past.as_of):
        seen = run.visible_from <= as_of
        counts[row] = np.bincount(as_of - run.occurred_on[seen], weights=run.weight[seen], minlength=size)
    exposed = exposure(run, past.as_of, size)
    if recent == "dropped":
        counts[:, :lag_days] = 0.0
        exposed[:, :lag_days] = 0.0
    return Ages(counts, exposed)


def levels(past: VisiblePast, seen: Ages) -> Floats:
    """Incidents to expect inside the areas in the horizon, by half-life: plain, adjusted, by trend; (dates, 14)."""
    season, ahead = _season(past, seen)
    return _levels(past, seen, season, ahead)


def calm_levels(past: VisiblePast, seen: Ages) -> Floats:
    """The same levels as if the horizon lay in no season: what is adjusted stays so; (as-of dates, 14)."""
    season, ahead = _season(past, seen)
    return _levels(past, seen, season, np.ones_like(ahead))


def long_level(past: VisiblePast, seen: Ages) -> Floats:
    """Incidents inside the areas in a horizon as they came over all history, (as-of dates,)."""
    return np.maximum(window_rate(seen, weeks=None) * WEEK * past.horizon_weeks, SMALLEST)


def window_rate(seen: Ages, *, weeks: int | None) -> Floats:
    """Incidents a day inside the areas over the lookback, corrected for what is not known yet, shape (as-of dates,)."""
    upto = None if weeks is None else WEEK * weeks
    exposed = seen.exposure[:, :upto].sum(axis=1)
    return seen.counts[:, :upto].sum(axis=1) / np.maximum(exposed, 1.0)


def _levels(past: VisiblePast, seen: Ages, season: Floats, ahead: Floats) -> Floats:
    days = WEEK * past.horizon_weeks
    calm = Ages(seen.counts / season, seen.exposure)
    adjusted = np.hstack([_totals(calm.counts, calm.exposure), _grown(calm, days)]) * ahead[:, None]
    plain = _totals(seen.counts, seen.exposure)
    return np.asarray(np.maximum(np.hstack([plain, adjusted]) * days, SMALLEST), np.float64)


def _grown(calm: Ages, days: int) -> Floats:
    """Incidents a day in the middle of the days ahead by the trend of each half-life, (as-of dates, 2)."""
    age = np.arange(calm.counts.shape[1])
    trends = [trend_of(calm.counts, calm.exposure, 0.5 ** (age / (WEEK * life))) for life in TREND_HALF_LIVES_WEEKS]
    return np.stack([each.today * np.exp(each.growth * days / 2) for each in trends], axis=1)


def _totals(counts: Floats, exposed: Floats) -> Floats:
    """Incidents a day by half-life, (as-of dates, 6)."""
    age = np.arange(counts.shape[1])[:, None]
    fading = 0.5 ** (age / (WEEK * np.array(HALF_LIVES_WEEKS)))
    return np.asarray((counts @ fading) / np.maximum(exposed @ fading, 1e-9), np.float64)


def _season(past: VisiblePast, seen: Ages) -> tuple[Floats, Floats]:
    """Seasonal factor of each age's day, (dates, ages), and of the middle of the horizon, (dates,).

    One harmonic, log-linear, from the whole years seen, without their trend: growth from January to December would
    pass for a season. Fourier coefficients shrunk towards none.
    """
    n_ages = seen.counts.shape[1]
    turn = 2 * np.pi / YEAR_DAYS * (past.as_of[:, None] - np.arange(n_ages)[None, :])
    years = (seen.exposure.sum(axis=1) + 1) // YEAR_DAYS
    usual = (seen.counts.sum(axis=1) / np.maximum(seen.exposure.sum(axis=1), 1.0))[:, None]
    blind = seen.exposure < LEAST_SEEN  # a gap in the records is no quiet season
    counts = np.where(blind, usual, seen.counts / np.maximum(seen.exposure, LEAST_SEEN))
    whole = np.arange(n_ages)[None, :] < (years * YEAR_DAYS)[:, None]
    used = _level(np.where(whole, counts, 0.0), whole)
    total = used.sum(axis=1) + CALM
    sine = 2 * (used * np.sin(turn)).sum(axis=1) / total
    cosine = 2 * (used * np.cos(turn)).sum(axis=1) / total
    ahead = 2 * np.pi / YEAR_DAYS * (past.as_of + WEEK * past.horizon_weeks / 2)
    factors = np.exp(sine[:, None] * np.sin(turn) + cosine[:, None] * np.cos(turn))
    return factors, np.exp(sine * np.sin(ahead) + cosine * np.cos(ahead))


def _level(counts: Floats, inside: Flags) -> Floats:
    """As many counts without their trend over the ages inside, (as-of dates, ages)."""
    growth = trend_of(counts, inside.astype(np.float64), np.ones(counts.shape[1])).growth
    flat = counts * np.exp(growth[:, None] * np.arange(counts.shape[1]))
    return np.asarray(flat * (counts.sum(axis=1) / np.maximum(flat.sum(axis=1), SMALLEST))[:, None], np.float64)
