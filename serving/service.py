"""The BentoML service. One service, no inner ones; all requests go to our own application.

BentoML's own pages are open, load a tag manager, and its liveness answers know nothing of models, so a middleware
hands every request to the application before BentoML's routes see it.
"""

import gc
import logging
import os
import sys
from pathlib import Path
from typing import Any

import bentoml
from bentoml.exceptions import BentoMLException
from starlette.types import ASGIApp, Receive, Scope, Send

from features.errors import ArtifactError
from serving.settings import WORKERS, Settings

TIMEOUT_SECONDS = 60
GIVES_WAY_SECONDS = 0.001


def folder_of(tag: str) -> Path:
    """The folder of a tag in the BentoML model store."""
    try:
        return Path(bentoml.models.get(tag).path)
    except (BentoMLException, ValueError) as error:
        raise ArtifactError("model: the model store does not hold the promoted tag; promote it again.") from error


class FrontDoor:
    """ASGI middleware that answers every request with our application."""

    def __init__(self, app: ASGIApp, **_: Any) -> None:
        from serving import logs
        from serving.api import create  # heavy, and only the workers need it, not the process that starts them

        self.bentoml = app
        logs.settle()
        log = logging.getLogger(logs.OURS)
        log.setLevel(logging.INFO)
        self.ours = create(Settings.of_environment(), folder_of)
        if not self.ours.state.guard.access.is_on:
            log.info("no key has been granted yet, so nobody is answered; grant one: waystation access grant --help")
        self.ours.state.desk.champions.look()  # loads, checks and warms up before the first request
        _settle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; start and stop are BentoML's."""
        await (self.bentoml if scope["type"] == "lifespan" else self.ours)(scope, receive, send)


def _settle() -> None:
    """Keep the interpreter from standing still: nothing loaded by now is looked through for garbage again.

    A full collection over all of it takes a sixth of a second, in which nobody is answered. And a thread that works
    gives way to the loop after a millisecond instead of five.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(GIVES_WAY_SECONDS)


@bentoml.service(
    name="waystation",
    workers=int(os.environ.get(WORKERS, "1")),
    traffic={"timeout": TIMEOUT_SECONDS},
    metrics={"enabled": False},
    tracing={"excluded_urls": [".*"]},  # BentoML's spans hold the address as it came; ours (serving.tracing) do not
    logging={"access": {"enabled": False}},
)
class Waystation:
    """Explained relapse risk and hotspot forecasts."""


Waystation.add_asgi_middleware(FrontDoor)  # type: ignore[attr-defined]
