"""What whoever runs the service asks of it: is it up, can it answer, and the figures of what it answered."""

from fastapi import FastAPI, Request, Response

from serving.desk import Desk
from serving.door import IS_HERE
from serving.messages import Health, Ready
from serving.metrics import CONTENT_TYPE, Metrics
from serving.routing import answer, problems

TEXT = "text/plain"


def add(app: FastAPI, desk: Desk, metrics: Metrics) -> None:
    """Add `/healthz`, `/readyz` and `/v1/metrics`."""
    _add_probes(app, desk)

    @app.get(
        "/v1/metrics",
        response_class=Response,
        responses={
            200: {"description": "Text for Prometheus", "content": {TEXT: {"schema": {"type": "string"}}}},
            **problems(401, 403, 405, 421, 422, 429, 500, 503),
        },
        summary="Figures about the service: answers, refusals, seconds, models",
        tags=["health"],
    )
    def figures() -> Response:
        """Counts and times in the text format of Prometheus, of all workers together.

        No label names a person, a station or a caller.
        """
        places = desk.champions.look().values()
        n_answering, n_refused = sum(bool(each.loaded) for each in places), sum(bool(each.refused) for each in places)
        return Response(metrics.text(n_answering=n_answering, n_refused=n_refused), media_type=CONTENT_TYPE)


def _add_probes(app: FastAPI, desk: Desk) -> None:
    @app.head("/healthz", include_in_schema=False)
    @app.get(
        "/healthz",
        response_model=Health,
        responses=problems(405, 421, 422),
        summary="Whether the process is up",
        tags=["health"],
    )
    async def healthz() -> Response:
        """Answers as long as the process does, for whoever restarts it."""
        return answer(Health())

    @app.head("/readyz", include_in_schema=False)
    @app.get(
        "/readyz",
        response_model=Ready,
        responses=problems(405, 421, 422, 503),
        summary="Whether a checked model and the store can answer",
        tags=["health"],
    )
    def readyz(request: Request) -> Response:
        """200 once a promoted model passed its check and the store can be read, else 503 and what is waited for.

        Which models they are is told on the machine itself alone.
        """
        return answer(desk.ready(in_detail=request.scope[IS_HERE]))
