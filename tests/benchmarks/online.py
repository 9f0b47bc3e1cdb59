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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    rows = parser.parse_args().rows
    persons = rows // DATES
    events, times, features = invented(persons, persons * 95), prediction_times(persons, DATES), chosen(FeatureChoice())
    everyone = pd.DataFrame({"person_id": np.unique(times["person_id"])})
    batch = compute(History.of(events, everyone), times, features).to_numpy()
    mine = {person_id: _columns(part) for person_id, part in events.groupby("person_id")}

    seconds, different = [], 0
    for place, row in enumerate(times.itertuples(index=False)):
        alone = pd.DataFrame({"person_id": [row.person_id]})
        began = time.perf_counter()
        online = compute(History.of(mine[row.person_id], alone), times.iloc[[place]], features)
        seconds.append(time.perf_counter() - began)
        different += not np.array_equal(online.to_numpy()[0], batch[place], equal_nan=True)
    low, middle, high = np.quantile(np.array(seconds) * 1000, [0.1, 0.5, 0.99])
    print(
        f"{len(times):,} rows, {len(features)} features, {different} differ from the batch; "
        f"one takes {middle:.2f} ms (p10 {low:.2f}, p99 {high:.2f})"
    )
    return 1 if different else 0


def _columns(part):
    """The events of one person as the store gives them: plain columns, absent words as None."""
    return {
        name: [None if missing else value for value, missing in zip(part[name], part[name].isna(), strict=True)]
        for name in NEEDED
    }


if __name__ == "__main__":
    sys.exit(main())
