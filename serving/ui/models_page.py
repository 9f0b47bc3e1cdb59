"""What data scientists and auditors ask of the models: which answer, how they were judged, who decided it and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from models import challenger, champion, watch
from models.challenger import Challenger
from models.champion import Champion
from models.track_record import track_record
from models.watch import Watch
from serving import answers
from serving.card_page import card_page
from serving.ui import days
from serving.ui.decisions import named, whys
from serving.ui.map_record import card_of
from serving.ui.map_trend import Trend, trends
from serving.ui.texts import Texts
from serving.ui.view import View

METRICS: Mapping[str, Mapping[str, str]] = {
    "relapse": {"auroc": "auroc", "auprc": "auprc", "brier": "brier", "slope": "slope", "ece": "ece"},
    "hotspot": {
        "deviance_skill": "deviance_skill",
        "hit_rate_05": "hit_rate@0.05",
        "hit_rate_10": "hit_rate@0.1",
        "pit_coverage_90": "pit_coverage_90",
    },
}
GROUP_FIGURES = ("found_relative", "predicted_over_observed", "slope")
ENDS = ("value", "low", "high")
SOME, MUCH = 0.1, 0.25  # of a stability index, by custom (Siddiqi 2006)


@dataclass(frozen=True)
class Figures:
    """A table of figures: its columns, and for each line what it is of and a text in each column."""

    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Newest:
    """The newest trained model of a name, and its figures: the challenger, unless it is the one that answers."""

    challenger: Challenger
    answers: bool
    figures: Figures


@dataclass(frozen=True)
class ModelShown:
    """One model that answers: what it is, its card, its figures."""

    champion: Champion
    title: str
    refused: str | None
    card: Mapping[str, Any]
    figures: Figures
    groups: Figures
    newest: Newest | None
    watch: Watch | None
    trend: Trend | None


def page(view: View) -> Response:
    """The page."""
    settings = view.desk.settings
    shown = [_shown(view, place) for place in view.desk.champions.look().values() if place.loaded]
    return view.page(
        "models.html",
        shown=shown,
        decisions=list(champion.decisions(settings.home.ledger))[::-1],
        whys=whys,
        named=named,
        as_of=days.last_known_day(view, "events"),
        models=[answers.model_of(each.champion) for each in shown],
        mlflow=settings.mlflow_pages,
        moved=_moved,
    )


def card(view: View) -> Response:
    """The card of a model as it was made at training."""
    return card_page(view.desk.champions, view.request.query_params.get("name", ""), view.wording)


def _shown(view: View, place: Any) -> ModelShown:
    promoted: Champion = place.loaded.champion
    card, home, texts = card_of(view.desk, promoted), view.desk.settings.home, view.texts
    found = watch.read(home.watched, promoted.name)
    return ModelShown(
        promoted,
        _title(card, promoted.name, texts),
        place.refused,
        card,
        _figures(card, texts),
        _groups(card, texts),
        _newest(view, promoted),
        found if found and found.digest == promoted.digest else None,
        _trend(card, texts),
    )


def _title(card: Mapping[str, Any], name: str, texts: Texts) -> str:
    """What a model forecasts, in words; the name of one whose card does not say."""
    if card.get("task") == "relapse" and "horizon_days" in card:
        return texts("models.of_relapse", days=card["horizon_days"])
    if card.get("task") == "hotspot" and card.get("level") in texts.under("levels"):
        level, weeks = texts(f"levels.{card['level']}"), texts("map.weeks", weeks=card["horizon_weeks"])
        return texts("models.of_hotspots", level=level, weeks=weeks)
    return name


def _newest(view: View, promoted: Champion) -> Newest | None:
    found = challenger.read(view.desk.settings.home.challengers, promoted.name)
    if found is None:
        return None
    return Newest(found, found.digest == promoted.digest, _figures(found.card, view.texts))


def _trend(card: Mapping[str, Any], texts: Texts) -> Trend | None:
    """Of a hotspot model: what single forecasts of the city expected, beside what came."""
    record = track_record(card, card.get("horizon_weeks", 0))
    return trends(record, {}, texts)[0] if record else None


def _moved(index: float) -> str:
    """How far an index says that something moved: the key of a text."""
    return "much" if index >= MUCH else "some" if index >= SOME else "little"


def _figures(card: Mapping[str, Any], texts: Texts) -> Figures:
    """The judged figures of the model and of what it is held against."""
    figures, wanted = card.get("figures", {}), METRICS.get(card.get("task", ""), {})
    horizon = figures.get("horizons", {}).get(str(card.get("horizon_weeks")), {})
    models = figures.get("models") or horizon.get("models", {})
    names = [name for name in texts.under("models.names") if name in models]
    lines = tuple(
        (texts(f"models.names.{name}"), *(_interval(models[name].get(key), texts) for key in wanted.values()))
        for name in names
    )
    return Figures(tuple(texts(f"models.metrics.{metric}") for metric in wanted), lines)


def _groups(card: Mapping[str, Any], texts: Texts) -> Figures:
    """How groups of persons differ, from the audit in the card."""
    fairness = card.get("figures", {}).get("fairness", {})
    districts = fairness.get("district_names", {})
    lines = tuple(
        (
            named(attribute, "models.attributes", texts),
            districts.get(group, {}).get(texts.language) or named(group, "models.group_codes", texts),
            str(told.get("persons") or texts("words.none")),
            *(_interval((told.get("figures") or {}).get(name), texts) for name in GROUP_FIGURES),
        )
        for attribute, groups in fairness.get("attributes", {}).items()
        for group, told in (groups or {}).items()  # None: it is not recorded
    )
    return Figures(tuple(texts(f"models.groups.{name}") for name in GROUP_FIGURES), lines)


def _interval(figure: Mapping[str, float | None] | None, texts: Texts) -> str:
    if not figure or figure.get("value") is None:
        return texts("words.none")
    ends = {name: texts("words.none") if figure[name] is None else f"{figure[name]:.3f}" for name in ENDS}
    return texts("models.interval", **ends)
