"""The promoted models that answer: looked for on request, checked by digest, the last good one kept.

A champion is a small file that promotion replaces in one step. When it changes, the artifact it names is read and
checked; one that fails is remembered with the reason, and the one before goes on answering.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import lightgbm as lgb

from features import relapse  # noqa: F401 (it fills the catalogue that artifacts refer to)
from features.errors import ArtifactError, WaystationError
from models import artifact, champion
from models.champion import Champion
from models.hotspot import HotspotModel
from models.reasons import ReasonsError
from models.relapse import RelapseModel
from serving.problems import Fault, ProblemError

LOOK_EVERY_SECONDS = 1.0
NOT_LOADABLE = (WaystationError, ReasonsError, lgb.basic.LightGBMError, OSError, KeyError, TypeError, ValueError)

Resolve = Callable[[str], Path]  # the folder of a tag in the model store; ArtifactError when it holds none
Stamp = tuple[int, int, int]
AnyModel = RelapseModel | HotspotModel


@dataclass(frozen=True)
class Loaded:
    """A champion and its model, checked."""

    champion: Champion
    model: AnyModel


@dataclass
class Place:
    """What is known under one name: the file as last seen, the model that answers, why a newer one does not."""

    stamp: Stamp | None = None
    loaded: Loaded | None = None
    refused: str | None = None


@dataclass
class Champions:
    """The champions of a home. `proved` is tried on every model before it may answer."""

    folder: Path
    resolve: Resolve
    proved: Callable[[AnyModel], None]
    seconds: Callable[[], float]
    _places: dict[str, Place] = field(default_factory=dict)
    _looked_at: float | None = None
    _lock: Lock = field(default_factory=Lock)

    def look(self) -> Mapping[str, Place]:
        """All places, looked at again when the last look is a second old."""
        now = self.seconds()
        due = self._looked_at is None or now - self._looked_at >= LOOK_EVERY_SECONDS
        # While one request loads a new champion, the others go on with the one they have.
        if due and self._lock.acquire(blocking=self._looked_at is None):
            try:
                if self._looked_at is None or now > self._looked_at:
                    self._look_again()
                    self._looked_at = now
            finally:
                self._lock.release()
        return self._places

    def relapse(self, wanted: str | None) -> tuple[Champion, RelapseModel]:
        """The relapse model of a name, or the only one; ProblemError lists the names when that is not one."""
        found = {
            name: (place.loaded.champion, place.loaded.model)
            for name, place in self.look().items()
            if place.loaded and isinstance(place.loaded.model, RelapseModel)
        }
        if not found:
            raise ProblemError("no_model")
        if wanted is None and len(found) == 1:
            return next(iter(found.values()))
        if wanted is None or wanted not in found:
            names = sorted(found)
            raise ProblemError(
                "which_model",
                (Fault("model", "one_of", ", ".join(names)),),
                slots={"names": ", ".join(names)},
                members={"names": names},
            )
        return found[wanted]

    def has_relapse(self) -> bool:
        """Whether any relapse model can answer."""
        return any(place.loaded and isinstance(place.loaded.model, RelapseModel) for place in self.look().values())

    def hotspots(self) -> list[tuple[Champion, HotspotModel]]:
        """The hotspot models, one for each level and horizon."""
        loaded = [place.loaded for place in self.look().values() if place.loaded]
        return [(each.champion, each.model) for each in loaded if isinstance(each.model, HotspotModel)]

    def _look_again(self) -> None:
        names = champion.names(self.folder)
        places = {name: self._places.get(name, Place()) for name in names}
        for name, place in places.items():
            stamp = _stamp(champion.path_of(self.folder, name))
            if stamp is not None and stamp != place.stamp:
                places[name] = self._taken_up(name, place, stamp)
        self._places = places

    def _taken_up(self, name: str, place: Place, stamp: Stamp) -> Place:
        try:
            promoted = champion.read(self.folder, name)
            if promoted is None:
                return place
            model = model_of(artifact.read(self.resolve(promoted.tag), expected=promoted.digest))
            self.proved(model)
        except NOT_LOADABLE as error:
            return Place(stamp, place.loaded, _told(error))
        return Place(stamp, Loaded(promoted, model), None)


def model_of(checked: artifact.Artifact) -> AnyModel:
    """The model in a checked artifact."""
    if checked.model.get("task") == "relapse":
        return artifact.relapse_of(checked)
    if checked.model.get("task") == "hotspot":
        return HotspotModel.from_json(json.dumps(checked.model), artifact.booster_of(checked))
    raise ArtifactError("model: the artifact holds a task this version does not know; update, or promote another.")


def _told(error: BaseException) -> str:
    """Why a model was refused: our own errors say it themselves, of others only the sort is told."""
    return str(error) if isinstance(error, WaystationError) else f"the model cannot be used ({type(error).__name__})"


def _stamp(path: Path) -> Stamp | None:
    try:
        seen = path.stat()
    except FileNotFoundError:
        return None
    return seen.st_mtime_ns, seen.st_ino, seen.st_size
