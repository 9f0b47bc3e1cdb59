"""The card of a hotspot model as a page for people: one HTML file for each language, with no outside request."""

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from training.card_page import rendered, texts_of, write_pages
from training.hotspot_backtest import ORACLE, Backtest
from training.plots import hotspot_plots

CARD = "hotspot_card"


def hotspot_pages(backtest: Backtest, card: Mapping[str, Any], folder: Path) -> list[Path]:
    """The pages of the card of a hotspot model, one for each language, and the card as JSON."""
    plots = hotspot_plots(backtest, folder, worded=False)
    pictures = {path.stem: base64.b64encode(path.read_bytes()).decode() for path in plots}
    return write_pages(card, folder, lambda language: hotspot_page(card, pictures, language))


def hotspot_page(card: Mapping[str, Any], pictures: Mapping[str, str], language: str) -> str:
    """The page of a card in a language; `pictures`: PNG files as base64, by name."""
    horizon, texts = card["figures"]["horizons"][str(card["horizon_weeks"])], texts_of(language, CARD)
    return rendered(
        CARD,
        card,
        language,
        horizon=horizon,
        models=[name for name in horizon["models"] if name != ORACLE],
        pictures=pictures,
        kinds=_named(card["kinds"], texts["incident_kinds"], texts),
        reporters=_named(card["reporters"], texts["reported_by"], texts),
        percent="{:.0%}".format,
        difference=_as_value,
    )


def _named(codes: Iterable[str], names: Mapping[str, str], texts: Mapping[str, Any]) -> str:
    return str(texts["between"]).join(names.get(code, code) for code in codes)


def _as_value(difference: Mapping[str, float | None] | None) -> Mapping[str, float | None] | None:
    """A paired difference as a figure is written."""
    return None if difference is None else {"value": difference["difference"], **difference}
