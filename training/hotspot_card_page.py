"""The card of a hotspot model as a page for people: one HTML file for each language, with no outside request."""

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from features.schema import EPOCH
from training.card_page import LANGUAGES, environment, texts_of
from training.card_words import shown
from training.hotspot_backtest import ORACLE, Backtest
from training.plots import hotspot_plots

CARD = "hotspot_card"


def hotspot_pages(backtest: Backtest, card: Mapping[str, Any], folder: Path) -> list[Path]:
    """The pages of the card of a hotspot model, one for each language, and the card as JSON."""
    plots = hotspot_plots(backtest, folder, worded=False)
    pictures = {path.stem: base64.b64encode(path.read_bytes()).decode() for path in plots}
    pages = [folder / f"card.{language}.html" for language in LANGUAGES]
    for page, language in zip(pages, LANGUAGES, strict=True):
        page.write_text(hotspot_page(card, pictures, language), encoding="utf-8")
    plain = folder / "card.json"
    plain.write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return [*pages, plain]


def hotspot_page(card: Mapping[str, Any], pictures: Mapping[str, str], language: str) -> str:
    """The page of a card in a language; `pictures`: PNG files as base64, by name."""
    horizon, texts = card["figures"]["horizons"][str(card["horizon_weeks"])], texts_of(language, CARD)
    return (
        environment()
        .get_template(f"{CARD}.html")
        .render(
            card=card,
            t=texts,
            language=language,
            day=(EPOCH + timedelta(days=card["snapshot_day"])).isoformat(),
            horizon=horizon,
            models=[name for name in horizon["models"] if name != ORACLE],
            pictures=pictures,
            kinds=_named(card["kinds"], texts["incident_kinds"], texts),
            reporters=_named(card["reporters"], texts["reported_by"], texts),
            shown=shown,
            percent="{:.0%}".format,
            difference=_as_value,
        )
    )


def _named(codes: Iterable[str], names: Mapping[str, str], texts: Mapping[str, Any]) -> str:
    return str(texts["between"]).join(names.get(code, code) for code in codes)


def _as_value(difference: Mapping[str, float | None] | None) -> Mapping[str, float | None] | None:
    """A paired difference as a figure is written."""
    return None if difference is None else {"value": difference["difference"], **difference}
