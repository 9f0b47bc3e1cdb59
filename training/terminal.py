"""What the command line shows: steps with the time they took, tables, figures with their intervals."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import expm1
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd

LEGIBLE = 16  # characters a column needs to hold a few words
BESIDE = 3  # what a column takes beside its text

console = Console(soft_wrap=True)
SOME = 5  # line numbers that are named
FEW_ORIGINS = 10  # resampling fewer hardly tells how differently another year would have gone
HEADLINES = ("deviance_skill", "hit_rate@0.05", "predicted_over_observed", "pit_coverage_90")  # of maps, many models

OF_A_CONSTANT = (
    "base_rate is one number for all at an origin or in a fold:\n"
    "there its AUROC is .5. Pooled, its AUROC and AUPRC tell\n"
    "origins apart, not persons."
)


def say(text: str) -> None:
    """Print free text as it is: what stands in brackets in it is no markup."""
    console.print(text, markup=False, highlight=False)


PAIRED = ("deviance_skill", "hit_rate@0.05")  # told as differences to each baseline, more is better


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    began = perf_counter()
    with console.status(f"{name} ..."):
        yield
    console.print(f"[green]done[/] {name} [dim]{perf_counter() - began:.1f} s[/]")


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """A function to be told the name of each step as it begins; it prints how long the one before took."""
    current: list[tuple[str, float]] = []

    def finish() -> None:
        for name, began in current:
            console.print(f"[green]done[/] {name} [dim]{perf_counter() - began:.1f} s[/]")
        current.clear()

    with console.status("...") as status:

        def tell(name: str) -> None:
            finish()
            current.append((name, perf_counter()))
            status.update(f"{name} ...")

        yield tell
        finish()


@contextmanager
def counting(name: str) -> Iterator[Callable[[int, int], None]]:
    """A function to be told how many parts of a step are done, of how many; at the end the step's time is printed."""
    began = perf_counter()
    with console.status(f"{name} ...") as status:
        yield lambda done, of: status.update(f"{name}: {done} of {of} parts, {perf_counter() - began:.0f} s")
    console.print(f"[green]done[/] {name} [dim]{perf_counter() - began:.1f} s[/]")


def say_far_off(lines: Sequence[int]) -> None:
    """Which lines of a file were left out for their dates, if any."""
    if lines:
        console.print(
            f"{len(lines)} incidents lie half a year or more from all others and were left out; mend their dates. "
            f"Lines: {', '.join(map(str, lines[:SOME]))}{' ...' if len(lines) > SOME else ''}."
        )


def print_figures(figures: Mapping[str, Any]) -> None:
    """The figures of a backtest as tables, each with its 95 % interval."""
    console.print("  ".join(f"{name} {value}" for name, value in figures["counts"].items() if isinstance(value, int)))
    if unplaced := figures["counts"].get("incidents_without_place"):
        console.print(f"{unplaced} incidents tell of no place: they count neither as found nor as missed.")
    say_far_off(figures.get("far_off_lines", ()))
    for horizon, part in figures.get("horizons", {}).items():
        rows = [[name, *(shown(measures[each]) for each in HEADLINES)] for name, measures in part["models"].items()]
        print_table([f"{horizon} weeks", *HEADLINES], rows)  # the file of figures has all of them
        pairs = [[name, *(_beside(measures[each]) for each in PAIRED)] for name, measures in part["paired"].items()]
        print_table(["model less", *PAIRED], pairs)
        console.print(_carrying(part))
        line = part["provident"]
        each = ", one in each district at least," if line["one_in_each_district"] else " (no districts are known)"
        console.print(
            f"PROVIDENT: {line['share_of_areas']:.0%} of areas{each} held "
            f"{shown(line['held'])} of incidents; {line['aim']:.0%} {'reached' if line['reached'] else 'not reached'}."
        )
    if "models" in figures:
        rows = [
            [measure, *(shown(measures[measure]) for measures in figures["models"].values())]
            for measure in next(iter(figures["models"].values()))
        ]
        print_table(["", *figures["models"]], rows)
    if "base_rate" in figures.get("models", {}):
        console.print(OF_A_CONSTANT)


def _carrying(part: Mapping[str, Any]) -> str:
    """Which of prior and trees carries the forecasts, and how far their intervals are to be trusted."""
    moved, origins = part["trees_over_prior"]["mean_abs_log_ratio"], part["counts"]["origins"]
    told = f"The prior carries the forecast; the trees move it by {expm1(moved):.1%} in the mean."
    few = f" {origins} origins are few: intervals are too narrow, `ahead` and `behind` not sure."
    return told + few * (origins < FEW_ORIGINS)


def _beside(paired: Mapping[str, float | None]) -> str:
    """A difference to a baseline with its interval, and whether that lies wholly on one side of nought."""
    low, high = paired["low"], paired["high"]
    told = shown({"value": paired["difference"], "low": low, "high": high})
    if low is None or high is None:
        return told
    return f"{told} ahead" if low > 0 else f"{told} behind" if high < 0 else told


def shown(estimate: Mapping[str, float | None]) -> str:
    """A figure with its interval, where it has them."""
    value, low, high = (estimate[part] for part in ("value", "low", "high"))
    if value is None:
        return "-"
    if low is None or high is None:
        return f"{value:.3f}"
    return f"{value:.3f} ({low:.3f},{high:.3f})"  # a short line breaks before the interval, and not within


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, first: int | None = None) -> None:
    """Print a table; where the window is too narrow for its columns, as several, each with the first column.

    `first`: the width that the first column keeps, so that no name is broken; the others stay legible
    beside it, even where a line then runs over the edge.
    """
    lines = [list(heads), *([str(cell) for cell in row] for row in rows)]
    needs = [min(LEGIBLE, max(map(_longest_word, column))) for column in zip(*lines, strict=True)]
    if first is not None:
        needs = [first, *[LEGIBLE] * (len(heads) - 1)]
    for places in _tables(needs, console.width) if first is None else [range(len(heads))]:
        table = Table(box=box.SIMPLE)
        for place in places:
            width = first if place == 0 else None
            table.add_column(heads[place], overflow="fold", width=width, min_width=needs[place])
        for line in lines[1:]:
            table.add_row(*(line[place] for place in places))
        console.print(table)


def _tables(needs: Sequence[int], width: int) -> list[list[int]]:
    """The columns of each table to print: the first, and as many more as fit without a figure being broken."""
    tables = [[0]]
    for place in range(1, len(needs)):
        taken = sum(needs[each] + BESIDE for each in [*tables[-1], place])
        if len(tables[-1]) > 1 and taken >= width:
            tables.append([0])
        tables[-1].append(place)
    return tables


def _longest_word(cell: str) -> int:
    return max(cell_len(word) for word in cell.replace("\n", " ").split(" "))


def write_table(path: Path, table: "pd.DataFrame") -> None:
    """Write a table as Parquet or CSV, by the ending of the file's name."""
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False)


def write_json(path: Path | None, plain: Mapping[str, Any]) -> None:
    """Write figures to a file, when one was asked for."""
    if path is not None:
        path.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        say(f"written: {path}")


def near(path: Path) -> Path:
    """The path as seen from here, when it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
