"""Figures for Prometheus: how many answers, how long they took, what was refused, and which models stand by.

Labels are routes of ours, statuses, and codes of refusals: never a person, a station, an address or a key. Where
several workers answer, each writes its counts to a folder that BentoML names, and whichever is asked adds them up.
"""

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST
FOLDER_OF_WORKERS = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The counts of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._answers = Counter(
            "waystation_answers", "Answers by route and status.", ["act", "status"], registry=self._registry
        )
        self._refusals = Counter(
            "waystation_refusals",
            "Answers that refused, by the code of the problem.",
            ["code"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "waystation_answer_seconds",
            "Seconds from the head of a request to the end of its answer.",
            ["act"],
            buckets=BUCKETS_SECONDS,
            registry=self._registry,
        )
        self._models = Gauge(
            "waystation_models",
            "Models by state: answering, or promoted and refused.",
            ["state"],
            multiprocess_mode="mostrecent",
            registry=self._registry,
        )

    def count(self, act: str, status: int, *, seconds: float, code: str | None) -> None:
        """Count an answer; `act` is a method and a route of ours, `code` that of the problem it told, if any."""
        self._answers.labels(act, str(status)).inc()
        self._seconds.labels(act).observe(seconds)
        if code is not None:
            self._refusals.labels(code).inc()

    def text(self, *, n_answering: int, n_refused: int) -> bytes:
        """All figures in the text format of Prometheus; of all workers, where there are several."""
        self._models.labels("answering").set(n_answering)
        self._models.labels("refused").set(n_refused)
        if FOLDER_OF_WORKERS not in os.environ:
            return generate_latest(self._registry)
        of_all = CollectorRegistry()
        MultiProcessCollector(of_all)  # type: ignore[no-untyped-call]
        return generate_latest(of_all)
