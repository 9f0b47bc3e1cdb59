"""Pictures of every page, on the demo's city, wide and narrow: `make screenshots`. Four of them are in the README."""

import argparse
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from features.home import Home
from serving.access import granted
from serving.grants import Asked
from tests.serving_helpers import serving

ROOT = Path(__file__).parents[2]
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
TALLEST = 1500
IN_README = ("map-cell-wide", "worklist-wide", "person-wide", "worklist-phone")
COLOURS = 128
NAME = "Wang Fang"  # invented; it stands at the head of the pages
ROLES = {"planner": None, "station_worker": "S01", "station_lead": "S01", "data_scientist": None}


def main() -> None:
    """Take the pictures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--home", type=Path, default=ROOT / ".waystation" / "demo", help="A home that `make demo` made."
    )
    options.add_argument("--out", type=Path, default=ROOT / ".waystation" / "pages")
    asked = options.parse_args()
    if not (asked.home / "store.db").exists():
        sys.exit("There is no demo yet: run `make demo` first, or name its home with --home.")
    asked.out.mkdir(parents=True, exist_ok=True)
    log = asked.out / "service.log"
    with serving(Home(asked.home), log) as url, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for language in ("zh-CN", "en"):
            door(browser.new_context(viewport=WIDE).new_page(), url, asked.out / language, language)
        for role, station in ROLES.items():
            for language in ("zh-CN", "en"):
                page = browser.new_context(viewport=WIDE).new_page()
                enter(page, url, key_of(Home(asked.home), role, station), language)
                take(page, url, role, asked.out / language)
        browser.close()
    log.unlink()
    for language in ("zh-CN", "en"):
        for name in IN_README:
            small(asked.out / language / f"{name}.png", ROOT / "docs" / "pages" / f"{name}.{language}.png")


def small(picture: Path, to: Path) -> None:
    """The picture in few colours: a third of the bytes, and nothing that a reader would miss."""
    to.parent.mkdir(exist_ok=True)
    Image.open(picture).convert("RGB").quantize(COLOURS).save(to, optimize=True)


def key_of(home: Home, role: str, station: str | None) -> str:
    """A key of a role that is good for a day."""
    now = datetime.now(UTC)
    return granted(home, Asked(role, station, NAME, (now + timedelta(days=1)).date()), now=now)[0]


def enter(page: Page, url: str, key: str, language: str) -> None:
    """Sign in."""
    page.goto(f"{url}/ui/sign-in?lang={language}")
    page.fill("#key", key)
    page.click("main button")


def door(page: Page, url: str, out: Path, language: str) -> None:
    """The pictures of the page to sign in at."""
    out.mkdir(exist_ok=True)
    page.goto(f"{url}/ui/sign-in?lang={language}")
    both(page, out / "sign-in")


def take(page: Page, url: str, role: str, out: Path) -> None:
    """The pictures of a role's pages."""
    if role == "station_worker":
        page.goto(f"{url}/ui/worklist")
        both(page, out / "worklist")
        page.click(".worklist tbody tr:nth-child(2) th a")
        both(page, out / "person")
        return
    if role == "station_lead":
        page.goto(f"{url}/ui/bulletin")
        both(page, out / "bulletin")
        page.goto(f"{url}/ui/worklist?tab=review")
        both(page, out / "review")
        return
    if role == "data_scientist":
        page.goto(f"{url}/ui/models")
        both(page, out / "models")
        return
    for level in ("township", "cell"):
        page.goto(f"{url}/ui/map?level={level}")
        page.wait_for_selector("#map[data-ready=yes]")
        page.focus("#map")
        page.keyboard.press("Home")
        both(page, out / f"map-{level}")
    for name in ("indicators", "map/warnings"):
        page.goto(f"{url}/ui/{name}")
        both(page, out / name.rpartition("/")[2])


def both(page: Page, to: Path) -> None:
    """One picture wide and one as on a phone, no taller than a reader scrolls."""
    for name, size in (("wide", WIDE), ("phone", PHONE)):
        page.set_viewport_size(size)
        page.wait_for_timeout(300)
        tall = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
        page.screenshot(
            path=f"{to}-{name}.png", full_page=True, clip={"x": 0, "y": 0, "width": size["width"], "height": tall}
        )
    page.set_viewport_size(WIDE)


if __name__ == "__main__":
    main()
