"""What each request to a guarded route goes through: who asks, how often, whether the role may, and the record.

The route's own work is the middle of it. If nothing was recorded there, as it is for each person asked about, one
entry for the request is written here, whatever came of it and before the answer leaves.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError

from serving.access import Access
from serving.entries import ANSWERED, UNKNOWN_ACTOR, Entry
from serving.limits import Limits
from serving.problems import ProblemError, faults_of
from serving.records import Records
from serving.roles import QUIET, Caller, may
from serving.settings import Settings

Answer = Callable[[], Coroutine[Any, Any, Response]]
NOBODY = Caller(UNKNOWN_ACTOR, UNKNOWN_ACTOR)
VISIT = "visit"
UNRECORDED = frozenset({"too_many", "too_busy", "record_failed"})


@dataclass
class Visit:
    """One request of a caller to a route; `recorded` once an entry of it is on disk."""

    act: str
    request_id: str
    caller: Caller = NOBODY
    recorded: bool = False

    def entry(self, *, at: str, outcome: str) -> Entry:
        """What is recorded of any request."""
        who = self.caller
        return Entry(at, who.actor, who.role, self.act, outcome, request_id=self.request_id, station=who.station)


async def _visit(request: Request) -> Visit:
    visit: Visit = request.scope[VISIT]
    return visit


Visiting = Annotated[Visit, Depends(_visit)]  # how a route gets to know who asks


@dataclass(frozen=True)
class Guard:
    """The parts a guarded route needs."""

    settings: Settings
    access: Access
    limits: Limits
    records: Records

    async def answered(self, request: Request, act: str, answer: Answer) -> Response:
        """The answer of a route to a caller who may have it; every refusal is an exception, and recorded as well."""
        with ExitStack() as held:
            held.enter_context(self.limits.place())
            visit = request.scope[VISIT] = Visit(act, request.scope["request_id"])
            try:
                await self._admit(visit, request)
                response = await self._in_time(answer, held)
            except Exception as error:
                await self._record(visit, _outcome(error))
                raise
            await self._record(visit, ANSWERED)
            return response

    async def _in_time(self, answer: Answer, held: ExitStack) -> Response:
        """The answer, if it comes in time. What is late is worked on to its end, for a thread cannot be stopped.

        It keeps its place until then, so that the next to ask does not make it later still.
        """
        most = self.settings.caps.answer_seconds
        working = asyncio.ensure_future(answer())
        done, _ = await asyncio.wait({working}, timeout=most)
        if done:
            return working.result()
        place = held.pop_all()
        working.add_done_callback(lambda late: _forget(late, place))
        raise ProblemError("took_too_long", slots={"most": f"{most:g}"}, retry_after_seconds=math.ceil(most))

    async def _admit(self, visit: Visit, request: Request) -> None:
        try:
            visit.caller = await self.access.caller_of(request.headers.get("authorization", ""))
        except ProblemError as refused:
            if refused.code in {"no_key", "bad_key"}:
                await self.limits.count_failure(request.client.host if request.client else "")
            raise
        await self.limits.count(visit.caller)
        if not may(visit.caller, visit.act):
            raise ProblemError("not_your_role")

    async def _record(self, visit: Visit, outcome: str) -> None:
        if visit.recorded or outcome in UNRECORDED or (visit.act in QUIET and outcome == ANSWERED):
            return
        at = self.settings.now().isoformat(timespec="milliseconds")
        await to_thread.run_sync(self.records.write, [visit.entry(at=at, outcome=outcome)])
        visit.recorded = True


def _forget(late: "asyncio.Future[Response]", place: ExitStack) -> None:
    """Give the place back, and look at what became of the answer, which nobody waits for any more."""
    place.close()
    if not late.cancelled():
        late.exception()


def _outcome(error: Exception) -> str:
    """The code of a refusal; a purpose that is on no list is told from other faults."""
    if isinstance(error, RequestValidationError):
        fields = {fault.field for fault in faults_of(error.errors())}
        return "purpose_unknown" if "purpose" in fields else "invalid"
    return error.code if isinstance(error, ProblemError) else "internal"
