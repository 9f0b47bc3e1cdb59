"""Questions that work when they are copied from the documents: their days are counted back from today."""

from datetime import date, timedelta
from typing import Any

Example = dict[str, Any]


def of_schemas(today: date) -> dict[str, list[Example]]:
    """Examples by the name of the message they are of."""
    return {"ScoreRequest": [_stored(today), _sent_along(today)], "BatchRequest": [_batch(today)]}


def _stored(today: date) -> Example:
    return {"person_id": "P0001", "as_of": today.isoformat(), "purpose": "support_plan", "language": "en"}


def _batch(today: date) -> Example:
    return {"person_ids": ["P0001", "P0002"], "as_of": today.isoformat(), "purpose": "support_plan"}


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
