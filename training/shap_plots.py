"""The plots of the shap package: what moves the risks of the learned rows, and how the strongest features do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from features.catalogue import Feature
from training.relapse import Trained

MOST_ROWS = 1500
MOST_FEATURES = 12
DEPENDENCES = 3
SEED = 7  # of the shaking of points that would lie on each other


@dataclass(frozen=True)
class Moves:
    """What moves the risks: the strongest features in order, the beeswarm, and the dependence of the first of them."""

    features: tuple[Feature, ...]
    beeswarm: Path
    dependences: tuple[Path, ...]


def shap_plots(trained: Trained, folder: Path) -> Moves:
    """The plots of the calibrated log-odds; no words are in them but features' names, for pages in every language.

    The rows are spread evenly over those learned from; their persons appear nowhere.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    import shap

    table = trained.rows.table[trained.model.columns]
    table = table.iloc[np.unique(np.linspace(0, len(table) - 1, min(len(table), MOST_ROWS)).astype(np.int64))]
    parts = trained.model.contributions(table)
    told = shap.Explanation(parts.by_feature, parts.base, table.to_numpy(dtype=np.float64), feature_names=table.columns)
    strongest = np.argsort(-np.abs(parts.by_feature).mean(axis=0), kind="stable")[:MOST_FEATURES]
    beeswarm = folder / "beeswarm.png"
    dependences = [folder / f"dependence_{number + 1}.png" for number in range(min(DEPENDENCES, len(strongest)))]
    with seeded():
        shap.plots.beeswarm(
            told,
            max_display=MOST_FEATURES,
            show=False,
            plot_size=(9, 5.5),
            color_bar=False,
            group_remaining_features=False,
        )
        plt.gca().set_xlabel("")
        _save(plt, beeswarm)
        for path, place in zip(dependences, strongest, strict=False):
            shap.plots.scatter(told[:, int(place)], show=False, color="#14324c", alpha=0.4)
            plt.gca().set_ylabel("")
            _save(plt, path)
    return Moves(tuple(trained.model.features[place] for place in strongest), beeswarm, tuple(dependences))


@contextmanager
def seeded() -> Iterator[None]:
    """Within it the plots shake their points alike each time: they draw from NumPy's global generator."""
    before = np.random.get_state()  # noqa: NPY002 (shap takes no other)
    np.random.seed(SEED)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


def _save(plt: Any, path: Path) -> None:
    plt.savefig(path, dpi=110, bbox_inches="tight", metadata={"Software": None})
    plt.close("all")
