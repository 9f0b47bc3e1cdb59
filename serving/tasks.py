"""What a station has to do for a person and by which day: the next urine test, meeting, report and hand-over.

Test, report and hand-over follow the clocks of `features.statutes`; how often to meet follows the level of support.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from features.arrays import Floats
from features.asof import Visible
from features.families.clocks import report_days_left, transfer_days_left
from features.families.contact import days_since_met
from features.families.programme import days_in_programme
from features.families.schedule import next_test_on
from features.schema import EPOCH
from features.statutes import SCHEDULES
from models.relapse import RelapseModel
from serving.support import MEET_EVERY_DAYS

TASKS = ("test", "contact", "report", "hand_over")
UNLEVELLED = "regular"  # who has no score is met as often as most
DEFAULT_SCHEDULE = "B"  # that of the features, where a model uses none


@dataclass(frozen=True)
class Task:
    """One thing to do for a person, and the last day for it."""

    code: str
    due_on: date

    def is_overdue(self, as_of: date) -> bool:
        """Whether its day was over at the as-of date."""
        return self.due_on < as_of


def tasks(past: Visible, levels: Sequence[str | None], *, schedule: str) -> list[tuple[Task, ...]]:
    """What is to be done for the person of each row, the most urgent first; `levels` are those of the rows."""
    days = {
        "test": next_test_on(past, substance="", schedule=schedule),
        "contact": _next_meeting(past, levels),
        "report": past.as_of + report_days_left(past),
        "hand_over": past.as_of + transfer_days_left(past),
    }
    return [_in_order({code: float(day[row]) for code, day in days.items()}) for row in range(len(past))]


def schedule_of(model: RelapseModel) -> str:
    """The schedule of tests in force: the one the model's features go by."""
    used = {dict(feature.arguments).get("schedule") for feature in model.features}
    return next((name for name in SCHEDULES if name in used), DEFAULT_SCHEDULE)


def _next_meeting(past: Visible, levels: Sequence[str | None]) -> Floats:
    """The day of the next meeting: counted from the last, or from the start of the programme; NaN outside of one."""
    running = past.once(days_in_programme)
    every = np.array([MEET_EVERY_DAYS[level or UNLEVELLED] for level in levels], dtype=np.float64)
    met = np.fmin(days_since_met(past), running)
    return np.where(np.isnan(running), np.nan, past.as_of - met + every)


def _in_order(days: dict[str, float]) -> tuple[Task, ...]:
    known = [Task(code, EPOCH + timedelta(days=int(day))) for code, day in days.items() if not np.isnan(day)]
    return tuple(sorted(known, key=lambda task: (task.due_on, TASKS.index(task.code))))
