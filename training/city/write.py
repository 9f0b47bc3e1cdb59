"""A city as files, named as the data contract names them; the truth in a folder of its own."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from features.errors import ConfigError

# Events are many and go into Parquet; so does the truth. The rest is CSV, to be opened anywhere.
AS_PARQUET = ("events",)


@dataclass(frozen=True)
class City:
    """An invented city: `tables` of the data contract, and the `truth` nobody in it knows.

    Dates are pandas timestamps at midnight.
    """

    tables: Mapping[str, pd.DataFrame]
    truth: Mapping[str, pd.DataFrame]


def write(city: City, folder: Path) -> None:
    """Write the tables into a new or empty folder, and the truth into its subfolder `truth`: all or nothing."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(
            f"city: {folder} is not an empty folder; a city is written into a new or empty one. "
            "Name another folder or empty this one."
        )
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as spare:
        aside = Path(spare) / folder.name
        (aside / "truth").mkdir(parents=True)
        for name, table in city.tables.items():
            _write_table(table, aside / name, parquet=name in AS_PARQUET)
        for name, table in city.truth.items():
            _write_table(table, aside / "truth" / name, parquet=True)
        aside.replace(folder)


def _write_table(table: pd.DataFrame, stem: Path, *, parquet: bool) -> None:
    """Write one table: days as date32 in Parquet, as ISO text in CSV."""
    if not parquet:
        table.to_csv(stem.with_suffix(".csv"), index=False, date_format="%Y-%m-%d")
        return
    days = table.select_dtypes("datetime").columns
    table.astype(dict.fromkeys(days, "date32[day][pyarrow]")).to_parquet(stem.with_suffix(".parquet"), index=False)
