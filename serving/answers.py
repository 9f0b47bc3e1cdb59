"""A score in the shape and language it leaves in. No reasons, no score: the sum is checked here on each answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from features.catalogue import Feature
from features.schema import EPOCH
from features.statutes import REFUSAL_ARTICLES
from models.champion import Champion
from models.reasons import TOLERANCE, ReasonsError
from serving.messages import Missing, Model, Others, Reason, Refused, Score
from serving.problems import ProblemError
from serving.scoring import Scored
from serving.wording import Wording

EXPIRES_AFTER_DAYS = 30


@dataclass(frozen=True)
class Asked:
    """What the answer to a question needs besides the score; `stopped`: what is to be said of all records."""

    champion: Champion
    horizon_days: int
    as_of: date
    snapshot: str
    most: int
    wording: Wording
    stopped: str | None = None


def score_of(asked: Asked, scored: Scored, *, score_id: str, person_id: str | None) -> Score:
    """The score as it leaves."""
    order = strongest(scored)
    listed, rest = order[: asked.most], order[asked.most :]
    reasons = [reason_of(scored, place, asked.wording) for place in listed]
    others = float(np.sum(scored.contributions[rest]))
    _check_sum(scored, reasons, others)
    return Score(
        score_id=score_id,
        person_id=person_id,
        risk=scored.risk,
        low=scored.low,
        high=scored.high,
        log_odds=scored.log_odds,
        base=scored.base,
        horizon_days=asked.horizon_days,
        as_of=asked.as_of,
        expires_on=expires_on(asked.as_of, asked.horizon_days),
        known_until=known_until(scored),
        stopped=asked.stopped,
        model=model_of(asked.champion),
        snapshot=asked.snapshot,
        reasons=reasons,
        others=Others(count=len(rest), contribution=others, text=asked.wording.others(len(rest))),
        missing=list(missing_of(scored, asked.wording)),
        language=asked.wording.language,  # type: ignore[arg-type]
        note=asked.wording.note,
    )


def expires_on(as_of: date, horizon_days: int) -> date:
    """The day a score is too old to be used."""
    return as_of + timedelta(days=min(EXPIRES_AFTER_DAYS, horizon_days))


def known_until(scored: Scored) -> date | None:
    """The day on which the newest of the person's records became known; None without any."""
    return None if scored.known_until is None else EPOCH + timedelta(days=scored.known_until)


def refused(reason: str, wording: Wording, *, score_id: str, person_id: str) -> Refused:
    """Why one person of a batch got no score."""
    return Refused(
        score_id=score_id,
        person_id=person_id,
        reason=reason,
        text=wording.refusal(reason),
        article=REFUSAL_ARTICLES.get(reason),
    )


def refusal(reason: str, wording: Wording) -> ProblemError:
    """Why the one person asked for gets no score, as a problem; 451 where the law says so."""
    if reason == "unknown_person":
        return ProblemError("unknown_person")
    article = REFUSAL_ARTICLES.get(reason)
    members = {"reason": reason} | ({"article": article} if article else {})
    return ProblemError(
        "no_score", slots={"text": wording.refusal(reason)}, members=members, by_law=article is not None
    )


def model_of(champion: Champion) -> Model:
    """Which model answers."""
    return Model(name=champion.name, tag=champion.tag, digest=champion.digest, run=champion.run)


def strongest(scored: Scored) -> list[int]:
    """The places of the features that add anything, the strongest first."""
    order = np.argsort(-np.abs(scored.contributions), kind="stable")
    return [int(place) for place in order if scored.contributions[place] != 0]


def reason_of(scored: Scored, place: int, wording: Wording) -> Reason:
    """What the feature at a place adds, in words."""
    feature, value = scored.features[place], float(scored.values[place])
    contribution = float(scored.contributions[place])
    direction = "raises" if contribution > 0 else "lowers"
    return Reason(
        code=feature.code,
        feature=feature.name,
        value=None if np.isnan(value) else value,
        unit=feature.unit,
        contribution=contribution,
        direction=direction,  # type: ignore[arg-type]
        changeable=feature.changeable,
        text=wording.reason(feature, value),
        effect=wording.effect(direction),
    )


def _check_sum(scored: Scored, reasons: list[Reason], others: float) -> None:
    off = abs(scored.base + sum(reason.contribution for reason in reasons) + others - scored.log_odds)
    if not off <= TOLERANCE:  # also when not a number
        raise ReasonsError(f"the reasons of an answer differ from its score by {off:.2e}.")


def missing_of(scored: Scored, wording: Wording) -> Iterator[Missing]:
    """What is not known, once for each function and subject: the widest lookback that found nothing says it."""
    if not scored.age_known:
        yield Missing(feature="birth_year", text=wording.age_unknown)
    widest: dict[tuple[object, ...], Feature] = {}
    for place in np.flatnonzero(np.isnan(scored.values)):
        feature = scored.features[place]
        subject = (feature.code, *(pair for pair in feature.arguments if pair[0] not in {"days", "back", "last"}))
        if subject not in widest or _lookback(feature) > _lookback(widest[subject]):
            widest[subject] = feature
    yield from (Missing(feature=each.code, text=wording.missing(each)) for each in widest.values())


def _lookback(feature: Feature) -> float:
    days = dict(feature.arguments).get("days")
    return np.inf if days is None else float(days)
