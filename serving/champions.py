"""The promoted models that answer: looked for on request, checked by digest, the last good one kept.

A champion is a small file that promotion replaces in one step. When it or a file of the artifact it names changes, the
artifact is read and checked. One that fails is told with the reason and tried again; meanwhile the one that answered
goes on, and at start, when there is none, the newest earlier one in the ledger that passes.
"""

import logging
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

import lightgbm as lgb

from features import relapse  # noqa: F401 (it fills the catalogue that artifacts refer to)
from features.errors import ArtifactError, UnfitModelError, WaystationError
from models import artifact, champion
from models.champion import Champion
from models.hotspot import HotspotModel
from models.reasons import ReasonsError
from models.relapse import RelapseModel
from serving.problems import Fault, ProblemError

LOG = logging.getLogger("waystation")
LOOK_EVERY_SECONDS = 1.0
TRY_AGAIN_SECONDS = 30.0
NOT_LOADABLE = (WaystationError, ReasonsError, lgb.basic.LightGBMError, OSError, KeyError, TypeError, ValueError)

Resolve = Callable[[str], Path]  # the folder of a tag in the model store; ArtifactError when it holds none
Stamp = tuple[int, ...] | None
AnyModel = RelapseModel | HotspotModel


@dataclass(frozen=True)
class Loaded:
    """A champion and its model, checked."""

    champion: Champion
    model: AnyModel


@dataclass(frozen=True)
class Seen:
    """The files of a champion as last seen: its own, and those of the artifact it names, in `folder`."""

    own: Stamp = None
    folder: Path | None = None
    files: tuple[Stamp, ...] = ()


@dataclass(frozen=True)
class Place:
    """What is known under one name: the model that answers, why the promoted one does not, and when it was tried.

    `is_unfit`: the promoted one is refused since it is of another release.
    """

    seen: Seen = field(default_factory=Seen)
    tried_at: float = -math.inf
    loaded: Loaded | None = None
    refused: str | None = None
    is_unfit: bool = False


@dataclass
class Champions:
    """The champions of a home. `proved` is tried on every model before it may answer."""

    folder: Path
    ledger: Path
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
                    self._look_again(now)
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

    def has_unfit(self) -> bool:
        """Whether a promoted model is refused as one of another release."""
        return any(place.is_unfit for place in self.look().values())

    def _look_again(self, now: float) -> None:
        names = {*champion.names(self.folder), *self._places}  # a file that went away ends no model's answering
        if self._looked_at is None:
            names |= champion.names_in(self.ledger)
        self._places = {name: self._looked_at_again(name, now) for name in sorted(names)}

    def _looked_at_again(self, name: str, now: float) -> Place:
        place = self._places.get(name, Place())
        seen = Seen(_stamp(champion.path_of(self.folder, name)), place.seen.folder, _stamps(place.seen.folder))
        waited = place.refused is not None and now - place.tried_at >= TRY_AGAIN_SECONDS
        if seen == place.seen and not waited and place.tried_at > -math.inf:
            return place
        after = self._tried(name, place, seen, now)
        if after.refused and after.refused != place.refused:
            LOG.warning("model %s refused: %s", name, after.refused)
        return after

    def _tried(self, name: str, place: Place, seen: Seen, now: float) -> Place:
        """The place after the promoted model was read and checked; the one that answers is not parsed again."""
        promoted, loaded = None, place.loaded
        try:
            promoted = champion.read(self.folder, name)
            if promoted is None:
                raise ArtifactError(f"champion '{name}': its file is missing; promote or roll back to write it again.")
            folder = self.resolve(promoted.tag)
            seen = replace(seen, folder=folder, files=_stamps(folder))  # taken before the files are read
            loaded = self._checked(promoted, folder, place.loaded)
        except NOT_LOADABLE as error:
            answering = place.loaded or self._fallback(name, promoted)
            return Place(seen, now, answering, _told(error), isinstance(error, UnfitModelError))
        return Place(seen, now, loaded, None)

    def _checked(self, promoted: Champion, folder: Path, loaded: Loaded | None) -> Loaded:
        checked = artifact.read(folder, expected=promoted.digest)
        if loaded and loaded.champion.digest == promoted.digest:
            return Loaded(promoted, loaded.model)
        model = model_of(checked)
        self.proved(model)
        return Loaded(promoted, model)

    def _fallback(self, name: str, refused: Champion | None) -> Loaded | None:
        """The newest champion the ledger stands by that passes its check, when nothing answers yet."""
        for standing in champion.earlier(self.ledger, name):
            if refused is None or standing.digest != refused.digest:
                with suppress(*NOT_LOADABLE):
                    return self._checked(standing, self.resolve(standing.tag), None)
        return None


def model_of(checked: artifact.Artifact) -> AnyModel:
    """The model in a checked artifact."""
    if checked.model.get("task") == "relapse":
        return artifact.relapse_of(checked)
    if checked.model.get("task") == "hotspot":
        return artifact.hotspot_of(checked)
    raise ArtifactError("model: the artifact holds a task this version does not know; update, or promote another.")


def _told(error: BaseException) -> str:
    """Why a model was refused: our own errors say it themselves, of others only the sort is told."""
    return str(error) if isinstance(error, WaystationError) else f"the model cannot be used ({type(error).__name__})"


def _stamp(path: Path) -> Stamp:
    """What changes when a file does; None when there is none."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, seen.st_size


def _stamps(folder: Path | None) -> tuple[Stamp, ...]:
    names = (artifact.MANIFEST, artifact.BOOSTER, artifact.MODEL, artifact.CARD)
    return tuple(_stamp(folder / name) for name in names) if folder else ()
