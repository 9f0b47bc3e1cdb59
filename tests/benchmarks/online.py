"""One row online against the same row in a batch: do all values agree to the last bit, and how long does one take.

python -m tests.benchmarks.online [--rows 10000]

Online, as in the service, the history of one person is built alone, from plain columns.
"""

import argparse
import sys
import time

import numpy as np
import pandas as pd

from features.catalogue import compute
from features.history import NEEDED, History
from features.relapse import FeatureChoice, chosen
from tests.benchmarks.features import invented, prediction_times

DATES = 20
SIXTY = 60


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    asked = parser.parse_args()
    every = chosen(FeatureChoice())
    step = len(every) / SIXTY  # from all families alike
    different = [
        compare(features, asked.rows) for features in (every, [every[int(step * place)] for place in range(SIXTY)])
    ]
    return 1 if any(different) else 0


def compare(features, rows):
    """The number of rows that differ; it prints how long one takes."""
    persons = rows // DATES
    events, times = invented(persons, persons * 95), prediction_times(persons, DATES)
    everyone = pd.DataFrame({"person_id": np.unique(times["person_id"])})
    batch = compute(History.of(events, everyone), times, features).to_numpy()
    mine = {person_id: _columns(part) for person_id, part in events.groupby("person_id")}
    seconds, busy, different = [], [], 0
    for place, row in enumerate(times.itertuples(index=False)):
        alone = pd.DataFrame({"person_id": [row.person_id]})
        began, processor = time.perf_counter(), time.process_time()
        online = compute(History.of(mine[row.person_id], alone), times.iloc[[place]], features)
        seconds.append(time.perf_counter() - began)
        busy.append(time.process_time() - processor)
        different += not np.array_equal(online.to_numpy()[0], batch[place], equal_nan=True)
    low, middle, high = np.quantile(np.array(seconds) * 1000, [0.1, 0.5, 0.99])
    print(
        f"{len(times):,} rows, {len(features)} features, {different} differ from the batch; one takes {middle:.2f} ms "
        f"(p10 {low:.2f}, p99 {high:.2f}; of the processor {np.median(busy) * 1000:.2f})"
    )
    return different


def _columns(part):
    """The events of one person as the store gives them: plain columns, absent words as None."""
    return {
        name: [None if missing else value for value, missing in zip(part[name], part[name].isna(), strict=True)]
        for name in NEEDED
    }


if __name__ == "__main__":
    sys.exit(main())
