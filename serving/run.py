"""Start the service as a process of its own: `bentoml serve` with the safe settings.

Beyond this machine it is only started once somebody holds a key, or an issuer of tokens is trusted.
"""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from features.errors import ConfigError
from features.home import SETTINGS, Home
from serving.access import GRANTS, open_grants
from serving.services import Services
from serving.settings import LOOPBACK, WORKERS, Settings, issuer_of_environment

SERVICE = "serving.service:Waystation"
PORTS = range(1, 65_536)


def serve(home: Home, *, host: str = "127.0.0.1", port: int = 3000, workers: int = 1) -> None:
    """Run the service until it is stopped."""
    process = start(home, host=host, port=port, workers=workers)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())  # who stops us means the service
    try:
        ended = process.wait()
    except KeyboardInterrupt:
        process.wait()  # the same Ctrl-C reached it; let it finish
        return
    if ended not in {0, -signal.SIGTERM}:
        raise ConfigError(
            f"serve: the service ended by itself (code {ended}); is port {port} free? See its lines above."
        )


def start(
    home: Home, *, host: str = "127.0.0.1", port: int = 3000, workers: int = 1, log: Path | None = None
) -> "subprocess.Popen[bytes]":
    """The service as a running process; ask `/readyz` until it answers 200, stop it with `terminate`.

    Its messages go to the file `log` when one is given, else where those of this process go.
    """
    _check_address(home, host, port)
    home.settle()
    Settings.of_environment()  # what the service would refuse to start with is refused here, where it is read
    Services.of_home(home.path)
    root = Path(__file__).parent.parent
    command = [sys.executable, "-m", "bentoml", "serve", SERVICE, "--host", host, "--port", str(port)]
    settings = {
        **os.environ,
        **SETTINGS,
        WORKERS: str(workers),
        "FORWARDED_ALLOW_IPS": "",  # the web server would believe X-Forwarded-For; only the socket says who calls
        "OMP_NUM_THREADS": "1",  # one row needs no team of threads, and waking one costs more than the row
        "MALLOC_ARENA_MAX": "2",  # each thread would keep what it freed for itself: fifty megabytes after areas by cell
    }
    command += ["--working-dir", str(root)]
    if log is None:
        return subprocess.Popen(command, env=settings)  # noqa: S603 (no shell, our words)
    with log.open("ab") as file:
        return subprocess.Popen(command, env=settings, stdout=file, stderr=file)  # noqa: S603


def access_is_on(home: Home) -> bool:
    """Whether callers can be told apart: a key of the home is good today, or an issuer of tokens is trusted."""
    if issuer_of_environment() is not None:
        return True
    return (home.path / GRANTS).exists() and open_grants(home).any_active(Settings(home).today)


def _check_address(home: Home, host: str, port: int) -> None:
    """ConfigError when the service may not or cannot listen there; asked before anything is started."""
    if host not in LOOPBACK and not access_is_on(home):
        raise ConfigError(
            "serve: nobody holds a key yet, so the service answers on this machine only; host should be one of "
            f"{', '.join(LOOPBACK)}, or grant a first key: waystation access grant --role administrator --name NAME."
        )
    if port not in PORTS:
        raise ConfigError(f"serve: port {port} does not exist; --port should be from {PORTS[0]} to {PORTS[-1]}.")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        socket.create_server(address, family=family).close()
    except OSError as error:
        raise ConfigError(
            f"serve: port {port} cannot be had on {host} ({error.strerror}); "
            "end what uses it or choose another with --port."
        ) from None
