"""What every page is made from: who reads, in which language, with which desk; and how a template becomes an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from serving import purposes, roles
from serving.desk import Desk
from serving.guard import VISIT, Guard, Visit
from serving.html import environment
from serving.messages import Model
from serving.roles import Caller
from serving.ui.sessions import Session, Sessions
from serving.ui.station_names import StationNames
from serving.ui.texts import DEFAULT_LANGUAGE, LANGUAGES, Texts, texts
from serving.wording import Wording, wording

LANGUAGE_COOKIE = "waystation_language"
LANGUAGE_SECONDS = 365 * 86_400
# A page is for whoever may ask the same of the API: the first line of the table of roles that each page needs.
NAVIGATION = {
    "worklist": "GET /v1/worklist",
    "map": "GET /v1/hotspots",
    "indicators": "GET /v1/indicators",
    "bulletin": "GET /v1/bulletin",
    "models": "GET /v1/models",
}


PAGE_OF = {"/ui/person/review": "/ui/person", "/ui/person/report": "/ui/person"}  # of what forms on it are sent to


@dataclass(frozen=True)
class View:
    """One reader's look at one page."""

    request: Request
    sessions: Sessions
    session: Session | None = None

    @property
    def desk(self) -> Desk:
        """The parts an answer needs."""
        desk: Desk = self.request.app.state.desk
        return desk

    @property
    def guard(self) -> Guard:
        """The parts an admission needs."""
        guard: Guard = self.request.app.state.guard
        return guard

    @property
    def visit(self) -> Visit | None:
        """The admitted request; None before anybody is admitted."""
        return self.request.scope.get(VISIT)

    @property
    def caller(self) -> Caller | None:
        """Who reads, once admitted."""
        return self.visit.caller if self.visit and self.session else None

    @property
    def station_names(self) -> StationNames:
        """The names of stations."""
        names: StationNames = self.request.app.state.station_names
        return names

    @property
    def station(self) -> str:
        """The station that the reader's role is held at, by name, else by id; empty where it is held at none."""
        station_id = self.caller.station if self.caller else None
        return self.station_called(station_id) if station_id else ""

    def station_called(self, station_id: str) -> str:
        """What a station is called in the reader's language."""
        return self.station_names.of(station_id, self.language) or self.texts("site.station", station=station_id)

    @cached_property
    def language(self) -> str:
        """The language asked for by the address, else the one chosen last, else zh-CN."""
        wanted = self.request.query_params.get("lang") or self.request.cookies.get(LANGUAGE_COOKIE, "")
        return wanted if wanted in LANGUAGES else DEFAULT_LANGUAGE

    @property
    def texts(self) -> Texts:
        """The texts of the page."""
        return texts(self.language)

    @property
    def wording(self) -> Wording:
        """The sentences about scores and areas, as the API gives them."""
        return wording(self.language)

    @property
    def reads_persons(self) -> bool:
        """Whether the reader's role may read persons, and so names a purpose."""
        return self.caller is not None and self.caller.role in purposes.MAY_NAME

    @property
    def form_token(self) -> str:
        """What the forms of the page carry."""
        return self.sessions.form_token(self.session) if self.session else ""

    def may(self, act: str) -> bool:
        """Whether the reader's role may do what a line of the table of roles names."""
        return self.caller is not None and roles.may(self.caller, act)

    @property
    def path(self) -> str:
        """The path of the page; where a form was sent to, that of the page it stands on."""
        return PAGE_OF.get(self.request.url.path, self.request.url.path)

    def address(self, path: str | None = None, **changes: object) -> str:
        """An address of ours; without a path this page's, its query kept but for the changes, None leaves one out."""
        query = {} if path else dict(self.request.query_params)
        told = {name: value for name, value in {**query, **changes}.items() if value not in {None, ""}}
        return (path or self.path) + (f"?{urlencode(told)}" if told else "")

    def stamp(self, as_of: date, models: Sequence[Model]) -> str:
        """What a page was made from, in words: its as-of date and the versions of its models."""
        versions = [self.texts("site.model", name=each.name, digest=each.digest[:12]) for each in models]
        return " · ".join([self.texts("site.as_of", day=self.texts.day(as_of)), *versions])

    def page(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """The page a template makes, in the reader's language."""
        body = environment("serving.ui").get_template(template).render({**self._shared(), **context})
        response = HTMLResponse(body, status, {"Content-Language": self.language})
        if self.request.query_params.get("lang") in LANGUAGES:
            self.remember(response, LANGUAGE_COOKIE, self.language, LANGUAGE_SECONDS)
        return response

    def remember(self, response: Response, name: str, value: str, seconds: int) -> None:
        """Set a cookie that no script reads and no other site makes the browser send."""
        is_secure = self.desk.settings.secure_cookies
        response.set_cookie(name, value, seconds, path="/ui", secure=is_secure, httponly=True, samesite="lax")

    def _shared(self) -> Mapping[str, Any]:
        others = [(name, self.address(lang=code)) for code, name in LANGUAGES.items() if code != self.language]
        return {
            "t": self.texts,
            "view": self,
            "caller": self.caller,
            "form_token": self.form_token,
            "other_languages": others,
            "navigation": pages_of(self.caller) if self.caller else [],
            "as_of": None,
            "models": (),
        }


def pages_of(caller: Caller) -> list[str]:
    """The pages a role may see, the first of them its own."""
    return [name for name, act in NAVIGATION.items() if roles.may(caller, act)]
