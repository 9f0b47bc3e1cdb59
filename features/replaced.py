"""A small file put in the place of the one before in one step, so that nobody ever reads half of it."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def replace_json(path: Path, plain: Any) -> None:
    """Write plain values as JSON: aside, flushed, renamed; the folder is made where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(plain, file, indent=1, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    Path(aside).replace(path)
