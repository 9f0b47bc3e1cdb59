"""What happened after the as-of date: yes, no or not observed, and why.

A label says what occurred in (as_of, as_of + horizon] by the latest revision in the snapshot. It is mature once
the horizon and the reporting lag have passed; an immature row is not observed, whatever came so far.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.asof import Visible
from features.vocabulary import TEST_GIVEN, family_of

OBSERVED = ""


@dataclass(frozen=True)
class Label:
    """Which events are the relapse, within how many days, and what has to be seen for a row to count as observed."""

    horizon_days: int = 90
    kinds: tuple[str, ...] = ("urine_test",)
    outcome: str = "positive"
    substance: str = ""
    observed_outcomes: tuple[str, ...] = TEST_GIVEN
    reporting_lag_days: int = 0


def label(past: Visible, definition: Label, *, snapshot_day: int) -> pd.DataFrame:
    """One row for each prediction time: `relapse` (1, 0 or NaN when not observed) and `why` it was not observed.

    `snapshot_day` is the last day whose records the snapshot holds. Codes of `why`: immature, died, isolated,
    programme_ended, not_tested; "" when observed.
    """
    future = past.in_hindsight(snapshot_day)
    window = {"days": definition.horizon_days}
    codes = {"kind": definition.kinds}
    if definition.substance:
        codes["substance"] = family_of(definition.substance)
    relapses = future.of(**codes, outcome=definition.outcome).ahead(**window).count()
    looks = future.of(**codes, outcome=definition.observed_outcomes).ahead(**window).count()
    mature = past.as_of + definition.horizon_days + definition.reporting_lag_days <= snapshot_day

    why = np.full(len(past), OBSERVED, dtype=object)
    ends = (
        ("died", future.of(kind="death")),
        ("isolated", future.of(kind="isolation_start")),
        ("programme_ended", future.of(kind="programme_end")),
    )
    unseen = looks == 0
    why[unseen] = "not_tested"
    for code, events in reversed(ends):
        why[unseen & (events.ahead(**window).count() > 0)] = code
    why[~mature] = "immature"
    relapse = np.where(why == OBSERVED, (relapses > 0).astype(np.float64), np.nan)
    return pd.DataFrame({"relapse": relapse, "why": why})
