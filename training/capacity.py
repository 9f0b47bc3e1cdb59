"""Judgement that fits the use: a station can see so many persons; who is on its list, and what does the list find.

All on rows the model was not fitted on. The list of a station on a date is drawn up from everyone it may score, also
from those whose outcome nobody observed; what is judged is then judged on those observed.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from features.arrays import Flags, Floats
from training.evaluate import Estimate, Sampling, ratio

BINS = 10
LEAD = (("lead_days_25", 0.25), ("lead_days_50", 0.50), ("lead_days_75", 0.75))


def workers_of(stations: pd.DataFrame) -> dict[str, int]:
    """The social workers of each station."""
    return dict(zip(stations["station_id"].astype("str"), stations["social_workers"].astype(int), strict=True))


def listed(rows: pd.DataFrame, risk: Floats, workers: Mapping[str, int], *, persons_a_worker: int) -> Flags:
    """Which rows (as_of, station) are among the highest risks their station can see on the date; ties by order."""
    rank = pd.Series(-risk, index=rows.index).groupby([rows["as_of"], rows["station"]]).rank(method="first")
    places = rows["station"].map(workers).fillna(0).to_numpy(dtype=np.float64) * persons_a_worker
    return (rank.to_numpy(dtype=np.float64) <= places).astype(np.bool_)


def at_capacity(rows: pd.DataFrame, on_list: Flags, sampling: Sampling) -> dict[str, Estimate]:
    """What the lists find, on observed rows (relapse, seen_days): precision, recall, share listed, days of lead.

    The lead is from the as-of date to the first positive test of those who were listed and relapsed: quartiles.
    """
    observed = rows["relapse"].notna().to_numpy(dtype=np.bool_)
    relapse = np.where(observed, rows["relapse"].to_numpy(dtype=np.float64), 0.0)
    found = relapse * on_list
    figures = {
        "precision": ratio(found, (on_list & observed).astype(np.float64), sampling),
        "recall": ratio(found, relapse, sampling),
        "listed": ratio(on_list.astype(np.float64), np.ones(len(rows)), sampling),
    }
    days = rows["seen_days"].to_numpy(dtype=np.float64)[found == 1]
    if len(days):
        drawn = sampling.of(found == 1)
        figures |= {name: _quantile(days, share, drawn) for name, share in LEAD}
    return figures


def stability(rows: pd.DataFrame, on_list: Flags, sampling: Sampling) -> dict[int, Estimate]:
    """Of those on a list and scored again on the next date, the share still listed, by the days between the dates."""
    dates = np.unique(rows["as_of"])
    following = dict(pairwise(dates))
    now = rows[["person_id", "as_of"]].assign(listed=on_list, next=rows["as_of"].map(following))
    later = now[["person_id", "as_of", "listed"]].rename(columns={"as_of": "next", "listed": "again"})
    both = now.merge(later, on=["person_id", "next"], how="left", validate="many_to_one")
    scored_again = (both["again"].notna() & both["listed"]).to_numpy(dtype=np.bool_)
    stayed = scored_again & both["again"].eq(True).to_numpy(dtype=np.bool_)
    apart = (both["next"] - both["as_of"]).to_numpy(dtype=np.float64)
    return {
        int(days): ratio(
            (stayed & (apart == days)).astype(np.float64), (scored_again & (apart == days)).astype(np.float64), sampling
        )
        for days in np.unique(apart[~np.isnan(apart)])
    }


def decision_curve(
    y: Floats, risks: Mapping[str, Floats], thresholds: Sequence[float], sampling: Sampling
) -> list[dict[str, Any]]:
    """Net benefit at each threshold: helping all above it, helping everyone, by model (Vickers and Elkin 2006).

    Benefit = true positives - false positives x threshold / (1 - threshold), for each person; helping nobody has 0.
    doi:10.1177/0272989X06295361
    """

    def benefit(helped: Flags, threshold: float) -> Estimate:
        gained = helped * (y - (1 - y) * threshold / (1 - threshold))
        return ratio(gained, np.ones(len(y)), sampling)

    return [
        {
            "threshold": threshold,
            "everyone": benefit(np.ones(len(y), dtype=np.bool_), threshold),
            **{name: benefit(risk >= threshold, threshold) for name, risk in risks.items()},
        }
        for threshold in thresholds
    ]


def reliability(y: Floats, risk: Floats, sampling: Sampling) -> list[dict[str, Any]]:
    """Mean risk and share of relapses in tenths of the rows by risk, each share with its interval."""
    tenth = (pd.Series(risk).rank(method="first").to_numpy() - 1) * BINS // len(risk)
    bins = [(tenth == number).astype(np.float64) for number in range(BINS)]
    return [
        {
            "rows": int(inside.sum()),
            "risk": float(risk @ inside / inside.sum()),
            "relapse": ratio(y * inside, inside, sampling),
        }
        for inside in bins
        if inside.any()
    ]


def _quantile(days: Floats, share: float, sampling: Sampling) -> Estimate:
    """A quantile of the days with its interval: each resample repeats days as often as their person was drawn."""
    order = np.argsort(days)
    running = np.cumsum(sampling.drawn[:, order], axis=1)
    places = (running < share * running[:, -1:]).sum(axis=1)
    again = days[order][np.minimum(places, len(days) - 1)]
    low, high = np.quantile(again, [0.025, 0.975])
    return Estimate(float(np.quantile(days, share)), float(low), float(high))
