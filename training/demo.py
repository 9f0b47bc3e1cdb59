"""The making half of the demo: an invented city, taken in, learned from and promoted, in a home of its own.

Each step leaves something behind; running the demo again finds it and says so instead of making it anew.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import pandas as pd

from features.asof import Visible
from features.cohort import ELIGIBLE, why_not
from features.errors import ArtifactError
from features.history import History
from features.home import Home
from features.intake import ingest
from features.snapshot import Snapshot
from features.store import Store
from models import champion
from training import city, runs
from training.config import read
from training.promote import promote

Step = Callable[[str], AbstractContextManager[None]]

PERSONS = 2000
YEARS = 3
SEED = 7
UNTIL = date(2025, 12, 31)


@dataclass(frozen=True)
class Ready:
    """A home with champions, and an invented person and a date to ask about."""

    home: Home
    person_id: str
    as_of: date


def make_ready(home: Home, step: Step, *, now: str) -> Ready:
    """The demo's home, made where it is not there yet."""
    folder = home.path / "city"
    _once(step, f"invent a city of {PERSONS:,} persons over {YEARS} years", folder.exists(), lambda: _invent(folder))
    with step("take the histories in (what was taken in before is left as it is)"), Store.open(home.store_url) as store:
        ingest(folder, store, batch_id="demo", backfill=True, received_on=UNTIL)
    for task in ("relapse", "hotspot"):
        promoted = set(runs.names(task, None)) <= set(champion.names(home.champions))
        _once(step, f"train, judge and track the {task} model", promoted, partial(_train, home, task))
        _once(step, f"promote the {task} model", promoted, partial(_promote, home, task, now))
    return Ready(home, _someone(home), UNTIL)


def _once(step: Step, name: str, there: bool, make: Callable[[], None]) -> None:
    with step(f"{name}: already there, reused" if there else name):
        if not there:
            make()


def _invent(folder: Path) -> None:
    city.write(city.build(persons=PERSONS, years=YEARS, seed=SEED, until=UNTIL), folder)


def _train(home: Home, task: str) -> None:
    runs.train(home, task, None, lambda _: None)


def _promote(home: Home, task: str, now: str) -> None:
    for name in runs.names(task, None):
        promote(home, name, None, now=now)


def _someone(home: Home) -> str:
    """The first person of the cohort whose last test was positive; every person of the demo is invented."""
    relapse = champion.read(home.champions, read(None).name)
    if relapse is None:
        raise ArtifactError("demo: the relapse model was not promoted; delete the demo's home and run it again.")
    snapshot = Snapshot.open(home.snapshots / relapse.snapshot)
    history = History.of(snapshot.read("events"), snapshot.read("persons"))
    everyone = pd.DataFrame({"person_id": history.person_ids, "as_of": (UNTIL - date(1970, 1, 1)).days})
    past = Visible.at(history, everyone)
    eligible = why_not(past, read(None).cohort) == ELIGIBLE
    relapsed = past.of(kind="urine_test").last_is("outcome", "positive") == 1
    return str(everyone["person_id"][eligible & relapsed].iloc[0])
