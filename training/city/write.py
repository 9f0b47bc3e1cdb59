"""A city as files, named as the data contract names them; the truth in a folder of its own. All or nothing."""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from features.errors import ConfigError
from training.city.presets import Plan, plan

TRUTH = "truth"
PLAN_FILE = "plan.json"
PLAN_TYPES = {"preset": str, "persons": int, "years": int, "seed": int, "until": str, "bias": str}

# Events are many and go into Parquet; so does the truth. The rest is CSV, to be opened anywhere.
AS_PARQUET = ("events",)

Frames = Mapping[str, pd.DataFrame | pa.Table]


@dataclass(frozen=True)
class Part:
    """Some rows of some tables, and of the truth, in the order they are to be written."""

    tables: Frames
    truth: Frames = field(default_factory=dict)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder aside to write into, which takes its place and name when all went well; nothing is there before."""
    with _refused_unless_made(folder):
        refuse_unless_empty(folder)
        folder = folder.resolve()
        folder.parent.mkdir(parents=True, exist_ok=True)
        spare_folder = tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-")
    with spare_folder as spare:
        aside = Path(spare) / folder.name
        (aside / TRUTH).mkdir(parents=True)
        yield aside
        aside.replace(folder)


@contextmanager
def _refused_unless_made(folder: Path) -> Iterator[None]:
    """ConfigError where the system will not have the folder."""
    try:
        yield
    except OSError as fault:
        raise ConfigError(
            f"city: {folder} cannot be made ({fault.strerror}); a city is written into a new or empty folder. "
            "Name one in a folder that exists and that you may write to."
        ) from None


def refuse_unless_empty(folder: Path) -> None:
    """ConfigError when a city cannot be written into the folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(
            f"city: {folder} is not an empty folder; a city is written into a new or empty one. "
            "Name another folder or empty this one."
        )


def write_parts(parts: Iterable[Part], folder: Path) -> None:
    """Write the parts as they come, one file a table, a row group or some lines a part."""
    with ExitStack() as open_files:
        sheets: dict[tuple[str, str], pq.ParquetWriter | pa.csv.CSVWriter] = {}
        for part in parts:
            for where, frames in (("", part.tables), (TRUTH, part.truth)):
                for name, rows in frames.items():
                    table = as_arrow(rows)
                    if (where, name) not in sheets:
                        parquet = bool(where) or name in AS_PARQUET
                        sheet = _open(folder / where / name, table.schema, parquet=parquet)
                        sheets[where, name] = open_files.enter_context(sheet)
                    sheets[where, name].write_table(table)


def _open(stem: Path, schema: pa.Schema, *, parquet: bool) -> "pq.ParquetWriter | pa.csv.CSVWriter":
    if parquet:
        return pq.ParquetWriter(stem.with_suffix(".parquet"), schema, store_schema=False)
    return pa.csv.CSVWriter(stem.with_suffix(".csv"), schema)


def as_arrow(rows: pd.DataFrame | pa.Table) -> pa.Table:
    """The rows with plain texts and with days, as a file is to hold them."""
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows, preserve_index=False)
    fields = [pa.field(each.name, _plain(each.type)) for each in table.schema]
    return table.cast(pa.schema(fields))


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.date32()
    return pa.string() if pa.types.is_large_string(kind) else kind


def write_plan(asked: Plan, folder: Path) -> None:
    """Write down what the city follows from, so that its hidden world can be walked again."""
    text = json.dumps({**asdict(asked), "until": asked.until.isoformat()}, indent=1)
    (folder / TRUTH / PLAN_FILE).write_text(text + "\n", encoding="utf-8")


def read_plan(folder: Path) -> Plan:
    """The plan of a city that was written into a folder; only who judges may ask."""
    path = folder / TRUTH / PLAN_FILE
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        _refuse_other_plan(held)
        return plan(held.pop("preset"), **{**held, "until": date.fromisoformat(held["until"])})
    except (OSError, ValueError):  # a text that is no JSON, no UTF-8 or no date is a ValueError
        raise ConfigError(
            f"city: {path} is not the plan that waystation simulate writes; expected JSON of {', '.join(PLAN_TYPES)}. "
            "Write the city again into another folder."
        ) from None


def _refuse_other_plan(held: Any) -> None:
    if not isinstance(held, dict) or {name: type(value) for name, value in held.items()} != PLAN_TYPES:
        raise ValueError
