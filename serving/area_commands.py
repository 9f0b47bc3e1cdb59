"""The commands of a planner: forecasts and warnings of areas, told as the service tells them, written to a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer
from rich.console import Console

from features.errors import ConfigError, WaystationError
from features.home import Home
from features.languages import LANGUAGES
from features.out_file import to_write

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from pydantic import BaseModel

    from serving.desk import Desk
    from serving.guard import Visit
    from serving.hotspots import Asked

JSON_FILES = {".json", ".geojson"}
TABLES = (".csv", ".parquet")
SPOKEN = "en"  # of all that a command says on the terminal; `--language` is that of the texts of the answer

console = Console(soft_wrap=True, highlight=False)

AsOfOption = Annotated[str, typer.Option("--as-of", help="What was known by the end of this day is used.")]
WeeksOption = Annotated[int, typer.Option(min=1, help="The horizon of the promoted model.")]
NoiseOption = Annotated[
    float | None, typer.Option(help="Epsilon of the noise put on the numbers, such as 1; WAYSTATION_NOISE_EPSILON.")
]
LanguageOption = Annotated[str, typer.Option(help="Language of the texts: zh-CN or en.")]


def warnings(
    as_of: AsOfOption,
    out: Annotated[
        Path | None, typer.Option(help="JSON file to write them to as well.", callback=to_write(".json"))
    ] = None,
    weeks: WeeksOption = 4,
    level: Annotated[str, typer.Option(help="township or cell.")] = "township",
    language: LanguageOption = "zh-CN",
) -> None:
    """Where clearly more came in the last weeks than was forecast."""
    from serving.area_record import record
    from serving.messages import AreaLevel
    from serving.warnings import warnings as told_by
    from serving.wording import wording

    with answering() as desk:
        made = told_by(desk, asked(as_of, weeks, level, language, known=get_args(AreaLevel)))
        record(desk, visit("GET /v1/warnings"), made)
    told = made.answer
    if out is not None:
        out.write_text(told.model_dump_json(), encoding="utf-8")
    for each in told.warnings:
        console.print(each.text)
    console.print(f"{len(told.warnings)} warnings. {wording(SPOKEN).warning('note')}")
    console.print(f"waystation replay {told.answer_id} makes them again.")


def observed(  # noqa: PLR0913, PLR0917 (the options of a command)
    year: Annotated[int, typer.Option(min=1990, max=9998, help="A calendar year that is settled.")],
    out: Annotated[
        Path,
        typer.Option(help="JSON, CSV or Parquet file to write, by its ending.", callback=to_write(".json", *TABLES)),
    ],
    level: Annotated[str, typer.Option(help="city, district or township.")] = "township",
    by: Annotated[str, typer.Option(help="year, quarter or month.")] = "year",
    language: LanguageOption = "zh-CN",
    noise: NoiseOption = None,
) -> None:
    """Observed counts of a settled year, as far as no count under ten can be had from them."""
    from serving.observed import SETTLED_DAYS
    from serving.observed_counts import AskedYear, observed_counts
    from serving.observed_messages import ObservedLevel, Period
    from serving.wording import wording

    for option, given, known in (("--level", level, get_args(ObservedLevel)), ("--by", by, get_args(Period))):
        if given not in known:
            raise ConfigError(f"{option} takes {', '.join(known)}.")
    refuse_language(language)
    with answering(noise=noise) as desk:
        told = observed_counts(desk, AskedYear(year, level, by, wording(language)))
    if out.suffix in JSON_FILES:
        out.write_text(told.model_dump_json(), encoding="utf-8")
    else:
        write_rows(out, rows_of(told.counts))
    note = wording(SPOKEN).observed_note(settled_days=SETTLED_DAYS, epsilon=told.noise_epsilon)
    n_told = sum(not each.suppressed for each in told.counts)
    console.print(f"{n_told} of {len(told.counts)} counts told: {out}. {note}")


@contextmanager
def answering(what: str = "areas", *, noise: float | None = None) -> "Iterator[Desk]":
    """The desk of the home; what it refuses is told as an error of the user's, about `what` was asked.

    `noise`: the epsilon of noise to put on what is told, in place of that of the environment.
    """
    from dataclasses import replace

    from serving.desk import Desk
    from serving.problems import ProblemError
    from serving.service import folder_of
    from serving.settings import Settings
    from serving.wording import wording

    Home.of_environment().settle()
    try:
        settings = Settings.of_environment()
        yield Desk.open(settings if noise is None else replace(settings, noise_epsilon=noise), folder_of)
    except ProblemError as refused:
        if refused.code == "invalid":
            named = "; ".join(f"{fault.field}: {fault.rule}" for fault in refused.faults)
            raise ConfigError(f"{what}: the question is refused ({named}).") from None
        if isinstance(
            refused.__cause__, WaystationError
        ):  # over HTTP nobody is told how the home is made; its owner is
            raise refused.__cause__ from None
        if refused.code == "no_such_forecast":
            there = str(refused.slots["names"]).replace("level=", "--level ").replace("&weeks=", " --weeks ")
            raise ConfigError(
                f"--{refused.faults[0].field}: no model here forecasts that; there are: {there}."
            ) from None
        title, detail = wording(SPOKEN).problem(refused.code, refused.slots)
        raise ConfigError(f"{what}: {title}. {detail}") from None


def visit(act: str, station: str | None = None) -> "Visit":
    """Whoever may use the command line of a home holds all its keys; the record says where it was asked."""
    from serving.entries import COMMAND_LINE
    from serving.guard import Visit
    from serving.roles import Caller
    from serving.settings import new_id

    return Visit(act, new_id(), Caller(COMMAND_LINE, "machine", station))


def asked(as_of: str, weeks: int, level: str, language: str, *, known: "Sequence[str]") -> "Asked":
    """The question that the options of a command are; ConfigError names the one that is not known."""
    from serving.hotspots import ALL_REASONS, Asked
    from serving.wording import wording

    if level not in known:
        raise ConfigError(f"--level takes {', '.join(known)}.")
    refuse_language(language)
    try:
        day = date.fromisoformat(as_of)
    except ValueError:
        raise ConfigError("--as-of takes a day such as 2025-12-31.") from None
    return Asked(day, weeks, level, ALL_REASONS, wording(language))


def rows_of(messages: "Sequence[BaseModel]") -> "pd.DataFrame":
    """A row for each message, a column for each of its fields."""
    import pandas as pd

    return pd.DataFrame([each.model_dump() for each in messages])


def refuse_language(language: str) -> None:
    """ConfigError when there are no texts in the language."""
    if language not in LANGUAGES:
        raise ConfigError("--language takes zh-CN or en.")


def write_rows(out: Path, rows: "pd.DataFrame") -> None:
    """Write the rows as Parquet or CSV, by the ending of the file."""
    from features.spreadsheets import write_csv

    if out.suffix == ".parquet":
        rows.to_parquet(out, index=False)
    else:
        write_csv(rows, out)
