"""The public keys of an issuer of tokens, from a file or from an address, read again when they may have changed.

Only keys of the kinds we verify with are taken. While an address does not answer, the keys it gave last stay in use.
"""

import json
import logging
import math
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet, OKPKey, RSAKey

from features.errors import ConfigError

LOG = logging.getLogger("waystation")
FRESH_SECONDS = 600.0
TRY_AGAIN_SECONDS = 30.0  # not sooner, whatever unknown key ids come in
TIMEOUT_SECONDS = 5.0
MOST_BYTES = 1_048_576
FEWEST_RSA_BITS = 2048
NEAR = ("127.0.0.1", "localhost", "::1")
NOT_READABLE = (OSError, HTTPException, ValueError, TypeError, KeyError, AttributeError, JoseError)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """An address that sends us on is not the one the operator named."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nowhere; the answer counts as an error."""
        return


@dataclass(eq=False)
class Jwks:
    """The keys at a place: a file, or an https address (http on this machine). `seconds` never goes back."""

    place: str
    seconds: Callable[[], float]
    _keys: KeySet | None = None
    _read_at: float = -math.inf
    _stamp: tuple[int, int] | None = None
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        parts = urlsplit(self.place)
        self.is_address = parts.scheme in {"http", "https"}
        if parts.scheme == "http" and parts.hostname not in NEAR:
            raise ConfigError("access: the keys of an issuer come over https; http is for this machine alone.")

    def keys_for(self, key_id: str | None) -> KeySet:
        """The keys, read again when none of them is known by the id a token names."""
        keys = self._current()
        if key_id is not None and key_id not in {key.kid for key in keys}:
            keys = self._current(older_than=TRY_AGAIN_SECONDS)
        return keys

    def _current(self, *, older_than: float = FRESH_SECONDS) -> KeySet:
        # While one request reads the keys again, the others go on with those there are.
        if self._is_due(older_than) and self._lock.acquire(blocking=self._keys is None):
            try:
                if self._is_due(older_than):
                    self._read()
            finally:
                self._lock.release()
        return self._keys or KeySet([])

    def _is_due(self, older_than: float) -> bool:
        if self.is_address:
            return self.seconds() - self._read_at >= older_than
        return self._read_at == -math.inf or self._stamp != _stamp(Path(self.place))

    def _read(self) -> None:
        self._read_at = self.seconds()
        self._stamp = None if self.is_address else _stamp(Path(self.place))
        try:
            raw = _fetched(self.place) if self.is_address else Path(self.place).read_bytes()
            self._keys = _usable(json.loads(raw))
        except NOT_READABLE as error:
            LOG.warning("the keys of the issuer of tokens cannot be read (%s)", type(error).__name__)


def _fetched(address: str) -> bytes:
    opener = urllib.request.build_opener(NoRedirect)
    with opener.open(address, timeout=TIMEOUT_SECONDS) as answer:
        raw: bytes = answer.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise ValueError("the set of keys is too large")
    return raw


def _usable(told: Any) -> KeySet:
    """The keys for signatures of the kinds we take; a public key never becomes the secret of a symmetric one."""
    keys: list[Key] = []
    for each in told["keys"]:
        with suppress(*NOT_READABLE):  # RFC 7517, section 5: a key one cannot use is passed over
            keys += _key(each)
    if not keys:
        raise ValueError("no RSA or Ed25519 key for signatures")
    return KeySet(keys)


def _key(told: Any) -> list[Key]:
    """The key, when it is of use to us."""
    if told.get("kty") not in {"RSA", "OKP"} or told.get("use", "sig") != "sig":
        return []
    key = JWKRegistry.import_key(told)
    if isinstance(key, RSAKey):
        return [key] if key.raw_value.key_size >= FEWEST_RSA_BITS else []
    return [key] if isinstance(key, OKPKey) and told.get("crv") == "Ed25519" else []


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size
