"""The addresses under `/ui`: each page is admitted and recorded by the guard, under the line of the API it is of."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from urllib.parse import urlencode

from anyio import to_thread
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from serving.bulletins import Bulletins
from serving.feedback import Book
from serving.indicators import Indicators
from serving.problems import UNAUTHENTICATED, ProblemError
from serving.services import Services
from serving.ui import home_page, models_page, sign_in, sign_on
from serving.ui.bulletin_page import BulletinPage
from serving.ui.feedback_form import FeedbackForm
from serving.ui.forms import form_of
from serving.ui.indicators_page import IndicatorsPage
from serving.ui.map_page import MapPage
from serving.ui.person_page import PersonPage
from serving.ui.person_reader import Asked, asked_of
from serving.ui.sessions import Sessions
from serving.ui.sign_in import COOKIE
from serving.ui.station_names import StationNames
from serving.ui.view import View
from serving.ui.worklist_page import WorklistPage, search

Page = Callable[[View], Response]
Write = Callable[[Asked, Mapping[str, str]], Response]
Endpoint = Callable[[Request], Awaitable[Response]]
SIGNED_OUT = {"no_key", "bad_key"}
SEE_OTHER = 303


def add(app: FastAPI, book: Book, indicators: Indicators, bulletins: Bulletins) -> None:
    """Add the pages to the application; `book` is where feedback is kept."""
    sessions = Sessions.open(app.state.desk.settings.home.path)
    app.state.station_names = StationNames(app.state.desk.histories)
    open_to_all, guarded = partial(_open, sessions), partial(_guarded, sessions)
    shown, work = MapPage(), BulletinPage(bulletins)
    services = Services.of_home(app.state.desk.settings.home.path)
    person, listed = PersonPage(services, book), WorklistPage(services)
    said = FeedbackForm(book, person)
    writing = partial(_writing, sessions, said.again)
    routes = [
        Route("/", open_to_all(home_page.home)),
        Route("/sign-in", open_to_all(sign_in.form), methods=["GET"]),
        Route("/sign-in", open_to_all(sign_in.enter), methods=["POST"]),
        Route("/sign-in/away", open_to_all(sign_on.away)),
        Route("/sign-in/back", open_to_all(sign_on.back)),
        Route("/sign-out", open_to_all(sign_in.leave), methods=["POST"]),
        Route("/worklist", guarded("GET /v1/worklist", listed.page), methods=["GET"]),
        Route("/worklist", open_to_all(search), methods=["POST"]),
        Route("/worklist.csv", guarded("GET /v1/worklist", listed.table)),
        Route("/person", guarded("POST /v1/scores:changes", person.page), methods=["GET"]),
        Route("/person", writing("POST /v1/feedback", said.give), methods=["POST"]),
        Route("/person/review", writing("POST /v1/feedback:review", said.review), methods=["POST"]),
        Route("/person/report", writing("POST /v1/reports", said.report), methods=["POST"]),
        Route("/indicators", guarded("GET /v1/indicators", IndicatorsPage(indicators).page)),
        Route("/bulletin", guarded("GET /v1/bulletin", work.page)),
        Route("/bulletin.html", guarded("GET /v1/bulletin", work.html)),
        Route("/bulletin.pdf", guarded("GET /v1/bulletin", work.pdf)),
        Route("/models", guarded("GET /v1/models", models_page.page)),
        Route("/models/card", guarded("GET /v1/models/{name}/card.html", models_page.card)),
        *(Route(path, guarded("GET /v1/hotspots", page)) for path, page in _map_pages(shown)),
        Route("/map/warnings", guarded("GET /v1/warnings", shown.warnings)),
        Mount("/static", _Static(packages=[("serving.ui", "static")])),
        Route("/{path:path}", open_to_all(_not_found)),
    ]
    icon = Route("/favicon.ico", _icon)  # browsers ask for it beside pictures and files
    app.router.routes += [icon, Route("/ui", open_to_all(home_page.home)), Mount("/ui", routes=routes)]


def _map_pages(shown: MapPage) -> list[tuple[str, Page]]:
    return [
        ("/map", shown.page),
        ("/map/data.json", shown.data),
        ("/map/shown.json", shown.shown),
        ("/map/shapes.json", shown.shapes),
        ("/map/picture.svg", shown.picture),
        ("/map/areas.geojson", shown.geojson),
        ("/map/areas.csv", shown.csv),
    ]


async def _icon(_: Request) -> Response:
    return RedirectResponse("/ui/static/icon.svg")


class _Static(StaticFiles):
    """Our own files; a browser may keep them, and asks whether they changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _open(sessions: Sessions, answer: Callable[[View], Awaitable[Response]]) -> Endpoint:
    """An address for whoever comes, signed in or not."""

    async def endpoint(request: Request) -> Response:
        view = _view(sessions, request)
        try:
            return await answer(view)
        except ProblemError as refused:
            return problem_page(view, refused)

    return endpoint


def _guarded(sessions: Sessions, act: str, page: Page) -> Endpoint:
    """A page for readers whose role may do what the line of the table says; others are told so, or to sign in."""

    async def endpoint(request: Request) -> Response:
        view = _view(sessions, request)
        if view.session is None:
            return _to_sign_in(view)
        asking = _with_key(request, view.session.credential)
        try:
            return await view.guard.answered(asking, act, lambda: to_thread.run_sync(_shown, view, page))
        except ProblemError as refused:
            return _to_sign_in(view) if refused.code in SIGNED_OUT else problem_page(view, refused)

    return endpoint


def _writing(sessions: Sessions, again: Write, act: str, write: Write) -> Endpoint:
    """A form about a person, sent by a page of the same session; guarded as the route that takes the same.

    What was typed is never lost: whoever is signed out may sign in beside it, and a form of another session is shown
    again, to be looked over and sent once more.
    """

    async def endpoint(request: Request) -> Response:
        view, fields = _view(sessions, request), dict[str, str]()
        try:
            fields.update(await form_of(request))
            if view.session is None:
                return _signed_out(view, fields)
            is_ours = sessions.is_from_our_form(view.session, fields.get("form_token", ""))
            asking, answer = _with_key(request, view.session.credential), write if is_ours else again
            return await view.guard.answered(asking, act, lambda: to_thread.run_sync(_written, view, answer, fields))
        except ProblemError as refused:
            return _signed_out(view, fields) if refused.code in SIGNED_OUT else problem_page(view, refused)

    return endpoint


def _shown(view: View, page: Page) -> Response:
    view.station_names.refresh()
    return page(view)


def _written(view: View, write: Write, fields: Mapping[str, str]) -> Response:
    view.station_names.refresh()
    return write(asked_of(view), fields)


def _with_key(request: Request, credential: str) -> Request:
    """The request as any other client with the key would send it."""
    MutableHeaders(scope=request.scope)["authorization"] = f"Bearer {credential}"
    return Request(request.scope, request.receive)


def _view(sessions: Sessions, request: Request) -> View:
    at = int(request.app.state.desk.settings.now().timestamp())
    return View(request, sessions, sessions.opened(request.cookies.get(COOKIE, ""), at=at))


def _to_sign_in(view: View) -> Response:
    """To the door, and from there back to the page; a session that is no longer good is forgotten.

    Whoever came by the issuer is sent there at once: it alone knows whether they are still signed in.
    """
    told = {"next": view.address()}
    if view.session and sign_on.is_for(view):
        return RedirectResponse(f"/ui/sign-in/away?{urlencode({**told, 'purpose': view.session.purpose})}", SEE_OTHER)
    response = RedirectResponse(f"/ui/sign-in?{urlencode(told)}", SEE_OTHER)
    response.delete_cookie(COOKIE, path="/ui")
    return response


def _signed_out(view: View, fields: Mapping[str, str]) -> Response:
    """What was typed, kept on the page, beside the way to sign in."""
    kept = {name: value for name, value in fields.items() if name != "form_token"}
    return view.page("signed_out.html", status=UNAUTHENTICATED, fields=kept)


def problem_page(view: View, refused: ProblemError) -> Response:
    """A refusal as a page, in the words the API has for it."""
    title, detail = view.wording.problem(refused.code, refused.slots)
    faults = [(each.field, view.wording.rule(each.rule, each.expected)) for each in refused.faults]
    response = view.page("problem.html", status=refused.status, title=title, detail=detail, faults=faults)
    response.headers.update({name: value for name, value in refused.headers.items() if name == "Retry-After"})
    return response


async def _not_found(_: View) -> Response:
    raise ProblemError("page_not_found")
