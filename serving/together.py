"""Single questions that wait at the same moment are answered together: one reading of the store, one scoring.

Scoring one person costs mostly what scoring twenty costs. So the first to come works for all who wait, as the record is
written; the others find their outcome made. Whoever comes alone waits for nobody.
"""

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from threading import Lock

from models.relapse import RelapseModel
from serving.histories import StoredHistories
from serving.logs import OURS, placed
from serving.problems import ProblemError
from serving.scoring import UNKNOWN, NotScored, Outcome, scores

LOG = logging.getLogger(OURS)


@dataclass(frozen=True)
class Wanted:
    """One stored person's score: by which model, as of which day, under the law of which day (since 1970-01-01).

    Without a person it is that of somebody nobody knows: for one out of the caller's reach, of whom nothing is read.
    """

    model: RelapseModel
    person_id: str | None
    as_of: int
    today: int

    @property
    def round(self) -> tuple[int, int, int]:
        """What those share who are scored at once."""
        return id(self.model), self.as_of, self.today


@dataclass(frozen=True)
class Found:
    """The outcome, and the digest of the state it was read from."""

    outcome: Outcome
    snapshot: str


@dataclass(eq=False)
class _Waiting:
    """One who waits, and what became of it."""

    wanted: Wanted
    found: Found | None = None
    failed: Exception | None = None


@dataclass(eq=False)
class Together:
    """Scores of single stored persons."""

    histories: StoredHistories
    _queue: "deque[_Waiting]" = field(default_factory=deque)
    _working: Lock = field(default_factory=Lock)

    def score(self, wanted: Wanted) -> Found:
        """The outcome of one person; what scoring raises, it raises for whom it concerns."""
        waiting = _Waiting(wanted)
        self._queue.append(waiting)
        with self._working:
            if waiting.found is None and waiting.failed is None:
                self._answer([self._queue.popleft() for _ in range(len(self._queue))])
        if waiting.failed is not None:
            raise waiting.failed
        if waiting.found is None:
            raise LookupError("an answer was not made, and nothing says why")
        return waiting.found

    def _answer(self, turn: Sequence[_Waiting]) -> None:
        in_rounds = sorted(turn, key=lambda each: each.wanted.round)
        for _, each in groupby(in_rounds, key=lambda each: each.wanted.round):
            self._answer_round(list(each))

    def _answer_round(self, asked: Sequence[_Waiting]) -> None:
        try:
            found = self._found([each.wanted for each in asked])
        except ProblemError as refused:  # the store fails them all
            for each in asked:
                each.failed = replace(refused)
            return
        except Exception as error:  # noqa: BLE001 (a bug that one of them brings about is no business of the others)
            if len(asked) == 1:
                asked[0].failed = error
                return
            LOG.warning("%d questions are answered one by one: %s", len(asked), placed(error))
            for each in asked:
                self._answer_round([each])
            return
        for each, theirs in zip(asked, found, strict=True):
            each.found = theirs

    def _found(self, wanted: Sequence[Wanted]) -> list[Found]:
        first, person_ids = wanted[0], [each.person_id for each in wanted if each.person_id is not None]
        held = self.histories.of(person_ids)
        outcomes = iter(scores(first.model, held.history, person_ids, as_of=first.as_of, today=first.today))
        return [
            Found(NotScored(UNKNOWN) if each.person_id is None else next(outcomes), held.snapshot) for each in wanted
        ]
