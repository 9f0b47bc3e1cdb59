"""A station's day: who needs help first and why, what is to be done by when; as a page, on paper, and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from starlette.responses import RedirectResponse, Response

from serving.paging import MOST_LISTED
from serving.problems import ProblemError
from serving.services import Services
from serving.support import BY_RULE, LEVELS
from serving.ui import days
from serving.ui.forms import form_of
from serving.ui.risk_bar import risk_bar
from serving.ui.stopped import stopped
from serving.ui.tables import csv_response
from serving.ui.view import View
from serving.ui.worklist_query import A_PAGE, SORTS, UNSCORED, Chosen, asked_for, chosen, place, tabs_of
from serving.worklist import AskedFor, Worklists
from serving.worklist_messages import Worklist, WorklistCase

COLUMNS = (
    "person", "name", "level", "level_until", "risk", "low", "high", "reasons", "changeable", "help", "missing",
    "to_do", "overdue",
)  # fmt: skip
SEE_OTHER = 303
MOST_HELP = 2
DOTS = {level: len(LEVELS) - place for place, level in enumerate(LEVELS)}


@dataclass(frozen=True)
class Shown:
    """The part of a list that is shown, and how much there is beside it."""

    cases: Sequence[WorklistCase]
    found: int
    pages: int


@dataclass(frozen=True)
class WorklistPage:
    """The page of a station's list; `services` is the table of help."""

    services: Services

    def page(self, view: View) -> Response:
        """The page."""
        told = worklist_of(view)
        wanted = chosen(view, told.cases)
        whole = "print" in view.request.query_params
        shown = _shown(wanted.of(told.cases), wanted, all_at_once=whole)
        return view.page(
            "worklist.html",
            told=told,
            station=view.station_called(told.station_id),
            wanted=wanted,
            place=place(view),
            shown=shown,
            whole=whole,
            bars={case.person_id: risk_bar(case.risk, case.low, case.high) for case in shown.cases},
            waits=_days_waited(wanted, shown.cases, view.desk.settings.today),
            help={case.person_id: self._help(case, view) for case in shown.cases},
            dots=DOTS,
            by_rule=BY_RULE,
            levels=[*LEVELS, UNSCORED],
            counts={count.level or UNSCORED: count.persons for count in told.levels},
            tabs={tab: wanted.n_under(tab, told.cases) for tab in tabs_of(view)},
            sorts=SORTS,
            latest=view.desk.settings.today,
            stopped=stopped(view, as_of=told.as_of, by_then=told.stopped),
            as_of=told.as_of,
            models=[told.model],
        )

    def table(self, view: View) -> Response:
        """The same persons as a table, to keep."""
        told, texts = worklist_of(view), view.texts
        header = [texts(f"worklist.column_{name}", days=told.horizon_days) for name in COLUMNS]
        rows = (_row(case, self._help(case, view)) for case in chosen(view, told.cases).of(told.cases))
        return csv_response(header, rows, name=f"worklist-{told.as_of}.csv")

    def _help(self, case: WorklistCase, view: View) -> list[str]:
        """The help that fits what it may change, that for the strongest reason first."""
        return self.services.fitting([each.code for each in case.changeable], view.language)[:MOST_HELP]


async def search(view: View) -> Response:
    """To the part of the list that the form asks for. Who may see it is asked there."""
    fields = await form_of(view.request)
    if view.session is None:
        return RedirectResponse("/ui/sign-in", SEE_OTHER)
    view.sessions.refuse_other_forms(view.session, fields)
    return RedirectResponse(asked_for(view, fields), SEE_OTHER)


def worklist_of(view: View) -> Worklist:
    """The whole list of the reader's station, recorded as read."""
    visit = view.visit
    if view.session is None or visit is None:
        raise ProblemError("no_key")
    worklists: Worklists = view.request.app.state.worklists
    as_of = days.as_of(view, latest=days.last_known_day(view, "events"))
    station = view.request.query_params.get("station")
    asked = AskedFor(as_of, view.session.purpose, station, MOST_LISTED, None, view.wording)
    return worklists.page(asked, visit)


def _shown(cases: Sequence[WorklistCase], wanted: Chosen, *, all_at_once: bool) -> Shown:
    pages = max(1, -(-len(cases) // A_PAGE))
    if all_at_once:
        return Shown(cases, len(cases), pages)
    first = (min(wanted.page, pages) - 1) * A_PAGE
    return Shown(cases[first : first + A_PAGE], len(cases), pages)


def _days_waited(wanted: Chosen, cases: Sequence[WorklistCase], today: date) -> dict[str, int]:
    """For how many days each thing said that is shown has waited for a lead's word, by id."""
    shown = [each for case in cases for each in wanted.reviews.waiting.get(case.person_id, ())]
    return {each.note_id: (today - datetime.fromisoformat(each.at).date()).days for each in shown}


def _row(case: WorklistCase, help_offered: Sequence[str]) -> list[object]:
    return [
        case.person_id,
        case.display_name or "",
        case.level_text,
        case.level_ends_on.isoformat() if case.level_ends_on else "",
        *("" if each is None else round(each, 3) for each in (case.risk, case.low, case.high)),
        "; ".join(each.text for each in case.reasons) or case.refused_text or "",
        "; ".join(each.text for each in case.changeable),
        "; ".join(help_offered),
        "; ".join(each.text for each in case.missing),
        "; ".join(each.text for each in case.to_do),
        "; ".join(each.text for each in case.to_do if each.overdue),
    ]
