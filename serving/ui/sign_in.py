"""Sign-in and sign-out: a key or token is held against the same lists as on every request, then sealed in a cookie."""

from dataclasses import dataclass

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
KEPT_BY_BROWSERS = 4_000  # a longer cookie is dropped without a word (RFC 6265, section 6.1)
FAILURES = {"no_key", "bad_key", "sign_on_failed"}


@dataclass(frozen=True)
class Wish:
    """What a reader asks for at the door: for which purpose to read persons, and which page comes first."""

    purpose: str
    wanted: str


async def form(view: View) -> Response:
    """The page to sign in."""
    return _form(view, next_of(view.request.query_params.get("next", "")))


async def enter(view: View) -> Response:
    """To the page wanted, with a session; back to the form where the key is not good. Either is recorded."""
    fields = await form_of(view.request)
    wish = Wish(fields.get("purpose", DEFAULT_PURPOSE), next_of(fields.get("next", "")))
    credential = fields.get("key", "").strip()
    with view.guard.limits.place():
        try:
            caller = await view.guard.access.caller_of(f"Bearer {credential}")
            return await let_in(view, caller, credential, wish)
        except ProblemError as refused:
            return await turned_away(view, refused, wish)


async def let_in(view: View, caller: Caller, credential: str, wish: Wish) -> Response:
    """To the page wanted, with a session, recorded; ProblemError where the caller may not have one."""
    _check(caller, wish.purpose)
    session = view.sessions.begun(credential, wish.purpose, at=int(view.desk.settings.now().timestamp()))
    sealed = view.sessions.sealed(session)
    if len(sealed) > KEPT_BY_BROWSERS:
        raise ProblemError("token_too_long")
    await _record(view, caller, ANSWERED)
    response = RedirectResponse(wish.wanted, SEE_OTHER)
    view.remember(response, COOKIE, sealed, LASTS_SECONDS)
    return response


async def turned_away(view: View, refused: ProblemError, wish: Wish) -> Response:
    """The form again, with what was wrong, recorded."""
    if refused.code in FAILURES:
        await view.guard.limits.count_failure(view.request.client.host if view.request.client else "")
    await _record(view, NOBODY, refused.code)
    return _form(view, wish.wanted, refused)


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
        sign_on=view.desk.settings.issuer is not None and view.desk.settings.issuer.sign_on is not None,
    )


def next_of(wanted: str) -> str:
    """The address to go to: one of our pages, never of another site."""
    path = wanted.partition("?")[0]  # what stands for a person, in the query, may hold dots
    is_ours = path.startswith("/ui/") and wanted.isprintable() and not set(wanted) & set("\\ ") and ".." not in path
    return wanted if is_ours and not wanted.startswith("/ui/sign-") else "/ui/"
