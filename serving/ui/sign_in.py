"""Sign-in and sign-out: a key or token is held against the same lists as on every request, then sealed in a cookie."""

from anyio import to_thread
from starlette.responses import HTMLResponse, RedirectResponse, Response

from features.vocabulary import PURPOSES
from serving import purposes
from serving.entries import ANSWERED, UNKNOWN_ACTOR, Entry
from serving.problems import ProblemError
from serving.roles import Caller
from serving.ui.forms import form_of
from serving.ui.sessions import LASTS_SECONDS
from serving.ui.view import View

COOKIE = "waystation_session"
ACT = "POST /ui/sign-in"
SEE_OTHER = 303
DEFAULT_PURPOSE = "support_plan"
NOBODY = Caller(UNKNOWN_ACTOR, UNKNOWN_ACTOR)
PURPOSES_AT_THE_DOOR = tuple(each for each in PURPOSES if each != "research")  # research names nobody


async def form(view: View) -> Response:
    """The page to sign in."""
    return _form(view, _next(view.request.query_params.get("next", "")))


async def enter(view: View) -> Response:
    """To the page wanted, with a session; back to the form where the key is not good. Either is recorded."""
    fields = await form_of(view.request)
    wanted, credential = _next(fields.get("next", "")), fields.get("key", "").strip()
    purpose = fields.get("purpose", DEFAULT_PURPOSE)
    with view.guard.limits.place():
        try:
            caller = await view.guard.access.caller_of(f"Bearer {credential}")
            _check(caller, purpose)
        except ProblemError as refused:
            return await _refused(view, refused, wanted)
        await _record(view, caller, ANSWERED)
    settings = view.desk.settings
    session = view.sessions.begun(credential, purpose, at=int(settings.now().timestamp()))
    response = RedirectResponse(wanted, SEE_OTHER)
    view.remember(response, COOKIE, view.sessions.sealed(session), LASTS_SECONDS)
    return response


async def leave(view: View) -> Response:
    """To the door, without the session; only a form of the session's own ends it."""
    fields = await form_of(view.request)
    if view.session:
        view.sessions.refuse_other_forms(view.session, fields)
    response = RedirectResponse("/ui/sign-in", SEE_OTHER)
    response.delete_cookie(COOKIE, path="/ui")
    return response


def _check(caller: Caller, purpose: str) -> None:
    """ProblemError when a reader of persons names a purpose that is refused; others read nobody."""
    if caller.role in purposes.MAY_NAME or purpose not in PURPOSES_AT_THE_DOOR:
        purposes.check(caller, purpose, with_events=False)


async def _refused(view: View, refused: ProblemError, wanted: str) -> Response:
    if refused.code in {"no_key", "bad_key"}:
        view.guard.limits.count_failure(view.request.client.host if view.request.client else "")
    await _record(view, NOBODY, refused.code)
    return _form(view, wanted, refused)


async def _record(view: View, caller: Caller, outcome: str) -> None:
    at = view.desk.settings.now().isoformat(timespec="milliseconds")
    request_id = view.request.scope["request_id"]
    entry = Entry(at, caller.actor, caller.role, ACT, outcome, request_id=request_id, station=caller.station)
    await to_thread.run_sync(view.guard.records.write, [entry])


def _form(view: View, wanted: str, refused: ProblemError | None = None) -> HTMLResponse:
    fault = view.wording.problem(refused.code, refused.slots)[1] if refused else ""
    return view.page(
        "sign_in.html",
        status=refused.status if refused else 200,
        wanted=wanted,
        fault=fault,
        purposes=PURPOSES_AT_THE_DOOR,
    )


def _next(wanted: str) -> str:
    """The address to go to: one of our pages, never of another site."""
    is_ours = wanted.startswith("/ui/") and wanted.isprintable() and not set(wanted) & set("\\ ") and ".." not in wanted
    return wanted if is_ours and not wanted.startswith("/ui/sign-") else "/ui/"
