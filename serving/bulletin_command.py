"""The command that writes the station bulletin: a page, or where a Chromium is found its print as PDF."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from features.errors import ConfigError
from features.home import Home
from features.out_file import to_write
from serving.area_commands import LanguageOption, refuse_language
from serving.bulletin_print import NOT_PRINTED, browser, printed

PAGES = (".html", ".htm")
PRINT = ".pdf"
PATIENCE_SECONDS = 120

console = Console(soft_wrap=True, highlight=False)


def bulletin(
    until: Annotated[str, typer.Option(help="What was known by the end of this day; as a rule the 15th or the last.")],
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
    from serving.bulletin import names_of, of_store
    from serving.bulletin_page import page_of
    from serving.settings import Settings
    from serving.wording import wording

    refuse_language(language)
    day = _day(until)
    program = _browser() if out.suffix == PRINT else None
    home = Home.settled()
    if day > Settings.of_environment().today:
        raise ConfigError("bulletin: --until is in the future; give a day that is over.")
    with Store.open(home.store_url) as store:
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
