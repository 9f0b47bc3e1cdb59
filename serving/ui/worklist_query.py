"""Which part of a worklist is shown, by the address alone: searched, filtered and sorted without any script.

Words searched for may be a name, so they are sent in a form and stand sealed in the address it leads to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from serving.feedback import Book
from serving.feedback_messages import Override
from serving.problems import fault_of
from serving.support import BY_RULE, LEVELS
from serving.to_review import ACT, ToReview, to_review
from serving.ui.view import View
from serving.worklist_messages import WorklistCase

UNSCORED = "none"
HIGHEST = LEVELS[0]
TABS = ("all", "overdue", "hand_over", "decided")
REVIEW = "review"  # a tab more, for those who may
SORTS = ("level", "due", "name")
LONGEST_SEARCH = 100
A_PAGE = 60
PLACE = ("q", "level", "tab", "sort")  # of an address: what it says of the part of a list it leads from or to
NO_DAY = date.max
NOTHING = ToReview()


@dataclass(frozen=True)
class Seat:
    """Where a person stands on what is shown of a list: the case, who comes before and after, and on which page."""

    case: WorklistCase | None = None
    before: str | None = None
    after: str | None = None
    page: int = 1


@dataclass(frozen=True)
class Chosen:
    """What is shown of a list: the words searched for, one level or all, a tab, an order, and which page of it."""

    search: str
    level: str
    tab: str
    sort: str
    page: int
    reviews: ToReview = NOTHING

    def of(self, cases: Sequence[WorklistCase]) -> list[WorklistCase]:
        """The cases that are shown, in their order."""
        return [case for case in self._in_order(cases) if self._holds(case)]

    def seat(self, cases: Sequence[WorklistCase], person_id: str) -> Seat:
        """Where a person stands, or stood: a decision may take one out of the part that is shown."""
        in_order = self._in_order(cases)
        place = next((place for place, case in enumerate(in_order) if case.person_id == person_id), None)
        if place is None:
            return Seat()
        before = [case.person_id for case in in_order[:place] if self._holds(case)]
        after = next((case.person_id for case in in_order[place + 1 :] if self._holds(case)), None)
        return Seat(in_order[place], before[-1] if before else None, after, 1 + len(before) // A_PAGE)

    def n_under(self, tab: str, cases: Sequence[WorklistCase]) -> int:
        """How many of all cases stand under a tab."""
        return sum(self._is_under(tab, case) for case in cases)

    def lowered(self, case: WorklistCase) -> bool:
        """Whether a level that waits for a lead's word took a person below the highest, which the rule gives."""
        if case.level_by_rule != HIGHEST or case.level == HIGHEST:
            return False
        waiting = self.reviews.waiting.get(case.person_id, ())
        return any(isinstance(each.feedback, Override) and each.feedback.level != HIGHEST for each in waiting)

    def _in_order(self, cases: Sequence[WorklistCase]) -> Sequence[WorklistCase]:
        if self.tab == REVIEW:
            places = {person_id: place for place, person_id in enumerate(self.reviews.persons)}
            return sorted(cases, key=lambda case: (not self.lowered(case), places.get(case.person_id, len(places))))
        if self.sort == "due":
            return sorted(cases, key=lambda case: case.to_do[0].due_on if case.to_do else NO_DAY)
        if self.sort == "name":
            return sorted(cases, key=lambda case: case.display_name or case.person_id)
        return cases

    def _holds(self, case: WorklistCase) -> bool:
        wanted = self.search.casefold()
        return (
            (not self.level or (case.level or UNSCORED) == self.level)
            and self._is_under(self.tab, case)
            and (wanted in case.person_id.casefold() or wanted in (case.display_name or "").casefold())
        )

    def _is_under(self, tab: str, case: WorklistCase) -> bool:
        return case.person_id in self.reviews.waiting if tab == REVIEW else _is_under(tab, case)


def _is_under(tab: str, case: WorklistCase) -> bool:
    """Whether a case stands under a tab; `decided`: people set its level, or put it off."""
    if tab == "hand_over":
        return any(each.code == "hand_over" for each in case.to_do)
    if tab == "decided":
        return case.snoozed_until is not None or case.level_by not in {None, BY_RULE}
    return tab == "all" or case.overdue


def tabs_of(view: View) -> tuple[str, ...]:
    """The tabs that the reader's role sees."""
    return (*TABS, REVIEW) if view.may(ACT) else TABS


def chosen(view: View, cases: Sequence[WorklistCase]) -> Chosen:
    """What an address asks for of a list of cases; ProblemError names the field that cannot be."""
    given = view.request.query_params
    page = given.get("page") or "1"
    if not (page.isascii() and page.isdigit() and int(page[:6]) >= 1):
        raise fault_of("page", "too_small", "1")
    search = view.sessions.words_of(given["q"]) if given.get("q") else ""
    if search is None:
        raise fault_of("q", "invalid")
    return Chosen(
        search=search,
        level=_one_of(view, "level", ("", *LEVELS, UNSCORED)),
        tab=_one_of(view, "tab", tabs_of(view)),
        sort=_one_of(view, "sort", SORTS),
        page=int(page[:6]),
        reviews=_reviews(view, cases),
    )


def _reviews(view: View, cases: Sequence[WorklistCase]) -> ToReview:
    if view.visit is None:
        return NOTHING
    book: Book = view.request.app.state.book
    return to_review(book.notes, [each.person_id for each in cases], view.visit, today=view.desk.settings.today)


def place(view: View) -> Mapping[str, str]:
    """What an address says of a part of a list, to be carried on to the next."""
    given = view.request.query_params
    return {name: given[name] for name in PLACE if given.get(name)}


def asked_for(view: View, fields: Mapping[str, str]) -> str:
    """The address of what a form asks for; ProblemError when the words are too many."""
    words = fields.get("q", "").strip()
    if len(words) > LONGEST_SEARCH:
        raise fault_of("q", "too_long", str(LONGEST_SEARCH))
    kept = {name: fields.get(name) for name in ("level", "tab", "sort", "as_of")}
    return view.address("/ui/worklist", q=words and view.sessions.sealed_words(words), **kept)


def _one_of(view: View, name: str, allowed: Sequence[str]) -> str:
    """The value of a field; the first of those allowed where none is given."""
    value = view.request.query_params.get(name) or allowed[0]
    if value not in allowed:
        raise fault_of(name, "one_of", ", ".join(filter(None, allowed)))
    return value
