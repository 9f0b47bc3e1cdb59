"""The statutory clocks: one table, each row with its article.

Defaults of law; a place may differ where the law leaves room, and then its configuration says so.
"""

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats


@dataclass(frozen=True)
class Clock:
    """One rule that counts days or occasions, and the article it stands in."""

    limit: int
    unit: str
    article: str


LAW = "Anti-Drug Law"
REGULATION = "Drug Rehabilitation Regulation"

CLOCKS: dict[str, Clock] = {
    "report_after_order": Clock(15, "days", f"{REGULATION} art. 14"),
    "community_treatment": Clock(3 * 365, "days", f"{LAW} art. 33; {REGULATION} art. 14"),
    "isolation": Clock(2 * 365, "days", f"{LAW} art. 47; {REGULATION} art. 27"),
    "isolation_review": Clock(365, "days", f"{LAW} art. 47; {REGULATION} art. 27"),
    "community_rehabilitation": Clock(3 * 365, "days", f"{LAW} art. 48; {REGULATION} art. 37-38"),
    "report_after_release": Clock(15, "days", f"{REGULATION} art. 37-38"),
    "strikes": Clock(3, "tests evaded or refused", f"{REGULATION} art. 19-20"),
    "absence_occasions": Clock(3, "occasions", f"{REGULATION} art. 19-20"),
    "absence_total": Clock(30, "days", f"{REGULATION} art. 19-20"),
    "leave_report": Clock(3, "days", f"{REGULATION} art. 19"),
    "transfer": Clock(15, "days", f"{REGULATION} art. 22-24"),
    "abstinence": Clock(3 * 365, "days", f"{REGULATION} art. 7, 43; {LAW} art. 52"),
    "adult": Clock(18, "years", "Law on the Protection of Minors art. 2"),
}

REFUSAL_ARTICLES: dict[str, str] = {
    "abstinent_three_years": CLOCKS["abstinence"].article,
    "sealed": "Public Security Administration Punishments Law art. 136",
    "objected": "Personal Information Protection Law art. 24",
    "under_18": CLOCKS["adult"].article,
}


@dataclass(frozen=True)
class Phase:
    """From this day of the programme on, a urine test is due every so many days."""

    from_day: int
    every_days: int


# Test schedules differ from place to place (A and B are two in use); months counted as 365.25 / 12 days.
SCHEDULES: dict[str, tuple[Phase, ...]] = {
    "A": (Phase(0, 30), Phase(365, 61), Phase(730, 91)),
    "B": (Phase(0, 15), Phase(183, 30), Phase(365, 61), Phase(730, 91)),
}

NO_PROGRAMME_LASTS_DAYS = 100 * 365


def due_every_days(schedule: str, day_of_programme: int) -> int:
    """Days between two urine tests in force on a day of the programme.

    >>> due_every_days("A", 10), due_every_days("A", 400)
    (30, 61)
    """
    return [phase.every_days for phase in SCHEDULES[schedule] if phase.from_day <= day_of_programme][-1]


def urine_tests_due(schedule: str, day_of_programme: Floats) -> Floats:
    """Urine tests due from the start of the programme to each day of it, a fraction between two of them.

    >>> urine_tests_due("A", np.array([60.0, 365.0, 426.0])).round(2).tolist()
    [2.0, 12.17, 13.17]
    """
    phases = SCHEDULES[schedule]
    ends = [*(phase.from_day for phase in phases[1:]), NO_PROGRAMME_LASTS_DAYS]
    in_phase = [(end - phase.from_day) / phase.every_days for phase, end in zip(phases, ends, strict=True)]
    return np.interp(day_of_programme, [0, *ends], [0.0, *np.cumsum(in_phase)])
