"""Options that several commands share, and the home they work in."""

from collections.abc import Iterable, Sequence
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
HorizonWeeksOption = Annotated[
    list[int] | None,
    typer.Option(help="Hotspots within so many weeks, 1 to 8; a model for each."),
]


JsonOption = Annotated[
    Path | None, typer.Option("--json", help="Also write the figures to this file.", callback=to_write(option="--json"))
]


def refuse_unheeded(context: typer.Context, cases: Iterable[tuple[bool, Sequence[str], str]]) -> None:
    """ConfigError when an option is given that would change nothing: each case says when, which ones, and why."""
    unset = ("DEFAULT", "DEFAULT_MAP")
    given = {
        str(each.name): each.opts[0]
        for each in context.command.params
        if each.name and (source := context.get_parameter_source(each.name)) and source.name not in unset
    }
    for applies, names, why in cases:
        unheeded = [given[name] for name in names if applies and name in given]
        if unheeded:
            raise ConfigError(
                f"{context.info_name}: {', '.join(unheeded)} would change nothing: {why}. Leave out what is named."
            )


def horizons_of(
    context: typer.Context, task: Task, days: Sequence[int] | None, weeks: Sequence[int] | None
) -> Sequence[int]:
    """The horizons asked for, in what the task counts them; ConfigError when they are in what it does not."""
    in_days, in_weeks = "relapse is forecast for --horizon-days", "hotspots are forecast for --horizon-weeks"
    refuse_unheeded(
        context, [(task == "hotspot", ["horizon_days"], in_weeks), (task == "relapse", ["horizon_weeks"], in_days)]
    )
    return (days if task == "relapse" else weeks) or ()


def day(text: str, *, option: str = "--as-of") -> date:
    """The day a text names; ConfigError when it names none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(
            f"{option} takes a date such as 2025-12-31; --as-of and --oracle take several, separated by commas."
        ) from None
