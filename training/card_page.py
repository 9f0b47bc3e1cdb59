"""The card as a page for people: one HTML file for each language, with its plots inside and no outside request."""

import base64
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from features.schema import EPOCH
from training.card_charts import charts
from training.card_items import answers
from training.relapse import Trained
from training.shap_plots import shap_plots

HERE = Path(__file__).parent
LANGUAGES = ("zh-CN", "en")
MEASURES = ("auroc", "auprc", "brier", "slope", "intercept")
MODELS = ("lightgbm", "logistic", "points", "last_result", "base_rate")


@dataclass(frozen=True)
class Line:
    """One group in the table of the fairness audit; figures None where it is too small to be told of."""

    attribute: str
    group: str
    figures: Mapping[str, Any] | None


def relapse_pages(trained: Trained, card: Mapping[str, Any], folder: Path) -> list[Path]:
    """The pages of the card of a relapse model, one for each language, and the card as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    plots = shap_plots(trained, folder)
    pictures = {path.stem: base64.b64encode(path.read_bytes()).decode() for path in plots}
    pages = [folder / f"card.{language}.html" for language in LANGUAGES]
    for page, language in zip(pages, LANGUAGES, strict=True):
        page.write_text(page_of(card, pictures, language), encoding="utf-8")
    plain = folder / "card.json"
    plain.write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return [*pages, plain, *plots]


def page_of(card: Mapping[str, Any], pictures: Mapping[str, str], language: str) -> str:
    """The page of a card in a language; `pictures`: PNG files as base64, by name."""
    texts = texts_of(language)
    return (
        environment()
        .get_template("card.html")
        .render(
            card=card,
            t=texts,
            language=language,
            day=(EPOCH + timedelta(days=card["snapshot_day"])).isoformat(),
            charts=charts(card, texts),
            pictures=pictures,
            models=[name for name in MODELS if name in card["figures"]["models"]],
            measures=MEASURES,
            lines=list(_lines(card["figures"]["fairness"])),
            not_recorded=[name for name, of in card["figures"]["fairness"]["attributes"].items() if of is None],
            items=list(answers(card, language)),
            shown=shown,
        )
    )


def environment() -> Environment:
    """Where the templates of cards are; what is written into them is escaped, and nothing may be left out."""
    return Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


def texts_of(language: str, card: str = "card") -> dict[str, Any]:
    """The texts of the page of a card in a language."""
    return tomllib.loads((HERE / f"{card}.{language}.toml").read_text(encoding="utf-8"))


def shown(estimate: Mapping[str, float | None] | None, *, digits: int = 2) -> str:
    """A figure with its interval; a dash where there is none."""
    if not estimate or estimate["value"] is None:
        return "–"
    value, low, high = (estimate[part] for part in ("value", "low", "high"))
    return f"{value:.{digits}f}" + ("" if low is None or high is None else f" ({low:.{digits}f}, {high:.{digits}f})")


def _lines(fairness: Mapping[str, Any]) -> Iterator[Line]:
    yield Line("", "everyone", fairness["everyone"]["figures"] or None)
    for attribute, groups in fairness["attributes"].items():
        for name, group in (groups or {}).items():
            yield Line(attribute, name, group["figures"] or None)
