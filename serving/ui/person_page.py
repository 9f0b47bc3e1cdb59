"""One person: the score taken apart, what changed, what is not known, which help may fit, and the history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.responses import Response

from serving import feedback, history_answers, one_person
from serving.feedback import Book
from serving.feedback_messages import AboutPerson
from serving.history_messages import ChangesRequest, GivenScore, HistoryRequest, ScoreChanges
from serving.messages import MOST_REASONS, Score
from serving.names import names_of
from serving.problems import ProblemError
from serving.services import Services
from serving.to_review import ACT
from serving.ui.changes import moved
from serving.ui.form_choices import FORM
from serving.ui.person_reader import Asked, asked_of
from serving.ui.risk_bar import risk_bar
from serving.ui.risks_chart import risks_chart
from serving.ui.stopped import stopped
from serving.ui.timeline import events_of, years_of
from serving.ui.timeline_picture import drawing
from serving.ui.view import View
from serving.ui.waterfall import LISTED, risk_of, steps
from serving.ui.worklist_query import Chosen, Seat, chosen, place
from serving.worklist import AskedFor, Worklists
from serving.worklist_messages import WorklistCase

OK = 200
N_GIVEN = 20
NEWEST = 10  # records of the newest year that are not folded
NO_SCORE = "no_score"
AROUND = ("before", "after")  # of an address: who stood around the person before a form of the page was sent


@dataclass(frozen=True)
class Typed:
    """What a form sent that was refused, the name of the text that tells why, and the status of the refusal."""

    fields: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""
    status: int = OK


@dataclass(frozen=True)
class PersonPage:
    """The page of a person; `services` is the table of help, `book` holds what people say back."""

    services: Services
    book: Book

    def page(self, view: View) -> Response:
        """The page."""
        return self.shown(asked_of(view), Typed())

    def shown(self, asked: Asked, typed: Typed) -> Response:
        """The page, with what was typed and refused still in its forms."""
        view, today = asked.view, asked.desk.settings.today
        read = one_person.person(asked.desk, asked.about, asked.visit)
        one_person.refuse_sealed(asked.desk, read, view.wording)
        changed, refused = _changed(asked)
        one_person.record(asked.desk, read, detail="page")
        events = events_of(asked.desk, asked.about.person_id, asked.about.as_of)
        years = years_of(events, view.texts, view.wording)
        score, seat = changed.now if changed else None, _seat(asked)
        listed = score.reasons[:LISTED] if score else []
        neighbours = [each and view.sessions.reference_to(each) for each in (seat.before, seat.after)]
        return view.page(
            "person.html",
            status=typed.status,
            typed=typed.fields,
            fault=typed.fault,
            asked=asked,
            stopped=stopped(view, as_of=asked.about.as_of, by_then=score.stopped if score else None),
            reference=view.request.query_params.get("of", ""),
            name=_name(asked),
            changed=changed,
            moved=moved(changed),
            score=score,
            reasons=list({each.code: each for each in reversed(listed)}.values())[::-1],
            refused=refused,
            **self._of_score(asked, score),
            drawing=drawing(years, asked.about.as_of, view.texts),
            years=years,
            newest=NEWEST,
            case=seat.case,
            place=place(view),
            page=seat.page,
            neighbours=neighbours,
            around={**place(view), **dict(zip(AROUND, neighbours, strict=True))},
            said=feedback.page(self.book, _all_said(asked), asked.visit, view.wording).feedback,
            today=today,
            last={kind: feedback.last_day(kind, today) for kind in feedback.MOST_DAYS},
            form=FORM,
            texts_of={each.code: each.text for each in score.reasons} if score else {},
            key=view.desk.settings.new_id(),
            may_review=view.may(ACT),
            as_of=asked.about.as_of,
            models=[score.model] if score else [],
        )

    def _of_score(self, asked: Asked, score: Score | None) -> Mapping[str, Any]:
        """What the page tells of a score; empty parts where there is none."""
        if score is None:
            return {"steps": [], "start": None, "bar": "", "help": [], "given": [], "risks": "", "said_of": ""}
        codes = [each.code for each in score.reasons[:LISTED] if each.changeable and each.contribution > 0]
        given = _given(asked)
        return {
            "steps": steps(score, asked.view.texts),
            "start": risk_of(score.base),
            "bar": risk_bar(score.risk, score.low, score.high),
            "help": self.services.fitting(codes, asked.view.language),
            "given": given,
            "risks": risks_chart(given[::-1], asked.view.texts),
            "said_of": _told_first(score, given),
        }


def _changed(asked: Asked) -> tuple[ScoreChanges | None, ProblemError | None]:
    """The score and what changed, or why there is none; either is recorded."""
    about = asked.about
    question = ChangesRequest.model_construct(
        person_id=about.person_id, as_of=about.as_of, purpose=about.purpose, most=MOST_REASONS,
        language=None, model=None, since=None,
    )  # fmt: skip
    try:
        return history_answers.changed(asked.desk, question, asked.visit, about.wording), None
    except ProblemError as refused:
        if refused.code != NO_SCORE:
            raise
        return None, refused


def _given(asked: Asked) -> list[GivenScore]:
    """The scores the person was given, the newest first; one of each day is enough to see how they went."""
    question = HistoryRequest.model_construct(
        person_id=asked.about.person_id, purpose=asked.about.purpose, language=None, limit=N_GIVEN, cursor=None
    )
    told = history_answers.history(asked.desk, question, asked.visit, asked.about.wording).scores
    return [each for each in told if each.as_of <= asked.about.as_of]


def _told_first(score: Score, given: Sequence[GivenScore]) -> str:
    """The id under which the score was given the first time: the one its history knows it by."""
    same = (score.as_of, score.risk, score.model.digest)
    return next((each.score_id for each in given if (each.as_of, each.risk, each.model.digest) == same), score.score_id)


def _all_said(asked: Asked) -> AboutPerson:
    return AboutPerson.model_construct(
        person_id=asked.about.person_id, purpose=asked.about.purpose, limit=N_GIVEN, cursor=None, language=None
    )


def _name(asked: Asked) -> str | None:
    station = asked.visit.caller.station or ""
    return names_of(asked.desk, asked.visit.caller, station, [asked.about.person_id]).get(asked.about.person_id)


def _seat(asked: Asked) -> Seat:
    """Where the person stands on the part of the list that the page is of; an empty seat where there is no station."""
    about, station = asked.about, asked.visit.caller.station
    if station is None:
        return Seat()
    worklists: Worklists = asked.view.request.app.state.worklists
    listed = AskedFor(about.as_of, about.purpose, station, 1, None, about.wording)
    cases = worklists.around(listed, asked.visit)
    wanted = chosen(asked.view, cases)
    return _as_before(asked.view, wanted, cases, wanted.seat(cases, about.person_id))


def _as_before(view: View, wanted: Chosen, cases: Sequence[WorklistCase], seat: Seat) -> Seat:
    """The seat between the neighbours that the forms of the page carry along, where there are any.

    A decision may move the person to another end of the list; who reads it goes on from where they were.
    """
    before, after = (view.sessions.person_of(view.request.query_params.get(each, "")) for each in AROUND)
    if before is None and after is None:
        return seat
    page = wanted.seat(cases, after or before or "").page
    return replace(seat, before=before, after=after, page=page)
