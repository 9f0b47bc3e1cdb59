"""Which rows a model may learn from when it is judged on others: by person, or by time with a gap."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd

from features.arrays import Flags, Ints
from training.config import RelapseConfig


@dataclass(frozen=True)
class Fold:
    """One round of the judgement: the rows to learn from, the rows to be judged on, and the day that parts them.

    What became known after `origin` is not learned from; None where the rows are parted by person.
    """

    name: str
    learn: Flags
    judge: Flags
    origin: int | None = None


def fold_of(person_id: str, folds: int) -> int:
    """The fold of a person: the SHA-256 of the id as text, modulo the number of folds.

    >>> fold_of("3167", 5)
    4
    """
    return int(sha256(person_id.encode()).hexdigest(), 16) % folds


def folds_of(at: pd.DataFrame, config: RelapseConfig) -> Iterator[Fold]:
    """The folds of the configuration over labelled prediction times (person_id, as_of, judged, trained)."""
    judged, trained = (at[name].to_numpy(dtype=bool) for name in ("judged", "trained"))
    if config.split.by == "person":
        fold = person_folds(at["person_id"], config.split.folds)
        for number in range(config.split.folds):
            yield Fold(f"persons {number}", learn=trained & (fold != number), judge=judged & (fold == number))
        return
    as_of = at["as_of"].to_numpy(dtype=np.int64)
    for origin in origins(as_of[judged], config):
        closed = closed_by(as_of, origin, config)
        yield Fold(
            f"origin {origin}",
            learn=trained & closed,
            judge=judged & (as_of >= origin) & (as_of < origin + config.split.every_days),
            origin=origin,
        )


def closed_by(as_of: Ints, day: int, config: RelapseConfig) -> Flags:
    """Which rows may be learned from on a day: their label window closed before it, and was reported by then."""
    return as_of + config.label.horizon_days + config.label.reporting_lag_days <= day


def origins(as_of: Ints, config: RelapseConfig) -> list[int]:
    """The rolling origins, oldest first: the last ones at which rows remain to be judged."""
    end = int(as_of.max()) + 1
    return [end - config.split.every_days * back for back in range(config.split.origins, 0, -1)]


def person_folds(person_ids: pd.Series, folds: int) -> Ints:
    """The fold of each row's person."""
    of_person = {person_id: fold_of(str(person_id), folds) for person_id in person_ids.unique()}
    return person_ids.map(of_person).to_numpy(dtype=np.int64)
