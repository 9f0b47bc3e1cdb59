"""What is true of an invented city, row by row, for who judges a model; beside the simulator its only reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.arrays import Flags, Floats, Ints
from features.errors import ConfigError
from training.city.oracle import ORACLE_FILE
from training.city.write import TRUTH

# What a model is judged on: the column of the oracle's answer that holds its probability together with being observed.
JOINTLY = {"detected": "detected", "used": "used_observed"}


@dataclass(frozen=True)
class Truth:
    """The oracle's answers, one row each as-of date and person, and the days of true use; days since 1970-01-01."""

    answers: pd.DataFrame
    uses: pd.DataFrame
    horizon_days: int
    draws: int

    @property
    def as_of(self) -> list[int]:
        """The dates the oracle was asked about, earliest first."""
        return [int(day) for day in np.unique(self.answers["as_of"])]


@dataclass(frozen=True)
class Known:
    """Of some observed rows, for one outcome: what came true (0 or 1), and what the hidden state said before.

    `probability` is that of the outcome when the row is observed, and rests on `n_draws` draws; infinitely many stand
    for a row so rarely observed that the share of all rows is put in its place.
    """

    came: Floats
    probability: Floats
    n_draws: Floats

    @property
    def noise(self) -> Floats:
        """The Monte Carlo variance of each probability, without bias: q (1 - q) / (n - 1)."""
        return self.probability * (1 - self.probability) / (self.n_draws - 1)


def read_truth(folder: Path) -> Truth:
    """The truth beside a city that `waystation simulate` wrote and an oracle was asked about."""
    file = folder / TRUTH / ORACLE_FILE
    if not file.exists():
        raise ConfigError(
            f"truth: {folder} holds no {TRUTH}/{ORACLE_FILE}; ask for it: waystation simulate {folder} --oracle DATE."
        )
    answers = pd.read_parquet(file)
    uses = pd.read_parquet(folder / TRUTH / "use_days.parquet")
    return Truth(
        answers.assign(as_of=_days(answers["as_of"])),
        uses.assign(day=_days(uses["used_on"]))[["person_id", "day"]],
        horizon_days=int(answers["horizon_days"].iloc[0]),
        draws=int(answers["draws"].iloc[0]),
    )


def _days(dates: pd.Series) -> Ints:
    return dates.to_numpy().astype("datetime64[D]").astype(np.int64)


def answered(rows: pd.DataFrame, truth: Truth) -> Flags:
    """Which rows (person_id, as_of) the oracle was asked about."""
    mine, theirs = (pd.MultiIndex.from_frame(each[["person_id", "as_of"]]) for each in (rows, truth.answers))
    return np.asarray(mine.isin(theirs))


def known(rows: pd.DataFrame, truth: Truth) -> Mapping[str, Known]:
    """By outcome what is known of observed rows (person_id, as_of, relapse), all of which the oracle answered."""
    told = rows.merge(truth.answers, on=["person_id", "as_of"], how="left", validate="one_to_one")
    came = {"detected": rows["relapse"].to_numpy(dtype=np.float64), "used": _used(rows, truth).astype(np.float64)}
    observed = told["observed"].to_numpy(dtype=np.float64)
    return {
        name: _known(came[name], told[both].to_numpy(dtype=np.float64), observed, truth.draws)
        for name, both in JOINTLY.items()
    }


def _known(came: Floats, jointly: Floats, observed: Floats, draws: int) -> Known:
    n_draws = np.round(observed * draws)
    enough = n_draws >= 2
    share = np.divide(jointly, observed, out=np.full(len(came), jointly.sum() / observed.sum()), where=enough)
    return Known(came, share, np.where(enough, n_draws, np.inf))


def _used(rows: pd.DataFrame, truth: Truth) -> Flags:
    """Whether each row's person used in (as_of, as_of + horizon]."""
    ids = pd.Index(truth.answers["person_id"].unique())
    far = np.int64(10**6)  # longer than any life, so that person and day sort as one number
    person, user = ids.get_indexer(rows["person_id"]), ids.get_indexer(truth.uses["person_id"])
    days = np.sort(user[user >= 0] * far + truth.uses["day"].to_numpy()[user >= 0])
    start = person * far + rows["as_of"].to_numpy()
    first, behind = (np.searchsorted(days, start + ahead, side="right") for ahead in (0, truth.horizon_days))
    return np.asarray(behind > first)
