"""Whether early warnings keep their promise, and how long a scan takes.

python -m tests.benchmarks.warnings [--cells 800] [--histories 8] [--seed 3]

False alarms are counted on quiet histories drawn from the forecasts of a city, and power by adding six incidents to one
cell in one week: of the invented city, and of Tempe if it is there.
"""

import argparse
import dataclasses
import os
import sys
import time
from pathlib import Path

from features.hotspot import FEATURES, Places
from models.early_warning import early_warnings
from models.hotspot_fit import fit
from tests.benchmarks.hotspots import BESIDE, city
from training.hotspot_config import HotspotConfig
from training.hotspot_files import read_city
from training.hotspot_study import counted_places, study_of
from training.warnings_check import check


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=800)
    parser.add_argument("--histories", type=int, default=8)
    parser.add_argument("--seed", type=int, default=3)
    asked = parser.parse_args()
    config = HotspotConfig(level="cell")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the run")
    _scan(Places(city(asked.cells, 400)), config)
    tempe = Path(os.environ.get("WAYSTATION_REFERENCE_DATA", BESIDE)) / "tempe_opioid_ems.csv"
    if tempe.exists():
        began = time.perf_counter()
        promise = check(
            read_city(tempe, None, known_lag_days=14).places, config, histories=asked.histories, seed=asked.seed
        )
        print(f"Tempe, in {time.perf_counter() - began:.0f} s:")
        for name, value in dataclasses.asdict(promise).items():
            print(f"  {name:16} {value:.4g}")
    return 0


def _scan(places, config):
    known = counted_places(places, config)
    day = int(known.incidents["known_on"].max())
    study = study_of(known, config, day=day, study_as_of=day)
    model = fit(study.lessons(config, day=day), study.scope, config.learning, FEATURES)
    began, used = time.perf_counter(), time.process_time()
    found = early_warnings(model, places, as_of=day)
    took = f"{time.perf_counter() - began:.2f} s, of processors {time.process_time() - used:.2f} s"
    print(f"one scan of {len(study.evidence.past.areas)} cells and its past scans: {took}; {len(found)} warnings")


if __name__ == "__main__":
    sys.exit(main())
