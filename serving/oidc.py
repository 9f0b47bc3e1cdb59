"""Sign-in at an OIDC issuer: an authorization code with PKCE, exchanged for an ID token.

RFC 6749 section 4.1, RFC 7636 (S256), OpenID Connect Core 1.0 section 3.1. What the token says is judged in
`serving.tokens`, as that of every token.
"""

import base64
import hashlib
import json
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import quote_plus, urlencode

from serving.jwks import MOST_BYTES, TIMEOUT_SECONDS, NoRedirect
from serving.problems import ProblemError
from serving.tokens import Issuer, SignOn

NO_ANSWER = 500  # from here on the issuer has a fault of its own


@dataclass(frozen=True)
class Attempt:
    """What ties an answer of the issuer to the browser that was sent there; all three are known to it and us alone."""

    state: str
    nonce: str
    verifier: str


def new_attempt() -> Attempt:
    """An attempt that nobody can guess: 256 bits each."""
    return Attempt(*(secrets.token_urlsafe(32) for _ in range(3)))


def address(issuer: Issuer, sign_on: SignOn, attempt: Attempt) -> str:
    """Where the browser goes to sign in."""
    query = {
        "response_type": "code",
        "client_id": issuer.audience,
        "redirect_uri": sign_on.back,
        "scope": "openid",
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": _challenge(attempt.verifier),
        "code_challenge_method": "S256",
    }
    return f"{sign_on.authorize}{'&' if '?' in sign_on.authorize else '?'}{urlencode(query)}"


def id_token(issuer: Issuer, sign_on: SignOn, *, code: str, verifier: str) -> str:
    """The ID token that the issuer gives for a code, not yet looked at; ProblemError when it gives none."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": sign_on.back,
        "client_id": issuer.audience,
        "code_verifier": verifier,
    }
    headers = {"Accept": "application/json"}
    if sign_on.secret is not None:
        pair = f"{quote_plus(issuer.audience)}:{quote_plus(sign_on.secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    try:
        told = json.loads(_posted(urllib.request.Request(sign_on.token, urlencode(form).encode(), headers)))  # noqa: S310
        token = told["id_token"]
    except urllib.error.HTTPError as refused:
        code_of_problem = "issuer_unavailable" if refused.code >= NO_ANSWER else "sign_on_failed"
        raise ProblemError(code_of_problem) from None
    except (OSError, HTTPException):
        raise ProblemError("issuer_unavailable") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ProblemError("sign_on_failed") from None
    if not isinstance(token, str):
        raise ProblemError("sign_on_failed")
    return token


def _posted(request: urllib.request.Request) -> bytes:
    with urllib.request.build_opener(NoRedirect).open(request, timeout=TIMEOUT_SECONDS) as answer:
        raw: bytes = answer.read(MOST_BYTES)
    return raw


def _challenge(verifier: str) -> str:
    """The challenge of a verifier (RFC 7636, section 4.2).

    >>> _challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
