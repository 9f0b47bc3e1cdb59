"""The newest trained model of each name as the pages find it: what names it, and its card. It answers nothing."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from features.replaced import replace_json


@dataclass(frozen=True)
class Challenger:
    """A trained model: its artifact's digest, the MLflow run and the snapshot it came from, and its card."""

    name: str
    digest: str
    run: str
    snapshot: str
    card: Mapping[str, Any]


def write(folder: Path, challenger: Challenger) -> None:
    """Put the challenger in place of the one before."""
    replace_json(folder / f"{challenger.name}.json", asdict(challenger))


def read(folder: Path, name: str) -> Challenger | None:
    """The challenger of a name; None where none was trained, or its file is damaged: training writes it again."""
    try:
        return Challenger(**json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
