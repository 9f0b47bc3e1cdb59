"""The worklist of a station: its caseload in words, page by page, read and recorded as any reading of persons is.

Each score of a list is recorded once, by whoever asks first; every reading after that is one entry that names the list
and which of its places were read. So the record tells who saw whom and stays small.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from threading import Lock

from features.statutes import REFUSAL_ARTICLES
from serving import answers, paging
from serving.caseload import Case, Caseload, Wanted, caseload, place_of, with_decision
from serving.desk import Desk
from serving.entries import SCORED, Entry, by_model
from serving.feedback import Standing, standings
from serving.guard import Visit
from serving.messages import Reason
from serving.names import names_of
from serving.notes import Notes
from serving.problems import ProblemError, fault_of
from serving.reading import Asking
from serving.roles import station_of
from serving.scoring import NotScored, Scored
from serving.support import LEVELS
from serving.tasks import Task
from serving.wording import Wording
from serving.worklist_messages import LevelCount, ToDo, Worklist, WorklistCase

HELD = 64  # caseloads in memory; each a few kilobytes a person
STRONGEST = 3
Key = tuple[Wanted, str, str]  # with the digests of the model and of the state of the store


@dataclass(frozen=True)
class AskedFor:
    """Which list is asked for, for which purpose, which part of it, and in which language."""

    as_of: date
    purpose: str
    station_id: str | None
    limit: int
    cursor: str | None
    wording: Wording


@dataclass
class _Held:
    caseload: Caseload
    recorded: bool = False  # whether its scores are on disk
    lock: Lock = field(default_factory=Lock)


@dataclass
class Worklists:
    """The worklists of a home. Caseloads are held by what they are made from: a new state or model makes new ones."""

    desk: Desk
    notes: Notes
    _held: "OrderedDict[Key, _Held]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def page(self, asked: AskedFor, visit: Visit) -> Worklist:
        """A page of a station's list, recorded; ProblemError where the caller may not have it."""
        self.desk.refuse_the_future(asked.as_of)
        asking = Asking(visit, [], asked.purpose, asked.as_of, asked.wording.language)
        self.desk.reading.refuse(asking)
        held = self._of(_station(asked, visit), asked.as_of)
        made = held.caseload
        standing = self._standing(made)
        name = paging.name_of(
            f"worklist {made.station_id}",
            made.as_of,
            made.champion.digest,
            made.snapshot,
            sorted(standing.items()),
        )
        in_order = decided(made.cases, standing)
        cases, following = paging.page(in_order, name=name, cursor=asked.cursor, limit=asked.limit)
        first = paging.begin(asked.cursor, name)
        self._record(held, asking, f"list {made.list_id} places {first + 1} to {first + len(cases)}")
        told = self._in_words(cases, made, asked, visit)
        whole = _worklist(replace(made, cases=tuple(in_order)), told, following, asked.wording)
        return whole.model_copy(update={"stopped": self.desk.stopped(asked.as_of, made.snapshot, asked.wording)})

    def around(self, asked: AskedFor, visit: Visit) -> list[WorklistCase]:
        """The whole list, to find a person's place on it, whose reading is recorded already. It records nothing."""
        made = self._of(_station(asked, visit), asked.as_of).caseload
        return self._in_words(decided(made.cases, self._standing(made)), made, asked, visit)

    def _in_words(self, cases: Sequence[Case], made: Caseload, asked: AskedFor, visit: Visit) -> list[WorklistCase]:
        names = names_of(self.desk, visit.caller, made.station_id, [case.person_id for case in cases])
        return [_case(case, made, names.get(case.person_id), asked.wording) for case in cases]

    def _standing(self, made: Caseload) -> dict[str, Standing]:
        """What people decided for the persons of a caseload and holds."""
        found = standings(self.notes.holding(self._decided_by(made.as_of).isoformat()))
        return {case.person_id: found[case.person_id] for case in made.cases if case.person_id in found}

    def _decided_by(self, as_of: date) -> date:
        """The day by whose end decisions count and on which they must hold.

        Records come late, people decide now: where nothing became known after an as-of date, its list is today's and
        what was decided up to now holds on it. The list of an earlier day stays as it stood then.
        """
        today = self.desk.settings.today
        return today if as_of >= self.desk.histories.last_known_day("events", today=today) else as_of

    def _of(self, station_id: str, as_of: date) -> _Held:
        """The caseload of a station on a day, made when it is not held."""
        champion, model = self.desk.champions.relapse(self.desk.settings.relapse_model)
        wanted = Wanted(station_id, as_of, self.desk.settings.today)
        key = (wanted, champion.digest, self.desk.histories.snapshot())
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        made = _Held(caseload(self.desk, wanted, champion, model))
        with self._lock:
            held = self._held.setdefault((wanted, champion.digest, made.caseload.snapshot), made)
            while len(self._held) > HELD:
                self._held.popitem(last=False)
        return held

    def _record(self, held: _Held, asking: Asking, detail: str) -> None:
        """Put the reading on disk, and with the first one every score of the list."""
        listed = self.desk.reading.list_entry(asking, held.caseload.station_id, detail)
        with held.lock:
            scores = [] if held.recorded else [self._entry(held.caseload, case, asking) for case in held.caseload.cases]
            self.desk.reading.record(asking, [*scores, listed])
            held.recorded = True

    def _entry(self, made: Caseload, case: Case, asking: Asking) -> Entry:
        scored = case.scored
        outcome = SCORED if scored else case.outcome.reason  # type: ignore[union-attr]
        entry = self.desk.reading.entry(asking, case.person_id, outcome, detail=f"list {made.list_id}")
        risk = scored.risk if scored else None
        return by_model(entry, made.champion, snapshot=made.snapshot, score_id=case.score_id, risk=risk)


def decided(cases: Sequence[Case], standing: Mapping[str, Standing]) -> list[Case]:
    """The cases with what people decided in the place of the rule, in their order; who is left in peace comes last."""
    after = [with_decision(case, standing[case.person_id]) if case.person_id in standing else case for case in cases]
    return sorted(after, key=place_of)


def _station(asked: AskedFor, visit: Visit) -> str:
    """The station whose list it is; any other than the caller's is as if nobody knew it."""
    own = station_of(visit.caller, visit.act)
    if own is None and asked.station_id is None:
        raise fault_of("station", "missing")
    if own is not None and asked.station_id not in {None, own}:
        raise ProblemError("unknown_station")
    return own or str(asked.station_id)


def _worklist(made: Caseload, told: list[WorklistCase], following: str | None, wording: Wording) -> Worklist:
    persons = len(made.cases)
    return Worklist(
        station_id=made.station_id,
        as_of=made.as_of,
        persons=persons,
        workers=made.capacity.workers,
        workers_told=made.capacity.told,
        capacity=made.capacity.persons,
        over_capacity_by=max(0, persons - made.capacity.persons),
        overdue=sum(_is_overdue(case, made.as_of) for case in made.cases),
        levels=_counts(made.cases, wording),
        rule=wording.text("worklist", "rule"),
        cases=told,
        next=following,
        list_id=made.list_id,
        horizon_days=made.horizon_days,
        expires_on=answers.expires_on(made.as_of, made.horizon_days),
        model=answers.model_of(made.champion),
        snapshot=made.snapshot,
        language=wording.language,  # type: ignore[arg-type]
        note=wording.note,
    )


def _counts(cases: Sequence[Case], wording: Wording) -> list[LevelCount]:
    found = [case.level for case in cases]
    return [
        LevelCount(level=level, text=level_text(level, wording), persons=found.count(level))
        for level in (*LEVELS, None)
    ]


def level_text(level: str | None, wording: Wording) -> str:
    """The name of a level."""
    return wording.text("levels", level or "none")


def _case(case: Case, made: Caseload, name: str | None, wording: Wording) -> WorklistCase:
    scored = case.scored
    reason = case.outcome.reason if isinstance(case.outcome, NotScored) else None
    return WorklistCase(
        person_id=case.person_id,
        display_name=name,
        score_id=case.score_id if scored else None,
        risk=scored.risk if scored else None,
        low=scored.low if scored else None,
        high=scored.high if scored else None,
        level=case.level,
        level_text=level_text(case.level, wording),
        level_by=case.level_by,
        level_by_rule=case.level_by_rule,
        snoozed_until=case.snoozed_until,
        level_ends_on=case.level_ends_on,
        reasons=_reasons(scored, wording),
        changeable=_changeable(scored, wording),
        missing=list(answers.missing_of(scored, wording)) if scored else [],
        refused=reason,
        refused_text=reason and wording.refusal(reason),
        article=REFUSAL_ARTICLES.get(reason or ""),
        to_do=[_to_do(task, made.as_of, wording) for task in case.tasks],
        overdue=_is_overdue(case, made.as_of),
        known_until=answers.known_until(scored) if scored else None,
    )


def _reasons(scored: Scored | None, wording: Wording) -> list[Reason]:
    """The strongest reasons, raising or lowering."""
    places = answers.strongest(scored)[:STRONGEST] if scored else []
    return [answers.reason_of(scored, place, wording) for place in places] if scored else []


def _changeable(scored: Scored | None, wording: Wording) -> list[Reason]:
    """Of those that raise the estimate and that help may change, the strongest of each family, for some restate one."""
    if scored is None:
        return []
    of_family: dict[str, int] = {}
    for place in answers.strongest(scored):
        feature = scored.features[place]
        if scored.contributions[place] > 0 and feature.changeable:
            of_family.setdefault(feature.definition.family, place)
    return [answers.reason_of(scored, place, wording) for place in list(of_family.values())[:STRONGEST]]


def _to_do(task: Task, as_of: date, wording: Wording) -> ToDo:
    overdue = task.is_overdue(as_of)
    text = wording.text("overdue" if overdue else "tasks", task.code, day=task.due_on)
    return ToDo(code=task.code, due_on=task.due_on, overdue=overdue, text=text)


def _is_overdue(case: Case, as_of: date) -> bool:
    return any(task.is_overdue(as_of) for task in case.tasks)
