"""A small city in memory, and written from there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa

from training.city.ground import survey
from training.city.presets import Plan, plan
from training.city.simulate import Sums, parts, silent
from training.city.write import Frames, Part, as_arrow, whole_folder, write_parts, write_plan


@dataclass(frozen=True)
class City:
    """An invented city: `tables` of the data contract, and the `truth` nobody in it knows.

    Dates are pandas timestamps at midnight.
    """

    tables: Mapping[str, pd.DataFrame]
    truth: Mapping[str, pd.DataFrame]
    plan: Plan


def build(  # noqa: PLR0913 (a request, each part of which may be left out)
    *,
    preset: str = "demo",
    persons: int | None = None,
    years: int | None = None,
    seed: int = 7,
    until: date = date(2025, 12, 31),
    bias: str = "none",
) -> City:
    """The city asked for, in memory; the same for a seed."""
    asked = plan(preset, persons=persons, years=years, seed=seed, until=until, bias=bias)
    made = list(parts(survey(asked), Sums(), 1, silent))
    return City(_joined([part.tables for part in made]), _joined([part.truth for part in made]), asked)


def write(city: City, folder: Path) -> None:
    """Write a city that is in memory into a new or empty folder: all or nothing."""
    with whole_folder(folder) as aside:
        write_parts([Part(city.tables, city.truth)], aside)
        write_plan(city.plan, aside)


def _joined(parts_of: list[Frames]) -> dict[str, pd.DataFrame]:
    pieces: dict[str, list[pa.Table]] = {}
    for frames in parts_of:
        for name, rows in frames.items():
            pieces.setdefault(name, []).append(as_arrow(rows))
    return {name: _in_memory(pa.concat_tables(rows)) for name, rows in pieces.items()}


def _in_memory(table: pa.Table) -> pd.DataFrame:
    frame = table.to_pandas(date_as_object=False)
    return frame.astype(dict.fromkeys(frame.select_dtypes("datetime"), "datetime64[s]"))
