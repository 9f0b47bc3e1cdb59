"""The command that writes the station bulletin: a page, or where a Chromium is found its print as PDF."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from features.errors import ConfigError
from features.home import Home
from features.out_file import to_write
from serving.area_commands import LanguageOption, refuse_language
from serving.bulletin_print import NOT_PRINTED, browser, printed

if TYPE_CHECKING:
    from features.store import Store

PAGES = (".html", ".htm")
PRINT = ".pdf"
PATIENCE_SECONDS = 120

console = Console(soft_wrap=True, highlight=False)


def bulletin(
    until: Annotated[
        str, typer.Option(help="Last day of the half-month, a 15th or the last of a month: what was known by its end.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="HTML file to write, or PDF where a Chromium is found, by its ending.",
            callback=to_write(*PAGES, PRINT),
        ),
    ],
    language: LanguageOption = "zh-CN",
) -> None:
    """The half-monthly bulletin of the stations' work, in four colours; there is no person in it."""
    from features.store import Store
    from serving.bulletin import of_store
    from serving.bulletin_page import page_of
    from serving.stations import names_of
    from serving.wording import wording

    refuse_language(language)
    day = _day(until)
    program = _browser() if out.suffix == PRINT else None
    home = Home.settled()
    with Store.open(home.store_url) as store:
        _refuse(store, day)
        made = of_store(store, day)
        page = page_of(made, names_of(store, language), wording(language))
    if program:
        _print(page, out, program)
    else:
        out.write_text(page, encoding="utf-8")
    console.print(f"{len(made.lines)} stations: {out}.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError("bulletin: --until takes a day such as 2025-12-31.") from None


def _refuse(store: "Store", until: date) -> None:
    """ConfigError where the page would refuse the day, or the store holds nothing to make a bulletin of."""
    from serving.bulletins import first_day_of, refuse_other_days
    from serving.problems import ProblemError
    from serving.settings import Settings
    from serving.wording import wording

    first = first_day_of(store)
    if first is None:
        raise ConfigError("bulletin: the store holds no records; bring some in with waystation ingest first.")
    try:
        refuse_other_days(until, today=Settings.of_environment().today, first=first)
    except ProblemError as refused:
        (fault,) = refused.faults
        raise ConfigError(f"bulletin: --until {wording('en').rule(fault.rule, fault.expected)}.") from None


def _browser() -> str:
    found = browser()
    if found is None:
        raise ConfigError("bulletin: no Chromium is found to make a PDF with; write a .html file and print that.")
    return found


def _print(page: str, out: Path, program: str) -> None:
    try:
        content = printed(page, program, seconds=PATIENCE_SECONDS)
    except NOT_PRINTED:
        raise ConfigError("bulletin: Chromium could not make the PDF; write a .html file and print that.") from None
    out.write_bytes(content)
