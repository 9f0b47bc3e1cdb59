"""Rows that could not be stored, kept with every reason and the row as it came, to be mended and sent again."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from features.tables import ARRIVING, QUARANTINE


@dataclass(frozen=True)
class Refused:
    """One row that failed: for which table, where it stood, why, and its content as JSON text."""

    table: str
    file: str
    row_number: int
    reasons: tuple[str, ...]
    raw: str


def keep(connection: sa.Connection, refused: Iterable[Refused], batch_no: int) -> None:
    """Add what is not in quarantine yet: the same row sent again for the same reasons stands there once."""
    seen: Counter[str] = Counter()
    rows = {}
    for row in refused:
        said = json.dumps([row.table, row.reasons, row.raw])
        seen[said] += 1  # two alike rows of one delivery are two rows
        key = hashlib.sha256(f"{seen[said]}:{said}".encode()).hexdigest()[:32]
        rows[key] = {
            "fault_key": key,
            "batch_no": batch_no,
            "table_name": row.table,
            "file": row.file,
            "row_number": row.row_number,
            "reasons": json.dumps(row.reasons),
            "raw": row.raw,
        }
    if not rows:
        return
    ARRIVING.create(connection, checkfirst=False)
    connection.execute(sa.insert(ARRIVING), [{"key": key} for key in rows])
    held = connection.execute(
        sa.select(QUARANTINE.c.fault_key).where(QUARANTINE.c.fault_key.in_(sa.select(ARRIVING.c.key)))
    )
    for (key,) in held.fetchall():
        del rows[key]
    ARRIVING.drop(connection)
    if rows:
        connection.execute(sa.insert(QUARANTINE), list(rows.values()))
