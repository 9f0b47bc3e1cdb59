"""Who is signed in: the reader's own key or token, sealed in a cookie that this service alone can open.

Nothing is kept here, so every worker knows every session, and a key that is revoked ends its sessions with the next
request: each page asks with the key, as any other client does. A session is over after a working day in any case.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from serving.private_files import key_in
from serving.problems import ProblemError

KEY_FILE = "pages.key"
HEADER = {"alg": "dir", "enc": "A256GCM"}
LASTS_SECONDS = 10 * 3_600
LONGEST_COOKIE = 12_000
AWAY_SECONDS = 600
NOT_A_SESSION = (JoseError, ValueError, TypeError, KeyError, UnicodeError)


@dataclass(frozen=True)
class Session:
    """One signed-in reader: the key or token, the purpose named at the door, since when, and an id for the forms."""

    credential: str
    purpose: str
    since: int  # seconds since 1970
    form_id: str


@dataclass(frozen=True)
class Leaving:
    """A reader who was sent to the issuer to sign in: the attempt, and what was asked for at the door."""

    state: str
    nonce: str
    verifier: str
    purpose: str
    wanted: str
    since: int  # seconds since 1970


@dataclass(frozen=True)
class Sessions:
    """Seals and opens sessions with a key of the home, 32 random bytes."""

    key: bytes

    @classmethod
    def open(cls, home: Path) -> "Sessions":
        """The sessions of a home; the key is made at the first start."""
        return cls(key_in(home / KEY_FILE))

    def begun(self, credential: str, purpose: str, *, at: int) -> Session:
        """A new session."""
        return Session(credential, purpose, at, secrets.token_hex(16))

    def sealed(self, told: Session | Leaving) -> str:
        """A session, or who is on the way to one, as the value of a cookie."""
        return self._sealed(asdict(told))

    def opened(self, sealed: str, *, at: int) -> Session | None:
        """The session in a cookie; None where it is none of ours, or over."""
        try:
            session = Session(**self._opened(sealed))
        except NOT_A_SESSION:
            return None
        return session if 0 <= at - session.since < LASTS_SECONDS else None

    def back(self, sealed: str, *, at: int) -> Leaving | None:
        """Who comes back from the issuer; None where we sent nobody there, or too long ago."""
        try:
            leaving = Leaving(**self._opened(sealed))
        except NOT_A_SESSION:
            return None
        return leaving if 0 <= at - leaving.since < AWAY_SECONDS else None

    def reference_to(self, person_id: str) -> str:
        """What stands for a person in an address: proxies and browsers keep addresses, and are to keep no ids."""
        return self._sealed({"person": person_id})

    def person_of(self, reference: str) -> str | None:
        """The person a reference stands for; None where it is none of ours."""
        try:
            return str(self._opened(reference)["person"])
        except NOT_A_SESSION:
            return None

    def sealed_words(self, words: str) -> str:
        """What stands for words searched for in an address: they may be a person's name."""
        return self._sealed({"words": words})

    def words_of(self, sealed: str) -> str | None:
        """The words searched for; None where they were sealed by nobody here."""
        try:
            return str(self._opened(sealed)["words"])
        except NOT_A_SESSION:
            return None

    def _sealed(self, told: Mapping[str, object]) -> str:
        """RFC 7516, AES-256-GCM."""
        return jwe.encrypt_compact(HEADER, json.dumps(told).encode(), OctKey.import_key(self.key))

    def _opened(self, sealed: str) -> dict[str, Any]:
        """What was sealed; one of NOT_A_SESSION where nothing of ours was."""
        if not sealed or len(sealed) > LONGEST_COOKIE:
            raise ValueError("nothing of ours is empty, or that long")
        found = jwe.decrypt_compact(sealed, OctKey.import_key(self.key), algorithms=list(HEADER.values()))
        return dict(json.loads(found.plaintext or b""))

    def form_token(self, session: Session) -> str:
        """What every form of the session carries, and no other site can know."""
        return hmac.digest(self.key, f"form {session.form_id}".encode(), "sha256").hex()

    def is_from_our_form(self, session: Session, token: str) -> bool:
        """Whether the token is that of the session."""
        return hmac.compare_digest(self.form_token(session).encode(), token.encode("utf-8", errors="replace"))

    def refuse_other_forms(self, session: Session, fields: Mapping[str, str]) -> None:
        """ProblemError when the fields do not come from a form of the session."""
        if not self.is_from_our_form(session, fields.get("form_token", "")):
            raise ProblemError("not_your_form")
