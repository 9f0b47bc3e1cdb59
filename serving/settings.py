"""What the service is set to: its home, its model, its clock. Read once at start, passed in everywhere."""

import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from time import monotonic
from urllib.parse import urlsplit

from features.errors import ConfigError
from features.home import HOME, STORE_URL, Home, refuse_misspelt
from serving.limits import Caps
from serving.noise import Noise
from serving.private_files import key_in
from serving.tokens import Issuer, SignOn

RELAPSE_MODEL = "WAYSTATION_RELAPSE_MODEL"
WORKERS = "WAYSTATION_WORKERS"
HOSTS = "WAYSTATION_HOSTS"
AT_ONCE, A_MINUTE = "WAYSTATION_REQUESTS_AT_ONCE", "WAYSTATION_MACHINE_REQUESTS_A_MINUTE"
ISSUER, AUDIENCE, JWKS = "WAYSTATION_OIDC_ISSUER", "WAYSTATION_OIDC_AUDIENCE", "WAYSTATION_OIDC_JWKS"
AUTHORIZE, TOKEN = "WAYSTATION_OIDC_AUTHORIZE", "WAYSTATION_OIDC_TOKEN"
BACK, SECRET = "WAYSTATION_OIDC_RETURN", "WAYSTATION_OIDC_SECRET"
NOISE_EPSILON, NOISE_KEY = "WAYSTATION_NOISE_EPSILON", "noise.key"
SECURE_COOKIES = "WAYSTATION_SECURE_COOKIES"
MLFLOW_PAGES = "WAYSTATION_MLFLOW_PAGES"
ROLE_CLAIM, STATION_CLAIM = "WAYSTATION_OIDC_ROLE_CLAIM", "WAYSTATION_OIDC_STATION_CLAIM"
NAMES = (
    HOME, STORE_URL, RELAPSE_MODEL, WORKERS, HOSTS, AT_ONCE, A_MINUTE, ISSUER, AUDIENCE, JWKS, AUTHORIZE, TOKEN, BACK,
    SECRET, NOISE_EPSILON, SECURE_COOKIES, MLFLOW_PAGES, ROLE_CLAIM, STATION_CLAIM,
)  # fmt: skip
SIGN_ON_BACK = "/ui/sign-in/back"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def utc_now() -> datetime:
    """The moment now, in UTC."""
    return datetime.now(tz=UTC)


def new_id() -> str:
    """32 hex digits that no other call gives."""
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Settings:
    """The settings of one service; `seconds` is a clock that never goes back.

    `hosts` are the names it goes by beside those of this machine; a proxy on this machine needs them named.
    """

    home: Home
    relapse_model: str | None = None
    hosts: tuple[str, ...] = ()
    issuer: Issuer | None = None
    secure_cookies: bool = False  # behind TLS: browsers then send the cookies of the pages over https only
    noise_epsilon: float | None = None  # of the noise on forecasts and observed counts; none by default
    mlflow_pages: str | None = None  # the address of MLflow for browsers; its runs are linked to where there is one
    caps: Caps = field(default_factory=Caps)
    busy_seconds: float = 5.0
    now: Callable[[], datetime] = utc_now
    seconds: Callable[[], float] = monotonic
    new_id: Callable[[], str] = field(default=new_id)

    @classmethod
    def of_environment(cls) -> "Settings":
        """The settings the environment names."""
        refuse_misspelt(NAMES)
        hosts = os.environ.get(HOSTS, "").lower().split(",")
        return cls(
            Home.of_environment(),
            relapse_model=os.environ.get(RELAPSE_MODEL) or None,
            hosts=tuple(name.strip() for name in hosts if name.strip()),
            issuer=issuer_of_environment(),
            secure_cookies=_yes_or_no(SECURE_COOKIES),
            noise_epsilon=_epsilon(),
            mlflow_pages=_address(MLFLOW_PAGES),
            caps=_caps(),
        )

    @property
    def today(self) -> date:
        """The day now, in UTC: no as-of date may be later."""
        return self.now().date()

    @property
    def noise(self) -> Noise | None:
        """The noise on what is told of areas, from a key of the home that is made when first needed."""
        if self.noise_epsilon is None:
            return None
        return Noise(self.noise_epsilon, key_in(self.home.path / NOISE_KEY))


def issuer_of_environment() -> Issuer | None:
    """The issuer of tokens that the environment names, if it names one; ConfigError when it does so by half."""
    needed = {name: os.environ.get(name, "") for name in (ISSUER, AUDIENCE, JWKS)}
    sign_on = _sign_on()
    if not any(needed.values()) and sign_on is None:
        return None
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise ConfigError(f"settings: {', '.join(missing)} must be set beside the others of an issuer of tokens.")
    return Issuer(
        needed[ISSUER],
        needed[AUDIENCE],
        needed[JWKS],
        role_claim=os.environ.get(ROLE_CLAIM) or Issuer.role_claim,
        station_claim=os.environ.get(STATION_CLAIM) or Issuer.station_claim,
        sign_on=sign_on,
    )


def _sign_on() -> SignOn | None:
    """Where readers of the pages sign in, if it is named; ConfigError for half of it, or for what others could read."""
    needed = {name: os.environ.get(name, "") for name in (AUTHORIZE, TOKEN, BACK)}
    if not any(needed.values()):
        return None
    for name, value in needed.items():
        parts = urlsplit(value)
        if not (parts.scheme == "https" and parts.hostname) and not (
            parts.scheme == "http" and parts.hostname in LOOPBACK
        ):
            raise ConfigError(f"settings: {name} should be an https address (http on this machine alone).")
    if urlsplit(needed[BACK]).path != SIGN_ON_BACK:
        raise ConfigError(f"settings: {BACK} should be the address of this service, with the path {SIGN_ON_BACK}.")
    return SignOn(needed[AUTHORIZE], needed[TOKEN], needed[BACK], os.environ.get(SECRET) or None)


def _caps() -> Caps:
    return Caps(at_once=_count(AT_ONCE, Caps.at_once), machine_a_minute=_count(A_MINUTE, Caps.machine_a_minute))


def _epsilon() -> float | None:
    text = os.environ.get(NOISE_EPSILON)
    if not text:
        return None
    try:
        return Noise(float(text), b"").epsilon
    except ValueError:
        raise ConfigError(f"settings: {NOISE_EPSILON} should be a number above zero, such as 1.") from None


def _count(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ConfigError(f"settings: {name} should be a whole number from 1 on.")
    return int(text)


def _address(name: str) -> str | None:
    """An address that a browser may be sent to; nobody's password in it."""
    text = (os.environ.get(name) or "").rstrip("/")
    told = urlsplit(text)
    if text and (told.scheme not in {"http", "https"} or not told.hostname or "@" in told.netloc):
        raise ConfigError(f"settings: {name} should be an address of http or https, without a name or password.")
    return text or None


def _yes_or_no(name: str) -> bool:
    text = os.environ.get(name) or "no"
    if text not in {"yes", "no"}:
        raise ConfigError(f"settings: {name} should be yes or no.")
    return text == "yes"
