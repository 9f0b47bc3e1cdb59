"""The forecast of a city that came in plain files: by a promoted model or a fresh one, told by the same rules."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from features.errors import ConfigError
from features.hotspot import Places
from models.artifact import hotspot_to_plain
from models.hotspot import HotspotModel
from serving import answers
from serving.area_messages import Forecast
from serving.area_record import Made
from serving.desk import Desk
from serving.hotspots import SUMMED_FROM, Asked, Source, in_areas, looked_at, made_of, no_such_forecast
from serving.messages import Model

NAMES = ("name_zh", "name_en")
Answering = tuple[Model, HotspotModel]


def forecast_of_files(desk: Desk, asked: Asked, places: Places, by: Answering, files: str) -> Made[Forecast]:
    """The forecast of every area; `files`: the digest of what it is made from. ProblemError when there is none."""
    desk.refuse_the_future(asked.as_of)
    named, model = by
    levels = SUMMED_FROM[asked.level]
    if model.scope.level not in levels or model.scope.horizon_weeks != asked.weeks:
        raise no_such_forecast([model], levels)
    found = looked_at(desk, asked, in_areas(desk, asked), Source(named, model, _named(places), files))
    return made_of(desk, asked, found)


def promoted(desk: Desk, name: str) -> Answering:
    """The promoted hotspot model of a name; ConfigError lists those there are."""
    found = {champion.name: (answers.model_of(champion), model) for champion, model in desk.champions.hotspots()}
    if name not in found:
        there = ", ".join(sorted(found)) or "none"
        raise ConfigError(f"--model: no promoted hotspot model of this home has that name; there are: {there}.")
    return found[name]


def fresh(model: HotspotModel) -> Answering:
    """A model that was fitted now: no tag and no run, and the digest of what it learned."""
    name = f"fitted-{model.scope.level}-{model.scope.horizon_weeks}w"
    learned = model.booster.model_to_string() + json.dumps(hotspot_to_plain(model, name=name), sort_keys=True)
    return Model(name=name, tag="", digest=sha256(learned.encode()).hexdigest(), run=""), model


def digest_of(incidents: Path, areas: Path | None, **options: str | int) -> str:
    """What stands for the files and the options by which a city is made of them, in the place of a state of the store.

    Read by other options the same files are another city, and a promoted model tells of it by the same digest.
    """
    files = [sha256(path.read_bytes()).hexdigest() for path in (incidents, areas) if path]
    return sha256(json.dumps([files, options], sort_keys=True).encode()).hexdigest()


def _named(places: Places) -> Places:
    """The same places, their areas with columns of names, empty where the file has none."""
    if places.areas is None:
        return places
    missing = dict.fromkeys(name for name in NAMES if name not in places.areas)
    return replace(places, areas=places.areas.assign(**missing))
