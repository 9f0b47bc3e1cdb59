"""The plots logged with a run: are the risks or counts right, and what is found for how much effort."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats
from sklearn.metrics import precision_recall_curve

from features.arrays import Floats
from training.hotspot_backtest import Backtest
from training.hotspot_metrics import hit_curve

MODEL = "lightgbm"
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


def hotspot_plots(backtest: Backtest, folder: Path, *, worded: bool = True) -> list[Path]:
    """The files of the calibration and hit-rate plots of forecasts, the hits beside those of the 12-month count.

    Without words for pages that say in their own language what is on the axes.
    """
    figures = {"calibration": _counts(backtest), "hit_rate": _hits(backtest)}
    if not worded:
        for figure in figures.values():
            for axes in figure.axes:
                axes.set(title="", xlabel="", ylabel="")
    return [_saved(figure, folder / f"{name}.png") for name, figure in figures.items()]


def _counts(backtest: Backtest) -> Figure:
    """Observed against expected incidents an area by tenths of the forecasts, with exact 95 % Poisson intervals."""
    expected, observed = backtest.expected[MODEL].ravel(), backtest.outcome.observed.ravel()
    figure = Figure(figsize=(5, 5))
    axes = figure.add_subplot()
    for rows in np.array_split(np.argsort(expected, kind="stable"), BINS):
        if len(rows) == 0:
            continue
        n, came = len(rows), observed[rows].sum()
        low, high = stats.chi2.ppf(0.025, 2 * came) / 2 if came else 0.0, stats.chi2.ppf(0.975, 2 * came + 2) / 2
        axes.plot([expected[rows].mean()] * 2, [low / n, high / n], color="#14324c", linewidth=1)
        axes.plot(expected[rows].mean(), came / n, "o", color="#14324c")
    axes.axline((1, 1), slope=1, color="0.7", linewidth=1)
    axes.set_xscale("log")
    axes.set_yscale("log", nonpositive="clip")
    axes.set(xlabel="Expected incidents an area", ylabel="Observed", title="Calibration, origins not fitted on")
    return figure


def _hits(backtest: Backtest) -> Figure:
    figure = Figure(figsize=(6, 5))
    axes = figure.add_subplot()
    for name in (MODEL, "count_12m"):
        curve = hit_curve(backtest.expected[name], backtest.outcome)
        axes.plot(np.arange(1, len(curve) + 1) / len(curve), curve, label=name)
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    axes.set(xlabel="Share of areas", ylabel="Share of incidents in them", title="Hit rate, origins not fitted on")
    axes.legend()
    return figure


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
