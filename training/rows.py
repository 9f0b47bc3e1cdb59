"""The rows a model is trained and judged on: prediction times, cohort, labels and features, all from a history."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.arrays import Flags, Floats
from features.asof import Visible
from features.catalogue import Feature, compute
from features.cohort import ELIGIBLE, why_not
from features.errors import TooLittleHistoryError
from features.history import History
from training.config import RelapseConfig
from training.labels import label

DAYS_A_YEAR = 365


@dataclass(frozen=True)
class Rows:
    """Prediction times with what is known of them, row by row.

    `times`: person_id, as_of, judged and trained (what a date is for), relapse (1, 0, NaN) and what else a label says.
    `table`: the features.
    """

    times: pd.DataFrame
    table: pd.DataFrame

    def where(self, keep: Flags) -> "Rows":
        """Those rows for which `keep` is true."""
        return Rows(self.times[keep].reset_index(drop=True), self.table[keep].reset_index(drop=True))

    def narrowed(self, features: Iterable[Feature]) -> "Rows":
        """The same rows with the columns of some features alone."""
        return Rows(self.times, self.table[[feature.name for feature in features]])

    @property
    def observed(self) -> Flags:
        """Which rows have an observed outcome."""
        return self.times["relapse"].notna().to_numpy(dtype=np.bool_)

    @property
    def trained(self) -> Flags:
        """Which rows lie on dates that are learned from."""
        return self.times["trained"].to_numpy(dtype=np.bool_)

    @property
    def relapse(self) -> Floats:
        """1 where a relapse occurred in the horizon, 0 where not, NaN where it was not observed."""
        return self.times["relapse"].to_numpy(dtype=np.float64)


def rows_of(history: History, config: RelapseConfig, features: tuple[Feature, ...], *, snapshot_day: int) -> Rows:
    """The rows of the cohort at all as-of dates of the configuration, labelled, with features."""
    at = prediction_times(history, config, snapshot_day=snapshot_day)
    if len(history.occurred) and not at.empty and at["as_of"].max() < history.occurred.min():
        raise TooLittleHistoryError(
            f"'{config.name}': the records are too short for a horizon of {config.label.horizon_days} days: the last "
            "as-of date whose outcome is known lies before the first record; take a shorter horizon."
        )
    eligible = why_not(Visible.at(history, at), config.cohort) == ELIGIBLE
    at = at[eligible].reset_index(drop=True)
    if at.empty:
        raise TooLittleHistoryError(
            f"'{config.name}': no person is in the cohort at any as-of date; "
            "check the programmes and as_of of its configuration."
        )
    past = Visible.at(history, at)
    at = at.assign(station=station_of(past))
    labels = label(past, config.label, snapshot_day=snapshot_day)
    return Rows(times=at.join(labels), table=compute(history, at, features))


def prediction_times(history: History, config: RelapseConfig, *, snapshot_day: int) -> pd.DataFrame:
    """Every person at every as-of date: person_id, as_of (days since 1970-01-01), judged, trained."""
    if config.as_of.clock == "programme":
        return _programme_times(history, config, snapshot_day)
    last = snapshot_day - config.label.horizon_days - config.label.reporting_lag_days
    first = last - config.as_of.lookback_years * DAYS_A_YEAR
    every_days, by_time = config.as_of.every_days, config.split.by != "person"
    judged_from = last - config.split.origins * config.split.every_days if by_time else first
    judged = np.arange(last, max(first, judged_from), -every_days, dtype=np.int64)
    trained = np.arange(last, first, -(config.as_of.trained_every_days or every_days), dtype=np.int64)
    dates = np.union1d(judged, trained)
    n_persons = len(history.person_ids)
    return pd.DataFrame(
        {
            "person_id": np.repeat(history.person_ids, len(dates)),
            "as_of": np.tile(dates, n_persons),
            "judged": np.tile(np.isin(dates, judged), n_persons),
            "trained": np.tile(np.isin(dates, trained), n_persons),
        }
    )


def station_of(past: Visible) -> pd.Series:
    """The station of each row: that of the latest record naming one; "" where none does."""
    names = past.history.levels["station_id"]
    codes = past.of(station_id=names).last_code("station_id")
    return pd.Series(np.array([*names, ""], dtype=object)[codes], dtype="str")


def _programme_times(history: History, config: RelapseConfig, snapshot_day: int) -> pd.DataFrame:
    everyone = pd.DataFrame({"person_id": history.person_ids, "as_of": snapshot_day})
    began = Visible.at(history, everyone).of(kind="programme_start").first_day()
    days = np.array(sorted({*config.as_of.judged_days, *config.as_of.trained_days}))
    times = pd.DataFrame(
        {
            "person_id": np.repeat(history.person_ids, len(days)),
            "as_of": np.repeat(began, len(days)) + np.tile(days, len(began)),
            "judged": np.tile(np.isin(days, config.as_of.judged_days), len(began)),
            "trained": True,
        }
    ).dropna(subset="as_of")
    return times.astype({"as_of": np.int64}).reset_index(drop=True)
