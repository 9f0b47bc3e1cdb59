"""One entry of the record: who asked what, of whom, for which purpose, when, and what came of it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.champion import Champion

if TYPE_CHECKING:
    from serving.messages import Model

SCORED = "scored"
ANSWERED = "answered"
LISTED = "listed"
OTHER_STATION = "other_station"
UNUSUAL_VOLUME = "unusual_volume"
UNKNOWN_ACTOR = "unknown"
COMMAND_LINE = "command line"


@dataclass(frozen=True)
class Entry:
    """One answer, or one act on the command line; `at` is UTC, days are ISO dates, absent is what does not apply.

    `actor` is the id of a key or the subject of a token; `act` the route, `outcome` what came of it: "answered",
    "scored" or the code of the refusal. `score_id` is the id of a score, a forecast or warnings. `detail` holds what an
    operator reads, a role granted, a number of persons; of a forecast what it takes to compute it again.
    """

    at: str
    actor: str
    role: str
    act: str
    outcome: str
    request_id: str | None = None
    station: str | None = None
    purpose: str | None = None
    person_hash: str | None = None
    score_id: str | None = None
    as_of: str | None = None
    language: str | None = None
    inline: int | None = None
    tag: str | None = None
    digest: str | None = None
    run: str | None = None
    snapshot: str | None = None
    risk: float | None = None
    detail: str | None = None


def by_model(entry: Entry, model: "Champion | Model", *, snapshot: str, score_id: str, risk: float | None) -> Entry:
    """The entry with what is needed to compute the answer again: the model and the state it was asked in."""
    return replace(
        entry,
        score_id=score_id,
        tag=model.tag,
        digest=model.digest,
        run=model.run,
        snapshot=snapshot,
        risk=risk,
    )
