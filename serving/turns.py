"""Work that is done one after the other, and how much of it may be let in at once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from serving.problems import ProblemError

Made = TypeVar("Made")


@dataclass
class Turns:
    """A queue before one thread: beside what is being done, no more than `most_waiting` wait."""

    most_waiting: int
    n_let_in: int = 0
    _one: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))

    async def take(self, make: Callable[[], Made]) -> Made:
        """What `make` gives when its turn comes; ProblemError at once where too many would be before it."""
        if self.n_let_in > self.most_waiting:
            raise ProblemError("too_busy", retry_after_seconds=self.most_waiting)
        self.n_let_in += 1  # before anything is awaited: those who come together count each other
        try:
            return await to_thread.run_sync(make, limiter=self._one)
        finally:
            self.n_let_in -= 1
