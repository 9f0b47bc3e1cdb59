"""Scores of persons of a history at an as-of date: who may be scored, the risk, and the reasons that add up to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.arrays import Floats, Objects
from features.asof import Visible
from features.catalogue import Feature, computed
from features.cohort import ELIGIBLE, why_not, why_refused
from features.errors import ArtifactError
from features.history import FEW, History
from models.calibration import sigmoid
from models.curves import BEND
from models.hotspot import HotspotModel
from models.relapse import RelapseModel
from serving import tasks

UNKNOWN = "unknown_person"


@dataclass(frozen=True)
class Scored:
    """One score: calibrated log-odds, the base, and each feature's value and contribution in the model's order.

    A calibration that is no straight line stands behind the features, with what it adds.
    `low` and `high` are the ends of the risk's 95 % interval; None where the model has none.
    `known_until` is the day the newest of the records used became known, since 1970-01-01; None without any.
    """

    log_odds: float
    risk: float
    base: float
    features: tuple[Feature, ...]
    values: Floats
    contributions: Floats
    age_known: bool = True
    low: float | None = None
    high: float | None = None
    known_until: int | None = None


@dataclass(frozen=True)
class NotScored:
    """No score, and the code of the reason why not."""

    reason: str


Outcome = Scored | NotScored


def scores(
    model: RelapseModel, history: History, person_ids: Sequence[str], *, as_of: int, today: int
) -> list[Outcome]:
    """One outcome for each person asked for, in that order; as_of and today in days since 1970-01-01.

    Whom the law forbids to score today is not scored, whatever day is asked about.
    """
    held = set(history.person_ids)
    known = list(dict.fromkeys(person_id for person_id in person_ids if person_id in held))  # asked twice, scored once
    outcomes = dict(zip(known, _of_known(model, history, known, as_of, today), strict=True)) if known else {}
    return [outcomes.get(person_id, NotScored(UNKNOWN)) for person_id in person_ids]


def _of_known(model: RelapseModel, history: History, person_ids: list[str], as_of: int, today: int) -> list[Outcome]:
    past = Visible.at(history, {"person_id": person_ids, "as_of": np.full(len(person_ids), as_of)})
    reasons = why_not(past, model.cohort)
    if today != as_of:
        now = np.full(len(past), today, dtype=np.int32)
        refused_now = why_refused(Visible(history, past.person, now, now))
        reasons = np.where(refused_now != ELIGIBLE, refused_now, reasons)
    return _outcomes(model, past, reasons)


def _of_eligible(model: RelapseModel, past: Visible) -> list[Scored]:
    table = computed(past, model.features, pd.RangeIndex(len(past)))
    parts, born = model.contributions(table), past.fact("birth_year")
    features, values, shares = model.features, table.to_numpy(dtype=np.float64), parts.by_feature
    if parts.calibration is not None:
        line = parts.total - parts.calibration
        features, values = (*features, BEND), np.column_stack([values, line])
        shares = np.column_stack([shares, parts.calibration])
    interval, newest, risks = model.interval(table, parts.total), _known_until(past), sigmoid(parts.total)
    return [
        Scored(
            log_odds=float(parts.total[row]),
            risk=float(risks[row]),
            base=float(parts.base[row]),
            features=features,
            values=values[row],
            contributions=shares[row],
            age_known=born[row] is not None,
            low=None if interval is None else float(interval.low[row]),
            high=None if interval is None else float(interval.high[row]),
            known_until=newest[row],
        )
        for row in range(len(table))
    ]


def scores_on(model: RelapseModel, history: History, person_id: str, days: Sequence[int]) -> list[Outcome]:
    """One outcome for each day, of one person whom the law lets be scored today: who asks has seen to that."""
    if not days:
        return []
    past = Visible.at(history, {"person_id": [person_id] * len(days), "as_of": days})
    return _outcomes(model, past, why_not(past, model.cohort))


def _outcomes(model: RelapseModel, past: Visible, reasons: Objects) -> list[Outcome]:
    """The score of each row without a reason why not, else the reason."""
    eligible = reasons == ELIGIBLE
    # Where all may be scored, what was looked up to find that out is not looked up again.
    some = Visible(past.history, past.person[eligible], past.as_of[eligible], past.seen_by[eligible])
    seen = past if eligible.all() else some
    scored = iter(_of_eligible(model, seen) if eligible.any() else [])
    return [next(scored) if reason == ELIGIBLE else NotScored(str(reason)) for reason in reasons]


def _known_until(past: Visible) -> list[int | None]:
    """The day the newest record known at each prediction time became known."""
    history, days = past.history, list[int | None]()
    for person, as_of in zip(past.person, past.as_of, strict=True):
        known = history.known[history.first[person] : history.first[person + 1]]
        seen = known[known <= as_of]
        days.append(int(seen.max()) if len(seen) else None)
    return days


def prove(model: RelapseModel | HotspotModel) -> None:
    """Try a model on nearly nothing: one that cannot score raises here, and loops are compiled before a request.

    Its smoke score: reasons that add up (looked at wherever they are made), and numbers. Asked beside it is what a
    worklist tells. The tests are so many that counts are taken the way they are for many persons.
    """
    if isinstance(model, HotspotModel):
        _refuse_what_is_no_number(model.booster.predict(np.zeros((1, len(model.features))), pred_contrib=True))
        return
    nobody = History.of(_tests_of("nobody", FEW + 1), pd.DataFrame({"person_id": ["nobody"]}))
    times = pd.DataFrame({"person_id": ["nobody"], "as_of": [0]})
    why_not(Visible.at(nobody, times), model.cohort)
    (smoke,) = _of_eligible(model, Visible.at(nobody, times))
    tasks.tasks(Visible.at(nobody, times), [None], schedule=tasks.schedule_of(model))
    _refuse_what_is_no_number([smoke.risk, smoke.log_odds, smoke.low or 0.0, smoke.high or 0.0])


def _tests_of(person_id: str, n: int) -> pd.DataFrame:
    """So many negative tests of one day, of somebody invented."""
    told = {"event_id": [str(each) for each in range(n)], "revision": 1, "retracted": False, "person_id": person_id}
    told |= {"occurred_on": 0, "known_on": 0, "kind": "urine_test", "outcome": "negative"}
    columns = {name: told.get(name, np.nan if kind == "float64" else None) for name, kind in EVENT_TYPES.items()}
    return pd.DataFrame(columns).astype(EVENT_TYPES)


def _refuse_what_is_no_number(told: Any) -> None:
    if not np.isfinite(np.asarray(told, dtype=np.float64)).all():
        raise ArtifactError("model: its smoke score is not a number; train and promote another.")


EVENT_TYPES = {
    "event_id": "str", "revision": "int64", "retracted": "bool", "person_id": "str", "occurred_on": "int64",
    "known_on": "int64", "source": "str", "kind": "str", "outcome": "str", "substance": "str", "value": "float64",
    "station_id": "str", "note_code": "str",
}  # fmt: skip
