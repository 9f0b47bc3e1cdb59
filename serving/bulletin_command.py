"""The command that writes the station bulletin: a page, or where a Chromium is found its print as PDF."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from features.errors import ConfigError
from features.home import Home
from features.out_file import to_write
from serving.area_commands import LanguageOption, refuse_language

if TYPE_CHECKING:
    from features.store import Store

PAGES = (".html", ".htm")
PRINT = ".pdf"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
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
    from serving.bulletin import of_store
    from serving.bulletin_page import page_of
    from serving.settings import Settings
    from serving.wording import wording

    refuse_language(language)
    day = _day(until)
    browser = _browser() if out.suffix == PRINT else None
    home = Home.settled()
    if day > Settings.of_environment().today:
        raise ConfigError("bulletin: --until is in the future; give a day that is over.")
    with Store.open(home.store_url) as store:
        made = of_store(store, day)
        page = page_of(made, _names(store, language), wording(language))
    if browser:
        _print(page, out, browser)
    else:
        out.write_text(page, encoding="utf-8")
    console.print(f"{len(made.lines)} stations: {out}.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError("bulletin: --until takes a day such as 2025-12-31.") from None


def _names(store: "Store", language: str) -> Mapping[str, str]:
    """The names of the stations that have one in the language."""
    stations = store.read("stations").set_index("station_id")["name_en" if language == "en" else "name_zh"].dropna()
    return {str(station_id): str(name) for station_id, name in stations.items()}


def _browser() -> str:
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if found is None:
        raise ConfigError("bulletin: no Chromium is found to make a PDF with; write a .html file and print that.")
    return found


def _print(page: str, out: Path, browser: str) -> None:
    """Print the page to the file. What it needs is in the page, so the browser has nothing to fetch."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bulletin.html"
        file.write_text(page, encoding="utf-8")
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile",
        ]
        if os.geteuid() == 0:  # Chromium's own shield does not start for root, as in a container
            command.append("--no-sandbox")
        try:
            subprocess.run(  # noqa: S603 (no shell, our words and the user's own file)
                [*command, f"--print-to-pdf={out.absolute()}", file.as_uri()],
                check=True, capture_output=True, timeout=PATIENCE_SECONDS,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            raise ConfigError("bulletin: Chromium could not make the PDF; write a .html file and print that.") from None
