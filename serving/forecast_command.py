"""The command of a forecast: of the store by a promoted model, or of a city in plain files, where there is no store."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, get_args

import typer

from features.errors import ConfigError
from features.out_file import to_write
from serving.area_commands import (
    JSON_FILES,
    SPOKEN,
    TABLES,
    LanguageOption,
    NoiseOption,
    WeeksOption,
    answering,
    asked,
    console,
    visit,
    write_rows,
)

if TYPE_CHECKING:
    from features.hotspot import Places
    from models.hotspot import HotspotModel

ACT = "GET /v1/hotspots"


class Read(Protocol):
    """What reads a city from plain files."""

    def __call__(self, incidents: Path, areas: Path | None, *, known_lag_days: int, coordinates: str) -> "Places":
        """Its tables."""


class Fit(Protocol):
    """What fits a model on a city, of what was known on a day alone."""

    def __call__(
        self, places: "Places", *, as_of: date, unit: str, horizon_weeks: int, known_lag_days: int
    ) -> "HotspotModel":
        """The model."""


def forecast_command(read: Read, fit: Fit) -> Callable[..., None]:
    """The command; without a store it reads and fits by what it is given, since models are made elsewhere."""

    def forecast(  # noqa: PLR0913, PLR0917 (the options of a command)
        as_of: Annotated[str, typer.Option("--as-of", help="What was known by the last Sunday is used.")],
        out: Annotated[
            Path,
            typer.Option(
                help="GeoJSON, CSV or Parquet file to write, by its ending.",
                callback=to_write(*sorted(JSON_FILES), *TABLES),
            ),
        ],
        weeks: WeeksOption = 4,
        level: Annotated[str, typer.Option(help="city, district, township or cell.")] = "township",
        language: LanguageOption = "zh-CN",
        noise: NoiseOption = None,
        incidents: Annotated[Path | None, typer.Option(help="Without a store: CSV of date and place.")] = None,
        areas: Annotated[Path | None, typer.Option(help="With --incidents: areas, CSV or GeoJSON.")] = None,
        unit: Annotated[
            str | None, typer.Option(help="With --incidents: area, grid:METRES or h3:RESOLUTION; by the level.")
        ] = None,
        model: Annotated[
            str | None, typer.Option(help="With --incidents: a promoted model, in place of one fitted on the file.")
        ] = None,
        known_lag_days: Annotated[int, typer.Option(min=0, help="With --incidents: known so long after.")] = 14,
        coordinates: Annotated[str, typer.Option(help="With --incidents: wgs84, or gcj02.")] = "wgs84",
    ) -> None:
        """Expected harm by area in the weeks after a day, in the bands in which it may be told."""
        from serving.area_record import record
        from serving.file_forecast import digest_of, forecast_of_files, fresh, promoted
        from serving.hotspots import forecast as of_store
        from serving.hotspots import model_for, row_of
        from serving.messages import ForecastLevel
        from serving.wording import wording

        question = asked(as_of, weeks, level, language, known=get_args(ForecastLevel))
        if incidents is None and (areas or unit or model):
            raise ConfigError("forecast: --areas, --unit and --model go with --incidents FILE, which is not given.")
        with answering(noise=noise) as desk:
            if incidents is None:
                made, by = of_store(desk, question), "the promoted model"
                fitted = model_for(desk, question)[1]
            else:
                places = read(incidents, areas, known_lag_days=known_lag_days, coordinates=coordinates)
                of = unit or ("grid:500" if level == "cell" else "area")
                made_by = (
                    promoted(desk, model)
                    if model
                    else fresh(
                        fit(places, as_of=question.as_of, unit=of, horizon_weeks=weeks, known_lag_days=known_lag_days)
                    )
                )
                fitted = made_by[1]
                digest = digest_of(incidents, areas, unit=of, known_lag_days=known_lag_days, coordinates=coordinates)
                made = forecast_of_files(desk, question, places, made_by, digest)
                by = f"the promoted {model}" if model else "a model fitted on the file now, neither judged nor promoted"
            record(desk, visit(ACT), made, of_files=incidents is not None)
        told = made.answer
        if out.suffix in JSON_FILES:
            out.write_text(told.model_dump_json(), encoding="utf-8")
        else:
            import pandas as pd

            write_rows(out, pd.DataFrame([row_of(area, told) for area in told.features]))
        note = wording(SPOKEN).area_note(told.noise_epsilon, at_equal_effort=fitted.scope.at_equal_effort)
        console.print(f"{len(told.features)} areas, by {by}: {out}. {note}")
        if incidents is None:
            console.print(f"waystation replay {told.answer_id} makes it again.")
        else:
            console.print(f"Recorded as {told.answer_id}; the same command on the same files makes it again.")

    return forecast
