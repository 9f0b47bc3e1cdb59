"""The invented city: seconds, and the most memory all its processes held together.

python -m tests.benchmarks.city [--processes 2] [--persons 60000 200000]

Each city is written by `waystation simulate` in a process of its own, started cold, into a folder that is deleted
afterwards. Memory is the sum over the process and its children, looked at twenty times a second.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LOOK_SECONDS = 0.05


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    asked.add_argument("--processes", type=int, default=2)
    asked.add_argument("--persons", type=int, nargs="*", default=[60_000], help="larger cities than the presets")
    given = asked.parse_args()
    cities = [("demo", 2_000, 1), ("guiyang", 18_957, 1), ("guiyang", 18_957, given.processes)]
    cities += [("guiyang", persons, given.processes) for persons in given.persons]
    print(f"{'preset':10} {'persons':>9} {'processes':>9} {'events':>12} {'seconds':>8} {'peak MB':>8} {'files MB':>9}")
    for preset, persons, processes in cities:
        print_one(preset, persons, processes)


def print_one(preset: str, persons: int, processes: int) -> None:
    with tempfile.TemporaryDirectory() as spare:
        folder = Path(spare) / "city"
        command = ["simulate", str(folder), "--preset", preset, "--persons", str(persons)]
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "waystation", *command, "--processes", str(processes)],
            stdout=subprocess.PIPE,
            text=True,
        )
        peak = watch(process)
        seconds = time.perf_counter() - began
        told = process.communicate()[0]
        if process.returncode:
            sys.exit(f"simulate failed: {told}")
        events = next(line.split()[0] for line in told.splitlines() if " events of " in line)
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"{preset:10} {persons:9,} {processes:9} {events:>12} {seconds:8.1f} {peak / 1e6:8.0f} {size / 1e6:9.1f}")


def watch(process: subprocess.Popen[str]) -> int:
    """The most memory (bytes) the process and its children held together until it ended."""
    most = 0
    while process.poll() is None:
        most = max(most, resident(process.pid))
        time.sleep(LOOK_SECONDS)
    return most


def resident(pid: int) -> int:
    """Bytes held by a process and all below it; none for those that have just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    own = [int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:")]
    return sum(own) + sum(resident(int(child)) for child in children)


if __name__ == "__main__":
    main()
