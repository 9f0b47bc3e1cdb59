"""Work in turn: how much of it is let in, also when all of it comes at the same moment."""

import asyncio
from threading import Event, Lock

import pytest

from serving.problems import ProblemError
from serving.turns import Turns

WAITING = 3


def test_of_many_who_come_at_the_same_moment_one_is_at_work_and_the_limit_waits():
    may, at_work, both = Event(), Lock(), []

    def make() -> str:
        both.append(at_work.acquire(blocking=False))
        assert may.wait(60)
        at_work.release()
        return "made"

    async def burst() -> list[object]:
        turns = Turns(WAITING)
        asked = [asyncio.ensure_future(turns.take(make)) for _ in range(20)]
        refused, _ = await asyncio.wait(asked, timeout=60, return_when=asyncio.FIRST_EXCEPTION)
        assert all(each.exception() for each in refused)  # told at once: nothing is made yet
        may.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    told = asyncio.run(burst())
    assert told.count("made") == 1 + WAITING
    assert [each.code for each in told if isinstance(each, ProblemError)] == ["too_busy"] * (20 - 1 - WAITING)
    assert both == [True] * (1 + WAITING)


def test_a_place_is_given_back_also_by_work_that_fails():
    turns = Turns(0)

    def fails() -> None:
        raise KeyError

    async def one_after_the_other() -> None:
        for _ in range(3):
            with pytest.raises(KeyError):
                await turns.take(fails)

    asyncio.run(one_after_the_other())
    assert turns.n_let_in == 0
