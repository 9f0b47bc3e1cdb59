"""The reading of one stored person by whoever may: the purpose, the reach, the law of today, and then the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from features.arrays import Objects
from features.asof import Visible
from features.cohort import why_refused
from features.history import History
from features.schema import days_since_epoch
from serving import answers
from serving.desk import Desk
from serving.entries import ANSWERED
from serving.guard import Visit
from serving.problems import ProblemError
from serving.reading import Asking
from serving.scoring import UNKNOWN
from serving.wording import Wording

OWN_REQUEST = "own_request"
SEALED = "sealed"


@dataclass(frozen=True)
class About:
    """Whom it is about, for which purpose, as of which day, and in which words."""

    person_id: str
    purpose: str
    as_of: date
    wording: Wording


@dataclass(frozen=True)
class Person:
    """One person who may be read: who asks, the history and the state it was read from, what the law forbids today."""

    asking: Asking
    history: History
    snapshot: str
    refused: str | None

    @property
    def person_id(self) -> str:
        """Whom it is about."""
        return self.asking.person_ids[0]


def person(desk: Desk, about: About, visit: Visit) -> Person:
    """The person; ProblemError, recorded, for a purpose that is refused or one the caller knows nothing of."""
    desk.refuse_the_future(about.as_of)
    asking = Asking(visit, [about.person_id], about.purpose, about.as_of, about.wording.language)
    desk.reading.refuse(asking)
    hidden = desk.reading.hidden(asking)
    held = desk.histories.of([each for each in asking.person_ids if each not in hidden])
    if about.person_id not in set(held.history.person_ids):
        desk.reading.record(asking, [desk.reading.entry(asking, about.person_id, hidden.get(about.person_id, UNKNOWN))])
        raise ProblemError(UNKNOWN)
    (forbidden,) = refused(held.history, asking.person_ids, today=desk.settings.today)
    return Person(asking, held.history, held.snapshot, forbidden)


def refuse_by_law(desk: Desk, read: Person, wording: Wording) -> None:
    """ProblemError, recorded, where the law forbids scoring the person today."""
    if read.refused:
        _refuse(desk, read, wording)


def refuse_sealed(desk: Desk, read: Person, wording: Wording) -> None:
    """ProblemError, recorded, for a sealed record; the law lets it be looked up on the person's own request."""
    if read.refused == SEALED and read.asking.purpose != OWN_REQUEST:
        _refuse(desk, read, wording)


def record(desk: Desk, read: Person, *, detail: str | None = None) -> None:
    """Put on disk that the person was read and answered about."""
    desk.reading.record(read.asking, [desk.reading.entry(read.asking, read.person_id, ANSWERED, detail=detail)])


def _refuse(desk: Desk, read: Person, wording: Wording) -> None:
    reason = str(read.refused)
    desk.reading.record(read.asking, [desk.reading.entry(read.asking, read.person_id, reason)])
    raise answers.refusal(reason, wording)


def refused(history: History, person_ids: Sequence[str] | Objects, *, today: date) -> list[str | None]:
    """Why the law forbids scoring each person today; None where it does not."""
    if not len(person_ids):
        return []
    times = pd.DataFrame({"person_id": list(person_ids), "as_of": np.int32(days_since_epoch(today))})
    return [str(reason) or None for reason in why_refused(Visible.at(history, times))]
