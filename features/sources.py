"""The files of a delivery: found in a folder, read as text (CSV) or as they are (Parquet), named by their digest."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from features.errors import SchemaError
from features.mending import without_marks

ENDINGS = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True)
class SourceFile:
    """The rows of one file, labelled 1, 2, ... below the header, and the lines that do not fit the header."""

    name: str
    sha256: str
    rows: pd.DataFrame
    ragged: tuple[tuple[int, str, str], ...]  # row number, reason, the line

    @property
    def stem(self) -> str:
        """The name without its ending: the table, where no mapping says otherwise."""
        return stem(self.name)


def stem(name: str) -> str:
    """The name of a file without its ending.

    >>> stem("events.csv.gz")
    'events'
    """
    return next((name.removesuffix(ending) for ending in reversed(ENDINGS) if name.endswith(ending)), name)


def find(path: Path) -> list[Path]:
    """The CSV and Parquet files of a folder (not of folders in it) by name, or the one file that the path is."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise SchemaError(f"{path.name}: there is no such file or folder; give the delivery to take in.")
    return sorted(file for file in path.iterdir() if file.is_file() and file.name.endswith(ENDINGS))


def read(path: Path) -> SourceFile:
    """One file; SchemaError when it cannot be read at all."""
    if not path.name.endswith(ENDINGS):
        raise SchemaError(f"{path.name}: not a kind of file that is read; expected {', '.join(ENDINGS)}.")
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    ragged: list[tuple[int, str, str]] = []
    try:
        rows = pd.read_parquet(path) if path.suffix == ".parquet" else _read_csv(path, ragged)
    except (pa.ArrowException, UnicodeDecodeError, OSError, EOFError) as error:
        raise SchemaError(
            f"{path.name}: cannot be read; expected UTF-8 text with one header line, or Parquet, not damaged."
        ) from error
    numbers = pd.RangeIndex(1, len(rows) + len(ragged) + 1).difference([number for number, _, _ in ragged])
    return SourceFile(path.name, sha256, without_marks(rows.set_axis(numbers)), tuple(ragged))


def _read_csv(path: Path, ragged: list[tuple[int, str, str]]) -> pd.DataFrame:
    """Every value as the text it is; lines with too many or too few fields are set aside, not dropped."""

    def set_aside(line: "pyarrow.csv.InvalidRow") -> str:
        # Lines count from 1 at the header only when one thread reads.
        reason = f"the line has {line.actual_columns} fields, the header has {line.expected_columns}"
        ragged.append((line.number - 1, reason, line.text))
        return "skip"

    with pa.input_stream(path) as stream:  # unpacks .gz by itself
        table = pyarrow.csv.read_csv(
            stream,
            read_options=pyarrow.csv.ReadOptions(use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=set_aside),
            convert_options=pyarrow.csv.ConvertOptions(column_types=_all_text(path), strings_can_be_null=False),
        )
    return table.to_pandas()


def _all_text(path: Path) -> dict[str, pa.DataType]:
    with pa.input_stream(path) as stream:
        first = pyarrow.csv.open_csv(
            stream,
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda _: "skip"),
        )
        names = first.schema.names
    if len(set(names)) < len(names):
        raise SchemaError(f"{path.name}: the header names a column twice; every column needs a name of its own.")
    return dict.fromkeys(names, pa.string())
