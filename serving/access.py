"""Who asks: the bearer key or token of a request, turned into a caller; ProblemError where it names nobody."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime

from anyio import to_thread

from features.errors import StoreError
from features.home import Home
from serving.entries import COMMAND_LINE, Entry
from serving.grants import PREFIX, Asked, Grant, Grants, new_key
from serving.jwks import Jwks
from serving.problems import ProblemError
from serving.records import Records
from serving.roles import Caller
from serving.settings import Settings
from serving.tokens import Tokens

SCHEME = "bearer"
GRANTS = "access.db"
OPERATOR = "operator"


def open_grants(home: Home) -> Grants:
    """The keys of a home."""
    home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Grants(home.path / GRANTS)


@dataclass(frozen=True)
class Access:
    """The two ways to say who one is: a key of our own, or a token of the issuer that is trusted, if there is one."""

    settings: Settings
    grants: Grants
    tokens: Tokens | None

    @classmethod
    def open(cls, settings: Settings) -> "Access":
        """The access of a home."""
        issuer = settings.issuer
        tokens = Tokens(issuer, Jwks(issuer.jwks, settings.seconds), settings.now) if issuer else None
        return cls(settings, open_grants(settings.home), tokens)

    @property
    def is_on(self) -> bool:
        """Whether anybody can be told from anybody: a key is good today, or an issuer is trusted."""
        return self.tokens is not None or self.grants.any_active(self._today)

    async def caller_of(self, authorization: str) -> Caller:
        """Who sent the header; ProblemError when there is none, or no good one."""
        scheme, _, key = authorization.strip().partition(" ")
        if scheme.lower() != SCHEME or not key.strip():
            raise ProblemError("no_key")
        caller = await self._caller_of(key.strip())
        if caller is None:
            raise ProblemError("bad_key")
        return caller

    async def _caller_of(self, key: str) -> Caller | None:
        if key.startswith(PREFIX):
            return self.grants.caller_of(key, today=self._today)
        if self.tokens is None:
            return None
        return await to_thread.run_sync(self.tokens.caller_of, key)  # the keys of the issuer may have to be fetched

    @property
    def _today(self) -> date:
        return self.settings.today


def granted(home: Home, asked: Asked, *, now: datetime) -> tuple[str, Grant]:
    """A new key of a home, and what is kept of it. It is recorded first: no key is good that no entry tells of."""
    new = new_key(asked, now=now)
    made, detail = new.grant, f"{new.grant.key_id} {new.grant.role} until {new.grant.expires_on}"
    entry = Entry(_at(now), COMMAND_LINE, OPERATOR, "access grant", "granted", station=made.station, detail=detail)
    with _told():
        grants = open_grants(home)
        _record(home, entry)
        try:
            grants.keep(new)
        except ProblemError:
            _record(home, replace(entry, outcome="not_kept"))
            raise
    return new.text, made


def revoked(home: Home, key_id: str, *, now: datetime) -> Grant:
    """The key that is no longer good; that it was taken back is recorded."""
    with _told():
        gone = open_grants(home).revoke(key_id, now=now)
        _record(home, Entry(_at(now), COMMAND_LINE, OPERATOR, "access revoke", "revoked", detail=gone.key_id))
    return gone


@contextmanager
def _told() -> Iterator[None]:
    """On the command line a database that cannot be written is the user's to mend, not a problem to answer with."""
    try:
        yield
    except (ProblemError, sqlite3.Error, OSError):
        raise StoreError(
            "access: the keys or the record cannot be written; see that the home is yours, its disk is not full, and "
            "`waystation audit verify` finds nothing wrong."
        ) from None


def _record(home: Home, entry: Entry) -> None:
    records = Records(home.records)
    try:
        records.write([entry])
    finally:
        records.close()


def _at(now: datetime) -> str:
    return now.isoformat(timespec="milliseconds")
