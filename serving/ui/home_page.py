"""The first address of the pages: it leads to the first page the reader's role may see."""

from starlette.responses import RedirectResponse, Response

from serving.problems import ProblemError
from serving.ui.view import View, pages_of

SEE_OTHER = 303


async def home(view: View) -> Response:
    """To the reader's first page, else to the door."""
    if view.session is None:
        return RedirectResponse("/ui/sign-in", SEE_OTHER)
    try:
        caller = await view.guard.access.caller_of(f"Bearer {view.session.credential}")
    except ProblemError:
        return RedirectResponse("/ui/sign-in", SEE_OTHER)
    pages = pages_of(caller)
    if not pages:
        raise ProblemError("no_page")
    return RedirectResponse(f"/ui/{pages[0]}", SEE_OTHER)
