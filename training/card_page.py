"""The card as a page for people: one HTML file for each language, with its plots inside and no outside request."""

import base64
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from features.catalogue import Feature
from features.dictionary import dictionary
from features.schema import EPOCH
from models.artifact import page_name
from training.card_charts import charts
from training.card_words import answers, group_name, shown
from training.relapse import Trained
from training.shap_plots import shap_plots

HERE = Path(__file__).parent
LANGUAGES = ("zh-CN", "en")
MEASURES = ("auroc", "auprc", "brier", "slope", "intercept")
MODELS = ("lightgbm", "logistic", "points", "last_result", "base_rate", "last_years_model")
NEARLY_EVERYONE = 0.9  # the share listed from which on a list says little of who comes first


@dataclass(frozen=True)
class Line:
    """One group in a table of the fairness audit; figures None where it is too small to be told of."""

    attribute: str
    group: str
    figures: Mapping[str, Any] | None


@dataclass(frozen=True)
class Pictures:
    """The plots of a page as base64, and the strongest features, those with a plot of their own first."""

    beeswarm: str
    dependences: tuple[str, ...]
    features: tuple[Feature, ...]


def relapse_pages(trained: Trained, card: Mapping[str, Any], folder: Path) -> list[Path]:
    """The pages of the card of a relapse model, one for each language, and the card as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    moves = shap_plots(trained, folder)
    pictures = Pictures(_base64(moves.beeswarm), tuple(map(_base64, moves.dependences)), moves.features)
    written = write_pages(card, folder, lambda language: page_of(card, pictures, language))
    return [*written, moves.beeswarm, *moves.dependences]


def write_pages(card: Mapping[str, Any], folder: Path, page: Callable[[str], str]) -> list[Path]:
    """The files of a card: the page of each language, and the card as JSON."""
    pages = [folder / page_name(language) for language in LANGUAGES]
    for path, language in zip(pages, LANGUAGES, strict=True):
        path.write_text(page(language), encoding="utf-8")
    plain = folder / "card.json"
    plain.write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return [*pages, plain]


def pages_in(written: Iterable[Path]) -> dict[str, str]:
    """The pages among the files of a card, by language."""
    names = {page_name(language): language for language in LANGUAGES}
    return {names[path.name]: path.read_text(encoding="utf-8") for path in written if path.name in names}


def rendered(template: str, card: Mapping[str, Any], language: str, **more: Any) -> str:
    """The template of a page, filled with what every card has and what this one has beside."""
    texts = texts_of(language, template)
    day = (EPOCH + timedelta(days=card["snapshot_day"])).isoformat()
    page = _environment().get_template(f"{template}.html")
    return page.render(card=card, t=texts, language=language, day=day, shown=shown, **more)


def page_of(card: Mapping[str, Any], pictures: Pictures, language: str) -> str:
    """The page of a card in a language."""
    texts, figures = texts_of(language), card["figures"]
    attributes = figures["fairness"]["attributes"]
    return rendered(
        "card",
        card,
        language,
        charts=charts(card, texts, language),
        pictures=pictures,
        strongest=dictionary(pictures.features, language),
        models=[name for name in MODELS if name in figures["models"]],
        measures=MEASURES,
        lists=_lists(figures["capacity"] or {}),
        nearly_everyone=NEARLY_EVERYONE,
        lines=list(_lines(card, texts, language)),
        protected=_listed(card["protected_attributes_used"], texts),
        not_recorded=_listed((name for name, of in attributes.items() if of is None), texts),
        items=list(answers(card, texts, language)),
    )


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _listed(attributes: Iterable[str], texts: Mapping[str, Any]) -> str:
    return str(texts["between"]).join(texts["attributes"].get(name, name) for name in attributes)


def _lists(capacity: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """By persons a worker what the lists of each model find."""
    return {size.partition("_")[0]: of for size, of in capacity.items()}


def _environment() -> Environment:
    """Where the templates of cards are; what is written into them is escaped, and nothing may be left out."""
    return Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


def texts_of(language: str, card: str = "card") -> dict[str, Any]:
    """The texts of the page of a card in a language."""
    return tomllib.loads((HERE / f"{card}.{language}.toml").read_text(encoding="utf-8"))


def _lines(card: Mapping[str, Any], texts: Mapping[str, Any], language: str) -> Iterator[Line]:
    fairness = card["figures"]["fairness"]
    yield Line("", "", fairness["everyone"]["figures"] or None)
    for attribute, groups in fairness["attributes"].items():
        for name, group in (groups or {}).items():
            told_as = group_name(card, texts, attribute, name, language)
            yield Line(attribute, told_as, group["figures"] or None)
