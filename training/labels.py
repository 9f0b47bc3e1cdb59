"""What happened after the as-of date: yes, no or not observed, and why.

A label says what occurred in (as_of, as_of + horizon] by the latest revision in the snapshot. It is mature once
the horizon and the reporting lag have passed; an immature row is not observed, whatever came so far. It asks about
relapse while the person stays under observation: an end (isolation, death, a hand-over nobody confirmed, ...) after
which no test came, before any positive one, leaves the row unobserved; `weights` makes up for who is missing so.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features import spells
from features.arrays import Flags, Floats, Objects
from features.asof import Selection, Visible
from features.families.contact import MEETINGS, MET
from features.families.use import HAIR_SEES_DAYS, HAIR_SEES_FROM_DAYS
from features.programmes import running_since
from features.vocabulary import PROGRAMMES, SURPRISE, TEST_GIVEN, family_of

OBSERVED = ""
HAIR = "hair_test"
HAIR_SIGHT_DAYS = (HAIR_SEES_FROM_DAYS, HAIR_SEES_DAYS)
# What ends the observation: code, kind of event, outcomes (none: any).
ENDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("died", "death", ()),
    ("died", "programme_end", ("died",)),
    ("isolated", "isolation_start", ()),
    ("isolated", "programme_end", ("isolated",)),
    ("imprisoned", "programme_end", ("imprisoned",)),
    ("lost", "programme_end", ("lost",)),
    ("transferred_out", "transfer_out", ()),
    ("programme_ended", "programme_end", ("ended",)),
)
GOES_ON = {"transferred_out": "transfer_in", "programme_ended": "programme_start"}  # what takes an end back

Whys = Objects


@dataclass(frozen=True)
class Label:
    """Which events are the relapse, within how many days, and what has to be seen for a row to count as observed.

    A hair test sees half a year back, save the last two weeks. A positive one counts only when it can see into the
    label window, and lies with all it sees inside it or is explained by no sign of use before it.
    """

    horizon_days: int = 90
    kinds: tuple[str, ...] = ("urine_test",)
    outcome: str = "positive"
    substance: str = ""
    observed_outcomes: tuple[str, ...] = TEST_GIVEN
    reporting_lag_days: int = 0


def label(past: Visible, definition: Label, *, snapshot_day: int) -> pd.DataFrame:
    """One row for each prediction time: what was seen of the label window.

    `relapse`: 1, 0, or NaN when not observed; `why` it was not observed ("" when it was): immature, died, isolated,
    imprisoned, lost, transferred_out, programme_ended, not_tested (met, but not tested), no_contact; `seen_days`: days
    to the first positive, else to the end of observation, else the horizon; `surprise`: 1 or 0 by the surprise tests
    of the window alone, NaN without one. `snapshot_day` is the last day whose records the snapshot holds.
    """
    future = past.in_hindsight(snapshot_day)
    days = definition.horizon_days
    relapsed_on = _first_relapse(future, definition)
    looks = _of(future, definition, kind=definition.kinds, outcome=definition.observed_outcomes)
    last_look = looks.ahead(days=days).last_day()
    why, ended_on = _ends(future, days, last_look)
    why[(why == OBSERVED) & np.isnan(last_look)] = "not_tested"
    met = future.of(kind=MEETINGS, outcome=MET).ahead(days=days).count() > 0
    why[(why == "not_tested") & ~met] = "no_contact"
    why[~np.isnan(relapsed_on)] = OBSERVED
    why[past.as_of + days + definition.reporting_lag_days > snapshot_day] = "immature"
    seen_to = np.where(np.isnan(relapsed_on), ended_on, relapsed_on)
    return pd.DataFrame(
        {
            "relapse": np.where(why == OBSERVED, (~np.isnan(relapsed_on)).astype(np.float64), np.nan),
            "why": why,
            "seen_days": np.where(np.isnan(seen_to), days, seen_to - past.as_of),
            "surprise": _surprise(future, definition),
        }
    )


def ended(why: pd.Series) -> Flags:
    """Which rows are unobserved because something ended the observation."""
    return why.isin([code for code, _, _ in ENDS]).to_numpy(dtype=np.bool_)


def _first_relapse(future: Visible, definition: Label) -> Floats:
    """The day of the first event of the label window that counts as a relapse; NaN without one."""
    days, outcome = definition.horizon_days, definition.outcome
    others = tuple(kind for kind in definition.kinds if kind != HAIR)
    first = _of(future, definition, kind=others, outcome=outcome).ahead(days=days).first_day()
    if HAIR not in definition.kinds:
        return first
    hair = _of(future, definition, kind=HAIR, outcome=outcome).ahead(days=days)
    signs = future.of(kind=("urine_test", "self_report", HAIR), outcome=("positive", "use"))
    return np.fmin(first, spells.first_unexplained(hair.rows(), hair.columns(), signs.columns(), *HAIR_SIGHT_DAYS))


def _ends(future: Visible, days: int, last_look: Floats) -> tuple[Whys, Floats]:
    """The first end of the label window after which no test came, and its day; "" and NaN where there is none."""
    why, ended_on = np.full(len(future), OBSERVED, dtype=object), np.full(len(future), np.nan)
    for code, kind, outcomes in ENDS:
        events = future.of(kind=kind, outcome=outcomes) if outcomes else future.of(kind=kind)
        day = events.ahead(days=days).last_day()
        if code in GOES_ON:
            day = np.where(future.of(kind=GOES_ON[code]).ahead(days=days).last_day() >= day, np.nan, day)
        if code == "programme_ended":
            day = np.where(_another_runs(future, day), np.nan, day)
        counts = ~np.isnan(day) & ~(day < last_look) & ~(ended_on <= day)  # no comparison with NaN is true
        why[counts], ended_on[counts] = code, day[counts]
    return why, ended_on


def _another_runs(future: Visible, day: Floats) -> Flags:
    """Whether at the end of a day on which a programme ended another runs: who ends methadone may stay in treatment."""
    then = np.where(np.isnan(day), future.as_of, day).astype(np.int32)
    return ~np.isnan(running_since(Visible(future.history, future.person, then, future.seen_by), PROGRAMMES))


def _surprise(future: Visible, definition: Label) -> Floats:
    """1 when a surprise test of the label window was positive, 0 when all were negative, NaN without one."""
    looks = _of(future, definition, kind=definition.kinds, note_code=SURPRISE, outcome=definition.observed_outcomes)
    given = looks.ahead(days=definition.horizon_days).count()
    positive = _of(future, definition, kind=definition.kinds, note_code=SURPRISE, outcome=definition.outcome)
    any_positive = positive.ahead(days=definition.horizon_days).count() > 0
    return np.where(given > 0, any_positive.astype(np.float64), np.nan)


def _of(future: Visible, definition: Label, **wanted: str | tuple[str, ...]) -> Selection:
    """Events of the substance of the label."""
    of_substance = {"substance": family_of(definition.substance)} if definition.substance else {}
    return future.of(**{"kind": wanted.pop("kind"), **of_substance, **wanted})
