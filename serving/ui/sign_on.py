"""Sign-in at the issuer: the browser is sent there and comes back with a code, which becomes a session like a key."""

import hmac

from anyio import to_thread
from starlette.responses import RedirectResponse, Response

from serving import oidc
from serving.grants import PREFIX
from serving.problems import ProblemError
from serving.roles import Caller
from serving.tokens import Issuer, SignOn, Tokens
from serving.ui.forms import is_from_here
from serving.ui.sessions import AWAY_SECONDS, Leaving
from serving.ui.sign_in import DEFAULT_PURPOSE, SEE_OTHER, Wish, let_in, next_of, turned_away
from serving.ui.view import View

COOKIE = "waystation_sign_on"
LONGEST_ADDRESS, LONGEST_PURPOSE = 1_000, 40
LONGEST_CODE = 2_000


async def away(view: View) -> Response:
    """To the issuer, with what will tell on the way back that this browser was sent there. Only our own page sends."""
    issuer, sign_on = _issuer(view)
    if not is_from_here(view.request):
        raise ProblemError("not_your_form")
    query, attempt = view.request.query_params, oidc.new_attempt()
    wanted = next_of(query.get("next", ""))
    leaving = Leaving(
        attempt.state,
        attempt.nonce,
        attempt.verifier,
        query.get("purpose", DEFAULT_PURPOSE)[:LONGEST_PURPOSE],
        wanted if len(wanted) <= LONGEST_ADDRESS else next_of(""),
        _now(view),
    )
    response = RedirectResponse(oidc.address(issuer, sign_on, attempt), SEE_OTHER)
    view.remember(response, COOKIE, view.sessions.sealed(leaving), AWAY_SECONDS)
    return response


async def back(view: View) -> Response:
    """To the page wanted, with a session; to the form where the issuer did not confirm this browser's sign-in."""
    _issuer(view)
    leaving = view.sessions.back(view.request.cookies.get(COOKIE, ""), at=_now(view))
    wish = Wish(leaving.purpose, leaving.wanted) if leaving else Wish(DEFAULT_PURPOSE, next_of(""))
    with view.guard.limits.place():
        try:
            caller, token = await to_thread.run_sync(_confirmed, view, leaving)
            response = await let_in(view, caller, token, wish)
        except ProblemError as refused:
            response = await turned_away(view, refused, wish)
    response.delete_cookie(COOKIE, path="/ui")  # one attempt is good for one answer
    return response


def is_for(view: View) -> bool:
    """Whether a browser that opens a page of ours with a token that is over may be sent to the issuer at once.

    Only where it says that it opens a page, and that nobody else sent it here: else `away` would refuse it.
    """
    issuer, headers = view.desk.settings.issuer, view.request.headers
    is_token = view.session is not None and not view.session.credential.startswith(PREFIX)
    opens_a_page = headers.get("sec-fetch-dest") == "document" and is_from_here(view.request)
    return is_token and opens_a_page and issuer is not None and issuer.sign_on is not None


def _confirmed(view: View, leaving: Leaving | None) -> tuple[Caller, str]:
    """Who signed in, and the token that says so; ProblemError for an answer to nobody's or another's question."""
    issuer, sign_on = _issuer(view)
    query, tokens = view.request.query_params, view.guard.access.tokens
    code, state = query.get("code", ""), query.get("state", "")
    if leaving is None or tokens is None or not hmac.compare_digest(state.encode(), leaving.state.encode()):
        raise ProblemError("sign_on_failed")
    if not 0 < len(code) <= LONGEST_CODE or query.get("iss", issuer.issuer) != issuer.issuer:  # RFC 9207
        raise ProblemError("sign_on_failed")
    token = oidc.id_token(issuer, sign_on, code=code, verifier=leaving.verifier)
    return _newcomer(tokens, token, leaving.nonce), token


def _newcomer(tokens: Tokens, token: str, nonce: str) -> Caller:
    caller = tokens.newcomer(token, nonce)
    if caller is None:
        raise ProblemError("sign_on_failed")
    return caller


def _issuer(view: View) -> tuple[Issuer, SignOn]:
    """The issuer and its sign-in; no such page where the settings name none."""
    issuer = view.desk.settings.issuer
    if issuer is None or issuer.sign_on is None:
        raise ProblemError("page_not_found")
    return issuer, issuer.sign_on


def _now(view: View) -> int:
    return int(view.desk.settings.now().timestamp())
