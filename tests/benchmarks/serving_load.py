"""How long answers take over HTTP, and how many a second there can be, beside `mlflow models serve` and a bare app.

python -m tests.benchmarks.serving_load                       a small invented city, made first; all of it
python -m tests.benchmarks.serving_load --home DIR            the persons of a home that has a promoted model
python -m tests.benchmarks.serving_load --seconds 5 --short   only the steady rate

The rate is kept whether or not the last question was answered, and an answer is timed from when it was due.
"""

import argparse
import asyncio
import json
import socket
import tempfile
import time
import urllib.request
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import psutil

from features.home import Home
from features.store import Store
from models import artifact, champion
from tests.benchmarks.serving_peers import bare_app, mlflow_serving
from tests.serving_helpers import AS_OF, KEYS, build_city, serving

PURPOSE = "review"
AT_ONCE = 16
MOST_IN_A_BATCH = 1_000
UNLIMITED = {"WAYSTATION_MACHINE_REQUESTS_A_MINUTE": "1000000"}
STATUS = {"sealed": False, "objected": False, "abstinent_three_years": False}


class Line:
    """A connection that is kept, and opened anew when it was closed."""

    def __init__(self, url, key=""):
        self.host, port = url.removeprefix("http://").split(":")
        self.port, self.key, self.reader = int(port), key, None

    async def ask(self, path, body):
        """Status of the answer to a question; asked anew where a line that lay idle had been closed meanwhile."""
        is_new = self.reader is None
        try:
            return await self._ask(path, body)
        except (ConnectionError, asyncio.IncompleteReadError):
            if is_new:
                raise
            self.reader = None
            return await self._ask(path, body)

    async def _ask(self, path, body):
        if self.reader is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self.key}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)
        lines = (await self.reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
        await self.reader.readexactly(length)
        if b"connection: close" in lines:
            self.reader = None
        return int(lines[0].split()[1])


async def steady(url, path, bodies, *, per_second, seconds):
    """Status and seconds of a request every 1 / per_second, each on a line that is free."""
    began, free, tasks = time.perf_counter() + 0.1, [], []

    async def one(due, body):
        line = free.pop() if free else Line(url, KEYS[url])
        try:
            status = await line.ask(path, body)
        except (OSError, asyncio.IncompleteReadError):
            return 0, time.perf_counter() - due
        free.append(line)
        return status, time.perf_counter() - due

    for number in range(int(per_second * seconds)):
        due = began + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(due, bodies[number % len(bodies)])))
    return await asyncio.gather(*tasks)


async def saturated(url, path, bodies, *, seconds, key=""):
    """Good answers a second when so many ask again as soon as they were answered."""
    until, statuses = time.perf_counter() + seconds, Counter()

    async def one(place):
        line = Line(url, key)
        while time.perf_counter() < until:
            place += AT_ONCE
            statuses[await line.ask(path, bodies[place % len(bodies)])] += 1

    await asyncio.gather(*(one(place) for place in range(AT_ONCE)))
    return {"per_second": round(statuses[200] / seconds, 1), "by_status": dict(statuses)}


def figures(answers):
    """Requests by status, and the 50th, 90th and 99th percentile in ms."""
    statuses, took = zip(*answers, strict=True)
    p50, p90, p99 = np.percentile(np.array(took) * 1000, [50, 90, 99]).round(1).tolist()
    return {"requests": len(answers), "by_status": dict(Counter(statuses)), "p50_ms": p50, "p90_ms": p90, "p99_ms": p99}


def questions(home, as_of):
    """Bodies for one score of each person that has one, a batch, and a history of 100 events sent along.

    The batch is of persons all different, 1,000 of them where the home has as many: one asked for again costs little.
    """
    with Store.open(home.store_url) as store:
        everybody = sorted(store.read("persons")["person_id"].tolist())
    person_ids = [each for each in everybody if each[0] == "P"]  # in the invented city, those who have a score
    asked = {"as_of": as_of, "purpose": PURPOSE}
    one = [json.dumps({**asked, "person_id": each}).encode() for each in person_ids]
    batch = json.dumps({**asked, "person_ids": person_ids[:MOST_IN_A_BATCH]}).encode()
    last = date.fromisoformat(as_of)
    days = [str(last - timedelta(days=4 * each + 1)) for each in range(99)]
    test = {"kind": "urine_test", "substance": "opioid"}
    events = [{"occurred_on": days[-1], "known_on": days[-1], "kind": "programme_start", "outcome": "methadone"}]
    events += [
        {"occurred_on": d, "known_on": d, **test, "outcome": "negative", "value": float(n)} for n, d in enumerate(days)
    ]
    # Positive today, so that nobody counts as abstinent for three years, which is refused.
    today = str(datetime.now(UTC).date())
    events[-1] = {**events[-1], "occurred_on": today, "known_on": today, "outcome": "positive"}
    along = {**asked, "person": {"birth_year": 1980}, "status": STATUS, "events": events}
    return one, batch, json.dumps(along).encode()


def one_by_one(url, path, body, n):
    """Figures of so many requests, one after the other."""

    async def asked():
        line, answers = Line(url, KEYS[url]), []
        for _ in range(n):
            began = time.perf_counter()
            answers.append((await line.ask(path, body), time.perf_counter() - began))
        return answers

    return figures(asyncio.run(asked()))


def memory_mb():
    """Resident memory of each process below this one that answers, in MB."""
    held = [each.memory_info().rss / 2**20 for each in psutil.Process().children(recursive=True)]
    return sorted((round(each) for each in held if each > 150), reverse=True)


def port_that_is_free():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(url, path, body):
    """Return once it answers."""
    request = urllib.request.Request(url + path, body, {"Content-Type": "application/json"})
    for _ in range(600):
        try:
            urllib.request.urlopen(request, timeout=5).read()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"{url} did not answer")


def beside(home, bodies, folder, seconds):
    """Answers a second of the two peers."""
    (promoted,) = [
        each
        for name in champion.names(home.champions)
        if (each := champion.read(home.champions, name)).task == "relapse"
    ]
    model = artifact.relapse_of(
        artifact.read(home.bentoml / "models" / promoted.tag.replace(":", "/"), expected=promoted.digest)
    )
    row = json.dumps({"dataframe_split": {"columns": model.columns, "data": [[0.0] * len(model.columns)]}}).encode()
    with mlflow_serving(model, folder, port_that_is_free(), workers=1) as url:
        wait_for(url, "/invocations", row)
        mlflow = asyncio.run(saturated(url, "/invocations", [row], seconds=seconds))
    with bare_app(home, folder, port_that_is_free()) as url:
        wait_for(url, "/v1/scores", bodies[0])
        bare = asyncio.run(saturated(url, "/v1/scores", bodies, seconds=seconds))
    return {"mlflow_models_serve": mlflow, "bare_app": bare}


def measure(home, asked, folder):
    one, batch, along = questions(home, asked.as_of)
    began = time.perf_counter()
    with serving(home, folder / "load.log", workers=asked.workers, **UNLIMITED) as url:
        told = {"start_to_ready_s": round(time.perf_counter() - began, 1), "memory_mb_at_start": memory_mb()}
        asyncio.run(steady(url, "/v1/scores", one, per_second=10.0, seconds=3.0))  # warm
        rate = {"per_second": asked.per_second, "seconds": asked.seconds}
        answers = asyncio.run(steady(url, "/v1/scores", one, **rate))
        told["stored_person"] = {**rate, **figures(answers)}
        if not asked.short:
            told["history_sent_along"] = one_by_one(url, "/v1/scores", along, 300)
            told["persons_in_the_batch"] = min(len(one), MOST_IN_A_BATCH)
            told["batch"] = one_by_one(url, "/v1/scores:batch", batch, 5)
            told["saturated"] = asyncio.run(saturated(url, "/v1/scores", one, seconds=15.0, key=KEYS[url]))
        told["memory_mb"] = memory_mb()
    if not asked.short:
        told |= beside(home, one, folder, 15.0)
        ours = told["saturated"]["per_second"]
        told["times_mlflow"] = round(ours / told["mlflow_models_serve"]["per_second"], 1)
        told["bare_app_times_ours"] = round(told["bare_app"]["per_second"] / ours, 2)
    return told


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--home", type=Path)
    options.add_argument("--as-of", default=AS_OF)
    options.add_argument("--per-second", type=float, default=50.0)
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--short", action="store_true")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = {} if asked.short else {"n_persons": MOST_IN_A_BATCH + 1}  # the first is no one to be asked for
        home = Home(asked.home.resolve()) if asked.home else build_city(Path(folder) / "city", **made).home
        told = measure(home, asked, Path(folder))
    print(json.dumps({"workers": asked.workers, **told}, indent=1))


if __name__ == "__main__":
    main()
