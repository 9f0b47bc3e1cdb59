"""The night's work on a whole city: snapshot, history, features, scores with reasons of everyone; seconds and memory.

python -m tests.benchmarks.nightly [--persons 19000] [--home FOLDER]

The city is invented and taken in first, unless --home names a home that holds one. The model is the default recipe,
learned from some of the persons: how many does not change what a score costs. `everyone` asks for features and reasons
of all persons, though few in such a city may be scored.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from features.catalogue import compute
from features.home import Home
from features.intake import ingest
from features.relapse import chosen
from features.snapshot import write_snapshot
from features.store import Store
from serving.scoring import Scored, scores
from tests.benchmarks.features import peak_mb
from training import city
from training.config import read
from training.fitting import fit
from training.material import material_of
from training.rows import rows_of
from training.splits import person_folds

UNTIL = date(2025, 12, 31)
LEARNERS = 10  # one in so many persons is learned from


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=19_000)
    parser.add_argument("--home", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(asked.home or invented(Path(folder), asked.persons))
        home.settle()
        night(home, Path(folder) / "snapshots")


def invented(folder, persons):
    """A home that holds a city of so many persons."""
    home = Home(folder / "home")
    home.settle()
    city.simulate(
        city.plan("guiyang", persons=persons, until=UNTIL), folder / "city", processes=1, tell=lambda *_: None
    )
    with Store.open(home.store_url) as store:
        ingest(folder / "city", store, backfill=True, received_on=UNTIL)
    return home.path


def night(home, snapshots):
    with Timed("snapshot") as writing, Store.open(home.store_url) as store:
        snapshot = write_snapshot(store, snapshots)
    with Timed("history") as reading:
        made_from = material_of(snapshot)
    history, day = made_from.history, made_from.last_day
    model = learned(made_from)
    everyone = pd.DataFrame({"person_id": history.person_ids, "as_of": day})
    with Timed("features, everyone"):
        table = compute(history, everyone, model.features)
    with Timed("scores with reasons, everyone"):
        parts = model.contributions(table)
        model.interval(table, parts.total)
    with Timed("who may be scored: features, scores, reasons, intervals") as answering:
        outcomes = scores(model, history, list(history.person_ids), as_of=day, today=day)
    scored = sum(isinstance(each, Scored) for each in outcomes)
    whole = writing.seconds + reading.seconds + answering.seconds
    busy = writing.busy + reading.busy + answering.busy
    print(f"{len(outcomes):,} persons, {len(history):,} revisions, {scored:,} scored, {len(model.columns)} features")
    print(
        f"{'the night':58} {whole:7.1f} s, of the processor {busy:7.1f} s, peak {peak_mb():,.0f} MB with the training"
    )


def learned(made_from):
    """The model of the default recipe, from some of the persons, on fewer dates."""
    config = read(None)
    config = replace(config, as_of=replace(config.as_of, every_days=56, trained_every_days=56))
    rows = rows_of(made_from.history, config, chosen(config.features), snapshot_day=made_from.last_day)
    some = person_folds(rows.times["person_id"], LEARNERS) == 0
    return fit(rows.where(some), config, refits=config.fit.refits).model


class Timed:
    """Tells the seconds of a step, by the clock and of the processor."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.began, self.processor = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_):
        self.seconds, self.busy = time.perf_counter() - self.began, time.process_time() - self.processor
        print(f"{self.name:58} {self.seconds:7.1f} s, of the processor {self.busy:7.1f} s", flush=True)


if __name__ == "__main__":
    main()
