"""As-of dates of pages: the one the address names, else the last day on which anything became known."""

from datetime import date

from serving.messages import FIRST_DAY, LAST_DAY
from serving.problems import fault_of
from serving.ui.view import View


def as_of(view: View, *, latest: date) -> date:
    """The as-of date of a page."""
    given = view.request.query_params.get("as_of")
    return day_of(given, "as_of") if given else latest


def last_known_day(view: View, table: str) -> date:
    """The last day, today at most, on which a row of a table became known; today where none ever did."""
    return view.desk.histories.last_known_day(table, today=view.desk.settings.today)


def day_of(text: str, field: str) -> date:
    """The day that the text of a field names; ProblemError when it names none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise fault_of(field, "not_a_date", "YYYY-MM-DD") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise fault_of(field, "out_of_range", f"{FIRST_DAY} to {LAST_DAY}")
    return day
