"""The promoted models as they may be looked at: which they are, and the card each was promoted with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from features.errors import ArtifactError
from models import artifact
from models.champion import Champion
from models.relapse import RelapseModel
from serving.champions import Champions, Loaded
from serving.messages import Message
from serving.problems import ProblemError

NameAndText = list[tuple[str, Any]]


class PromotedModel(Message):
    """A model that answers now."""

    name: str
    task: Literal["relapse", "hotspot"]
    tag: str
    digest: str
    run: str = Field(description="The MLflow run it came from.")
    snapshot: str = Field(description="Digest of the state of the store it was trained on.")
    promoted_at: str
    horizon_days: int
    level: str | None = Field(description="Of areas; null for a model of persons.")
    features: int
    refused: str | None = Field(description="Why a newer promoted model does not answer in its place.")


class PromotedModels(Message):
    """The models that answer now, by name."""

    models: list[PromotedModel]


@dataclass(frozen=True)
class Card:
    """The card of a promoted model as plain values, read from its checked artifact."""

    champion: Champion
    content: Mapping[str, Any]


def promoted(champions: Champions) -> PromotedModels:
    """The models that answer now."""
    places = champions.look()
    return PromotedModels(
        models=[_told(place.loaded, place.refused) for _, place in sorted(places.items()) if place.loaded]
    )


def champion_of(champions: Champions, name: str) -> Champion:
    """The champion of a name; ProblemError lists the names there are."""
    found = {each: place.loaded.champion for each, place in champions.look().items() if place.loaded}
    if name not in found:
        names = sorted(found)
        raise ProblemError("unknown_model", slots={"names": ", ".join(names)}, members={"names": names})
    return found[name]


def card_of(champions: Champions, champion: Champion) -> Card:
    """The card of a champion, its digest checked as it was when it was loaded; ProblemError when it is gone since."""
    try:
        held = artifact.read(champions.resolve(champion.tag), expected=champion.digest)
    except (ArtifactError, OSError):
        raise ProblemError("no_model") from None
    return Card(champion, held.card)


def _told(loaded: Loaded, refused: str | None) -> PromotedModel:
    champion, model = loaded.champion, loaded.model
    is_relapse = isinstance(model, RelapseModel)
    return PromotedModel(
        name=champion.name,
        task="relapse" if is_relapse else "hotspot",
        tag=champion.tag,
        digest=champion.digest,
        run=champion.run,
        snapshot=champion.snapshot,
        promoted_at=champion.promoted_at,
        horizon_days=model.horizon_days if isinstance(model, RelapseModel) else 7 * model.scope.horizon_weeks,
        level=None if isinstance(model, RelapseModel) else model.scope.level,
        features=len(model.features),
        refused=refused,
    )
