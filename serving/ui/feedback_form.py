"""What a reader says back from the page of a person: the fields of its forms, checked by the rules of the API."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from starlette.responses import HTMLResponse, RedirectResponse, Response

from serving import feedback
from serving.feedback import Book, Sent
from serving.feedback_messages import FeedbackRequest, ReviewRequest
from serving.one_person import OWN_REQUEST
from serving.problems import ProblemError, fault_of, faults_of
from serving.report import report
from serving.report_routes import page_of
from serving.ui.person_page import PersonPage, Typed
from serving.ui.person_reader import Asked
from serving.ui.view import View

Keep = Callable[[Asked, Mapping[str, str]], None]
SEE_OTHER = 303
KEY = re.compile(r"[A-Za-z0-9._-]{8,64}")  # as the API has it
REASON = "reason."  # and the code of a reason: whether it is agreed with
YES, NO = "yes", "no"
IN_A_FORM = {"feedback", "text", "state"}  # what the reader chose or wrote; all else came with the page
FORBIDDEN = 403


@dataclass(frozen=True)
class FeedbackForm:
    """Keeps what the forms send."""

    book: Book
    person: PersonPage

    def give(self, asked: Asked, fields: Mapping[str, str]) -> Response:
        """Back to the page once the feedback is kept."""
        return self._answered(asked, fields, self._keep)

    def review(self, asked: Asked, fields: Mapping[str, str]) -> Response:
        """Back to the page once a lead's word is kept."""
        return self._answered(asked, fields, self._keep_review)

    def again(self, asked: Asked, fields: Mapping[str, str]) -> Response:
        """The page with what a form of another session sent: nothing is kept until it is sent once more."""
        return self.person.shown(asked, Typed(fields, "again", FORBIDDEN))

    def report(self, asked: Asked, _: Mapping[str, str]) -> Response:
        """The report for the person concerned, to print; asked for on the person's own request, and recorded so."""
        return _report(self.book, asked)

    def _answered(self, asked: Asked, fields: Mapping[str, str], keep: Keep) -> Response:
        """Back to the page once it is kept; what breaks a rule stands in its form again, with a sentence."""
        try:
            keep(asked, fields)
        except ProblemError as refused:
            fault = _fault_of_form(refused)
            if fault is None:
                raise
            return self.person.shown(asked, Typed(fields, fault, refused.status))
        return _back(asked.view)

    def _keep(self, asked: Asked, fields: Mapping[str, str]) -> None:
        """Keep the feedback; ProblemError names the field that breaks a rule."""
        told = {"person_id": asked.about.person_id, "purpose": asked.about.purpose, "feedback": _said(fields)}
        try:
            checked = FeedbackRequest.model_validate(told)
        except ValidationError as error:
            raise ProblemError("invalid", faults_of(error.errors())) from None
        feedback.add(self.book, checked, _sent(asked, fields))

    def _keep_review(self, asked: Asked, fields: Mapping[str, str]) -> None:
        """Keep a lead's word on what was said; ProblemError names the field that breaks a rule."""
        told = {"note_id": fields.get("note_id"), "purpose": asked.about.purpose, "state": fields.get("state")}
        told |= {"text": fields["text"]} if fields.get("text") else {}
        try:
            checked = ReviewRequest.model_validate(told)
        except ValidationError as error:
            raise ProblemError("invalid", faults_of(error.errors())) from None
        feedback.review(self.book, checked, _sent(asked, fields))


def _fault_of_form(refused: ProblemError) -> str | None:
    """The name of the text for what the reader can mend in the form; None where it is something else."""
    if refused.code == "key_used_before":
        return "sent"
    if refused.code != "invalid" or not {each.field.partition(".")[0] for each in refused.faults} <= IN_A_FORM:
        return None
    named = refused.faults[0].field.rpartition(".")[2]
    return named if named in {"until", "text"} else "other"


def _report(book: Book, asked: Asked) -> Response:
    about = replace(asked.about, purpose=OWN_REQUEST)
    page = page_of(report(book, about, asked.visit), about.wording)
    return HTMLResponse(page, headers={"Content-Language": asked.view.language})


def _said(fields: Mapping[str, str]) -> dict[str, Any]:
    """The feedback in the shape of the API; an empty field is one that was not filled in."""
    kind = fields.get("kind", "")
    told: dict[str, Any] = {
        name: value.replace("\r\n", "\n")  # as browsers send the lines of a text
        for name, value in fields.items()
        if value and name in KEPT_OF.get(kind, ())
    }
    if kind == "opinion":
        for name, answer in (("agrees", "agrees"), ("agrees_with_level", "level_agrees")):
            if fields.get(answer) in {YES, NO}:  # no answer is none: the API refuses an opinion that says neither
                told[name] = fields[answer] == YES
        told["reasons"] = [
            {"code": name.removeprefix(REASON), "agrees": value == YES}
            for name, value in fields.items()
            if name.startswith(REASON) and value in {YES, NO}
        ]
    return {**told, "kind": kind}


KEPT_OF: Mapping[str, tuple[str, ...]] = {
    "opinion": ("score_id", "reason_code", "text"),
    "override": ("level", "reason_code", "until", "text"),
    "snooze": ("reason_code", "until", "text"),
}


def _sent(asked: Asked, fields: Mapping[str, str]) -> Sent:
    """The key of the form: sent twice by a double click, it is kept once."""
    key = fields.get("key", "")
    if not KEY.fullmatch(key):
        raise fault_of("key", "wrong_form", KEY.pattern)
    return Sent(asked.visit, key, asked.about.wording)


def _back(view: View) -> Response:
    """To the page of the person, in its place on the list."""
    return RedirectResponse(view.address("/ui/person", **{**view.request.query_params, "kept": "yes"}), SEE_OTHER)
