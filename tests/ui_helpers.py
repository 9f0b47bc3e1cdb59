"""A real service over a small invented city with hostile names in it, and a real Chromium that looks at its pages."""

import http.client
import json
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from features.intake import ingest
from features.store import Store
from models import challenger, champion, watch
from models.challenger import Challenger
from models.watch import Figure, Month, Shift, Watch
from serving.roles import OF_A_STATION, ROLES
from serving.settings import MLFLOW_PAGES
from tests.oidc_issuer import issuing
from tests.serving_helpers import NAME, TODAY, build_city, free_port, key_for, serving

AXE = Path(__file__).parent / "axe" / "axe.min.js"
SCRIPT = "<script>alert(1)</script>"
HOSTILE = f"{SCRIPT}\"'><img src=x onerror=alert(2)>{{{{7*7}}}}"
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

ABSENT = "no Chromium here (apt-get install chromium fonts-noto-cjk), so no page was looked at"


@dataclass(frozen=True)
class Site:
    """A running service, its home, and a key of each role."""

    url: str
    home: object
    keys: dict
    issuer: object


@contextmanager
def site(folder):
    """A service over a city whose places have names that a careless page would run."""
    city = build_city(folder, n_persons=40)
    rename(city.home, folder / "renamed")
    watched(city.home)
    keys = {role: key_for(city.home, role, "S1" if role in OF_A_STATION else None) for role in ROLES}
    port, settings = free_port(), {MLFLOW_PAGES: "https://mlflow.example/lab/"}
    log = folder / "service.log"
    with issuing() as issuer, serving(city.home, log, port=port, **settings, **issuer.settings(port)) as url:
        yield Site(url, city.home, keys, issuer)


def watched(home):
    """What `waystation monitor` and a training leave for the page of the models, under names that must not run."""
    answering = champion.read(home.champions, NAME)
    shifts = (Shift(SCRIPT, 0.3, 1.0, 2.0), Shift("visits_90d", 0.01))
    told = Figure(0.7, 0.6, 0.8)
    months = (Month("2023-01-01", True, 90, 20, told, told, told), Month("2023-02-01", False, 80))
    days = ("2023-06-01", "2024-06-01")
    found = Watch(NAME, answering.digest, *days, 100, 90, 0.2, Shift("score", 0.15, 0.1, 0.2), shifts, months)
    watch.write(home.watched, found)
    figure = {"value": 0.9, "low": 0.8, "high": 0.95}
    card = {"task": "relapse", "figures": {"models": {"lightgbm": {"auroc": figure}}}}
    challenger.write(home.challengers, Challenger(NAME, "1" * 64, "run-2", "2" * 64, card))


def rename(home, folder):
    folder.mkdir()
    named = HOSTILE.replace('"', '""')
    (folder / "persons.csv").write_text(
        f'person_id,display_name,birth_year,registered_on\nP002,"{named}",1980,2022-06-01\n'
    )
    name = '"' + HOSTILE.replace('"', '""') + '"'
    outline = (
        '"{""type"":""Polygon"",""coordinates"":[[[106.3,26.0],[106.4,26.0],[106.4,26.1],[106.3,26.1],[106.3,26.0]]]}"'
    )
    (folder / "areas.csv").write_text(f"area_id,level,name_zh,name_en,geometry\nT3,township,{name},{name},{outline}\n")
    (folder / "stations.csv").write_text(f'station_id,name_zh,name_en\nS1,{name[:-1]}一站",{name[:-1]} One"\n')
    with Store.open(home.store_url) as store:
        report = ingest(folder, store, batch_id="renamed", received_on=TODAY, backfill=True)
    assert not any(table.quarantined for table in report.tables)


@contextmanager
def chromium():
    """A browser for the tests; skipped, loudly, where there is none."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip(ABSENT)
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is in the lock: make test installs it")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Watched:
    """A tab, and all that went wrong in it: console errors, dialogs, requests that left the service."""

    page: object
    faults: list


@contextmanager
def tab(browser, site, role=None, *, language="zh-CN", viewport=WIDE, script=True):
    """A tab of a reader who is signed in."""
    context = browser.new_context(viewport=viewport, java_script_enabled=script)
    page, faults = context.new_page(), []
    watched = Watched(page, faults)
    page.on("console", lambda message: faults.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: (faults.append("a dialog opened"), dialog.dismiss()))
    page.on("request", lambda request: None if is_ours(request.url, site.url) else faults.append(request.url))
    page.goto(f"{site.url}/ui/sign-in?lang={language}")
    if role:
        page.fill("#key", site.keys[role])
        page.click("main button")
    yield watched
    context.close()


def is_ours(address, url):
    return address.startswith(("data:", "blob:")) or urlsplit(address).netloc == urlsplit(url).netloc


def violations(page):
    """What axe finds wrong with a page. It is evaluated by the browser's own tools, which the page's policy allows."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found["violations"]]


def iso_days(page):
    """Days that a reader of a page sees as machines write them, in its text, its charts or their titles."""
    shown = [page.inner_text("body"), *page.locator("svg text, svg title").all_text_contents()]
    return re.findall(r"\d{4}-\d\d-\d\d", " ".join(shown))


@dataclass(frozen=True)
class Fetched:
    """An answer as it came, redirects not followed."""

    status: int
    headers: dict
    body: bytes

    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


def fetched(site, path, *, form=None, body=None, kind=None, cookie=None, headers=None):
    """The answer to a request for a page, sent as a browser would, without one."""
    address = urlsplit(site.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    body = urlencode(form) if form is not None else body
    told = {} if body is None else {"Content-Type": kind or "application/x-www-form-urlencoded"}
    told |= {"Cookie": f"waystation_session={cookie}"} if cookie else {}
    try:
        connection.request("GET" if body is None else "POST", path, body, {**told, **(headers or {})})
        answer = connection.getresponse()
        return Fetched(answer.status, headers_of(answer), answer.read())
    finally:
        connection.close()


def headers_of(answer):
    """The headers by name; of a name that came twice both values, as RFC 9110 joins them."""
    told = {}
    for name, value in answer.getheaders():
        told[name.lower()] = f"{told[name.lower()]}, {value}" if name.lower() in told else value
    return told


def session_of(site, key, **form):
    """The session cookie of a reader who signed in."""
    answer = fetched(site, "/ui/sign-in", form={"key": key, **form})
    assert answer.status == 303, answer.text()
    return answer.headers["set-cookie"].partition("=")[2].partition(";")[0]


def ask_as(site, role, path):
    """The answer to a reader of a role who is signed in."""
    return fetched(site, path, cookie=session_of(site, site.keys[role]))
