"""A small invented city in a home of its own, with a trained and promoted model, and a real service that answers."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from features import hotspot
from features.catalogue import compute
from features.cohort import Cohort
from features.history import History
from features.home import Home
from features.intake import ingest
from features.relapse import FeatureChoice, chosen
from features.store import Store
from models import artifact, champion
from models.calibration import Platt
from models.champion import Champion
from models.hotspot import Scope, study_areas
from models.hotspot_fit import Learning, Lessons, fit
from models.prior import Recent, evidence_of
from models.relapse import Growth, RelapseModel, fit_booster, varying
from serving.access import granted
from serving.grants import Asked as Granted
from serving.messages import Problem
from tests.tables import day
from training.hotspot_backtest import judge
from training.hotspot_config import HotspotConfig

AS_OF = "2024-06-01"
NAME = "relapse-90d"
HOTSPOTS = "hotspot-township-4w"
N_PERSONS = 80
TESTS = {"T1": 3, "T2": 5, "T3": 9}  # a week, where any is reported
STATIONS = ("S1", "S2")  # of the persons with even numbers, and of the others
CANARY = "CANARY-7f3a"
# Each relapsed once more today, so that nobody counts as abstinent for three years, whenever the tests run.
TODAY = datetime.now(UTC).date()
QUESTION = {"as_of": AS_OF, "purpose": "support_plan"}

SPECIAL = """person_id,birth_year,registered_on
SEALED,1980,2023-01-01
OBJECTED,1980,2023-01-01
MINOR,2012,2023-01-01
ABSTINENT,1980,2019-01-01
EMPTY,1980,2023-01-01
ISOLATED,1980,2023-01-01
OUTSIDE,1980,2023-01-01
LATER_OBJECTED,1980,2023-01-01
LATER_SEALED,1980,2023-01-01
AGELESS,,2023-01-01
"""
SPECIAL_EVENTS = """person_id,occurred_on,known_on,source,kind,outcome,substance,value,station_id
SEALED,2023-01-01,2023-01-01,community,programme_start,community_treatment,,,S1
SEALED,2024-01-01,2024-01-01,case_unit,sealed,,,,S1
OBJECTED,2023-01-01,2023-01-01,community,programme_start,community_treatment,,,S1
OBJECTED,2024-01-01,2024-01-01,community,objection,raised,,,S1
MINOR,2023-01-01,2023-01-01,community,programme_start,community_treatment,,,S1
ABSTINENT,2019-01-01,2019-01-01,community,programme_start,community_rehabilitation,,,S1
ISOLATED,2023-01-01,2023-01-01,community,programme_start,community_treatment,,,S1
ISOLATED,2023-02-01,2023-02-01,community,urine_test,negative,opioid,,S1
ISOLATED,2024-01-01,2024-01-01,facility,isolation_start,,,,S1
OUTSIDE,2023-02-01,2023-02-01,community,urine_test,negative,opioid,,S1
LATER_OBJECTED,2023-01-01,2023-01-01,community,programme_start,community_treatment,,,S1
LATER_OBJECTED,2023-02-01,2023-02-01,community,urine_test,positive,opioid,,S1
LATER_OBJECTED,2024-07-01,2024-07-01,community,objection,raised,,,S1
LATER_SEALED,2023-01-01,2023-01-01,community,programme_start,community_treatment,,,S1
LATER_SEALED,2023-02-01,2023-02-01,community,urine_test,positive,opioid,,S1
LATER_SEALED,2024-07-01,2024-07-01,case_unit,sealed,,,,S1
AGELESS,2023-01-01,2023-01-01,community,programme_start,community_treatment,,,S1
AGELESS,2023-02-01,2023-02-01,community,urine_test,positive,opioid,,S1
"""
# Last signs of use today: whoever is to be refused for another reason is not to be abstinent as well.
RELAPSED_TODAY = "MINOR", "ISOLATED", "OUTSIDE", "EMPTY", "AGELESS"


@dataclass(frozen=True)
class City:
    """A home with a store, and the model that was trained on it."""

    home: Home
    model: RelapseModel


def invent(folder, *, n_persons=N_PERSONS, seed=1):
    """Two CSV files of invented persons: those who miss more tests are positive more often."""
    rng = np.random.default_rng(seed)
    people, told = [SPECIAL], [SPECIAL_EVENTS]
    told += [f"{person_id},{TODAY},{TODAY},community,urine_test,positive,opioid,,S1\n" for person_id in RELAPSED_TODAY]
    for number in range(n_persons):
        person_id, trouble = (CANARY if number == 0 else f"P{number:03}"), rng.random()
        at = f",{STATIONS[number % 2]}\n"
        people.append(f"{person_id},{rng.integers(1965, 1998)},2022-06-01\n")
        told.append(f"{person_id},2022-06-01,2022-06-01,community,programme_start,community_treatment,,{at}")
        for each in range(40):
            when = date.fromordinal(date(2022, 6, 5).toordinal() + 20 * each + int(rng.integers(0, 8)))
            outcome = rng.choice(["positive", "missed", "negative"], p=_odds(trouble))
            told.append(f"{person_id},{when},{when},community,urine_test,{outcome},opioid,{at}")
            kept = "kept" if rng.random() > trouble / 2 else "missed"
            told.append(f"{person_id},{when},{when},community,check_in,{kept},,{at}")
        told.append(f"{person_id},{TODAY},{TODAY},community,urine_test,positive,opioid,{at}")
    folder.mkdir(parents=True)
    (folder / "persons.csv").write_text("".join(people))
    (folder / "events.csv").write_text("".join(told))
    invent_places(folder, rng)


def invent_places(folder, rng):
    """Four square townships; the further east, the more incidents."""
    areas, incidents = ["area_id,level,name_zh,name_en,geometry\n"], ["occurred_on,known_on,kind,reported_by,area_id\n"]
    for number in range(4):
        west, south = 106.0 + number / 10, 26.0
        ring = [[west, south], [west + 0.1, south], [west + 0.1, south + 0.1], [west, south + 0.1], [west, south]]
        outline = json.dumps({"type": "Polygon", "coordinates": [ring]}).replace('"', '""')
        areas.append(f'T{number},township,{number}号镇,Township {number},"{outline}"\n')
        for _ in range(60 * (number + 1)):
            when = date.fromordinal(date(2022, 1, 3).toordinal() + int(rng.integers(0, 870)))
            incidents.append(f"{when},{when},treatment_entry,service,T{number}\n")
    (folder / "areas.csv").write_text("".join(areas))
    (folder / "incidents.csv").write_text("".join(incidents))
    reports = [date(2022, 1, 3) + timedelta(weeks=week) for week in range(124)]
    tested = [f"{area},{week},{week + timedelta(days=9)},{n},{n}\n" for area, n in TESTS.items() for week in reports]
    (folder / "effort.csv").write_text("area_id,week,known_on,tests,contacts\n" + "".join(tested))


def _odds(trouble):
    return [0.4 * trouble, 0.3 * trouble, 1 - 0.7 * trouble]


def build_city(path, *, n_persons=N_PERSONS):
    """A city in a home below `path`: ingested, a model trained on it and promoted."""
    return copied(_made(n_persons)[0], path / "home")


@cache
def _made(n_persons):
    """A city made once, which is as dear as many tests, and the folder that goes when the tests end."""
    folder = tempfile.TemporaryDirectory(prefix="waystation-")
    path = Path(folder.name)
    home = Home(path / "home")
    home.path.mkdir(parents=True)
    invent(path / "delivery", n_persons=n_persons)
    with Store.open(f"sqlite:///{home.path / 'store.db'}") as store:
        report = ingest(path / "delivery", store, received_on=TODAY, backfill=True)
        assert not any(table.quarantined for table in report.tables)
        model, places, judged = train(store), train_hotspots(store), judge_hotspots(store)
    promote(home, NAME, "relapse", model.booster, artifact.relapse_to_plain(model))
    plain = artifact.hotspot_to_plain(places, name=HOTSPOTS)
    promote(home, HOTSPOTS, "hotspot", places.booster, plain, card=judged)
    return City(home, model), folder


def train(store, *, rounds=60):
    persons = store.read("persons")
    people = persons.loc[persons["registered_on"] == day("2022-06-01"), "person_id"].tolist()
    history = History.of(store.person_events(persons["person_id"].tolist()), persons)
    dates = [day(f"2023-{month:02}-01") for month in range(3, 13)]
    times = pd.DataFrame({"person_id": np.repeat(people, len(dates)), "as_of": np.tile(dates, len(people))})
    features = chosen(FeatureChoice())
    table = compute(history, times, features)
    relapse = (table["positive_tests_90d"].to_numpy() > 1).astype(float)
    features = varying(table, features)
    columns = [feature.name for feature in features]
    growth = Growth(rounds=rounds, min_data_in_leaf=20, num_threads=1)
    booster = fit_booster(table[columns], relapse, growth)
    return RelapseModel(NAME, booster, features, Platt(0.9, 0.1), Cohort(), 90)


def train_hotspots(store):
    """A township model on weekly as-of dates of the invented incidents."""
    incidents, areas = store.read("incidents"), store.read("areas")
    scope = Scope("township", 4, ("treatment_entry",), ("service",), None)
    origins = np.arange(day("2023-03-06"), day("2024-04-01"), 7)
    places = study_areas(scope, incidents, areas, as_of=int(origins[-1]))
    past = hotspot.visible_past(incidents, None, places, as_of=origins, horizon_weeks=4)
    table, learned = hotspot.compute(past), np.arange(len(origins) - 4)
    lessons = Lessons(evidence_of(past, Recent(0)), table, learned, int(origins[-1]))
    return fit(lessons, scope, Learning(rounds=10, rows_per_leaf=8, threads=1), hotspot.FEATURES)


def judge_hotspots(store):
    """What a page reads of the card of a hotspot model: the figures of its backtest."""
    learning = Learning(rounds=10, rows_per_leaf=8, threads=1)
    config = HotspotConfig(level="township", origins=13, bootstrap_samples=50, workers=1, learning=learning)
    judged = judge(hotspot.Places(*(store.read(table) for table in ("incidents", "areas", "effort"))), config)
    return {"task": "hotspot", "horizon_weeks": 4, "figures": judged.figures}


def promote(home, name, task, booster, plain, *, run="run-1", card=None):
    """The tag of a model put into the BentoML model store of the home and made the champion, as promotion does."""
    aside = home.path / "aside"
    digest = artifact.save(aside, booster=booster, model=plain, card=card or {})
    tag = into_model_store(home, name, aside)
    champion.write(home.champions, Champion(name, task, tag, digest, run, "0" * 64, "2024-06-01T00:00:00Z"))
    return tag


def into_model_store(home, name, folder):
    """The tag under which BentoML keeps a copy of the folder. A process of its own: BentoML reads its home once."""
    script = (
        "import shutil, sys, bentoml\n"
        "with bentoml.models.create(sys.argv[1]) as model:\n"
        "    shutil.copytree(sys.argv[2], model.path, dirs_exist_ok=True)\n"
        "print(model.tag)\n"
    )
    home.bentoml.mkdir(exist_ok=True)
    environment = {**os.environ, "BENTOML_HOME": str(home.bentoml), "BENTOML_DO_NOT_TRACK": "true"}
    done = subprocess.run(
        [sys.executable, "-c", script, name, str(folder)], env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip().split("\n")[-1]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


KEYS = {}  # of the services that run: a key of a machine client that may ask about everybody


def key_for(home, role="machine", station=None, *, expires_on=None):
    """A new key of a home."""
    until = expires_on or TODAY + timedelta(days=2)
    return granted(home, Granted(role, station, "tests", until), now=datetime.now(UTC))[0]


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def ask(url, body=None, *, headers=None, method=None):
    """The answer to a request with the service's key, unless headers name one; a body that is no bytes goes as JSON."""
    raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    given = {"Content-Type": "application/json"} if body is not None else {}
    given |= bearer(KEYS["/".join(url.split("/")[:3])])
    told = {name: value for name, value in {**given, **(headers or {})}.items() if value is not None}
    request = urllib.request.Request(url, raw, told, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Answer(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, dict(error.headers), error.read())


def score(url, person_id="P003", *, headers=None, **other):
    """The answer to a question for a score of a stored person, on AS_OF unless told otherwise."""
    return ask(f"{url}/v1/scores", {**QUESTION, "person_id": person_id, **other}, headers=headers)


def problem(answer, status, code):
    """The problem in an answer, checked against its schema."""
    assert answer.status == status, answer.body[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json
    Problem.model_validate(told)
    assert told["type"] == f"urn:waystation:problem:{code}"
    assert told["status"] == status
    assert told["instance"] == f"urn:waystation:request:{answer.headers['x-request-id']}"
    assert told["title"]
    assert told["detail"]
    return told


@contextmanager
def serving(home, log, *, workers=1, port=None, **environment):
    """The address of a real service over a home; its output goes to the file `log`."""
    port = port or free_port()
    script = (
        "import sys; from pathlib import Path; from features.home import Home; from serving.run import serve;"
        f"serve(Home(Path(sys.argv[1])), port={port}, workers={workers})"
    )
    with log.open("wb") as output:
        command, settings = [sys.executable, "-c", script, str(home.path)], {**os.environ, **environment}
        process = subprocess.Popen(command, stdout=output, stderr=output, env=settings)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_up(url, process, log)
            KEYS[url] = key_for(home)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


def free_port():
    """A port of this machine that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_until_up(url, process, log, *, seconds=60):
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            urllib.request.urlopen(url + "/healthz", timeout=2)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the service did not come up: " + log.read_text()[-3000:])


def copied(city, path):
    """A copy of a city that a test may spoil."""
    shutil.copytree(city.home.path, path)
    return City(Home(path), city.model)
