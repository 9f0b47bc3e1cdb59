"""How long the planner's map takes with 5,000 cells, from the address typed to the map drawn, server and browser.

python -m tests.benchmarks.map_page                an invented city of 71 x 71 cells of 500 m, made first
python -m tests.benchmarks.map_page --home DIR     the cells of a home that has a promoted cell model

The service is the real one and has just started; the browser is a real Chromium with an empty cache. Asked for: the map
ready under 2.5 s, a step of the slider under 300 ms. Told are the first map after the start, which is made then; the
same again, as all but the first reader of a day find it; steps once the page has fetched the weeks around; and how much
of the processor the service took, which a busy machine changes least.
"""

import argparse
import json
import shutil
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from playwright.sync_api import sync_playwright

from features import hotspot
from features.grids import Grid
from features.home import Home
from features.intake import ingest
from features.schema import EPOCH
from features.store import Store
from models import artifact
from models.hotspot import Scope, study_areas
from models.hotspot_fit import Learning, Lessons, fit
from models.prior import Recent, evidence_of
from tests.benchmarks.screenshots import enter, key_of
from tests.serving_helpers import promote, serving

ACROSS, SIZE_M = 71, 500
N_WEEKS, FIRST = 150, 19_000  # days since 1970-01-01
NAME = "hotspot-cell-4w"
STEPS = 6
READY = "#map[data-ready=yes]"


def main() -> None:
    """Make the city, look at its map, and tell how long it took."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--home", type=Path)
    options.add_argument("--json", type=Path)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="waystation-") as folder:
        home = Home(asked.home) if asked.home else made(Path(folder))
        figures = measured(home, Path(folder) / "service.log")
    for name, value in figures.items():
        print(f"{name}: {value}")
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1))


def made(folder: Path) -> Home:
    """A home of a city that has had an incident in each of its cells, most in the middle, and a light cell model."""
    home = Home(folder / "home")
    home.path.mkdir()
    (folder / "delivery").mkdir()
    invented().to_csv(folder / "delivery" / "incidents.csv", index=False)
    with Store.open(home.store_url) as store:
        ingest(folder / "delivery", store, received_on=day_of(FIRST + 7 * N_WEEKS), backfill=True)
        incidents = store.read("incidents")
    model = trained(incidents)
    promote(home, NAME, "hotspot", model.booster, artifact.hotspot_to_plain(model, name=NAME))
    return home


def invented():
    """Incidents, one in each cell in the first year, and as many again about the middle."""
    rng = np.random.default_rng(5)
    grid = np.stack(np.meshgrid(np.arange(ACROSS), np.arange(ACROSS)), axis=-1).reshape(-1, 2) - ACROSS / 2 + 0.5
    middle = rng.normal(0, ACROSS / 6, grid.shape).clip(-ACROSS / 2, ACROSS / 2)
    east, north = (SIZE_M * np.concatenate([grid, middle])).T
    days = np.concatenate([rng.integers(0, 365, len(grid)), rng.integers(0, 7 * N_WEEKS, len(middle))])
    when = [day_of(FIRST + int(each)) for each in days]
    place = {"longitude": 106.7 + east / 99_800, "latitude": 26.6 + north / 110_800}
    return pd.DataFrame(
        {"occurred_on": when, "known_on": when, "kind": "overdose", "reported_by": "citizen", **place}
    ).round(6)


def trained(incidents):
    """A cell model of few rounds: what it says does not matter here, and it takes as long as another."""
    end = int(incidents["known_on"].max())
    grid = Grid.around(*(incidents[name].to_numpy(float) for name in ("longitude", "latitude")), cell_size_m=SIZE_M)
    scope = Scope("cell", 4, ("overdose",), ("citizen",), grid)
    places = study_areas(scope, incidents, None, as_of=end)
    origins = np.arange(end - 7 * 60, end, 7)
    past = hotspot.visible_past(incidents, None, places, as_of=origins, horizon_weeks=4)
    table, learned = hotspot.compute(past), np.arange(len(origins) - 4)
    return fit(
        Lessons(evidence_of(past, Recent(0)), table, learned, end),
        scope,
        Learning(rounds=10, rows_per_leaf=1000),
        hotspot.FEATURES,
    )


def measured(home: Home, log: Path) -> dict:
    """Seconds of the first map and of the same again, milliseconds of steps, seconds of the processor."""
    with serving(home, log) as url, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        enter(page, url, key_of(home, "planner", None), "en")
        address = f"{url}/ui/map?level=cell"
        before = processor_s()
        first, made_s = ready(page, address), processor_s() - before
        areas = page.inner_text("#top-title")
        page.wait_for_selector("#map[data-ahead=yes]", timeout=600_000)  # the weeks are there
        fetched_s = processor_s() - before - made_s
        steps = [step(page, "ArrowLeft") for _ in range(STEPS)]
        again = ready(page, address)
        browser.close()
    return {
        "areas": areas,
        "ready_first_s": round(first, 2),
        "ready_again_s": round(again, 2),
        "steps_ms": [round(1000 * each) for each in steps],
        "processor_first_s": round(made_s, 2),
        "processor_other_weeks_s": round(fetched_s, 2),
    }


def processor_s() -> float:
    """Seconds of the processor that the service took so far, of all its processes."""
    own = [
        each for each in psutil.Process().children(recursive=True) if any("bentoml" in part for part in each.cmdline())
    ]
    return sum(sum(each.cpu_times()[:2]) for each in own)


def ready(page, address: str) -> float:
    """Seconds from the address to the map drawn."""
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(READY, timeout=120_000)
    return time.perf_counter() - began


def step(page, key: str) -> float:
    """Seconds from a key on the slider to the week it names drawn."""
    page.focus("#week")
    began = time.perf_counter()
    page.keyboard.press(key)
    page.wait_for_function("""() => {
        const slider = document.getElementById("week");
        return document.getElementById("map").dataset.shown === slider.dataset.days.split(",")[slider.value];
    }""")
    return time.perf_counter() - began


def day_of(day: int):
    return EPOCH + timedelta(days=day)


if __name__ == "__main__":
    main()
