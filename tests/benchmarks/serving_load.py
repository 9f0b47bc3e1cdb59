"""How long one score takes over HTTP at a steady rate of requests, whether or not the last one was answered.

python -m tests.benchmarks.serving_load --home DIR            the persons of a home that has a promoted model
python -m tests.benchmarks.serving_load --invented DIR        a small invented city, made first
"""

import argparse
import asyncio
import json
import time
from pathlib import Path

import numpy as np

from features.home import Home
from features.store import Store
from tests.serving_helpers import AS_OF, KEYS, build_city, serving

PURPOSE = "review"


async def ask(service, question):
    """Status and seconds of one request on a connection of its own, counted from before it is opened."""
    began = time.perf_counter()
    host, port, key = service
    reader, writer = await asyncio.open_connection(host, port)
    body = json.dumps(question).encode()
    head = (
        f"POST /v1/scores HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {key}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    return int(answer.split(None, 2)[1]), time.perf_counter() - began


async def steady(service, person_ids, as_of, *, per_second, seconds):
    """Answers of a request every 1 / per_second, the persons in turn; a late answer delays no later question."""
    began = time.perf_counter()
    tasks = []
    for number in range(int(per_second * seconds)):
        await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        question = {"person_id": person_ids[number % len(person_ids)], "as_of": as_of, "purpose": PURPOSE}
        tasks.append(asyncio.create_task(ask(service, question)))
    return await asyncio.gather(*tasks)


def figures(answers):
    """Requests by status, and the 50th, 90th and 99th percentile in ms."""
    statuses, took = zip(*answers, strict=True)
    p50, p90, p99 = np.percentile(np.array(took) * 1000, [50, 90, 99])
    return {
        "requests": len(answers),
        "by_status": {status: statuses.count(status) for status in sorted(set(statuses))},
        "p50_ms": round(float(p50), 1),
        "p90_ms": round(float(p90), 1),
        "p99_ms": round(float(p99), 1),
    }


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--home", type=Path)
    options.add_argument("--invented", type=Path)
    options.add_argument("--as-of", default=AS_OF)
    options.add_argument("--per-second", type=float, default=20.0)
    options.add_argument("--seconds", type=float, default=30.0)
    options.add_argument("--workers", type=int, default=1)
    asked = options.parse_args()
    home = Home(asked.home.resolve()) if asked.home else build_city(asked.invented.resolve()).home
    with Store.open(f"sqlite:///{home.path / 'store.db'}") as store:
        person_ids = store.read("persons")["person_id"].tolist()
    with serving(home, home.path / "load.log", workers=asked.workers) as url:
        service = (*url.removeprefix("http://").split(":"), KEYS[url])
        told = {"per_second": asked.per_second, "seconds": asked.seconds}
        asyncio.run(steady(service, person_ids, asked.as_of, per_second=5.0, seconds=2.0))  # warm
        answers = asyncio.run(
            steady(service, person_ids, asked.as_of, per_second=asked.per_second, seconds=asked.seconds)
        )
        print(json.dumps({**told, **figures(answers)}))


if __name__ == "__main__":
    main()
