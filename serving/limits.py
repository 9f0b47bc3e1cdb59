"""How much is answered: requests at once, requests a minute of each caller, failed keys a minute of each address.

Counted in each worker by itself, since what is protected is a worker: with two of them a caller may get through twice
as many. What is refused here was not looked at and is not recorded; it could otherwise be used to fill the record.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from serving.problems import ProblemError
from serving.roles import Caller

AT_ONCE_RETRY_SECONDS = 1


@dataclass(frozen=True)
class Caps:
    """The limits of one worker; a machine serves many people and may ask more often than one."""

    at_once: int = 64
    a_minute: int = 600
    machine_a_minute: int = 12_000
    failures_a_minute: int = 60
    body_seconds: float = 10.0
    answer_seconds: float = 30.0


@dataclass(eq=False)
class Limits:
    """The counts of one worker. For the loop only: the library's storage for threads starts one with each request."""

    caps: Caps
    _n_now: int = 0
    _counts: SlidingWindowCounterRateLimiter = field(
        default_factory=lambda: SlidingWindowCounterRateLimiter(MemoryStorage())
    )

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among the requests answered at once; ProblemError when all are taken."""
        if self._n_now >= self.caps.at_once:
            raise ProblemError("too_busy", retry_after_seconds=AT_ONCE_RETRY_SECONDS)
        self._n_now += 1
        try:
            yield
        finally:
            self._n_now -= 1

    async def count(self, caller: Caller) -> None:
        """Count a request of a caller; ProblemError when there were too many lately."""
        most = self.caps.machine_a_minute if caller.role == "machine" else self.caps.a_minute
        await self._hit(RateLimitItemPerMinute(most), f"caller {caller.actor}")

    async def count_failure(self, address: str) -> None:
        """Count a request without a good key; ProblemError when too many came from there lately."""
        await self._hit(RateLimitItemPerMinute(self.caps.failures_a_minute), f"address {address}")

    async def _hit(self, limit: RateLimitItem, who: str) -> None:
        if not await self._counts.hit(limit, who):
            stats = await self._counts.get_window_stats(limit, who)
            wait = stats.reset_time - time.time()  # the library counts by this clock
            raise ProblemError("too_many", retry_after_seconds=max(1, math.ceil(wait)))
