"""Immutable snapshots of the store: one folder of Parquet files, named by the digest of the rows in it."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import StoreError
from features.schema import TABLES, table_named
from features.store import Store, newest_digest
from features.stream import stream

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Snapshot:
    """A folder of Parquet files that were checked against their manifest.

    `counts` are rows of each table; `seconds` is how long it took to write them, where that was noted.
    """

    folder: Path
    digest: str
    sha256: Mapping[str, str]
    counts: Mapping[str, int]
    seconds: float | None = None

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The snapshot in a folder; StoreError when a file of it is absent or not what it was when written."""
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            snapshot = cls(folder, manifest["digest"], manifest["sha256"], manifest["counts"], manifest.get("seconds"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"snapshot {folder.name}: no readable {MANIFEST}; give the folder of a snapshot, or write it again."
            ) from error
        changed = [name for name, sha256 in snapshot.sha256.items() if _sha256(folder / name) != sha256]
        if changed or snapshot.digest != folder.name or set(snapshot.sha256) != {f"{name}.parquet" for name in TABLES}:
            raise StoreError(
                f"snapshot {folder.name[:16]}: {', '.join(changed) or 'the manifest'} changed since it was written, "
                "so nothing learned from it could be traced; delete the folder and write the snapshot again."
            )
        return snapshot

    def read(self, table: str) -> pd.DataFrame:
        """One table, with the columns of `Store.read`; events by person and day, the others by key."""
        return pd.read_parquet(self.folder / f"{table_named(table).name}.parquet")


def write_snapshot(store: Store, folder: Path) -> Snapshot:
    """The snapshot of the present state below a folder, written unless it is there already."""
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / store.state_digest()
    if written.exists():
        return Snapshot.open(written)
    aside = Path(tempfile.mkdtemp(dir=folder, prefix=".writing-"))
    try:
        digest = _write_tables(store, aside)
        _publish(aside, folder / digest)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Snapshot.open(folder / digest)


def _write_tables(store: Store, aside: Path) -> str:
    sha256, counts, began = {}, {}, perf_counter()
    with store.reading() as connection:  # one state for all tables and the digest, whatever is written meanwhile
        digest = newest_digest(connection)
        for name in TABLES:
            file = aside / f"{name}.parquet"
            counts[name] = _write(stream(connection, name), file)
            sha256[file.name] = _sha256(file)
    manifest = asdict(Snapshot(Path(), digest, sha256, counts, round(perf_counter() - began, 3)))
    del manifest["folder"]
    (aside / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    _sync(aside / MANIFEST)
    _sync(aside)
    return digest


def _write(parts: Iterator[pd.DataFrame], file: Path) -> int:
    """The number of rows written, each part a row group, so that whoever reads need not hold more either."""
    rows, schema = 0, pa.Schema.from_pandas(next(parts), preserve_index=False)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for part in parts:
            writer.write_table(pa.Table.from_pandas(part, schema, preserve_index=False))
            rows += len(part)
    _sync(file)
    return rows


def _publish(aside: Path, written: Path) -> None:
    """Give the finished folder its name in one step; when another process was first, its folder stays."""
    try:
        aside.rename(written)
    except OSError:
        if not written.exists():
            raise
    _sync(written.parent)


def _sha256(file: Path) -> str:
    if not file.is_file():
        return "absent"
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Force a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
