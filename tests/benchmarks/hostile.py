"""Hostile requests fired at a real service: does one bring a server error, a trace, a value of a person, much memory?

python -m tests.benchmarks.hostile --bodies 10000        a small invented city is made first
"""

import argparse
import http.client
import json
import socket
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.hostile import shots
from tests.hostile_lines import lines
from tests.serving_helpers import CANARY, KEYS, bearer, build_city, serving

AT_ONCE = 8
HANGS_SECONDS = 1.0  # what is not answered by then waits for more, and is left


@dataclass
class Found:
    """What came back: answers by sort and status, and what should never have come."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def take(self, sort, status, body):
        self.answers[sort, status] += 1
        if status >= 500:
            self.wrong.append(f"{sort}: {status} {body[:200]!r}")
        if b"Traceback" in body or b'File "' in body:
            self.wrong.append(f"{sort}: a trace")
        if status >= 400 and CANARY.encode() in body:
            self.wrong.append(f"{sort}: a value came back with {status}: {body[:300]!r}")

    def by_status(self):
        told = Counter()
        for (_, status), n in self.answers.items():
            told[status] += n
        return dict(sorted(told.items()))


def fire(url, n, *, seed=1):
    """What came back to so many hostile bodies, and to all hostile lines."""
    found, batches = Found(), [[] for _ in range(AT_ONCE)]
    for number, shot in enumerate(shots(n, seed=seed)):
        batches[number % AT_ONCE].append(shot)
    with ThreadPoolExecutor(AT_ONCE) as gunners:
        for answers in gunners.map(lambda batch: list(_answers(url, batch)), batches):
            for answer in answers:
                found.take(*answer)
    key = KEYS[url].encode()
    with ThreadPoolExecutor(4 * AT_ONCE) as gunners:
        for answer in gunners.map(lambda line: spoken(url, line.replace(b"{key}", key)), lines()):
            found.take("line", *answer)
    return found


def _answers(url, batch):
    """Sort, status and body of each answer, over one connection as long as it lasts; status 0: none came."""
    address, key = url.removeprefix("http://"), KEYS[url]
    connection = http.client.HTTPConnection(address, timeout=60)
    for shot in batch:
        try:
            connection.request("POST", shot.path, shot.body, {**shot.headers, **bearer(key)})
            answer = connection.getresponse()
            yield shot.sort, answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            yield shot.sort, 0, b""
            connection.close()
    connection.close()


def spoken(url, line):
    """Status and beginning of what is answered to the bytes; status 0 where nothing is."""
    host, port = url.removeprefix("http://").split(":")
    said = b""
    with socket.create_connection((host, int(port)), timeout=10) as connection, suppress(OSError):
        connection.sendall(line)
        connection.settimeout(HANGS_SECONDS)
        while more := connection.recv(65_536):
            said += more
            connection.settimeout(0.1)
    words = said.split(None, 2)
    return (int(words[1]), said) if len(words) > 1 and words[0].startswith(b"HTTP/") else (0, said)


def most_memory():
    """The most memory any process of the services that run below this one has held, in MB."""
    return max(_most_held(each.pid) for each in psutil.Process().children(recursive=True))


def _most_held(pid):
    """From the kernel's own count, which forgets no peak between two looks."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def left_behind(home, log):
    """What should not stand in the log or the record."""
    text = log.read_bytes()
    told = [f"the log holds {word!r}" for word in ("Traceback", "bug:") if word.encode() in text]
    files = [log, *home.path.glob("records.db*"), *home.path.glob("access.db*")]
    return told + [f"{path.name} holds a person's value" for path in files if CANARY.encode() in path.read_bytes()]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bodies", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        city, log = build_city(Path(folder) / "city"), Path(folder) / "service.log"
        with serving(city.home, log) as url:
            began = time.perf_counter()
            found = fire(url, asked.bodies, seed=asked.seed)
            took, memory = time.perf_counter() - began, most_memory()
        wrong = found.wrong + left_behind(city.home, log)
    told = {"requests": found.answers.total(), "seconds": round(took, 1), "by_status": found.by_status()}
    print(json.dumps({**told, "most_memory_mb": round(memory), "wrong": wrong[:20]}))
    sys.exit(1 if wrong or memory >= 1024 else 0)


if __name__ == "__main__":
    main()
