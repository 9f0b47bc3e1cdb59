"""The plots logged with a run: are the risks right, and what precision does each recall cost."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve

from features.history import Floats

BINS = 10
Z = 1.96


def relapse_plots(predictions: pd.DataFrame, folder: Path) -> list[Path]:
    """The files of the calibration and precision-recall plots of out-of-fold predictions."""
    names = [name for name in predictions.columns if name not in {"person_id", "as_of", "relapse"}]
    y = predictions["relapse"].to_numpy(dtype=np.float64)
    risks = {name: predictions[name].to_numpy(dtype=np.float64) for name in names}
    return [
        _saved(_calibration(y, risks[names[0]]), folder / "calibration.png"),
        _saved(_precision_recall(y, risks), folder / "precision_recall.png"),
    ]


def _calibration(y: Floats, risk: Floats) -> Figure:
    """Observed share against mean risk in ten bins of equal size, with 95 % Wilson intervals."""
    figure = Figure(figsize=(5, 5))
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for rows in np.array_split(np.argsort(risk, kind="stable"), BINS):
        if len(rows) == 0:
            continue
        n, observed = len(rows), float(y[rows].mean())
        middle = (observed + Z**2 / (2 * n)) / (1 + Z**2 / n)
        half = Z * np.sqrt(observed * (1 - observed) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
        axes.plot([risk[rows].mean()] * 2, [middle - half, middle + half], color="#14324c", linewidth=1)
        axes.plot(risk[rows].mean(), observed, "o", color="#14324c")
    axes.set(xlabel="Risk", ylabel="Observed share", title="Calibration, rows not fitted on", xlim=(0, 1), ylim=(0, 1))
    return figure


def _precision_recall(y: Floats, risks: dict[str, Floats]) -> Figure:
    figure = Figure(figsize=(6, 5))
    axes = figure.add_subplot()
    for name, risk in risks.items():
        precision, recall, _ = precision_recall_curve(y, risk)
        axes.plot(recall, precision, label=name, drawstyle="steps-post")
    axes.set(xlabel="Recall", ylabel="Precision", title="Precision and recall, rows not fitted on", ylim=(0, 1))
    axes.legend()
    return figure


def _saved(figure: Figure, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100, bbox_inches="tight", metadata={"Software": None})
    return path
