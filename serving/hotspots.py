"""A hotspot forecast as GeoJSON: expected counts by area with their interval and reasons in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import sqlalchemy as sa

from features.errors import SchemaError, TooLittleHistoryError
from features.hotspot import Feature
from features.schema import days_since_epoch
from models import hotspot
from models.champion import Champion
from models.hotspot import HotspotModel
from serving import answers, messages
from serving.desk import Desk
from serving.messages import Area, AreaEstimate, Forecast, Others
from serving.problems import Fault, ProblemError
from serving.wording import Wording


@dataclass(frozen=True)
class Asked:
    """Which forecast is asked for, and how it is to be told."""

    as_of: date
    weeks: int
    level: str
    most: int
    wording: Wording


@dataclass(frozen=True)
class Places:
    """What a forecast is made from, all of one state of the store."""

    incidents: pd.DataFrame
    areas: pd.DataFrame
    effort: pd.DataFrame
    snapshot: str


def forecast(desk: Desk, asked: Asked) -> Forecast:
    """The forecast of every area; ProblemError when there is none."""
    desk.refuse_the_future(asked.as_of)
    champion, model = _model(desk, asked)
    places = _places(desk)
    try:
        day = days_since_epoch(asked.as_of)
        table = hotspot.look(model, places.incidents, places.areas, places.effort, as_of=day)
    except (TooLittleHistoryError, SchemaError):
        raise ProblemError("too_little_history") from None
    return Forecast(
        features=_areas(model, table, places, asked),
        as_of=asked.as_of,
        weeks=asked.weeks,
        level=asked.level,  # type: ignore[arg-type]
        language=asked.wording.language,  # type: ignore[arg-type]
        model=answers.model_of(champion),
        snapshot=places.snapshot,
    )


def _places(desk: Desk) -> Places:
    store = desk.histories.store()
    try:
        snapshot = store.state_digest()
        return Places(store.read("incidents"), store.read("areas"), store.read("effort"), snapshot)
    except sa.exc.SQLAlchemyError:
        raise ProblemError("store_unavailable") from None


def _model(desk: Desk, asked: Asked) -> tuple[Champion, HotspotModel]:
    """The model of the level and horizon asked for; ProblemError tells which there are."""
    found = desk.champions.hotspots()
    for champion, model in found:
        if (model.scope.level, model.scope.horizon_weeks) == (asked.level, asked.weeks):
            return champion, model
    if not found:
        raise ProblemError("no_model")
    offered = sorted(f"level={model.scope.level}&weeks={model.scope.horizon_weeks}" for _, model in found)
    field = "weeks" if asked.level in {model.scope.level for _, model in found} else "level"
    raise ProblemError(
        "no_such_forecast",
        (Fault(field, "one_of", ", ".join(offered)),),
        slots={"names": ", ".join(offered)},
        members={"names": offered},
    )


def _areas(model: HotspotModel, table: pd.DataFrame, places: Places, asked: Asked) -> list[Area]:
    told = hotspot.to_geojson(hotspot.estimate(model, table), places.areas)
    reasons = hotspot.explain(model, table)
    names = _names(places.areas, asked.wording.language)
    features = {each.name: each for each in model.features}
    return [
        Area(
            geometry=each["geometry"],
            properties=_estimate(features, each["properties"], reasons[each["properties"]["area_id"]], names, asked),
        )
        for each in told["features"]
    ]


def _estimate(
    features: Mapping[str, Feature],
    row: dict[str, Any],
    reasons: Sequence[hotspot.AreaReason],
    names: dict[str, str],
    asked: Asked,
) -> AreaEstimate:
    listed, rest = reasons[: asked.most], reasons[asked.most :]
    figures = {name: float(row[name]) for name in ("expected", "low", "high")}
    return AreaEstimate(
        area_id=row["area_id"],
        level=row["level"],
        name=names.get(row["area_id"], row["area_id"]),
        **figures,
        text=asked.wording.area_interval(weeks=asked.weeks, **figures),
        reasons=[_reason(each, features.get(each.code), asked.wording) for each in listed],
        others=Others(
            count=len(rest),
            contribution=sum(each.contribution for each in rest),
            text=asked.wording.others(len(rest)),
        ),
    )


def _names(areas: pd.DataFrame, language: str) -> dict[str, str]:
    """The names of areas in a language, where they have one."""
    named = areas.set_index("area_id")["name_en" if language == "en" else "name_zh"].dropna()
    return {str(area_id): str(name) for area_id, name in named.items()}


def _reason(reason: hotspot.AreaReason, feature: Feature | None, wording: Wording) -> messages.AreaReason:
    direction = "raises" if reason.contribution > 0 else "lowers"
    return messages.AreaReason(
        code=reason.code,
        value=reason.value,
        suppressed=reason.suppressed,
        contribution=reason.contribution,
        direction=direction,  # type: ignore[arg-type]
        text=wording.area_reason(reason, feature),
        effect=wording.effect(direction),
    )
