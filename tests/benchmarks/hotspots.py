"""How long the backtest of hotspots takes on an invented city, and one forecast of it; and figures on Tempe, if there.

python -m tests.benchmarks.hotspots [--cells 800] [--weeks 400] [--origins 14] [--horizon-weeks 4]

The invented city has incidents about a few steady centres; its figures say nothing about a real one.
"""

import argparse
import dataclasses
import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from features.hotspot import Places
from models import hotspot as model
from training.hotspot import train
from training.hotspot_backtest import judge
from training.hotspot_config import HotspotConfig
from training.hotspot_files import read_city

SHOWN = ("deviance_skill", "hit_rate@0.05", "predicted_over_observed", "pit_coverage_90")
FIRST_DAY = 15_000
BESIDE = Path(__file__).parents[3] / "shared" / "data"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=800)
    parser.add_argument("--weeks", type=int, default=400)
    parser.add_argument("--origins", type=int, default=14)
    parser.add_argument("--horizon-weeks", type=int, default=4)
    asked = parser.parse_args()
    config = HotspotConfig(level="cell", origins=asked.origins, horizon_weeks=asked.horizon_weeks)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the run")
    _invented(Places(city(asked.cells, asked.weeks)), config)
    tempe = Path(os.environ.get("WAYSTATION_REFERENCE_DATA", BESIDE)) / "tempe_opioid_ems.csv"
    if tempe.exists():
        _timed("Tempe", read_city(tempe, None, known_lag_days=14).places, config)
    return 0


def city(n_cells, weeks, *, a_week=9.0, seed=1):
    """Incidents about 30 centres of a square city of so many 500 m cells, drawn anew for each seed."""
    drawn = np.random.default_rng(seed)
    side = np.sqrt(n_cells) * 0.0045  # degrees: 500 m of latitude
    n = drawn.poisson(a_week * weeks)
    centres, share = drawn.uniform(0, side, (30, 2)), drawn.dirichlet(np.full(30, 0.5))
    points = centres[drawn.choice(30, n, p=share)] + drawn.normal(0, 0.006, (n, 2))
    inside = np.where(drawn.random(n)[:, None] < 0.4, drawn.uniform(0, side, (n, 2)), np.clip(points, 0, side))
    day = np.sort(FIRST_DAY + drawn.integers(0, 7 * weeks, n))
    rows = pd.DataFrame({"occurred_on": day, "known_on": day + 3, "longitude": 106 + inside[:, 0]})
    rows = rows.assign(latitude=26 + inside[:, 1], kind="overdose", reported_by="service")
    return rows.assign(area_id=pd.Series([None] * n, dtype="str"))


def _invented(places, config):
    _timed("invented city", places, config)
    trained = train(places, dataclasses.replace(config, origins=2))
    day = int(places.incidents["known_on"].max())
    began, used = time.perf_counter(), time.process_time()
    told = model.forecast(trained.model, places, as_of=day, horizon_weeks=config.horizon_weeks, level="cell")
    print(f"one forecast of {len(told)} cells: {_took(began, used)}")


def _timed(name, places, config):
    began, used = time.perf_counter(), time.process_time()
    figures = judge(places, config).figures
    took = _took(began, used)
    horizon = figures["horizons"][str(config.horizon_weeks)]
    print(f"{name}: {figures['counts']} in {took}; trees over prior {horizon['trees_over_prior']}")
    for other, metrics in horizon["models"].items():
        print(f"  {other:14}" + "  ".join(f"{each} {metrics[each]['value']:.3f}" for each in SHOWN))


def _took(began, used):
    return f"{time.perf_counter() - began:.2f} s, of processors {time.process_time() - used:.2f} s"


if __name__ == "__main__":
    sys.exit(main())
