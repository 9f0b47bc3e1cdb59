"""A hotspot forecast as GeoJSON: what may be told of each area, with its outline, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import pandas as pd

from features.areas import geometries, middle_of
from features.errors import SchemaError, TooLittleHistoryError, UnfitModelError
from features.hotspot import Places
from features.schema import days_since_epoch
from features.store import newest_digest, read
from models.champion import Champion
from models.hotspot import HotspotModel, last_sunday
from serving import answers, disclosure
from serving.area_messages import Area, AreaEstimate, AreaReason, Forecast
from serving.area_record import FORECAST, Made, Marks, answer_id
from serving.desk import Desk
from serving.findings import Findings
from serving.messages import Model
from serving.problems import Fault, ProblemError
from serving.store_answers import store_answers
from serving.totals import CITY, by_level
from serving.wording import Wording

SUMMED_FROM = {  # the levels of models a forecast may be made by: its own, else what adds up to it, the largest first
    "cell": ("cell",),
    "township": ("township", "cell"),
    "district": ("township", "cell"),
    "city": ("township", "cell"),
}
ENDS = ("low", "high")  # of an interval of counts
ALL_REASONS = len(disclosure.FAMILIES)  # of an area
Found = TypeVar("Found")
Given_co = TypeVar("Given_co", covariant=True)


class Look(Protocol[Given_co]):
    """A way to look at places on a day (days since 1970-01-01) with a model."""

    def __call__(self, model: HotspotModel, places: Places, *, as_of: int) -> Given_co:
        """What is found."""


@dataclass(frozen=True)
class Asked:
    """Which forecast is asked for, and how it is to be told."""

    as_of: date
    weeks: int
    level: str
    most: int
    wording: Wording


@dataclass(frozen=True, eq=False)
class Source:
    """A model and what it is called, and places and the digest of the state that they are of."""

    named: Model
    model: HotspotModel
    places: Places
    snapshot: str


@dataclass(frozen=True, eq=False)
class Looked(Generic[Found]):
    """What a model found on a day, from which places, and what every answer about areas says of where it comes from."""

    found: Found
    model: HotspotModel
    places: Places
    origin: dict[str, Any]
    noise_epsilon: float | None

    def id_as(self, kind: str) -> str:
        """The id of the answer of a kind that is made of it."""
        question = (self.origin[name] for name in ("as_of", "weeks", "level"))
        return answer_id(kind, self.origin["model"].digest, self.origin["snapshot"], *question, self.noise_epsilon)


def forecast(desk: Desk, asked: Asked) -> Made[Forecast]:
    """The forecast of every area; ProblemError when there is none."""
    return made_of(desk, asked, looked(desk, asked, in_areas(desk, asked)))


def in_areas(desk: Desk, asked: Asked) -> Look[Findings]:
    """The way to look at the areas of the level asked for, with the noise that is set."""
    return partial(by_level, level=asked.level, noise=desk.settings.noise)


def made_of(desk: Desk, asked: Asked, found: Looked[Findings]) -> Made[Forecast]:
    """The forecast that is made of what was found, with its marks."""
    return Made(told_of(found, asked), Marks.of(found.found.parts, desk.reading.records.hash_of))


def told_of(told: Looked[Findings], asked: Asked) -> Forecast:
    """The forecast as it may be told, from what the model found."""
    return Forecast(
        features=_areas(told.found, told.places, asked, unknown=not_held(told.model.scope.level, told.places)),
        known_by=known_by(asked.as_of),
        note=asked.wording.area_note(told.noise_epsilon, at_equal_effort=told.model.scope.at_equal_effort),
        noise_epsilon=told.noise_epsilon,
        answer_id=told.id_as(FORECAST),
        **told.origin,
    )


def known_by(as_of: date) -> date:
    """The Sunday by which all a forecast is made from was known; the weeks it is of begin the day after."""
    day = days_since_epoch(as_of)
    return as_of - timedelta(days=day - last_sunday(day))


def looked(desk: Desk, asked: Asked, look: Look[Found], *, summed: bool = True) -> Looked[Found]:
    """What the model asked for finds on a day; ProblemError when there is none, or too little is known.

    `summed`: whether it may be a model of a finer level.
    """
    desk.refuse_the_future(asked.as_of)
    champion, model = model_for(desk, asked, summed=summed)
    places, snapshot = places_of(desk)
    return looked_at(desk, asked, look, Source(answers.model_of(champion), model, places, snapshot))


def looked_at(desk: Desk, asked: Asked, look: Look[Found], of: Source) -> Looked[Found]:
    """What a model finds in places on a day; ProblemError when too little is known."""
    try:
        found = look(of.model, of.places, as_of=days_since_epoch(asked.as_of))
    except (TooLittleHistoryError, SchemaError):
        raise ProblemError("too_little_history") from None
    except UnfitModelError:
        raise ProblemError("unfit_model") from None
    origin = {
        "as_of": asked.as_of,
        "weeks": asked.weeks,
        "level": asked.level,
        "language": asked.wording.language,
        "model": of.named,
        "snapshot": of.snapshot,
    }
    return Looked(found, of.model, of.places, origin, desk.settings.noise_epsilon)


def places_of(desk: Desk) -> tuple[Places, str]:
    """What a forecast is made from, and the digest of the state of the store that it is of."""
    with store_answers(), desk.histories.store().reading() as connection:  # one state: nothing that comes in meanwhile
        places = Places(*(read(connection, table) for table in ("incidents", "areas", "effort")))
        return places, newest_digest(connection)


def model_for(desk: Desk, asked: Asked, *, summed: bool = True) -> tuple[Champion, HotspotModel]:
    """The model of the horizon and of the level asked for, or of a finer one; ProblemError tells which there are."""
    found = desk.champions.hotspots()
    levels = SUMMED_FROM[asked.level] if summed else (asked.level,)
    for level in levels:
        for champion, model in found:
            if (model.scope.level, model.scope.horizon_weeks) == (level, asked.weeks):
                return champion, model
    if not found:
        raise ProblemError("unfit_model" if desk.champions.has_unfit() else "no_model")
    raise no_such_forecast([model for _, model in found], levels)


def no_such_forecast(models: Sequence[HotspotModel], levels: Sequence[str]) -> ProblemError:
    """That none of the models forecasts one of the levels in the weeks asked for, and what they do."""
    offered = sorted(f"level={model.scope.level}&weeks={model.scope.horizon_weeks}" for model in models)
    field = "weeks" if {*levels} & {model.scope.level for model in models} else "level"
    return ProblemError(
        "no_such_forecast",
        (Fault(field, "one_of", ", ".join(offered)),),
        slots={"names": ", ".join(offered)},
        members={"names": offered},
    )


def not_held(level: str, places: Places) -> frozenset[str]:
    """Families of reasons of which nothing is held, for a model of a level: neighbours, effort."""
    outlined = places.areas is not None and places.areas["geometry"].notna().any()
    held = {
        "neighbours": bool(outlined) or level == "cell",  # a cell's place is in its id
        "effort": places.effort is not None and not places.effort.empty,
    }
    return frozenset(family for family, is_held in held.items() if not is_held)


def _areas(found: Findings, places: Places, asked: Asked, *, unknown: frozenset[str]) -> list[Area]:
    shapes = geometries((each.area_id for each in found.told), places.areas)
    names = {**names_of(places.areas, asked.wording.language), CITY: asked.wording.warning("city")}
    in_words = {  # once for all areas that are given the same
        reasons: [_reason(reason, asked.wording, unknown) for reason in reasons[: asked.most]]
        for reasons in {each.reasons for each in found.told}
    }
    return [
        Area(
            geometry=shape,
            properties=_estimate(
                each,
                names.get(each.area_id) or _place_of(each, shape, asked),
                in_words[each.reasons],
                asked,
                of=len(found.told),
            ),
        )
        for each, shape in zip(found.told, shapes, strict=True)
    ]


def row_of(area: Area, told: Forecast) -> dict[str, Any]:
    """An area of a forecast as a row of a table: without outline and reasons, with its middle and what all share."""
    middle = (None, None) if area.geometry is None else middle_of(area.geometry)
    shared = {name: getattr(told, name) for name in ("as_of", "known_by", "weeks", "answer_id", "noise_epsilon")}
    own = area.properties.model_dump(exclude={"reasons"})
    own["among_highest"] = disclosure.share_told(area.properties.among_highest, of=len(told.features))
    own |= {name: int(own[name]) for name in ENDS if float(own[name]).is_integer()}  # a spreadsheet shows 3, not 3.0
    return {**own, "longitude": middle[0], "latitude": middle[1], **shared}


def _place_of(told: disclosure.Told, shape: dict[str, Any] | None, asked: Asked) -> str:
    """What an area without a name is called: a cell by its middle, any other by its id."""
    if asked.level != "cell" or shape is None:
        return told.area_id
    longitude, latitude = middle_of(shape)
    return asked.wording.cell(latitude=latitude, longitude=longitude)


def _estimate(told: disclosure.Told, name: str, reasons: list[AreaReason], asked: Asked, *, of: int) -> AreaEstimate:
    band = told.band
    return AreaEstimate(
        area_id=told.area_id,
        level=asked.level,  # type: ignore[arg-type]
        name=name,
        expected=band.at_least,
        expected_below=band.below,
        low=band.low,
        high=band.high,
        among_highest=band.among_highest,
        text=asked.wording.area_band(band, weeks=asked.weeks, after=known_by(asked.as_of), of=of),
        reasons=reasons,
    )


def names_of(areas: pd.DataFrame | None, language: str) -> dict[str, str]:
    """The names of areas in a language, where they have one."""
    if areas is None:
        return {}
    named = areas.set_index("area_id")["name_en" if language == "en" else "name_zh"].dropna()
    return {str(area_id): str(name) for area_id, name in named.items()}


def _reason(reason: disclosure.AreaReason, wording: Wording, unknown: frozenset[str]) -> AreaReason:
    is_unknown = reason.code in unknown and not reason.contribution
    return AreaReason(
        code=reason.code,  # type: ignore[arg-type]
        value=reason.value,
        suppressed=reason.suppressed,
        contribution=reason.contribution,
        step=reason.step,
        direction=reason.direction,
        text=wording.family(reason.code) if is_unknown else wording.area_reason(reason),
        effect=wording.text("areas", f"no_{reason.code}") if is_unknown else wording.area_effect(reason),
    )
