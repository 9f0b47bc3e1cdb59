"""A small file put in the place of the one before in one step, so that nobody ever reads half of it."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def replace_json(path: Path, plain: Any) -> None:
    """Write plain values as JSON; the folder is made where there is none."""
    replace_text(path, json.dumps(plain, indent=1, ensure_ascii=False))


def replace_text(path: Path, text: str) -> None:
    """Write a text aside, flushed and renamed; the folder is made where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(aside).replace(path)
