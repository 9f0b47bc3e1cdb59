"""A hotspot forecast as GeoJSON: expected counts by area with their interval and reasons in words."""

import json
from datetime import date
from typing import Any

from features.errors import SchemaError, TooLittleHistoryError
from features.schema import days_since_epoch
from models import hotspot
from models.champion import Champion
from models.hotspot import AreaReason, HotspotModel
from serving import answers
from serving.desk import Desk
from serving.problems import Fault, ProblemError
from serving.wording import Wording

MOST_REASONS = 5


def forecast(desk: Desk, *, as_of: date, weeks: int, level: str, wording: Wording) -> str:
    """GeoJSON text: one feature for each area, where it comes from beside them; ProblemError when there is none."""
    desk.refuse_the_future(as_of)
    champion, model = _model(desk, weeks, level)
    store = desk.histories.store()
    snapshot = store.state_digest()
    areas = store.read("areas")
    try:
        table = hotspot.look(model, store.read("incidents"), areas, store.read("effort"), as_of=days_since_epoch(as_of))
    except (TooLittleHistoryError, SchemaError):
        raise ProblemError("too_little_history") from None
    told = dict(hotspot.to_geojson(hotspot.estimate(model, table), areas))
    reasons = hotspot.explain(model, table)
    names = {row.area_id: row for row in areas.itertuples()}
    for area in told["features"]:
        properties = area["properties"]
        row = names.get(properties["area_id"])
        properties["name"] = None if row is None else (row.name_en if wording.language == "en" else row.name_zh)
        properties["text"] = _interval(wording, weeks, properties)
        properties["reasons"] = [_reason(model, each, wording) for each in reasons[properties["area_id"]]]
    return json.dumps(
        told
        | {
            "as_of": as_of.isoformat(),
            "weeks": weeks,
            "level": level,
            "language": wording.language,
            "model": answers.model_of(champion).model_dump(),
            "snapshot": snapshot,
        },
        ensure_ascii=False,
        allow_nan=False,
    )


def _model(desk: Desk, weeks: int, level: str) -> tuple[Champion, HotspotModel]:
    """The model of the level and horizon asked for; ProblemError tells which there are."""
    found = desk.champions.hotspots()
    for champion, model in found:
        if (model.scope.level, model.scope.horizon_weeks) == (level, weeks):
            return champion, model
    if not found:
        raise ProblemError("no_model")
    offered = sorted(f"level={model.scope.level}&weeks={model.scope.horizon_weeks}" for _, model in found)
    field = "level" if level not in {model.scope.level for _, model in found} else "weeks"
    raise ProblemError(
        "no_such_forecast",
        (Fault(field, "one_of", ", ".join(offered)),),
        slots={"names": ", ".join(offered)},
        members={"names": offered},
    )


def _interval(wording: Wording, weeks: int, properties: dict[str, Any]) -> str:
    return wording.area_interval(
        weeks=weeks, expected=properties["expected"], low=properties["low"], high=properties["high"]
    )


def _reason(model: HotspotModel, reason: AreaReason, wording: Wording) -> dict[str, Any]:
    feature = next((each for each in model.features if each.name == reason.code), None)
    direction = "raises" if reason.contribution > 0 else "lowers"
    return {
        "code": reason.code,
        "value": reason.value,
        "suppressed": reason.suppressed,
        "contribution": reason.contribution,
        "direction": direction,
        "text": wording.area_reason(reason, feature),
        "effect": wording.effect(direction),
    }
