"""Bearer tokens (JWT, RFC 7519) of an OIDC issuer: signed with RS256 or EdDSA by one of its published keys.

The algorithm is taken from our list, never from the token, and the key from the issuer's set, so neither `none` nor a
public key used as a shared secret gets anywhere. Whatever is wrong with a token, the answer is the same.
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, KeySet

from serving.jwks import Jwks
from serving.roles import MAY_NAME_A_STATION, OF_A_STATION, ROLES, Caller

ALGORITHMS = ["RS256", "EdDSA", "Ed25519"]  # the last is the name RFC 9864 gives to EdDSA with that curve
LEEWAY_SECONDS = 30
LONGEST_TOKEN = 8_192
SUBJECT = "sub:"  # so that no subject can be taken for the id of a key of ours
NAMES = ("name", "preferred_username", "sub")  # OpenID Connect Core 1.0, section 5.1: the first that a token carries
WORD = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,128}")  # text that can be written down, on one line
NOT_A_TOKEN = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


@dataclass(frozen=True)
class SignOn:
    """The issuer's own sign-in: its authorization and token endpoints, our address to come back to, our secret."""

    authorize: str
    token: str
    back: str
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Issuer:
    """Whose tokens are taken: `iss` and `aud` they must carry, where the keys are, and the claims that say who asks."""

    issuer: str
    audience: str
    jwks: str
    role_claim: str = "waystation_role"
    station_claim: str = "waystation_station"
    sign_on: SignOn | None = None  # readers of the pages are sent there; the audience is our client id


@dataclass(frozen=True)
class Tokens:
    """Tokens of one issuer; `now` is the clock they are held against."""

    issuer: Issuer
    keys: Jwks
    now: Callable[[], datetime]

    def caller_of(self, token: str) -> Caller | None:
        """Who a token speaks of; None when anything at all is wrong with it."""
        claims = self._claims(token)
        return None if claims is None else self._caller(claims)

    def newcomer(self, token: str, nonce: str) -> Caller | None:
        """Who an ID token speaks of; None also where it was not made for us and for the sign-in of this nonce.

        OpenID Connect Core 1.0, section 3.1.3.7.
        """
        claims = self._claims(token)
        if claims is None or not hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
            return None
        return self._caller(claims) if claims.get("azp", self.issuer.audience) == self.issuer.audience else None

    def _claims(self, token: str) -> dict[str, Any] | None:
        if len(token) > LONGEST_TOKEN:
            return None
        try:
            claims = jwt.decode(token, self._key, algorithms=ALGORITHMS).claims
            self._rules().validate(claims)
        except NOT_A_TOKEN:
            return None
        return claims

    def _key(self, token: GuestProtocol) -> KeySet:
        key_id = token.headers().get("kid")
        return self.keys.keys_for(key_id if isinstance(key_id, str) else None)

    def _rules(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self.now().timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.issuer.issuer},
            aud={"essential": True, "value": self.issuer.audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def _caller(self, claims: dict[str, Any]) -> Caller | None:
        """The caller, where role and station fit; a token without a role of ours is no token for us."""
        role, station = claims.get(self.issuer.role_claim), claims.get(self.issuer.station_claim)
        said = [claims["sub"]] if station is None else [claims["sub"], station]
        if not all(isinstance(each, str) and WORD.fullmatch(each) for each in said):
            return None
        if role not in ROLES or (role in OF_A_STATION and station is None):
            return None
        names = [claims.get(each) for each in NAMES]
        name = next(each for each in names if isinstance(each, str) and WORD.fullmatch(each))
        return Caller(f"{SUBJECT}{claims['sub']}", role, station if role in MAY_NAME_A_STATION else None, name)
