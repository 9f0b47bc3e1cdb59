"""What a forecast gains from one day to the next within a week, and how often it moves a band.

python -m tests.benchmarks.within_week INCIDENTS [--areas AREAS] [--weeks 4]

Files as `backtest hotspot --incidents` reads them: by township where areas are told, else by cells of 1 km. One model,
fitted 60 weeks before the end, looks at every day since. A forecast made some days before a Sunday is judged, as that
of the Sunday itself is, by what came in the weeks after the Sunday; 95 % intervals by resampling Sundays.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from features.areas import OUTSIDE, locate
from features.hotspot import FEATURES, WEEK, Places
from models.counts import poisson_deviance
from models.hotspot import areas_of, last_sunday, look, predict
from models.hotspot_fit import fit
from serving.disclosure import width_of_band
from training.hotspot_config import HotspotConfig
from training.hotspot_files import read_city
from training.hotspot_study import counted_places, study_of

JUDGED_WEEKS = 60
OLDEST_DAYS = 14
SAMPLES = 500


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("incidents", type=Path)
    parser.add_argument("--areas", type=Path)
    parser.add_argument("--weeks", type=int, default=4)
    asked = parser.parse_args()
    level = "township" if asked.areas else "cell"
    config = HotspotConfig(level=level, cell_size_m=1000, horizon_weeks=asked.weeks)
    known = counted_places(read_city(asked.incidents, asked.areas, known_lag_days=14).places, config)
    end = int(known.incidents["known_on"].max())
    first = last_sunday(end) - WEEK * JUDGED_WEEKS
    days = np.arange(first, end - OLDEST_DAYS - WEEK * asked.weeks)
    areas, rates = forecasts(known, config, days)
    tell_bands(days, rates, np.floor(rates / width_of_band(asked.weeks)))
    tell_ages(days, rates, came(known, areas, days, asked.weeks))
    return 0


def forecasts(known, config, days):
    """The areas of the first day, and what is expected of each on every day, (days, areas)."""
    then = Places(known.incidents[known.incidents["known_on"] <= days[0]], known.areas, known.effort)
    study = study_of(then, config, day=int(days[0]), study_as_of=int(days[0]))
    model = fit(study.lessons(config, day=int(days[0])), study.scope, config.learning, FEATURES)
    areas = areas_of(model, known, as_of=int(days[0]))
    told = [look(model, known, as_of=int(day)) for day in days]
    rates = [table.assign(rate=predict(model, table)).set_index("area_id")["rate"].loc[areas.ids] for table in told]
    return areas, np.array(rates)


def came(known, areas, days, weeks):
    """Incidents in the weeks after each day, (days, areas)."""
    occurred = known.incidents["occurred_on"].to_numpy()
    counts = np.zeros((len(days), len(areas)))
    placed = locate(known.incidents, areas)
    for row, day in enumerate(days):
        np.add.at(counts[row], placed[(occurred > day) & (occurred <= day + WEEK * weeks) & (placed != OUTSIDE)], 1)
    return counts


def tell_bands(days, rates, bands):
    """How often bands move, from day to day, within weeks, and from Sunday to Sunday."""
    moved, sundays = bands[1:] != bands[:-1], np.flatnonzero(days == [last_sunday(int(day)) for day in days])
    weeks = [bands[at : at + WEEK] for at in sundays[:-1]]
    within = [(week[1:] != week[:-1]).any(axis=0) for week in weeks]
    back = [each & (week[0] == week[-1]) for each, week in zip(within, weeks, strict=True)]
    print(f"{bands.shape[1]} areas, {(bands > 0).mean():.3f} of them above the lowest band")
    print(f"bands that move from one day to the next: {moved.mean():.4f}; from Sunday to Sunday: "
          f"{(bands[sundays[1:]] != bands[sundays[:-1]]).mean():.4f}; within a week: {np.mean(within):.4f}, "
          f"and back by its end: {np.mean(back):.4f}")  # fmt: skip
    print(f"mean change of a rate in a day: {np.abs(np.diff(np.log(rates), axis=0)).mean():.4f} in log")


def tell_ages(days, rates, counts):
    """What is lost by forecasts that are some days old."""
    sundays = np.flatnonzero(days == [last_sunday(int(day)) for day in days])
    sundays = sundays[sundays >= OLDEST_DAYS]
    lost = np.array(
        [[poisson_deviance(counts[at], rates[at - age]).sum() for age in range(OLDEST_DAYS + 1)] for at in sundays]
    )
    drawn = np.random.default_rng(1).integers(0, len(lost), (SAMPLES, len(lost)))
    for age in range(OLDEST_DAYS + 1):
        more = lost[:, age] - lost[:, 0]
        low, high = np.quantile(more[drawn].sum(axis=1), (0.025, 0.975)) / lost[:, 0].sum()
        print(f"{age:3} days old: deviance {more.sum() / lost[:, 0].sum():+.5f} ({low:+.5f}, {high:+.5f})")


if __name__ == "__main__":
    sys.exit(main())
