"""What happens between a checked question and its answer: find, score, record, and only then hand over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from features.schema import days_since_epoch
from features.vocabulary import REFUSED_PURPOSES
from models.champion import Champion
from models.relapse import RelapseModel
from serving import answers
from serving.answers import Asked
from serving.champions import Champions, Resolve
from serving.histories import SENT_ALONG, Held, StoredHistories, sent_along
from serving.messages import BatchAnswer, BatchRequest, Question, Ready, RefusedModel, Score, ScoreRequest
from serving.problems import ProblemError, fault_of
from serving.records import SCORED, Entry, Records
from serving.scoring import NotScored, Outcome, prove, scores
from serving.settings import Settings
from serving.wording import Wording, preferred, wording

PURPOSE_REFUSED = "purpose_refused"

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
    records: Records

    @classmethod
    def open(cls, settings: Settings, resolve: Resolve) -> "Desk":
        """The desk of a home; champions and store are looked for with each question, so they may come later."""
        settings.home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(
            settings=settings,
            champions=Champions(settings.home.champions, settings.home.ledger, resolve, prove, settings.seconds),
            histories=StoredHistories(settings.home.store_url),
            records=Records(settings.home.records, busy_seconds=settings.busy_seconds),
        )

    def score(self, question: ScoreRequest, *, accept_language: str) -> Score:
        """The score of one person; ProblemError when there is none to give."""
        texts = self.wording(question.language, accept_language)
        inline = question.person_id is None
        person_ids = [question.person_id or SENT_ALONG]
        self._refuse(question, person_ids, texts)
        answering = self._answering(question)
        if inline:
            held = sent_along(question, answering[1], today=self.settings.today)
        else:
            held = self.histories.of(person_ids)
        answer = self._answered(question, answering, person_ids, held, texts)[0].answer
        if isinstance(answer, NotScored):
            raise answers.refusal(answer.reason, texts)
        return answer

    def batch(self, question: BatchRequest, *, accept_language: str) -> BatchAnswer:
        """The scores of many persons, and why some have none, in the order asked."""
        texts = self.wording(question.language, accept_language)
        self._refuse(question, question.person_ids, texts)
        answering = self._answering(question)
        held = self.histories.of(question.person_ids)
        answered = self._answered(question, answering, question.person_ids, held, texts)
        return BatchAnswer(
            scores=[each.answer for each in answered if isinstance(each.answer, Score)],
            refused=[
                answers.refused(each.answer.reason, texts, score_id=each.score_id, person_id=each.person_id)
                for each in answered
                if isinstance(each.answer, NotScored)
            ],
        )

    def ready(self) -> Ready:
        """Which models answer; ProblemError when nothing can."""
        places = self.champions.look()
        refused = [
            RefusedModel(name=name, why=place.refused, answering=place.loaded.champion.digest if place.loaded else None)
            for name, place in places.items()
            if place.refused
        ]
        waiting_for = [] if self.champions.has_relapse() else ["a checked relapse model"]
        waiting_for += [] if self.histories.is_reachable() else ["the history store"]
        if waiting_for:
            told = [each.model_dump() for each in refused]
            raise ProblemError("not_ready", members={"waiting_for": waiting_for, "refused": told})
        models = [answers.model_of(place.loaded.champion) for place in places.values() if place.loaded]
        return Ready(models=models, refused=refused)

    def wording(self, language: str | None, accept_language: str) -> Wording:
        """The texts in the language named, else the one the caller likes best."""
        return wording(language or preferred(accept_language))

    def refuse_the_future(self, as_of: date) -> None:
        """ProblemError when an as-of date is still to come."""
        if as_of > self.settings.today:
            raise fault_of("as_of", "in_the_future")

    def _refuse(self, question: Question, person_ids: Sequence[str], texts: Wording) -> None:
        self.refuse_the_future(question.as_of)
        if question.purpose in REFUSED_PURPOSES:
            self.records.write([self._entry(question, each, texts) for each in person_ids])
            raise ProblemError("purpose_refused", members={"reason": question.purpose})

    def _answering(self, question: Question) -> Answering:
        return self.champions.relapse(question.model or self.settings.relapse_model)

    def _answered(
        self, question: Question, answering: Answering, person_ids: Sequence[str], held: Held, texts: Wording
    ) -> list[Answered]:
        """The outcome of each person, recorded."""
        champion, model = answering
        asked = Asked(champion, model.horizon_days, question.as_of, held.snapshot, question.most, texts)
        as_of, today = days_since_epoch(question.as_of), days_since_epoch(self.settings.today)
        outcomes = scores(model, held.history, person_ids, as_of=as_of, today=today)
        answered = [
            self._one(asked, person_id, outcome) for person_id, outcome in zip(person_ids, outcomes, strict=True)
        ]
        self.records.write([self._recorded(question, asked, each) for each in answered])
        return answered

    def _one(self, asked: Asked, person_id: str, outcome: Outcome) -> Answered:
        score_id = self.settings.new_id()
        if isinstance(outcome, NotScored):
            return Answered(score_id, person_id, outcome)
        told = None if person_id == SENT_ALONG else person_id
        return Answered(score_id, person_id, answers.score_of(asked, outcome, score_id=score_id, person_id=told))

    def _recorded(self, question: Question, asked: Asked, answered: Answered) -> Entry:
        answer = answered.answer
        unmodelled = self._entry(question, answered.person_id, asked.wording)
        return replace(
            unmodelled,
            score_id=answered.score_id,
            outcome=SCORED if isinstance(answer, Score) else answer.reason,
            tag=asked.champion.tag,
            digest=asked.champion.digest,
            run=asked.champion.run,
            snapshot=asked.snapshot,
            risk=answer.risk if isinstance(answer, Score) else None,
        )

    def _entry(self, question: Question, person_id: str, texts: Wording) -> Entry:
        """What is recorded of a question before any model was asked: as it stands, that of a refused purpose."""
        inline = person_id == SENT_ALONG
        return Entry(
            score_id=self.settings.new_id(),
            at=self.settings.now().isoformat(timespec="milliseconds"),
            purpose=question.purpose,
            person_hash=None if inline else self.records.hash_of(person_id),
            as_of=question.as_of.isoformat(),
            outcome=PURPOSE_REFUSED,
            language=texts.language,
            inline=int(inline),
        )
