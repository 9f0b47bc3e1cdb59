"""Questions that work when they are copied from the documents: their days are counted back from today."""

from datetime import date, timedelta
from typing import Any

from serving.bulletin_dues import half_months

Example = dict[str, Any]
PERSON, STATION = "P0001", "S001"
NOTE = SCORE = "0" * 32


def of_schemas(today: date) -> dict[str, list[Example]]:
    """Examples by the name of the message they are of."""
    about, as_of = {"person_id": PERSON, "purpose": "support_plan"}, today.isoformat()
    return {
        "ScoreRequest": [_stored(today), _sent_along(today)],
        "BatchRequest": [_batch(today)],
        "HistoryRequest": [about],
        "ChangesRequest": [{**about, "as_of": as_of}],
        "ReportRequest": [{"person_id": PERSON, "purpose": "own_request", "as_of": as_of, "language": "zh-CN"}],
        "FeedbackRequest": [{**about, "feedback": each} for each in _feedback(today)],
        "AboutPerson": [about],
        "ReviewRequest": [{"note_id": NOTE, "purpose": "review", "state": "confirmed"}],
        "CorrectionRequest": [{**about, "what": "wrong", "asked_by": "person", "text": "The test was negative."}],
        "CorrectionStateRequest": [{"note_id": NOTE, "purpose": "review", "state": "sent_to_source"}],
    }


def of_parameters(today: date) -> Example:
    """Examples of what a query, a path or a header needs, by its name."""
    return {
        "as_of": today.isoformat(),
        "until": half_months(today)[0].isoformat(),
        "purpose": "support_plan",
        "year": today.year - 2,
        "station": STATION,
        "name": "relapse-90d",
        "Idempotency-Key": "feedback-2026-0001",
    }


def _feedback(today: date) -> list[Example]:
    until = (today + timedelta(days=14)).isoformat()
    return [
        {"kind": "override", "level": "enhanced", "reason_code": "known_to_worker", "until": until},
        {"kind": "snooze", "reason_code": "just_met", "until": until},
        {"kind": "outcome", "outcome": "no_relapse", "occurred_on": today.isoformat()},
        {"kind": "opinion", "score_id": SCORE, "agrees": False, "reason_code": "record_missing"},
        {"kind": "comment", "text": "Began a new job this week."},
    ]


def _stored(today: date) -> Example:
    return {"person_id": PERSON, "as_of": today.isoformat(), "purpose": "support_plan", "language": "en"}


def _batch(today: date) -> Example:
    return {"person_ids": [PERSON, "P0002"], "as_of": today.isoformat(), "purpose": "support_plan"}


def _sent_along(today: date) -> Example:
    begun, positive, negative, told = ((today - timedelta(days=days)).isoformat() for days in (500, 120, 26, 24))
    test = {"kind": "urine_test", "substance": "opioid"}
    return {
        "as_of": today.isoformat(),
        "purpose": "review",
        "person": {"birth_year": today.year - 40},
        "status": {"sealed": False, "objected": False, "abstinent_three_years": False},
        "events": [
            {"occurred_on": begun, "known_on": begun, "kind": "programme_start", "outcome": "community_treatment"},
            {"occurred_on": positive, "known_on": positive, **test, "outcome": "positive"},
            {"occurred_on": negative, "known_on": told, **test, "outcome": "negative"},
        ],
    }
