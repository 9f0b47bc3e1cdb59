"""What happens between a checked question and its answer: find, score, record, and only then hand over."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date

from features.schema import days_since_epoch
from models.champion import Champion
from models.relapse import RelapseModel
from serving import answers
from serving.answers import Asked
from serving.champions import Champions, Resolve
from serving.entries import SCORED, Entry, by_model
from serving.guard import Visit
from serving.histories import SENT_ALONG, STOPPED_DAYS, Held, StoredHistories, sent_along
from serving.messages import BatchAnswer, BatchRequest, Question, Ready, RefusedModel, Score, ScoreRequest
from serving.problems import ProblemError, fault_of
from serving.reading import Asking, Reading
from serving.records import Records
from serving.scoring import NotScored, Outcome, prove, scores
from serving.settings import Settings
from serving.together import Together, Wanted
from serving.wording import Wording, preferred, wording

Answering = tuple[Champion, RelapseModel]


@dataclass(frozen=True)
class Answered:
    """One person's score, or why there is none, under the id it is recorded by."""

    score_id: str
    person_id: str
    answer: Score | NotScored


@dataclass(frozen=True)
class Desk:
    """The parts an answer needs."""

    settings: Settings
    champions: Champions
    histories: StoredHistories
    reading: Reading
    together: Together

    @classmethod
    def open(cls, settings: Settings, resolve: Resolve) -> "Desk":
        """The desk of a home; champions and store are looked for with each question, so they may come later."""
        settings.home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        champions = Champions(settings.home.champions, settings.home.ledger, resolve, prove, settings.seconds)
        histories = StoredHistories(settings.home.store_url)
        records = Records(settings.home.records, busy_seconds=settings.busy_seconds)
        return cls(settings, champions, histories, Reading(settings, histories, records), Together(histories))

    def score(self, question: ScoreRequest, visit: Visit, *, accept_language: str) -> Score:
        """The score of one person; ProblemError when there is none to give."""
        texts = self.wording(question.language, accept_language)
        answer = self.answered(question, visit, texts).answer
        if isinstance(answer, NotScored):
            raise answers.refusal(answer.reason, texts)
        return answer

    def answered(self, question: ScoreRequest, visit: Visit, texts: Wording) -> Answered:
        """The score of one person, or why there is none, under its id; ProblemError where it may not be asked."""
        asking = self._asking(question, [question.person_id or SENT_ALONG], visit, texts)
        answering = self._answering(question)
        if asking.with_events:
            (answered,) = self._of_history_sent_along(asking, question, answering, texts)
        else:
            (answered,) = self._of_stored(asking, question, answering, texts)
        return answered

    def batch(self, question: BatchRequest, visit: Visit, *, accept_language: str) -> BatchAnswer:
        """The scores of many persons, and why some have none, in the order asked."""
        texts = self.wording(question.language, accept_language)
        asking = self._asking(question, question.person_ids, visit, texts)
        answered = self._of_stored(asking, question, self._answering(question), texts)
        return BatchAnswer(
            scores=[each.answer for each in answered if isinstance(each.answer, Score)],
            refused=[
                answers.refused(each.answer.reason, texts, score_id=each.score_id, person_id=each.person_id)
                for each in answered
                if isinstance(each.answer, NotScored)
            ],
        )

    def ready(self, *, in_detail: bool) -> Ready:
        """That it can answer, and `in_detail` with which models; ProblemError when it cannot."""
        places = self.champions.look()
        refused = [
            RefusedModel(name=name, why=place.refused, answering=place.loaded.champion.digest if place.loaded else None)
            for name, place in places.items()
            if place.refused
        ]
        waiting_for = [] if self.champions.has_relapse() else ["a checked relapse model"]
        waiting_for += [] if self.histories.is_reachable() else ["the history store"]
        if waiting_for:
            told = {"waiting_for": waiting_for, "refused": [each.model_dump() for each in refused]}
            raise ProblemError("not_ready", members=told if in_detail else {})
        if not in_detail:
            return Ready(models=None, refused=None)
        models = [answers.model_of(place.loaded.champion) for place in places.values() if place.loaded]
        return Ready(models=models, refused=refused)

    def wording(self, language: str | None, accept_language: str) -> Wording:
        """The texts in the language named, else the one the caller likes best."""
        return wording(language or preferred(accept_language))

    def refuse_the_future(self, as_of: date) -> None:
        """ProblemError when an as-of date is still to come."""
        if as_of > self.settings.today:
            raise fault_of("as_of", "in_the_future")

    def stopped(self, as_of: date, snapshot: str, texts: Wording) -> str | None:
        """That the records of all had stopped long before a day, in words; None where they had not, in that state."""
        return texts.stopped(STOPPED_DAYS) if self.histories.had_stopped(as_of, snapshot) else None

    def _asking(self, question: Question, person_ids: Sequence[str], visit: Visit, texts: Wording) -> Asking:
        """Who asks what about whom, once it is clear that it may be asked."""
        self.refuse_the_future(question.as_of)
        asking = Asking(visit, person_ids, question.purpose, question.as_of, texts.language)
        self.reading.refuse(asking)
        return asking

    def _answering(self, question: Question) -> Answering:
        return self.champions.relapse(question.model or self.settings.relapse_model)

    def _of_history_sent_along(
        self, asking: Asking, question: ScoreRequest, answering: Answering, texts: Wording
    ) -> list[Answered]:
        """The outcome of a history sent along: what its sender says of the person forbids as much as an event does."""
        champion, model = answering
        held = sent_along(question, model, today=self.settings.today)
        asked = Asked(champion, model.horizon_days, question.as_of, held.snapshot, question.most, texts)
        forbids = question.status and question.status.forbids
        outcomes = [NotScored(forbids)] if forbids else self._scores(asking, model, held)
        return self._answered(asking, asked, outcomes, {})

    def _of_stored(self, asking: Asking, question: Question, answering: Answering, texts: Wording) -> list[Answered]:
        """The outcome of each stored person; those out of the caller's reach are not read, as if nobody knew them."""
        champion, model = answering
        hidden = self.reading.hidden(asking)
        outcomes, snapshot = self._found(asking, model, hidden.keys())
        stopped = self.stopped(question.as_of, snapshot, texts)
        asked = Asked(champion, model.horizon_days, question.as_of, snapshot, question.most, texts, stopped)
        return self._answered(asking, asked, outcomes, hidden)

    def _found(self, asking: Asking, model: RelapseModel, hidden: Set[str]) -> tuple[Sequence[Outcome], str]:
        """The outcome of each person, and the state they were read from; one alone is scored with others that wait."""
        if len(asking.person_ids) > 1:
            held = self.histories.of([each for each in asking.person_ids if each not in hidden])
            return self._scores(asking, model, held), held.snapshot
        (person_id,) = asking.person_ids
        as_of, today = days_since_epoch(asking.as_of), days_since_epoch(self.settings.today)
        found = self.together.score(Wanted(model, None if person_id in hidden else person_id, as_of, today))
        return [found.outcome], found.snapshot

    def _scores(self, asking: Asking, model: RelapseModel, held: Held) -> Sequence[Outcome]:
        as_of, today = days_since_epoch(asking.as_of), days_since_epoch(self.settings.today)
        return scores(model, held.history, asking.person_ids, as_of=as_of, today=today)

    def _answered(
        self, asking: Asking, asked: Asked, outcomes: Sequence[Outcome], hidden: Mapping[str, str]
    ) -> list[Answered]:
        """The outcome of each person, recorded."""
        answered = [
            self._one(asked, person_id, outcome) for person_id, outcome in zip(asking.person_ids, outcomes, strict=True)
        ]
        self.reading.record(asking, [self._recorded(asking, asked, each, hidden) for each in answered])
        return answered

    def _one(self, asked: Asked, person_id: str, outcome: Outcome) -> Answered:
        score_id = self.settings.new_id()
        if isinstance(outcome, NotScored):
            return Answered(score_id, person_id, outcome)
        told = None if person_id == SENT_ALONG else person_id
        return Answered(score_id, person_id, answers.score_of(asked, outcome, score_id=score_id, person_id=told))

    def _recorded(self, asking: Asking, asked: Asked, answered: Answered, hidden: Mapping[str, str]) -> Entry:
        answer = answered.answer
        outcome = SCORED if isinstance(answer, Score) else hidden.get(answered.person_id, answer.reason)
        return by_model(
            self.reading.entry(asking, answered.person_id, outcome),
            asked.champion,
            snapshot=asked.snapshot,
            score_id=answered.score_id,
            risk=answer.risk if isinstance(answer, Score) else None,
        )
