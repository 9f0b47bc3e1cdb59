"""A file that a command is asked to write: refused before any work where it cannot be written."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from features.errors import ConfigError


def to_write(*endings: str, option: str = "--out") -> Callable[[Path | None], Path | None]:
    """What refuses a file that cannot be written, or has another ending, as the command line is read."""
    return lambda file: None if file is None else writable(file, option=option, endings=endings)


def writable(file: Path, *, option: str, endings: Sequence[str] = ()) -> Path:
    """The file; ConfigError where it cannot be written, or has none of the endings, if any are named."""
    is_closed = file.exists() and not os.access(file, os.W_OK)
    if file.is_dir() or is_closed or not file.parent.is_dir() or not os.access(file.parent, os.W_OK):
        raise ConfigError(
            f"{option}: {file} cannot be written; name a file in a folder that exists and is yours to write."
        )
    if endings and file.suffix not in endings:
        raise ConfigError(f"{option}: the ending says what is written; expected one of {', '.join(endings)}.")
    return file
