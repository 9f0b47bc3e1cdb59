"""How the share of work done in time goes down with the persons a worker looks after, over the stations of a city.

A logistic line through the stations, with errors as wide as they differ from it (quasi-binomial: McCullagh and Nelder
1989, section 4.5). It is used only where it surely goes down: where it does not, or goes up, no station is held to less
or more than another. Being late with much work is told apart from being late with little, and neither is hidden.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from features.arrays import Floats
from serving.support import CASES_A_WORKER

FEWEST_STATIONS = 20  # our assumption: of fewer no line is drawn
SIDED_95 = 1.96
STEPS = 30
NEARLY = 1e-9


@dataclass(frozen=True)
class Workload:
    """Log-odds of work done in time at thirty persons a worker, and what each doubling of them adds (below 0)."""

    at_thirty: float
    a_doubling: float

    def share_at(self, cases_a_worker: float) -> float:
        """The share that stations with so many persons a worker do in time."""
        return float(expit(self.at_thirty + self.a_doubling * np.log2(cases_a_worker / CASES_A_WORKER)))


def workload(due: Floats, done: Floats, cases_a_worker: Floats) -> Workload | None:
    """The line through stations, one value each; None where it does not surely go down, or too few are known."""
    known = cases_a_worker > 0
    due, done = due[known], done[known]
    doublings = np.log2(cases_a_worker[known] / CASES_A_WORKER)
    if len(due) < FEWEST_STATIONS or np.ptp(doublings) == 0 or done.sum() in {0, due.sum()}:
        return None
    terms = np.column_stack([np.ones(len(due)), doublings])
    line = np.array([np.log(done.sum() / (due.sum() - done.sum())), 0.0])
    for _ in range(STEPS):
        share = np.clip(expit(terms @ line), NEARLY, 1 - NEARLY)
        spread = due * share * (1 - share)
        information = terms.T @ (terms * spread[:, None])
        line += np.linalg.solve(information, terms.T @ (done - due * share))
    wider = max(1.0, float(np.sum((done - due * share) ** 2 / spread)) / (len(due) - 2))
    error = np.sqrt(wider * np.linalg.inv(information)[1, 1])
    return Workload(*line.tolist()) if line[1] + SIDED_95 * error < 0 else None
