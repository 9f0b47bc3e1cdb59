"""Which part of a worklist is shown, by the address alone: searched, filtered and sorted without any script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from serving.problems import fault_of
from serving.support import LEVELS
from serving.ui.view import View
from serving.worklist_messages import WorklistCase

UNSCORED = "none"
TABS = ("all", "overdue", "hand_over")
SORTS = ("level", "due", "name")
LONGEST_SEARCH = 100
A_PAGE = 60
NO_DAY = date.max


@dataclass(frozen=True)
class Chosen:
    """What is shown of a list: the words searched for, one level or all, a tab, an order, and which page of it."""

    search: str
    level: str
    tab: str
    sort: str
    page: int

    def of(self, cases: Sequence[WorklistCase]) -> list[WorklistCase]:
        """The cases that are shown, in their order."""
        wanted = self.search.casefold()
        found = [
            case
            for case in cases
            if self._has_level(case)
            and self._is_under_tab(case)
            and (wanted in case.person_id.casefold() or wanted in (case.display_name or "").casefold())
        ]
        if self.sort == "due":
            return sorted(found, key=lambda case: case.to_do[0].due_on if case.to_do else NO_DAY)
        if self.sort == "name":
            return sorted(found, key=lambda case: case.display_name or case.person_id)
        return found

    def _has_level(self, case: WorklistCase) -> bool:
        return not self.level or (case.level or UNSCORED) == self.level

    def _is_under_tab(self, case: WorklistCase) -> bool:
        if self.tab == "hand_over":
            return any(each.code == "hand_over" for each in case.to_do)
        return self.tab == "all" or case.overdue


def chosen(view: View) -> Chosen:
    """What an address asks for; ProblemError names the field that cannot be."""
    given = view.request.query_params
    page = given.get("page") or "1"
    if not (page.isascii() and page.isdigit() and int(page[:6]) >= 1):
        raise fault_of("page", "too_small", "1")
    search = given.get("q", "").strip()
    if len(search) > LONGEST_SEARCH:
        raise fault_of("q", "too_long", str(LONGEST_SEARCH))
    return Chosen(
        search=search,
        level=_one_of(view, "level", ("", *LEVELS, UNSCORED)),
        tab=_one_of(view, "tab", TABS),
        sort=_one_of(view, "sort", SORTS),
        page=int(page[:6]),
    )


def _one_of(view: View, name: str, allowed: Sequence[str]) -> str:
    """The value of a field; the first of those allowed where none is given."""
    value = view.request.query_params.get(name) or allowed[0]
    if value not in allowed:
        raise fault_of(name, "one_of", ", ".join(filter(None, allowed)))
    return value
