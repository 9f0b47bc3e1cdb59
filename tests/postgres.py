"""A real PostgreSQL for the tests: started in a folder of its own, on a socket in it, and stopped with the session."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

INSTALLED = Path("/usr/lib/postgresql")
ABSENT = "PostgreSQL is not installed (apt-get install postgresql): the store is tested on SQLite alone"
# What a crash would cost is nothing here; what the disk costs is most of the time.
IN_A_HURRY = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def binaries() -> Path | None:
    """The folder of the newest server installed, None when there is none."""
    found = [path.parent for path in INSTALLED.glob("*/bin/postgres")]
    beside = shutil.which("postgres")
    newest = max(found, key=lambda path: float(path.parent.name), default=None)
    return newest or (Path(beside).resolve().parent if beside else None)


class Server:
    """A running server; `database` makes an empty one and gives its URL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0

    def database(self) -> str:
        self._made += 1
        name = f"waystation_{self._made}"
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY")
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A server whose cluster and socket lie in an existing empty folder; it listens on no network."""
    programs = binaries()
    if programs is None:
        raise FileNotFoundError(ABSENT)
    user = _unprivileged()
    if user is not None:
        shutil.chown(folder, user)
    cluster = folder / "cluster"
    _run(user, programs / "initdb", "-D", cluster, "-U", "postgres", "-A", "trust", "--no-sync", "--locale=C.UTF-8")
    options = f"-k {folder} -c listen_addresses='' {IN_A_HURRY}"
    _run(user, programs / "pg_ctl", "-D", cluster, "-w", "-l", folder / "server.log", "-o", options, "start")
    try:
        yield Server(folder)
    finally:
        _run(user, programs / "pg_ctl", "-D", cluster, "-w", "-m", "immediate", "stop")


def _unprivileged() -> str | None:
    """Whom to be: the server refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(user: str | None, *command: str | Path) -> None:
    as_user = ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"] if user else []
    done = subprocess.run([*as_user, *map(str, command)], capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr or done.stdout}")
