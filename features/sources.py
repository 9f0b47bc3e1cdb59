"""The files of a delivery: found in a folder, read as text (CSV) or as they are (Parquet), named by their digest.

CSV is read as UTF-8, and where it is none as GB18030, which is noted. Spreadsheets are not read.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from features.encodings import GB18030, UTF_8, is_gb18030, opened
from features.errors import SchemaError
from features.mending import without_marks

ENDINGS = (".csv", ".csv.gz", ".parquet")
SPREADSHEETS = (".xlsx", ".xls", ".et", ".ods")

Ragged = tuple[int, str, str]  # row number, reason, the line


@dataclass(frozen=True)
class SourceFile:
    """The rows of one file, labelled 1, 2, ... below the header, and the lines that do not fit the header."""

    name: str
    sha256: str
    rows: pd.DataFrame
    ragged: tuple[Ragged, ...]
    encoding: str = UTF_8

    @property
    def stem(self) -> str:
        """The name without its ending: the table, where no mapping says otherwise."""
        return stem(self.name)


def stem(name: str) -> str:
    """The name of a file without its ending, in small letters.

    >>> stem("events.csv.gz"), stem("EVENTS.CSV")
    ('events', 'events')
    """
    name = name.lower()
    return next((name.removesuffix(ending) for ending in reversed(ENDINGS) if name.endswith(ending)), name)


def find(path: Path) -> list[Path]:
    """The CSV and Parquet files of a folder (not of folders in it) by name, or the one file that the path is."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise SchemaError(f"{path.name}: there is no such file or folder; give the delivery to take in.")
    return sorted(file for file in path.iterdir() if file.is_file() and file.name.lower().endswith(ENDINGS))


def spreadsheets(path: Path) -> list[str]:
    """The names of the spreadsheets of a folder, or of the one that the path is."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [file.name for file in files if file.name.lower().endswith(SPREADSHEETS)]


def read(path: Path) -> SourceFile:
    """One file; SchemaError when it cannot be read at all."""
    if not path.name.lower().endswith(ENDINGS):
        raise SchemaError(f"{path.name}: not a kind of file that is read; expected {', '.join(ENDINGS)}.")
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    try:
        rows, ragged, encoding = _read_any(path)
    except (pa.ArrowException, UnicodeDecodeError, OSError, EOFError) as error:
        raise SchemaError(
            f"{path.name}: cannot be read; expected text in UTF-8 (or GB18030) with one header line, or Parquet, "
            "not damaged."
        ) from error
    numbers = pd.RangeIndex(1, len(rows) + len(ragged) + 1).difference([number for number, _, _ in ragged])
    return SourceFile(path.name, sha256, without_marks(rows.set_axis(numbers)), tuple(ragged), encoding)


def _read_any(path: Path) -> tuple[pd.DataFrame, list[Ragged], str]:
    """The rows, the lines that are none, and the encoding they were read in."""
    if path.name.lower().endswith(".parquet"):
        return pd.read_parquet(path), [], UTF_8
    try:
        return *_read_csv(path, UTF_8), UTF_8
    except (pa.ArrowInvalid, UnicodeDecodeError):
        if not is_gb18030(path):
            raise
        return *_read_csv(path, GB18030), GB18030


def _read_csv(path: Path, encoding: str) -> tuple[pd.DataFrame, list[Ragged]]:
    """Every value as the text it is; lines with too many or too few fields are set aside, not dropped."""
    ragged: list[Ragged] = []

    def set_aside(line: "pyarrow.csv.InvalidRow") -> str:
        # Lines count from 1 at the header only when one thread reads.
        reason = f"the line has {line.actual_columns} fields, the header has {line.expected_columns}"
        ragged.append((line.number - 1, reason, line.text))
        return "skip"

    with opened(path) as stream:
        table = pyarrow.csv.read_csv(
            stream,
            read_options=pyarrow.csv.ReadOptions(use_threads=False, encoding=encoding),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=set_aside),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=_all_text(path, encoding), strings_can_be_null=False
            ),
        )
    return table.to_pandas().rename(columns=str.strip), ragged


def _all_text(path: Path, encoding: str) -> dict[str, pa.DataType]:
    with opened(path) as stream:
        first = pyarrow.csv.open_csv(
            stream,
            read_options=pyarrow.csv.ReadOptions(encoding=encoding),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda _: "skip"),
        )
        names = first.schema.names
    if len({name.strip() for name in names}) < len(names):
        raise SchemaError(f"{path.name}: the header names a column twice; every column needs a name of its own.")
    return dict.fromkeys(names, pa.string())
