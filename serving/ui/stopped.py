"""That the records of all had stopped: by the day a page is of, and where that is the newest known, by today."""

from datetime import date

from serving.histories import STOPPED_DAYS
from serving.ui import days
from serving.ui.view import View


def stopped(view: View, *, as_of: date, newest: date | None = None, by_then: str | None = None) -> str | None:
    """The notice of a page, None where there is nothing to say; `by_then`: what is told of its own day.

    The newest page, that of the day anybody's records became known last or of `newest`, is of use today though nothing
    was known since, so of it today counts.
    """
    desk = view.desk
    if by_then or as_of < (newest or days.last_known_day(view, "events")):
        return by_then
    if not desk.histories.had_stopped(desk.settings.today, desk.histories.snapshot()):
        return None
    today, day = view.texts.day(desk.settings.today), view.texts.day(as_of)
    return view.texts("site.stopped", today=today, days=STOPPED_DAYS, day=day)
