"""What the service is set to: its home, its model, its clock. Read once at start, passed in everywhere."""

import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from time import monotonic

from features.home import Home

RELAPSE_MODEL = "WAYSTATION_RELAPSE_MODEL"
WORKERS = "WAYSTATION_WORKERS"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def utc_now() -> datetime:
    """The moment now, in UTC."""
    return datetime.now(tz=UTC)


def new_id() -> str:
    """32 hex digits that no other call gives."""
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Settings:
    """The settings of one service; `seconds` is a clock that never goes back."""

    home: Home
    relapse_model: str | None = None
    allowed_hosts: tuple[str, ...] = LOOPBACK
    busy_seconds: float = 5.0
    now: Callable[[], datetime] = utc_now
    seconds: Callable[[], float] = monotonic
    new_id: Callable[[], str] = field(default=new_id)

    @classmethod
    def of_environment(cls) -> "Settings":
        """The settings the environment names."""
        return cls(Home.of_environment(), relapse_model=os.environ.get(RELAPSE_MODEL) or None)

    @property
    def today(self) -> date:
        """The day now, in UTC: no as-of date may be later."""
        return self.now().date()
