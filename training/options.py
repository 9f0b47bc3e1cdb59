"""Options that several commands share, and the home they work in."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from features.errors import ConfigError
from features.out_file import to_write

Task = Literal["relapse", "hotspot"]

ConfigOption = Annotated[Path | None, typer.Option("--config", help="TOML file; the default task when not given.")]
HorizonOption = Annotated[
    list[int] | None,
    typer.Option(help="Relapse within so many days; a model for each."),
]


JsonOption = Annotated[
    Path | None, typer.Option("--json", help="Also write the figures to this file.", callback=to_write(option="--json"))
]


def day(text: str, *, option: str = "--as-of") -> date:
    """The day a text names; ConfigError when it names none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(
            f"{option} takes a date such as 2025-12-31; --as-of and --oracle take several, separated by commas."
        ) from None
