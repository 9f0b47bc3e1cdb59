"""Observed rows to learn from, each with its weight, and the trees that one seed grows on them."""

from dataclasses import dataclass, replace

import lightgbm as lgb
import pandas as pd

from features.history import Floats
from models.boosters import Growth, fit_booster
from training.splits import Flags


@dataclass(frozen=True)
class Lesson:
    """Observed rows to learn from: the columns, the outcome, each row's weight and person, directions to hold."""

    table: pd.DataFrame
    relapse: Floats
    weight: Floats
    persons: pd.Series
    directions: tuple[int, ...]

    def where(self, keep: Flags, times: Floats | None = None) -> "Lesson":
        """Those rows for which `keep` is true, each counted so many times."""
        weight = self.weight if times is None else self.weight * times
        return replace(
            self, table=self.table[keep], relapse=self.relapse[keep], weight=weight[keep], persons=self.persons[keep]
        )

    def grown(self, growth: Growth) -> lgb.Booster:
        """The booster of one seed on all rows."""
        return fit_booster(self.table, self.relapse, growth, weight=self.weight, directions=self.directions)
