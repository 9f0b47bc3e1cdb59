"""Features of service: counselling, group sessions, training, placement, practical help, support plans."""

from features.arrays import Floats
from features.asof import Visible, share
from features.catalogue import feature


@feature(family="service", unit="count", source="rehab_station")
def sessions_kept(past: Visible, *, kind: str, days: int | None) -> Floats:
    """Sessions of a kind attended in the lookback, count. Zero if none."""
    return past.of(kind=kind, outcome="kept").within(days=days).count()


@feature(family="service", unit="share", changeable=True, source="rehab_station")
def sessions_kept_share(past: Visible, *, kind: str, days: int | None) -> Floats:
    """Sessions of a kind attended among those agreed in the lookback, share. Missing if none was agreed."""
    attended = sessions_kept(past, kind=kind, days=days)
    missed = past.of(kind=kind, outcome="missed").within(days=days).count()
    return share(attended, attended + missed)


@feature(family="service", unit="days", changeable=True, source="rehab_station")
def days_since_session(past: Visible, *, kind: str) -> Floats:
    """Days since a session of a kind was last attended. Missing if never."""
    return past.of(kind=kind, outcome="kept").days_since_last()


@feature(family="service", unit="count", source="employment")
def trainings(past: Visible, *, days: int | None) -> Floats:
    """Vocational trainings attended in the lookback, count. Zero if none."""
    return past.of(kind="training", outcome="kept").within(days=days).count()


@feature(family="service", unit="count", changeable=True, source="employment")
def trainings_missed(past: Visible, *, days: int | None) -> Floats:
    """Vocational trainings missed in the lookback, count. Zero if none."""
    return past.of(kind="training", outcome="missed").within(days=days).count()


@feature(family="service", unit="count", source="employment")
def placements(past: Visible, *, days: int | None) -> Floats:
    """Job placements offered in the lookback, count. Zero if none."""
    return past.of(kind="placement").within(days=days).count()


@feature(family="service", unit="days", source="employment")
def days_since_placement(past: Visible) -> Floats:
    """Days since a job placement was last offered. Missing if never."""
    return past.of(kind="placement").days_since_last()


@feature(family="service", unit="count", source="rehab_station")
def assistances(past: Visible, *, days: int | None) -> Floats:
    """Practical or financial help given in the lookback, count. Zero if none."""
    return past.of(kind="assistance").within(days=days).count()


@feature(family="service", unit="days", changeable=True, source="rehab_station")
def days_since_plan(past: Visible) -> Floats:
    """Days since the support plan was last made or reviewed. Missing if never."""
    return past.of(kind="plan").days_since_last()
