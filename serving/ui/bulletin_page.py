"""The bulletin of the stations' work as a page: choose the half-month, print it, keep it as HTML or PDF."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Lock

from starlette.responses import Response

from serving.bulletin_dues import half_month_before, half_months
from serving.bulletin_page import body_of, cells_of, page_of
from serving.bulletin_print import NOT_PRINTED, browser, printed
from serving.bulletins import Bulletins
from serving.problems import ProblemError
from serving.ui import days
from serving.ui.stopped import stopped
from serving.ui.tables import file_response
from serving.ui.view import View

OFFERED = 24  # a year
PATIENCE_SECONDS = 20.0  # less than an answer may take
AGAIN_SECONDS = 5


@dataclass
class BulletinPage:
    """The page; its figures are those of the route. One PDF is made at a time, for each is a whole browser."""

    bulletins: Bulletins
    _printing: Lock = field(default_factory=Lock)

    def page(self, view: View) -> Response:
        """The page."""
        newest = _newest(view)
        until = _until(view, newest)
        station = view.caller.station if view.caller else None
        first, work = self.bulletins.first_day() or newest, self.bulletins.of(until)
        ends = [end for end in half_months(newest, n=OFFERED) if end >= first]
        return view.page(
            "bulletin.html",
            until=until,
            spans=[(half_month_before(end) + timedelta(days=1), end) for end in sorted({*ends, until}, reverse=True)],
            prints=browser() is not None,
            stopped=None if work.stopped else stopped(view, as_of=until, newest=newest),
            own=[cells_of(line, view.wording) for line in work.lines if line.station_id == station],
            body=body_of(work, self.bulletins.names(view.language), view.wording),
            as_of=until,
        )

    def html(self, view: View) -> Response:
        """The same as a file that stands for itself."""
        until = _until(view, _newest(view))
        return file_response(self._standing(view, until).encode(), "text/html", name=f"bulletin-{until}.html")

    def pdf(self, view: View) -> Response:
        """The same, printed."""
        until, program = _until(view, _newest(view)), browser()
        if program is None:
            raise ProblemError("page_not_found")
        if not self._printing.acquire(blocking=False):
            raise ProblemError("too_busy", retry_after_seconds=AGAIN_SECONDS)
        try:
            content = printed(self._standing(view, until), program, seconds=PATIENCE_SECONDS)
        except NOT_PRINTED:
            raise ProblemError("not_printed") from None
        finally:
            self._printing.release()
        return file_response(content, "application/pdf", name=f"bulletin-{until}.pdf")

    def _standing(self, view: View, until: date) -> str:
        return page_of(self.bulletins.of(until), self.bulletins.names(view.language), view.wording)


def _newest(view: View) -> date:
    """The last half-month that was over when anything became known last."""
    (end,) = half_months(days.last_known_day(view, "events"))
    return end


def _until(view: View, newest: date) -> date:
    given = view.request.query_params.get("until")
    return days.day_of(given, "until") if given else newest
