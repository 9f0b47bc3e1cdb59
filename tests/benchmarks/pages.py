"""The pages of a station of 500 persons: seconds of the service and of a browser, first and again: `make bench-pages`.

python -m tests.benchmarks.pages [--persons 500]

Each service is started anew, so that `first` is what the first reader of a morning waits for. Ready: the browser has
fetched and laid out everything. It fails when the worklist, read again, is not ready within LIMIT_SECONDS.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from serving.ui.sessions import Sessions
from tests.serving_helpers import AS_OF, build_city, key_for, serving
from tests.ui_helpers import WIDE, Site, chromium, fetched, session_of

LIMIT_SECONDS = 1.5
EARLIER = "2024-05-20"  # another day: a list that was never made before
LISTED = {
    "worklist, first": f"/ui/worklist?as_of={AS_OF}",
    "worklist, again": f"/ui/worklist?as_of={AS_OF}",
    "worklist, another day": f"/ui/worklist?as_of={EARLIER}",
    "worklist, everybody for print": f"/ui/worklist?as_of={AS_OF}&print=yes",
    "worklist as CSV": f"/ui/worklist.csv?as_of={AS_OF}",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=500, help="Persons of the station; the city has twice as many.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = build_city(Path(folder), n_persons=2 * asked.persons).home
        return 0 if measured(home, Path(folder) / "service.log") <= LIMIT_SECONDS else 1


def measured(home, log):
    """Seconds until the worklist is ready in a browser, read again; it prints all the others too."""
    key = key_for(home, "station_lead", "S1")
    with serving(home, log) as url:
        site = Site(url, home, {}, None)
        cookie = session_of(site, key)
        for name, path in persons(home).items():
            told(name, *answered(site, path, cookie))
    with serving(home, log) as url:
        site = Site(url, home, {}, None)
        cookie = session_of(site, key)
        for name, path in LISTED.items():
            told(name, *answered(site, path, cookie))
        return in_browser(site, key)


def persons(home):
    """The pages of three persons; the second is of the first day, the third of one whose list was never made."""
    of = [Sessions.open(home.path).reference_to(person_id) for person_id in ("P002", "P004", "P006")]
    days = {"first": AS_OF, "another": AS_OF, "another day": EARLIER}
    return {
        f"person, {name}": f"/ui/person?of={reference}&as_of={day}"
        for reference, (name, day) in zip(of, days.items(), strict=True)
    }


def answered(site, path, cookie):
    """Seconds until the whole answer had come, and its kilobytes."""
    began = time.perf_counter()
    answer = fetched(site, path, cookie=cookie)
    assert answer.status == 200, answer.text()[:500]
    return time.perf_counter() - began, len(answer.body) / 1024


def in_browser(site, key):
    """Seconds until the worklist is ready, the best of three."""
    found = []
    with chromium() as browser:
        page = browser.new_context(viewport=WIDE).new_page()
        page.goto(f"{site.url}/ui/sign-in")
        page.fill("#key", key)
        page.click("main button")
        for _ in range(3):
            began = time.perf_counter()
            page.goto(f"{site.url}/ui/worklist?as_of={AS_OF}", wait_until="load")
            page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            found.append(time.perf_counter() - began)
    told("worklist, ready in a browser", min(found))
    return min(found)


def told(name, seconds, kilobytes=None):
    size = "" if kilobytes is None else f"{kilobytes:8.0f} KB"
    print(f"{name:32} {seconds:6.2f} s {size}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
