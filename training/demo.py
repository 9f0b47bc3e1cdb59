"""The making half of the demo: an invented city, taken in, learned from and promoted, in a home of its own.

Each step leaves something behind; running the demo again finds it and says so instead of making it anew.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
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
from features.plain import read_toml
from features.schema import days_since_epoch
from features.snapshot import Snapshot
from features.store import Store
from models import champion
from training import city, feedback, hotspot_gate_choice, runs
from training.config import RelapseConfig, read
from training.gate_choice import ON_PAPER, Statements
from training.promote import promote

Step = Callable[[str], AbstractContextManager[None]]

HERE = Path(__file__).parent
PERSONS = 2000
YEARS = 3
SEED = 7
HORIZONS = {"relapse": (), "hotspot": (4,)}  # weeks; models of one week take twice as long


@dataclass(frozen=True)
class Stated:
    """What the demo states on the card of its model, in Chinese and in English."""

    statements: Statements
    statements_en: Statements


@dataclass(frozen=True)
class Ready:
    """A home with champions, and an invented person and a date to ask about."""

    home: Home
    person_id: str
    as_of: date


def make_ready(home: Home, step: Step, *, now: str) -> Ready:
    """The demo's home, made where it is not there yet."""
    until = _last_day(home, now)
    folder = home.path / f"city-{until.year}"
    name = f"invent a city of {PERSONS:,} persons over {YEARS} years"
    _once(step, name, folder.exists(), lambda: _invent(folder, until))
    with step("take the histories in (what was taken in before is left as it is)"), Store.open(home.store_url) as store:
        ingest(folder, store, batch_id="demo", backfill=True, received_on=until)
    for task in ("relapse", "hotspot"):
        promoted = set(runs.names(task, None, HORIZONS[task])) <= set(champion.names(home.champions))
        _once(step, f"train, judge and track the {task} model", promoted, partial(_train, home, task))
        _once(step, f"promote the {task} model", promoted, partial(_promote, home, task, now))
    return Ready(home, _someone(home, until), until)


def _last_day(home: Home, now: str) -> date:
    """The last day of the year before the demo was made first: records that ended long ago may not be scored."""
    years = [int(folder.name.removeprefix("city-")) for folder in home.path.glob("city-*")]
    return date(max(years, default=date.fromisoformat(now[:10]).year - 1), 12, 31)


def _once(step: Step, name: str, there: bool, make: Callable[[], None]) -> None:
    with step(f"{name}: already there, reused" if there else name):
        if not there:
            make()


def _invent(folder: Path, until: date) -> None:
    city.write(city.build(persons=PERSONS, years=YEARS, seed=SEED, until=until), folder)


def _train(home: Home, task: str) -> None:
    if task == "relapse":
        runs.train_relapse(home, _relapse_config(), lambda _: None)
    else:
        runs.train(home, task, None, lambda _: None, horizons=HORIZONS[task], feedback=feedback.feedback)


def _relapse_config() -> RelapseConfig:
    """The default task, and what can be stated of an invented city."""
    stated = read_toml(HERE / "demo.toml", Stated)
    return replace(read(None), statements=stated.statements, statements_en=stated.statements_en)


def _promote(home: Home, task: str, now: str) -> None:
    """To be up within minutes the demo looks at paper alone; `waystation promote` looks at all items."""
    if task == "hotspot":
        for each in runs.hotspot_configs(None, HORIZONS[task]):
            on_paper = replace(each, gate=replace(each.gate, items=hotspot_gate_choice.ON_PAPER))
            promote(home, each.name, None, now=now, config=on_paper)
        return
    rule = _relapse_config()
    promote(home, rule.name, None, now=now, config=replace(rule, gate=replace(rule.gate, items=ON_PAPER)))


def _someone(home: Home, until: date) -> str:
    """The first person of the cohort whose last test was positive; every person of the demo is invented."""
    relapse = champion.read(home.champions, read(None).name)
    if relapse is None:
        raise ArtifactError("demo: the relapse model was not promoted; delete the demo's home and run it again.")
    snapshot = Snapshot.open(home.snapshots / relapse.snapshot)
    history = History.of(snapshot.read("events"), snapshot.read("persons"))
    everyone = pd.DataFrame({"person_id": history.person_ids, "as_of": days_since_epoch(until)})
    past = Visible.at(history, everyone)
    eligible = why_not(past, read(None).cohort) == ELIGIBLE
    relapsed = past.of(kind="urine_test").last_is("outcome", "positive") == 1
    return str(everyone["person_id"][eligible & relapsed].iloc[0])
