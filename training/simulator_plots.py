"""The plots of docs/simulator.md: the hidden field on the map, true and detected use, some lives, the oracle's aim."""

from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from features.arrays import Floats
from features.vocabulary import TEST_GIVEN
from training.city import City

INK, ALARM = "#14324c", "#b3402a"
LIVES = 6
TENTHS = 10
MARKS = {"positive": ("v", ALARM), "negative": ("^", INK), "missed": ("x", "0.4"), "evaded": ("x", "0.4")}


def draw(built: City, answer: pd.DataFrame, folder: Path) -> None:
    """Write all plots into a folder."""
    plots = {
        "map": _map(built),
        "detected": _detected(built),
        "lives": _lives(built),
        "oracle": _oracle(tenths(built, answer)),
    }
    for name, figure in plots.items():
        figure.savefig(folder / f"simulator-{name}.png", dpi=90, bbox_inches="tight", metadata={"Software": None})


def tenths(built: City, answer: pd.DataFrame) -> pd.DataFrame:
    """used_said, used_true, detected_said, detected_true: means of tenths of persons.

    Persons are ordered by their hidden hazard of the week before, not by the answer: its own luck would show.
    """
    order = np.argsort(answer["hazard"].to_numpy(), kind="stable")
    tests = _final(built).query("kind == 'urine_test' and outcome == 'positive'")
    uses = built.truth["use_days"].rename(columns={"used_on": "occurred_on"})
    columns = {
        "used_said": answer["used"].to_numpy(),
        "used_true": _came(uses, answer),
        "detected_said": answer["detected"].to_numpy(),
        "detected_true": _came(tests, answer),
    }
    parts = np.array_split(order, TENTHS)
    return pd.DataFrame({name: [values[part].mean() for part in parts] for name, values in columns.items()})


def _final(built: City) -> pd.DataFrame:
    latest = built.tables["events"].sort_values("revision").drop_duplicates("event_id", keep="last")
    return latest[~latest["retracted"]]


def _came(happened: pd.DataFrame, answer: pd.DataFrame) -> Floats:
    """1 for each row of the answer in whose horizon something happened to the person, else 0."""
    rows = answer.reset_index(drop=True).reset_index(names="row")[["row", "person_id", "as_of", "horizon_days"]]
    both = rows.merge(happened[["person_id", "occurred_on"]], on="person_id", how="inner", validate="many_to_many")
    after = (both["occurred_on"] - both["as_of"]).dt.days
    came = np.zeros(len(answer))
    came[both["row"][(after > 0) & (after <= both["horizon_days"])]] = 1.0
    return came


def _map(built: City) -> Figure:
    """Availability by township in four weeks, half a year apart."""
    field = built.truth["overdose_intensity"].pivot_table(index="area_id", columns="week", values="availability")
    weeks = list(field.columns[-4 * 26 :: 26])
    townships = built.tables["areas"].query("level == 'township'").set_index("area_id").loc[field.index]
    outlines = [
        shapely.get_coordinates(shape) for shape in shapely.from_geojson(townships["geometry"].to_numpy(object))
    ]
    figure = Figure(figsize=(12, 3.4))
    for axes, week in zip(figure.subplots(1, len(weeks)), weeks, strict=True):
        patches = PolyCollection(
            outlines, array=field[week].to_numpy(), cmap="BrBG_r", clim=(-1.5, 1.5), edgecolor="0.8"
        )
        axes.add_collection(patches)
        axes.autoscale_view()
        axes.set(title=f"week of {week:%Y-%m-%d}", xticks=[], yticks=[], aspect=1 / np.cos(np.radians(40.5)))
    figure.colorbar(patches, ax=figure.axes, label="availability, log-odds", shrink=0.8)
    return figure


def _detected(built: City) -> Figure:
    """By month, of the persons a urine test was due for: the share who used, and the share with a positive test."""
    tests = _final(built).query("kind == 'urine_test'")
    tests = tests[tests["occurred_on"] >= built.truth["overdose_intensity"]["week"].min()]
    asked = _months(tests, "occurred_on").drop_duplicates()
    shares = {
        "used": (_months(built.truth["use_days"], "used_on"), ALARM),
        "positive urine test": (_months(tests[tests["outcome"] == "positive"], "occurred_on"), INK),
    }
    figure = Figure(figsize=(8, 3))
    axes = figure.add_subplot()
    for name, (found, colour) in shares.items():
        among = asked.merge(
            found.drop_duplicates().assign(found=1.0), on=["person_id", "month"], how="left", validate="1:1"
        )
        by_month = among["found"].fillna(0.0).groupby(among["month"]).mean()
        axes.plot(pd.to_datetime(by_month.index), by_month.to_numpy(), color=colour, label=name)
    axes.set(
        ylabel="share of persons tested", ylim=(0, None), title="True use and what urine tests find of it, by month"
    )
    axes.legend()
    return figure


def _months(rows: pd.DataFrame, day: str) -> pd.DataFrame:
    return pd.DataFrame({"person_id": rows["person_id"], "month": rows[day].dt.strftime("%Y-%m-01")})


def _lives(built: City) -> Figure:
    """Some persons who used and were tested often: hidden hazard, days of use, tests."""
    tests = _final(built).query("kind == 'urine_test'")
    given = tests[tests["outcome"].isin(TEST_GIVEN)]["person_id"].value_counts()
    used = built.truth["use_days"]["person_id"].value_counts()
    busy = sorted(set(given[given > 20].index) & set(used[used > 3].index))[:LIVES]
    figure = Figure(figsize=(10, 1.3 * LIVES))
    for axes, person in zip(np.atleast_1d(figure.subplots(LIVES, 1, sharex=True)), busy, strict=False):
        _life(axes, built, tests[tests["person_id"] == person], person)
    figure.supylabel("probability of use in the week")
    return figure


def _life(axes: Axes, built: City, tests: pd.DataFrame, person: str) -> None:
    weeks, days = (table[table["person_id"] == person] for table in (built.truth["use"], built.truth["use_days"]))
    axes.plot(weeks["week"], weeks["hazard"], color="0.6", linewidth=0.8)
    axes.plot(days["used_on"], np.full(len(days), 0.5), "|", color=ALARM, markersize=9)
    for outcome, (mark, colour) in MARKS.items():
        at = tests[tests["outcome"] == outcome]["occurred_on"]
        axes.plot(at, np.full(len(at), 0.85), mark, color=colour, markersize=4)
    axes.set(ylim=(0, 1), yticks=[0, 0.5, 1])


def _oracle(aim: pd.DataFrame) -> Figure:
    """What the oracle said against what came true."""
    figure = Figure(figsize=(4.5, 4.5))
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for name, colour in (("used", ALARM), ("detected", INK)):
        axes.plot(aim[f"{name}_said"], aim[f"{name}_true"], "o", color=colour, label=name)
    axes.set(xlabel="the oracle said", ylabel="came true", title="The oracle, by tenths of persons")
    axes.legend()
    return figure
