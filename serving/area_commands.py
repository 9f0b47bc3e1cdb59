"""The commands of a planner: forecasts and warnings of areas, told as the service tells them, written to a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from features.errors import ConfigError
from features.home import Home

if TYPE_CHECKING:
    import pandas as pd

    from serving.desk import Desk
    from serving.hotspots import Asked
    from serving.messages import Forecast

GEOJSON = {".json", ".geojson"}

console = Console(soft_wrap=True, highlight=False)

AsOfOption = Annotated[str, typer.Option("--as-of", help="What was known by the end of this day is used.")]
WeeksOption = Annotated[int, typer.Option(min=1, help="The horizon of the promoted model.")]
LevelOption = Annotated[str, typer.Option(help="township or cell.")]
LanguageOption = Annotated[str, typer.Option(help="Language of the texts: zh-CN or en.")]


def forecast(
    as_of: AsOfOption,
    out: Annotated[Path, typer.Option(help="GeoJSON, CSV or Parquet file to write, by its ending.")],
    weeks: WeeksOption = 4,
    level: LevelOption = "township",
    language: LanguageOption = "zh-CN",
) -> None:
    """Expected harm by area in the weeks after a day, in the bands in which it may be told."""
    from serving.hotspots import forecast as told_by

    with _answering() as desk:
        told = told_by(desk, _asked(as_of, weeks, level, language))
    if out.suffix in GEOJSON:
        out.write_text(told.model_dump_json(), encoding="utf-8")
    elif out.suffix == ".parquet":
        _table(told).to_parquet(out, index=False)
    else:
        _table(told).to_csv(out, index=False, encoding="utf-8-sig")  # with the mark by which spreadsheets know UTF-8
    console.print(f"{len(told.features)} areas: {out}. {told.note}")


def warnings(
    as_of: AsOfOption,
    out: Annotated[Path | None, typer.Option(help="JSON file to write them to as well.")] = None,
    weeks: WeeksOption = 4,
    level: LevelOption = "township",
    language: LanguageOption = "zh-CN",
) -> None:
    """Where clearly more came in the last weeks than was forecast."""
    from serving.warnings import warnings as told_by

    with _answering() as desk:
        told = told_by(desk, _asked(as_of, weeks, level, language))
    if out is not None:
        out.write_text(told.model_dump_json(), encoding="utf-8")
    for each in told.warnings:
        console.print(each.text)
    console.print(f"{len(told.warnings)} warnings. {told.note}")


@contextmanager
def _answering() -> "Iterator[Desk]":
    """The desk of the home; what it refuses is told as an error of the user's."""
    from serving.desk import Desk
    from serving.problems import ProblemError
    from serving.service import folder_of
    from serving.settings import Settings
    from serving.wording import wording

    Home.of_environment().settle()
    try:
        yield Desk.open(Settings.of_environment(), folder_of)
    except ProblemError as refused:
        if refused.code == "invalid":
            named = "; ".join(f"{fault.field}: {fault.rule}" for fault in refused.faults)
            raise ConfigError(f"areas: the question is refused ({named}).") from None
        title, detail = wording("en").problem(refused.code, refused.slots)
        raise ConfigError(f"areas: {title}. {detail}") from None


def _asked(as_of: str, weeks: int, level: str, language: str) -> "Asked":
    from serving.hotspots import Asked
    from serving.wording import wording

    if level not in {"township", "cell"}:
        raise ConfigError("--level takes township or cell.")
    if language not in {"zh-CN", "en"}:
        raise ConfigError("--language takes zh-CN or en.")
    try:
        day = date.fromisoformat(as_of)
    except ValueError:
        raise ConfigError("--as-of takes a day such as 2025-12-31.") from None
    return Asked(day, weeks, level, 3, wording(language))


def _table(told: "Forecast") -> "pd.DataFrame":
    """A row for each area, without its outline and reasons."""
    import pandas as pd

    return pd.DataFrame([area.properties.model_dump(exclude={"reasons"}) for area in told.features])
