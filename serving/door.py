"""The outermost part of the service: every request gets an id, every answer a calm one, and nothing of a person a log.

BentoML's own access log writes paths as they came and its own pages are open, so both are replaced here.
"""

import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Set
from ipaddress import ip_address
from typing import Any, cast

from anyio import fail_after
from fastapi import FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import roles
from serving.bodies import checked
from serving.bug_page import bug_page
from serving.guard import Guard
from serving.logs import OURS, placed
from serving.metrics import Metrics
from serving.problems import MOST_FAULTS, Fault, ProblemError, faults_of, path_of
from serving.settings import LOOPBACK, Settings
from serving.tracing import Tracer, finish, spanned
from serving.wording import Wording, preferred, wording

LOG = logging.getLogger(OURS)
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
MOST_BYTES = 1_048_576
MOST_BYTES_BATCH = 4 * MOST_BYTES
SAFE = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin")]
NO_STORE = (b"cache-control", b"no-store")
CLOSED = (
    b"content-security-policy",
    b"default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)
PAGES = "/ui/"
OF_PAGES = (
    b"content-security-policy",
    b"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
)
ROUTING = {404: "not_found", 405: "method_not_allowed"}
PROBES = {"/healthz", "/readyz"}
IS_HERE = "is_here"  # whether the caller sits on this machine and asked under its own name, so through no proxy
PROBLEM = "problem"  # where the code of a refusal is kept for log and figures
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRoute(APIRoute):
    """A route that is guarded unless it is open to all, and reads queries and bodies under our rules, not FastAPI's."""

    def get_route_handler(self) -> Handler:
        """The handler; the caller, query and body are checked before FastAPI sees the request."""
        handle = super().get_route_handler()
        known = _query_names(self.dependant)
        takes_body = self.body_field is not None
        most_bytes = MOST_BYTES_BATCH if self.path.endswith(":batch") else MOST_BYTES

        async def strict(request: Request) -> Response:
            _refuse_stray_parameters(request, known)
            return await handle(await _read(request, most_bytes) if takes_body else request)

        if self.path in roles.OPEN:
            return strict
        (method,) = self.methods or {""}
        act = f"{method} {self.path}"
        if act not in roles.MATRIX:
            raise LookupError(f"{act} has no line in the table of roles, so nobody may be let in.")

        async def guarded(request: Request) -> Response:
            guard: Guard = request.app.state.guard
            return await guard.answered(request, act, lambda: strict(request))

        return guarded


class Door:
    """ASGI middleware: request ids, host names, safe headers, an access log without anything the caller wrote."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        access_is_on: Callable[[], bool],
        metrics: Metrics | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self.app = app
        self.settings = settings
        self.access_is_on = access_is_on
        self.metrics = metrics or Metrics()
        self.tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with spanned(self.tracer, scope) as span:
            status = await self._answer(scope, receive, send)
            finish(span, _act(scope), status)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> int:
        """The status of the answer that was sent, 0 when none was."""
        request = Request(scope)
        scope["request_id"] = self._request_id(request)
        began = self.settings.seconds()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told = (b"x-request-id", scope["request_id"].encode())
                message["headers"] = [*message.get("headers", []), told, *_headers(scope, message)]
            await send(message)

        try:
            if self._may_come_in(request):
                await self.app(scope, receive, sending)
            else:
                await problem_response(request, ProblemError("wrong_host"))(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 (a bug must neither show a trace nor stop the service)
            LOG.error("bug: %s", placed(error))  # noqa: TRY400 (a trace may hold something of a person)
            if not status:
                await _after_a_bug(request)(scope, receive, sending)
        self._tell(scope, status, self.settings.seconds() - began)
        return status

    def _may_come_in(self, request: Request) -> bool:
        """This machine under its own name always; others once keys tell them apart, under the names we go by.

        Where no names are set, other machines may use any; on this one a strange name may be a page that was rebound.
        """
        host, is_near = _host(request), _is_near(request)
        request.scope[IS_HERE] = host in LOOPBACK and is_near
        if request.scope[IS_HERE]:
            return True
        is_ours = host in {*self.settings.hosts, *LOOPBACK} or not (self.settings.hosts or is_near)
        return is_ours and self.access_is_on()

    def _request_id(self, request: Request) -> str:
        given = request.headers.get("x-request-id", "")
        return given if REQUEST_ID.fullmatch(given) else self.settings.new_id()

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        """Count and log what was answered; of the request, only the route and a method that exists."""
        act, code = _act(scope), scope.get(PROBLEM)
        self.metrics.count(act, status, seconds=seconds, code=code)
        level = logging.DEBUG if act.partition(" ")[2] in PROBES else logging.INFO
        told = {"act": act, "status": status, "ms": round(1000 * seconds, 1), "problem": code}
        LOG.log(level, "%s %d %.1f ms", act, status, 1000 * seconds, extra=told)


def answer_problems(app: FastAPI) -> None:
    """Turn every refusal, ours and the framework's, into problem+json."""

    async def ours(request: Request, problem: Exception) -> Response:
        return problem_response(request, cast(ProblemError, problem))

    async def invalid(request: Request, error: Exception) -> Response:
        faults = faults_of(cast(RequestValidationError, error).errors())
        return problem_response(request, ProblemError("invalid", faults))

    async def routing(request: Request, error: Exception) -> Response:
        refused = cast(HTTPException, error)
        response = problem_response(request, ProblemError(ROUTING.get(refused.status_code, "broken_json")))
        response.headers.update(refused.headers or {})
        return response

    app.add_exception_handler(ProblemError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, routing)


def problem_response(request: Request, problem: ProblemError) -> Response:
    """A refusal as it leaves, in the language the caller likes best."""
    request.scope[PROBLEM] = problem.code
    language = preferred(request.headers.get("accept-language", ""))
    body = json.dumps(problem_told(problem, language, request_id=request.scope["request_id"]), ensure_ascii=False)
    headers = {"Content-Language": language, **problem.headers}
    return Response(body, problem.status, headers, media_type="application/problem+json")


def problem_told(problem: ProblemError, language: str, *, request_id: str) -> dict[str, Any]:
    """A refusal in words, member by member (RFC 9457)."""
    title, detail = wording(language).problem(problem.code, problem.slots)
    told: dict[str, Any] = {
        "type": f"urn:waystation:problem:{problem.code}",
        "title": title,
        "status": problem.status,
        "detail": detail,
        "instance": f"urn:waystation:request:{request_id}",
        **problem.members,
    }
    return told | ({"errors": [_told(each, wording(language)) for each in problem.faults]} if problem.faults else {})


def _after_a_bug(request: Request) -> Response:
    """What is answered when we failed: a problem, and on the pages a page."""
    if not _is_page(request.scope):
        return problem_response(request, ProblemError("internal"))
    request.scope[PROBLEM] = "internal"
    return bug_page(request.scope["request_id"])


async def _read(request: Request, most_bytes: int) -> Request:
    """The request with its body read and checked, in the time there is for it."""
    settings: Settings = request.app.state.guard.settings
    try:
        with fail_after(settings.caps.body_seconds):
            return await checked(request, most_bytes=most_bytes)
    except TimeoutError:
        raise ProblemError("too_slow", slots={"most": f"{settings.caps.body_seconds:g}"}) from None


def _told(fault: Fault, texts: Wording) -> dict[str, str]:
    """One fault as it leaves: field, rule, what was expected where that can be said, and the rule in words."""
    told = {"field": fault.field, "rule": fault.rule, "text": texts.rule(fault.rule, fault.expected)}
    return told | ({"expected": fault.expected} if fault.expected else {})


def _query_names(dependant: Dependant) -> set[str]:
    """The names a query may have: those of the route, and of what it depends on."""
    names = {each.alias for each in dependant.query_params}
    return names.union(*map(_query_names, dependant.dependencies))


def _refuse_stray_parameters(request: Request, known: Set[str]) -> None:
    """What was not asked for may be a misspelt wish, and of two values one would be passed over in silence."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    faults = [
        Fault(path_of([name]), "given_twice" if name in known else "unknown_field")
        for name, times in given.items()
        if name not in known or times > 1
    ]
    if faults:
        raise ProblemError("invalid", tuple(faults[:MOST_FAULTS]))


def _headers(scope: Scope, start: Message) -> list[tuple[bytes, bytes]]:
    """The headers every answer has; nothing is kept by a browser but what says that it may be."""
    said = {name.lower() for name, _ in start.get("headers", [])}
    unless_said = [OF_PAGES if _is_page(scope) else CLOSED, NO_STORE]
    return [*SAFE, *(each for each in unless_said if each[0] not in said)]


def _is_page(scope: Scope) -> bool:
    return f"{scope['path']}/".startswith(PAGES)


def _host(request: Request) -> str:
    """The host name asked for, without its port."""
    host = request.headers.get("host", "")
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0].lower()


def _is_near(request: Request) -> bool:
    """Whether the caller sits on this machine, by the socket alone: headers say what their sender likes."""
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _act(scope: Scope) -> str:
    """Method and route as we name them; what a caller made up is a dash."""
    route = getattr(scope.get("route"), "path", "-")
    method = scope["method"] if route != "-" and scope["method"] in METHODS else "-"
    return f"{method} {route}"
