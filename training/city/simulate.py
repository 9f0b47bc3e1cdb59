"""A whole city: block after block, in one process or several, then what the blocks add up to."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np

from features.arrays import Floats, Ints
from features.errors import ConfigError
from training.city.areas import areas_table
from training.city.block import Block, block, counts, n_blocks
from training.city.effort import effort_table
from training.city.ground import Ground, survey
from training.city.incidents import TOLD, harm, incidents_table
from training.city.presets import Plan
from training.city.rows import Rows
from training.city.stations import stations_table
from training.city.tally import Tally
from training.city.truth import truth_of_places
from training.city.write import Part, whole_folder, write_parts, write_plan

Made = TypeVar("Made")
Tell = Callable[[int, int], None]  # told blocks done, and blocks in all

FEW = 2  # blocks that one process has made before others have started
AHEAD = 2  # blocks made and not yet written, for each process: so many are in memory


def silent(done: int, of: int) -> None:
    """A `Tell` that tells nobody."""


def simulate(asked: Plan, folder: Path, *, processes: int = 1, tell: Tell = silent) -> Tally:
    """Write the city into a new or empty folder, the truth into a folder in it; its counts. All or nothing.

    The files are the same to the bit for a plan, whatever the number of processes.
    """
    refuse_processes(processes)
    sums = Sums()
    with whole_folder(folder) as aside:
        write_parts(parts(survey(asked), sums, processes, tell), aside)
        write_plan(asked, aside)
    return sums.tally


def count(asked: Plan, *, processes: int = 1, tell: Tell = silent) -> Tally:
    """The counts of a city that is not written."""
    refuse_processes(processes)
    whole, of = Tally(), n_blocks(asked.persons)
    for done, tally in enumerate(_of_blocks(partial(counts, survey(asked)), of, processes)):
        whole += tally
        tell(done + 1, of)
    return whole


def refuse_processes(processes: int) -> None:
    """ConfigError when no city can be built in so many processes."""
    if processes < 1:
        raise ConfigError(f"city: processes is {processes}, expected 1 or more. Nothing was built.")


@dataclass
class Sums:
    """What the blocks add up to; filled as they come."""

    tally: Tally = field(default_factory=Tally)
    told: list[Rows] = field(default_factory=lambda: [np.zeros(0, dtype=TOLD)])
    effort: Ints = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    caseload: Floats = field(default_factory=lambda: np.zeros(1))

    def add(self, made: Block) -> None:
        """Take a block into the sums."""
        self.tally += made.tally
        self.told.append(made.told)
        self.effort = self.effort + made.effort
        self.caseload = self.caseload + made.caseload


def parts(ground: Ground, sums: Sums, processes: int, tell: Tell) -> Iterator[Part]:
    """The city part by part: its blocks in their order, then its places."""
    of = n_blocks(ground.plan.persons)
    for done, made in enumerate(_of_blocks(partial(block, ground), of, processes)):
        sums.add(made)
        yield Part({"persons": made.persons, "events": made.events}, made.truth)
        tell(done + 1, of)
    happening, figures = harm(ground), ground.figures.places
    yield Part(
        {
            "stations": stations_table(ground.places, ground.stations, sums.caseload, figures.persons_per_worker),
            "areas": areas_table(ground.places, figures),
            "incidents": incidents_table(np.concatenate(sums.told), ground, happening),
            "effort": effort_table(sums.effort, ground),
        },
        truth_of_places(ground, happening),
    )


def _of_blocks(work: Callable[[int], Made], n: int, processes: int) -> Iterator[Made]:
    return in_order(work, n, processes if n > FEW else 1)


def in_order(work: Callable[[int], Made], n: int, processes: int) -> Iterator[Made]:
    """What `work` makes of 0 to n - 1, in that order; in processes of its own when more than one is asked for."""
    if processes == 1 or n == 1:
        yield from map(work, range(n))
        return
    with ProcessPoolExecutor(min(processes, n), mp_context=get_context("spawn")) as pool:
        try:
            numbers = iter(range(n))
            coming = deque(pool.submit(work, number) for number in islice(numbers, AHEAD * processes))
            while coming:
                made = coming.popleft().result()
                coming.extend(pool.submit(work, number) for number in islice(numbers, 1))
                yield made
        finally:
            pool.shutdown(cancel_futures=True)
