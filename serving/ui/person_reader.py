"""Whom a page is about, and who reads it: what its address says, before anybody is let see."""

from dataclasses import dataclass

from serving.desk import Desk
from serving.guard import Visit
from serving.one_person import About
from serving.problems import ProblemError
from serving.ui import days
from serving.ui.view import View


@dataclass(frozen=True)
class Asked:
    """Whom the page is about, who reads it, and for which purpose."""

    view: View
    about: About
    visit: Visit

    @property
    def desk(self) -> Desk:
        """The desk that answers."""
        return self.view.desk


def asked_of(view: View) -> Asked:
    """Whom an address is about; one that is none of ours is as a person nobody knows."""
    if view.session is None or view.visit is None:
        raise ProblemError("no_key")
    person_id = view.sessions.person_of(view.request.query_params.get("of", ""))
    if person_id is None:
        raise ProblemError("unknown_person")
    as_of = days.as_of(view, latest=days.last_known_day(view, "events"))
    return Asked(view, About(person_id, view.session.purpose, as_of, view.wording), view.visit)
