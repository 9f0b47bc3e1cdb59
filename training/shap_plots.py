"""The plots of the shap package: what moves the risks of the learned rows, and how the strongest features do."""

from pathlib import Path
from typing import Any

import numpy as np

from training.relapse import Trained

MOST_ROWS = 1500
MOST_FEATURES = 12
DEPENDENCES = 3


def shap_plots(trained: Trained, folder: Path) -> list[Path]:
    """The files of the beeswarm, and of the dependence of the strongest features, of the calibrated log-odds.

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
    strongest = np.argsort(-np.abs(parts.by_feature).mean(axis=0), kind="stable")[:DEPENDENCES]
    files = [folder / "beeswarm.png"]
    shap.plots.beeswarm(told, max_display=MOST_FEATURES, show=False, plot_size=(9, 5.5))
    _save(plt, files[0])
    for number, place in enumerate(strongest):
        shap.plots.scatter(told[:, int(place)], show=False, color="#14324c", alpha=0.4)
        files.append(folder / f"dependence_{number + 1}.png")
        _save(plt, files[-1])
    return files


def _save(plt: Any, path: Path) -> None:
    plt.savefig(path, dpi=110, bbox_inches="tight", metadata={"Software": None})
    plt.close("all")
