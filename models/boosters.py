"""LightGBM boosters: how they are grown, and how several become one that answers their mean.

A merged booster is native LightGBM text like any other, so what is served, its exact contributions and its digest
know nothing of the seeds. One row of 1,500 trees of eight leaves costs a millisecond with contributions.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.arrays import Floats

ALL_THREADS = 0  # LightGBM's word for as many as there are
SEED_STEP = 1000  # LightGBM derives further seeds from one by adding small numbers
OURS = ("rounds", "seeds")  # settings of Growth that LightGBM does not know
TAIL = "end of trees\n\nfeature_importances:\n\nparameters:\n\nend of parameters\n\npandas_categorical:null\n"


@dataclass(frozen=True)
class Growth:
    """How the trees grow. Small and slow: skill on this kind of data comes from many weak trees.

    `seeds`: how many boosters that differ by their seed alone are averaged.
    """

    rounds: int = 300
    learning_rate: float = 0.03
    num_leaves: int = 8
    min_data_in_leaf: int = 40
    feature_fraction: float = 0.3
    bagging_fraction: float = 0.7
    bagging_freq: int = 1
    lambda_l2: float = 20.0
    lambda_l1: float = 0.0
    max_bin: int = 63
    seed: int = 7
    seeds: int = 1
    num_threads: int = 1  # models of folds are fitted side by side; a team of threads for one waits more than it works

    def each_seed(self) -> Iterator["Growth"]:
        """The same growth once for each seed."""
        yield from (replace(self, seed=self.seed + SEED_STEP * number, seeds=1) for number in range(self.seeds))


def fit_booster(
    table: pd.DataFrame,
    relapse: Floats,
    growth: Growth,
    *,
    weight: Floats | None = None,
    directions: Sequence[int] | None = None,
) -> lgb.Booster:
    """The booster of one seed fitted on all rows; the same rows, growth and thread count give the same bytes.

    `directions`: for each column +1 where a larger value never lowers the risk, -1 where it never raises it, else 0.
    """
    parameters = {
        **{key: value for key, value in asdict(growth).items() if key not in OURS},
        **({"monotone_constraints": list(directions)} if directions is not None and any(directions) else {}),
        "objective": "binary",
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    rows = lgb.Dataset(
        table.to_numpy(dtype=np.float64), relapse, weight=weight, feature_name=list(table.columns), free_raw_data=True
    )
    return lgb.train(parameters, rows, num_boost_round=growth.rounds)


def raw_score(
    booster: lgb.Booster, matrix: Floats, *, threads: int, begun: int = 0, rounds: int | None = None
) -> Floats:
    """What the trees say of each row, from tree `begun` on; `rounds` None: of all that follow.

    Where models are trained side by side, with as many threads as those: LightGBM keeps one number of threads for the
    whole process, and a prediction that changes it makes a training beside it write where it may not, or itself.
    """
    answer = booster.predict(matrix, raw_score=True, start_iteration=begun, num_iteration=rounds, num_threads=threads)
    return np.asarray(answer, np.float64)


def merged(boosters: Sequence[lgb.Booster]) -> lgb.Booster:
    """One booster whose raw score, and each contribution to it, is the mean of those of the boosters."""
    if len(boosters) == 1:
        return boosters[0]
    texts = [booster.model_to_string() for booster in boosters]
    head = texts[0].split("\ntree_sizes=", maxsplit=1)[0]
    trees = [tree for text in texts for tree in _trees(text)]
    parts = [f"Tree={place}\n{_scaled(tree, len(boosters))}\n\n\n" for place, tree in enumerate(trees)]
    sizes = " ".join(str(len(part)) for part in parts)
    return lgb.Booster(model_str=f"{head}\ntree_sizes={sizes}\n\n{''.join(parts)}{TAIL}")


def _trees(text: str) -> list[str]:
    """The text of each tree of a booster, without its number."""
    body = text.split("\nend of trees", maxsplit=1)[0]
    return [tree.rstrip("\n") for tree in re.split(r"\nTree=\d+\n", body)[1:]]


def _scaled(tree: str, parts: int) -> str:
    """The tree with its leaves divided by the number of boosters that share the answer."""

    def divided(line: re.Match[str]) -> str:
        return "leaf_value=" + " ".join(repr(float(value) / parts) for value in line[1].split())

    return re.sub(r"leaf_value=(.*)", divided, tree)
