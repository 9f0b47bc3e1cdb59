"""A person's score history, and what changed since the last score, read, recorded and in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from features.schema import days_since_epoch
from models.champion import Champion
from models.relapse import RelapseModel
from serving import answers, one_person, paging
from serving.desk import Desk
from serving.entries import SCORED, by_model
from serving.guard import Visit
from serving.history_messages import (
    ChangesRequest,
    GivenScore,
    HistoryRequest,
    ReasonChange,
    ScoreChanges,
    ScoreHistory,
    Unaccounted,
)
from serving.messages import Model, Others, Score
from serving.one_person import About, Person
from serving.problems import fault_of
from serving.score_history import Changes, Given, Interval, changes, given, intervals
from serving.scoring import Scored, scores
from serving.wording import Wording


@dataclass(frozen=True)
class _Question:
    """What is asked, of whom, by which model, and in which words."""

    asked: ChangesRequest
    read: Person
    champion: Champion
    model: RelapseModel
    wording: Wording


def history(desk: Desk, asked: HistoryRequest, visit: Visit, wording: Wording) -> ScoreHistory:
    """A page of the scores a person was given; ProblemError where the caller may not read the person."""
    today = desk.settings.today
    read = one_person.person(desk, About(asked.person_id, asked.purpose, today, wording), visit)
    one_person.refuse_by_law(desk, read, wording)
    champion, model = desk.champions.relapse(desk.settings.relapse_model)
    found = _given(desk, read)
    name = paging.name_of("scores", read.person_id, found[-1].score_id if found else "")
    newest_first = list(reversed(range(len(found))))
    places, following = paging.page(newest_first, name=name, cursor=asked.cursor, limit=asked.limit)
    ends = intervals(read, [found[place] for place in places], champion, model)
    told = [_told(found, place, end, model.horizon_days) for place, end in zip(places, ends, strict=True)]
    one_person.record(desk, read, detail=f"{len(told)} scores")
    return ScoreHistory(
        person_id=read.person_id,
        scores=told,
        next=following,
        language=wording.language,  # type: ignore[arg-type]
        note=wording.note,
    )


def changed(desk: Desk, asked: ChangesRequest, visit: Visit, wording: Wording) -> ScoreChanges:
    """What changed since an earlier score; the later one is given with it, and recorded as any score is."""
    read = one_person.person(desk, About(asked.person_id, asked.purpose, asked.as_of, wording), visit)
    one_person.refuse_by_law(desk, read, wording)
    champion, model = desk.champions.relapse(asked.model or desk.settings.relapse_model)
    question = _Question(asked, read, champion, model, wording)
    found = [each for each in _given(desk, read) if each.as_of <= asked.as_of]
    place = _since(found, asked)
    scored, score = _now(desk, question)
    if place is None:
        return _nothing(score, None, wording.text("changes", "first"))
    different = changes(read, found[place], scored, champion, model)
    (end,) = intervals(read, [found[place]], champion, model)
    return _changes(different, score, _told(found, place, end, model.horizon_days), question)


def _given(desk: Desk, read: Person) -> list[Given]:
    records = desk.reading.records
    return given(records.path, records.hash_of(read.person_id), until=desk.settings.today)


def _since(found: Sequence[Given], asked: ChangesRequest) -> int | None:
    """The place of the score to compare with; None where there is none."""
    if asked.since is None:
        return max((place for place, each in enumerate(found) if each.as_of < asked.as_of), default=None)
    named = next((place for place, each in enumerate(found) if each.goes_by(asked.since)), None)
    if named is None:
        raise fault_of("since", "unknown_score")
    return named


def _now(desk: Desk, question: _Question) -> tuple[Scored, Score]:
    """The score of now, recorded; ProblemError, recorded as well, when there is none to give."""
    asked, read = question.asked, question.read
    as_of, today = days_since_epoch(asked.as_of), days_since_epoch(desk.settings.today)
    (outcome,) = scores(question.model, read.history, [read.person_id], as_of=as_of, today=today)
    score_id, is_scored = desk.settings.new_id(), isinstance(outcome, Scored)
    entry = desk.reading.entry(read.asking, read.person_id, SCORED if is_scored else outcome.reason)  # type: ignore[union-attr]
    risk = outcome.risk if isinstance(outcome, Scored) else None
    whole = by_model(entry, question.champion, snapshot=read.snapshot, score_id=score_id, risk=risk)
    desk.reading.record(read.asking, [whole])
    if not isinstance(outcome, Scored):
        raise answers.refusal(outcome.reason, question.wording)
    told = answers.Asked(
        question.champion,
        question.model.horizon_days,
        asked.as_of,
        read.snapshot,
        asked.most,
        question.wording,
        stopped=desk.stopped(asked.as_of, read.snapshot, question.wording),
    )
    return outcome, answers.score_of(told, outcome, score_id=score_id, person_id=read.person_id)


def _told(found: Sequence[Given], place: int, end: Interval, horizon_days: int) -> GivenScore:
    each = found[place]
    return GivenScore(
        score_id=each.score_id,
        at=each.at,
        as_of=each.as_of,
        risk=each.risk,
        low=end.low,
        high=end.high,
        expires_on=answers.expires_on(each.as_of, horizon_days),
        model=Model(name=each.tag.partition(":")[0], tag=each.tag, digest=each.digest, run=each.run),
        model_changed=place > 0 and found[place - 1].digest != each.digest,
        snapshot=each.snapshot,
    )


def _nothing(score: Score, since: GivenScore | None, text: str) -> ScoreChanges:
    return ScoreChanges(
        now=score,
        since=since,
        log_odds_then=None if since is None else score.log_odds,
        changes=[],
        others=None,
        unaccounted=None,
        text=text,
    )


def _changes(different: Changes, score: Score, since: GivenScore, question: _Question) -> ScoreChanges:
    if not different.differences and different.unaccounted == 0:
        return _nothing(score, since, question.wording.text("changes", "same", day=since.as_of))
    rest = different.differences[question.asked.most :]
    others = sum(each.difference for each in rest)
    return ScoreChanges(
        now=score,
        since=since,
        log_odds_then=different.log_odds_then,
        changes=_reason_changes(different, question),
        others=Others(count=len(rest), contribution=others, text=question.wording.others(len(rest))),
        unaccounted=_unaccounted(different, question.wording),
        text=None,
    )


def _reason_changes(different: Changes, question: _Question) -> list[ReasonChange]:
    now, then, wording = different.now, different.then, question.wording
    if then is None:
        return []
    told = []
    for each in different.differences[: question.asked.most]:
        feature, raises = now.features[each.place], each.difference > 0
        told.append(
            ReasonChange(
                code=feature.code,
                feature=feature.name,
                difference=each.difference,
                direction="raises" if raises else "lowers",
                changeable=feature.changeable,
                text_then=wording.reason(feature, float(then.values[each.place])),
                text_now=wording.reason(feature, float(now.values[each.place])),
                effect=wording.text("changes", "more" if raises else "less"),
            )
        )
    return told


def _unaccounted(different: Changes, wording: Wording) -> Unaccounted | None:
    if different.unaccounted == 0:
        return None
    code = "model" if different.other_model else "late_records"
    return Unaccounted(code=code, difference=different.unaccounted, text=wording.text("changes", code))  # type: ignore[arg-type]
