"""What ten times the persons are worth to the default recipe, on an invented city; and what its intervals hold.

python -m tests.benchmarks.more_persons [--few 1500 --many 15000] [--draws 5] [--city FOLDER [--persons N]]

Each of --draws models learns from --few persons, no two from the same; one learns from --many. All are judged at one
origin, on the rows after it of persons that none of them learned from: a twelfth of --many, or all others of the first
--persons of --city.
The city comes straight from the files of `waystation simulate`, part by part, its features as single-precision numbers;
months of stations are summed over all persons, as in the store. The intervals of one model of few are held against the
risks that the model of many gives: nearer than any other figure to what the truth of such histories is.
"""

import argparse
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from features.closing import COUNTS, past_months
from features.history import History
from features.relapse import chosen
from features.schema import Arrival, conform, days_since_epoch
from features.stations import StationMonths
from tests.benchmarks.features import peak_mb
from tests.benchmarks.learning import show, told_of
from tests.benchmarks.nightly import Timed
from training import city
from training.city.block import n_blocks
from training.config import read
from training.coverage import coverage
from training.evaluate import auroc, draws, estimate, judged
from training.fitting import fit
from training.relapse import rows_to_learn
from training.rows import Rows, rows_of
from training.splits import folds_of

UNTIL = date(2025, 12, 31)
BLOCKS = 10  # read at once: the simulator writes a row group of events for each of its blocks of whole persons


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=1_500)
    parser.add_argument("--many", type=int, default=15_000)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--city", type=Path)
    parser.add_argument("--persons", type=int)
    asked = parser.parse_args()
    config = read(None)
    config = replace(config, split=replace(config.split, origins=1))
    with tempfile.TemporaryDirectory() as spare:
        folder = asked.city or invented(Path(spare) / "city", asked.many + asked.many // 12)
        histories = list(lived(folder, asked.persons))
    person_ids = np.concatenate([history.person_ids for history in histories])
    order = np.random.default_rng(config.seed).permutation(person_ids)
    if len(order) <= asked.many or asked.draws * asked.few > asked.many:
        raise SystemExit("more_persons: --many has to leave some to judge on, and to hold --draws times --few.")
    with Timed("rows to learn from and to be judged on"):
        learn, judge = rows_at_origin(histories, config, set(order[: asked.many]))
    del histories
    groups = [set(order[place * asked.few : (place + 1) * asked.few]) for place in range(asked.draws)]
    compare(learn, judge, groups, config)


def invented(folder, persons):
    """The folder of a city of so many persons."""
    with Timed(f"a city of {persons:,} persons"):
        city.simulate(city.plan("guiyang", persons=persons, until=UNTIL), folder)
    return folder


def lived(folder, persons=None):
    """The histories of the first persons of a city, some thousand at a time, with the months of all its stations."""
    file, arrival = pq.ParquetFile(folder / "events.parquet"), Arrival(received_on=UNTIL, backfill=True)
    people = conform("persons", pd.read_csv(folder / "persons.csv", dtype="str"), arrival=arrival).sound()
    stations = conform("stations", pd.read_csv(folder / "stations.csv", dtype="str"), arrival=arrival).sound()
    until, histories, months = days_since_epoch(UNTIL), [], []
    blocks = min(file.num_row_groups, n_blocks(persons or len(people)))
    for first in range(0, blocks, BLOCKS):
        here = file.read_row_groups(range(first, min(first + BLOCKS, blocks))).to_pandas()
        events = conform("events", here, arrival=arrival).sound().drop_duplicates(["event_id", "revision"])
        histories.append(History.of(events, people[people["person_id"].isin(events["person_id"].unique())]))
        months.append(past_months(histories[-1], stations, until=until))
    table = pd.concat(months)
    by = [name for name in table if name not in COUNTS]
    whole = StationMonths.of(table.groupby(by, as_index=False, dropna=False)[list(COUNTS)].sum())
    return (replace(history, stations=whole) for history in histories)


def rows_at_origin(histories, config, learners):
    """The rows of learners as known at the last origin, and the observed rows of the others after it."""
    learned, judged_on = [], []
    last_day = max(int(history.known.max()) for history in histories)
    for history in histories:
        rows = rows_of(history, config, chosen(config.features), snapshot_day=last_day)
        (fold,) = folds_of(rows.times, config)
        inside = rows.times["person_id"].isin(learners).to_numpy()
        fold = replace(fold, learn=fold.learn & inside, judge=fold.judge & ~inside & rows.observed)
        learned.append(single(rows_to_learn(rows, history, fold, config)))
        judged_on.append(single(rows.where(fold.judge)))
    return joined(learned), joined(judged_on)


def single(rows):
    return Rows(rows.times, rows.table.astype(np.float32))


def joined(parts):
    return Rows(
        pd.concat([part.times for part in parts], ignore_index=True),
        pd.concat([part.table for part in parts], ignore_index=True),
    )


def compare(learn, judge, groups, config):
    """Figures of few and of many; the share of the AUROC above .5; what an interval of few holds of many's risk."""
    person = learn.times["person_id"]
    few, interval = [], None
    for number, group in enumerate(groups):
        with Timed(f"few, {number + 1}"):
            model = fit(learn.where(person.isin(group).to_numpy()), config, refits=config.fit.refits * (not few)).model
        few.append(model.risk(judge.table))
        interval = interval or model.interval(judge.table, model.log_odds(judge.table))
    with Timed(f"many: {person.nunique():,} persons, {len(person):,} rows"):
        many = fit(learn, config).model.risk(judge.table)
    sampling = draws(judge.times["person_id"].to_numpy(dtype=object), resamples=500, seed=config.seed)
    y = judge.relapse
    print(f"{judge.times['person_id'].nunique():,} persons judged, {len(y):,} rows, {int(y.sum()):,} relapses")
    show(judged(y, {**{f"few, {n + 1}": risk for n, risk in enumerate(few)}, "many": many}, sampling))

    def share(outcome, _, weight):
        above = np.mean([auroc(outcome, risk, weight) for risk in few]) - 0.5
        return above / (auroc(outcome, many, weight) - 0.5)

    print("few's share of many's AUROC above .5:", told_of(estimate(share, y, many, sampling)))
    held = coverage(few[0], interval, many, sampling)
    print("many's risk lies in few's interval:", told_of(held["held"]))
    for each in held["tenths"]:
        print(f"  {each.rows:6,} rows, few {each.risk:.3f} ({each.interval_low:.3f}, {each.interval_high:.3f}), "
              f"many {each.probability:.3f}, held {told_of(each.held)}")  # fmt: skip
    print(f"peak {peak_mb():,.0f} MB")


if __name__ == "__main__":
    main()
