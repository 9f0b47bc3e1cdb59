"""A trained model as a folder: native LightGBM text, plain JSON for the rest, and a manifest of SHA-256 digests.

Beside them the pages of its card, for people, as they were made at training. Nothing in it can run code. The digest of
the folder is the SHA-256 of its manifest, so it names every byte. A booster is never parsed before its digest is
checked: a truncated file would crash the process, an edited one would load silently.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

import lightgbm as lgb

from features.cohort import Cohort
from features.errors import ArtifactError
from features.hotspot import Feature as AreaFeature
from features.plain import from_plain, to_plain
from features.relapse import Feature  # from here, where the catalogue is filled
from models.calibration import Platt
from models.curves import curve_of
from models.hotspot import Dispersions, HotspotModel, Scope
from models.interval import Spread
from models.linear import Linear
from models.prior import Prior
from models.relapse import RelapseModel

MANIFEST = "manifest.json"
BOOSTER = "booster.txt"
MODEL = "model.json"
CARD = "card.json"


@dataclass(frozen=True)
class Artifact:
    """The checked files of a saved model: `model` and `card` as plain values, the booster as LightGBM text."""

    digest: str
    booster_text: str
    model: Mapping[str, Any]
    card: Mapping[str, Any]


def save(
    folder: Path,
    *,
    booster: lgb.Booster,
    model: Mapping[str, Any],
    card: Mapping[str, Any],
    pages: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The digest of the artifact written to `folder`: aside first, flushed to disk, then renamed.

    `pages`: the card as HTML, by language.
    """
    files = {
        BOOSTER: booster.model_to_string(),
        MODEL: _json(model),
        CARD: _json(card),
        **{page_name(language): page for language, page in pages.items()},
    }
    manifest = _json({name: sha256(text.encode()).hexdigest() for name, text in files.items()})
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".writing-", dir=folder.parent))
    for name, text in {**files, MANIFEST: manifest}.items():
        _write(aside / name, text)
    if folder.exists():
        shutil.rmtree(folder)
    aside.rename(folder)
    return sha256(manifest.encode()).hexdigest()


def read(folder: Path, *, expected: str | None = None) -> Artifact:
    """The artifact in `folder`, every file checked against the manifest and that against the expected digest."""
    manifest = _text(folder, MANIFEST)
    digest = sha256(manifest.encode()).hexdigest()
    if expected is not None and digest != expected:
        raise ArtifactError(
            "model: the artifact is not the one that was promoted (its digest differs); promote a good one again."
        )
    texts = {name: _text(folder, name) for name in (BOOSTER, MODEL, CARD)}
    recorded = json.loads(manifest)
    for name, text in texts.items():
        if sha256(text.encode()).hexdigest() != recorded.get(name):
            raise ArtifactError(f"model: {name} is damaged or was edited (its digest differs from the manifest).")
    return Artifact(digest, texts[BOOSTER], json.loads(texts[MODEL]), json.loads(texts[CARD]))


def page_name(language: str) -> str:
    """The name of the file that holds the page of the card in a language."""
    return f"card.{language}.html"


def read_page(folder: Path, language: str, *, expected: str) -> str | None:
    """The checked page of the card in a language, in the artifact of a digest; None where it was saved without one."""
    manifest, name = _text(folder, MANIFEST), page_name(language)
    recorded = json.loads(manifest).get(name)
    if recorded is None:
        return None
    page = _text(folder, name)
    if (sha256(manifest.encode()).hexdigest(), sha256(page.encode()).hexdigest()) != (expected, recorded):
        raise ArtifactError(f"model: {name} is damaged or was edited (its digest differs from the manifest).")
    return page


def booster_of(artifact: Artifact) -> lgb.Booster:
    """The booster of a checked artifact."""
    return lgb.Booster(model_str=artifact.booster_text)


def relapse_to_plain(model: RelapseModel) -> dict[str, Any]:
    """All of a relapse model but its trees, as plain values."""
    return {
        "task": "relapse",
        "name": model.name,
        "horizon_days": model.horizon_days,
        "features": [feature.to_plain() for feature in model.features],
        "calibration": to_plain(model.calibration),
        "cohort": to_plain(model.cohort),
        "linear": None if model.linear is None else to_plain(model.linear),
        "linear_share": model.linear_share,
        "spread": None if model.spread is None else model.spread.booster.model_to_string(),  # native LightGBM text
        **({} if model.curve is None else {"curve": to_plain(model.curve)}),
    }


def relapse_of(artifact: Artifact) -> RelapseModel:
    """The relapse model in a checked artifact."""
    plain = artifact.model
    if plain.get("task") != "relapse":
        raise ArtifactError("model: this artifact does not hold a relapse model.")
    linear, spread, curve = plain.get("linear"), plain.get("spread"), plain.get("curve")
    return RelapseModel(
        name=plain["name"],
        booster=booster_of(artifact),
        features=tuple(Feature.from_plain(each) for each in plain["features"]),
        calibration=from_plain(plain["calibration"], Platt, where="calibration"),
        cohort=from_plain(plain["cohort"], Cohort, where="cohort"),
        horizon_days=plain["horizon_days"],
        linear=None if linear is None else from_plain(linear, Linear, where="linear"),
        linear_share=plain.get("linear_share", 0.0),
        spread=None if spread is None else Spread(lgb.Booster(model_str=spread)),
        curve=None if curve is None else curve_of(curve),
    )


def hotspot_to_plain(model: HotspotModel, *, name: str) -> dict[str, Any]:
    """All of a hotspot model but its trees, as plain values, under its registered name."""
    return {
        "task": "hotspot",
        "name": name,
        "features": [feature.to_plain() for feature in model.features],
        "prior": to_plain(model.prior),
        "trust": model.trust,
        "dispersions": to_plain(model.dispersions),
        "scope": to_plain(model.scope),
    }


def hotspot_of(artifact: Artifact) -> HotspotModel:
    """The hotspot model in a checked artifact; UnfitModelError where this release can make no forecast with it."""
    plain = artifact.model
    if plain.get("task") != "hotspot":
        raise ArtifactError("model: this artifact does not hold a hotspot model.")
    prior = from_plain(plain["prior"], Prior, where="prior")
    prior.refuse_of_other_release()
    return HotspotModel(
        booster=booster_of(artifact),
        features=tuple(AreaFeature.from_plain(each) for each in plain["features"]),
        prior=prior,
        trust=plain["trust"],
        dispersions=from_plain(plain["dispersions"], Dispersions, where="dispersions"),
        scope=from_plain(plain["scope"], Scope, where="scope"),
    )


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ArtifactError(f"model: {name} is missing from the artifact; promote a good one again.") from None
    except UnicodeDecodeError:
        raise ArtifactError(f"model: {name} is damaged: it is not text.") from None


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _json(plain: Mapping[str, Any]) -> str:
    return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
