"""What the service is measured beside: `mlflow models serve`, and a bare FastAPI app that does the same work.

python -m tests.benchmarks.serving_peers HOME PORT       the bare app over a home

What each does for an answer, so that the figures are read for what they are:

                             service   bare app   mlflow models serve
key, limits, purpose, checks   yes        -               -
history from the store         yes       yes              -     a row of features, ready made, comes in the body
features of the history        yes       yes              -
score                          yes       yes             yes    of the bare trees, without linear part and calibration
reasons, interval, words       yes       yes              -
record on disk                 yes       yes              -
who waits is answered at once  yes        -               -     see serving/together.py

The bare app scores, explains and records with the same functions of ours, and has nothing else. What the service costs
beside it is what the keys, limits, checks and the log cost; where many wait, it saves more by answering them together.
"""

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from features.home import SETTINGS

MODEL = "relapse"


@contextmanager
def mlflow_serving(model, folder, port, *, workers):
    """`mlflow models serve` of the bare trees, as MLflow keeps them; it gives no reasons and keeps no record."""
    import mlflow.lightgbm

    kept = folder / "mlflow-model"
    mlflow.lightgbm.save_model(model.booster, kept)
    program = Path(sys.executable).with_name("mlflow")
    command = [program, "models", "serve", "-m", kept, "--env-manager", "local", "-p", str(port), "-w", str(workers)]
    with _running(command, folder / "mlflow.log"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def bare_app(home, folder, port):
    """The bare app as a process of its own."""
    with _running([sys.executable, "-m", __spec__.name, str(home.path), str(port)], folder / "bare.log"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(command, log):
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # MLflow starts a program by its name
    settings = {**os.environ, **SETTINGS, "OMP_NUM_THREADS": "1", "PATH": beside}
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=settings, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=30)


@dataclass(frozen=True)
class Bare:
    """The bare app's parts."""

    model: object
    champion: object
    histories: object
    records: object

    def score(self, question):
        from datetime import UTC, date, datetime
        from uuid import uuid4

        from features.schema import days_since_epoch
        from serving.answers import Asked, score_of
        from serving.entries import Entry
        from serving.scoring import scores
        from serving.wording import wording

        as_of, person_id = date.fromisoformat(question["as_of"]), question["person_id"]
        now, held, score_id = datetime.now(UTC), self.histories.of([person_id]), uuid4().hex
        days, today = days_since_epoch(as_of), days_since_epoch(now.date())
        (scored,) = scores(self.model, held.history, [person_id], as_of=days, today=today)
        asked = Asked(self.champion, self.model.horizon_days, as_of, held.snapshot, 10, wording("zh-CN"))
        told = score_of(asked, scored, score_id=score_id, person_id=person_id)
        entry = Entry(
            now.isoformat(),
            "bare",
            "machine",
            "POST /v1/scores",
            "scored",
            person_hash=self.records.hash_of(person_id),
            score_id=score_id,
            as_of=question["as_of"],
            risk=told.risk,
        )
        self.records.write([entry])
        return told.model_dump_json()


def main():
    import uvicorn
    from fastapi import FastAPI, Request, Response
    from starlette.concurrency import run_in_threadpool

    from features import relapse  # noqa: F401 (it fills the catalogue)
    from features.home import Home
    from models import artifact, champion
    from serving.histories import StoredHistories
    from serving.records import Records

    home = Home(Path(sys.argv[1]))
    (promoted,) = [
        found for name in champion.names(home.champions) if (found := champion.read(home.champions, name)).task == MODEL
    ]
    folder = home.bentoml / "models" / promoted.tag.replace(":", "/")
    model = artifact.relapse_of(artifact.read(folder, expected=promoted.digest))
    bare = Bare(model, promoted, StoredHistories(home.store_url), Records(home.path / "bare.db"))
    app = FastAPI()

    @app.post("/v1/scores")
    async def score(request: Request) -> Response:
        question = await request.json()
        return Response(await run_in_threadpool(bare.score, question), media_type="application/json")

    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
