"""A client of the service in Python: every operation of the OpenAPI document, in the typed messages it is made of.

    client = Client("https://waystation.example.org", key)
    told = client.score(ScoreRequest.model_validate({"person_id": "P0001", "as_of": ..., "purpose": "support_plan"}))

Each raises RefusedError with the problem where the service refuses. What is written carries an `idempotency_key` of the
caller's own: sent again under the same one, it is kept once. Lists come page by page; `next` of one asks for another.
"""

import json
from datetime import date
from typing import Any
from urllib.parse import quote

from serving.area_messages import Forecast, Warnings
from serving.audit_page import AuditPage
from serving.client_line import Line, RefusedError
from serving.feedback_messages import (
    AboutPerson,
    CorrectionPage,
    CorrectionRequest,
    CorrectionStateRequest,
    FeedbackPage,
    FeedbackRequest,
    Kept,
    ReviewRequest,
)
from serving.history_messages import ChangesRequest, HistoryRequest, ScoreChanges, ScoreHistory
from serving.indicator_messages import CityIndicators
from serving.messages import AreaLevel, BatchAnswer, BatchRequest, ForecastLevel, Health, Ready, Score, ScoreRequest
from serving.models import PromotedModels
from serving.observed_messages import ObservedCounts, ObservedLevel, Period
from serving.report_routes import ReportRequest
from serving.worklist_messages import Worklist

__all__ = ["Client", "RefusedError"]


class Client(Line):
    """The service, operation by operation."""

    def score(self, question: ScoreRequest) -> Score:
        """The risk of one person, stored or with the history sent along."""
        return self._post(Score, "/v1/scores", question)

    def batch(self, question: BatchRequest) -> BatchAnswer:
        """The risks of up to 1,000 stored persons, and why some have none."""
        return self._post(BatchAnswer, "/v1/scores:batch", question)

    def score_history(self, question: HistoryRequest) -> ScoreHistory:
        """The scores a person was given, the newest first."""
        return self._post(ScoreHistory, "/v1/scores:history", question)

    def changes(self, question: ChangesRequest) -> ScoreChanges:
        """What changed since a person's last score."""
        return self._post(ScoreChanges, "/v1/scores:changes", question)

    def report(self, question: ReportRequest) -> str:
        """The report for the person concerned, a page of HTML to print."""
        return self._answer("POST", "/v1/reports", body=question).decode()

    def worklist(
        self, as_of: date, purpose: str, *, station: str | None = None, limit: int = 100, cursor: str | None = None
    ) -> Worklist:
        """The caseload of a station; `station` where the key names none."""
        query = {"as_of": as_of, "purpose": purpose, "station": station, "limit": limit, "cursor": cursor}
        return self._get(Worklist, "/v1/worklist", query)

    def give_feedback(self, feedback: FeedbackRequest, *, idempotency_key: str) -> Kept:
        """Feedback about a person, kept."""
        return self._post(Kept, "/v1/feedback", feedback, idempotency_key=idempotency_key)

    def feedback(self, question: AboutPerson) -> FeedbackPage:
        """What was said of a person, the newest first."""
        return self._post(FeedbackPage, "/v1/feedback:read", question)

    def review(self, review: ReviewRequest, *, idempotency_key: str) -> Kept:
        """A lead's word on feedback, kept."""
        return self._post(Kept, "/v1/feedback:review", review, idempotency_key=idempotency_key)

    def ask_for_correction(self, correction: CorrectionRequest, *, idempotency_key: str) -> Kept:
        """That a record is said to be wrong, kept for its source."""
        return self._post(Kept, "/v1/corrections", correction, idempotency_key=idempotency_key)

    def move_correction(self, state: CorrectionStateRequest, *, idempotency_key: str) -> Kept:
        """How far a correction has come, kept."""
        return self._post(Kept, "/v1/corrections:state", state, idempotency_key=idempotency_key)

    def corrections(self, purpose: str, *, limit: int = 50, cursor: str | None = None) -> CorrectionPage:
        """Corrections asked for and how far they have come, the newest first."""
        return self._get(CorrectionPage, "/v1/corrections", {"purpose": purpose, "limit": limit, "cursor": cursor})

    def forecast(
        self, as_of: date, *, weeks: int = 4, level: ForecastLevel = "township", most: int | None = None
    ) -> Forecast:
        """What is expected of each area in the coming weeks; all its reasons, the strongest first, or the first few."""
        query = {"as_of": as_of, "weeks": weeks, "level": level, "most": most}
        return self._get(Forecast, "/v1/hotspots", query)

    def forecast_table(self, as_of: date, *, weeks: int = 4, level: ForecastLevel = "township") -> str:
        """The same as CSV, the areas with most first."""
        return self._text("/v1/hotspots.csv", {"as_of": as_of, "weeks": weeks, "level": level})

    def warnings(self, as_of: date, *, weeks: int = 4, level: AreaLevel = "township") -> Warnings:
        """Where clearly more came than was forecast."""
        return self._get(Warnings, "/v1/warnings", {"as_of": as_of, "weeks": weeks, "level": level})

    def observed(self, year: int, *, level: ObservedLevel = "township", by: Period = "year") -> ObservedCounts:
        """Observed counts of a settled year."""
        return self._get(ObservedCounts, "/v1/observed", {"year": year, "level": level, "by": by})

    def indicators(self, as_of: date) -> CityIndicators:
        """The indicators of the city and its districts, by quarter."""
        return self._get(CityIndicators, "/v1/indicators", {"as_of": as_of})

    def bulletin(self, until: date) -> str:
        """The bulletin of the stations' work in the half-month that ends on a day, a page of HTML."""
        return self._text("/v1/bulletin", {"until": until})

    def models(self) -> PromotedModels:
        """The models that answer now."""
        return self._get(PromotedModels, "/v1/models")

    def card(self, name: str) -> dict[str, Any]:
        """The card of a model as it was promoted."""
        told: dict[str, Any] = json.loads(self._text(f"/v1/models/{quote(name, safe='')}/card"))
        return told

    def card_page(self, name: str) -> str:
        """The same as a page of HTML."""
        return self._text(f"/v1/models/{quote(name, safe='')}/card.html")

    def audit(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        outcome: str | None = None,
        actor: str | None = None,
        day: date | None = None,
    ) -> AuditPage:
        """The record after an entry, oldest first; of one outcome, actor or day in UTC where these are named."""
        query = {"after": after, "limit": limit, "outcome": outcome, "actor": actor, "day": day}
        return self._get(AuditPage, "/v1/audit", query)

    def metrics(self) -> str:
        """Figures about the service, in the text format of Prometheus."""
        return self._text("/v1/metrics")

    def healthy(self) -> Health:
        """That the process is up."""
        return self._get(Health, "/healthz")

    def ready(self) -> Ready:
        """That the service can answer."""
        return self._get(Ready, "/readyz")
