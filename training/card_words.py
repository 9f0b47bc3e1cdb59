"""What a card says, in words of a language: templates filled with the facts of the card, codes told by their names.

A template names places of the card in braces. What follows a colon is the section of the texts that names its codes, or
how a number is written: `{cohort.programmes:programmes}`, `{figures.counts.rows:,}`, `{snapshot_day:day}`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from string import Formatter
from typing import Any

from features.schema import EPOCH
from training.card_items import at, items

NOTHING = "–"
OFF = {"intercept": 0.0, "found_relative": 1.0}  # what is right


def shown(estimate: Mapping[str, float | None] | None, *, digits: int = 2) -> str:
    """A figure with its interval; a dash where there is none."""
    if not estimate or estimate["value"] is None:
        return NOTHING
    value, low, high = (estimate[part] for part in ("value", "low", "high"))
    return f"{value:.{digits}f}" + ("" if low is None or high is None else f" ({low:.{digits}f}, {high:.{digits}f})")


def answers(card: Mapping[str, Any], texts: Mapping[str, Any], language: str) -> Iterator[tuple[str, str, str]]:
    """Number, question and answer of each item of TRIPOD+AI, in the words of a language."""
    filled = _Filled(card, texts, language)
    for item in items():
        yield item.number, item.asks[language], filled.format(item.says[language])


def group_name(card: Mapping[str, Any], texts: Mapping[str, Any], attribute: str, group: str, language: str) -> str:
    """A group in words; of a district the name in the records, of a code the texts do not know the code itself."""
    names = at(card, "figures.fairness.district_names") or {}
    if attribute == "district" and group in names:
        return str(names[group].get(language) or group)
    return str(texts["groups"].get(group, group))


class _Filled(Formatter):
    """Templates filled from one card."""

    def __init__(self, card: Mapping[str, Any], texts: Mapping[str, Any], language: str) -> None:
        self._card, self._texts, self._language = card, texts, language

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:  # noqa: ARG002 (as Formatter calls it)
        """The value a brace names: a text, a phrase made of several facts, or a place in the card."""
        kind, _, name = field_name.partition(".")
        if kind == "text":
            return self._texts[name], field_name
        if kind == "stated":
            in_english = at(self._card, f"statements_en.{name}") if self._language == "en" else None
            return in_english or at(self._card, f"statements.{name}"), field_name
        phrase = PHRASES.get(field_name)
        return at(self._card, field_name) if phrase is None else phrase(self), field_name

    def format_field(self, value: Any, spec: str) -> str:
        """The value as it is written: codes by their names, figures with their intervals."""
        names = self._texts.get(spec, {}) if spec.isidentifier() else {}
        if value is None or (isinstance(value, str | list | tuple | Mapping) and not value):
            return NOTHING
        if isinstance(value, Mapping):
            return shown(value, digits=int(spec or 2)) if "value" in value else self._counted(value, names)
        if isinstance(value, list | tuple):
            between = self._texts["between_sentences"] if spec == "lines" else self._texts["between"]
            return str(between).join(str(names.get(each, each)) for each in value)
        return self._single(value, spec, names)

    def _single(self, value: Any, spec: str, names: Mapping[Any, str]) -> str:
        if isinstance(value, bool):
            return str(self._texts["answers"][str(value).lower()])
        if spec == "day":
            return (EPOCH + timedelta(days=value)).isoformat()
        return str(names.get(value, value)) if names else format(value, spec)

    def _counted(self, counts: Mapping[str, Any], names: Mapping[str, str]) -> str:
        return self.joined(f"{names.get(name, name)} {n}" for name, n in counts.items())

    def joined(self, parts: Iterable[str]) -> str:
        """Parts of a list, as the language lists them; a dash for none."""
        return str(self._texts["between"]).join(parts) or NOTHING

    def cohort(self) -> str:
        """Who may be scored."""
        there = [name for name in ("washout_days", "good_periods") if at(self._card, f"cohort.{name}")]
        phrases = [self._texts["phrases"][name] for name in ("cohort", *there, "never")]
        return str(self._texts["between_sentences"]).join(self.format(phrase) for phrase in phrases)

    def as_of(self) -> str:
        """On which days it is asked."""
        return self.format(self._texts["phrases"][f"as_of_{at(self._card, 'recipe.as_of.clock') or 'calendar'}"])

    def split(self) -> str:
        """How rows are kept apart."""
        by = at(self._card, "recipe.split.by") or "time"
        return self.joined(
            self.format(self._texts["phrases"][f"split_{each}"]) for each in ("time", "person") if by in {each, "both"}
        )

    def protocol(self) -> str:
        """What was laid down before: the configuration, and what else the operator names."""
        stated, _ = self.get_field("stated.protocol", (), {})
        told = [self.format(self._texts["phrases"]["protocol"]), *([stated] if stated else [])]
        return str(self._texts["between_sentences"]).join(told)

    def asked(self) -> int | None:
        """Questions asked, whether or not the answer was observed."""
        counts = at(self._card, "figures.counts") or {}
        return counts["rows"] + counts["unobserved"] if counts else None

    def share(self) -> float | None:
        """The share of the judged questions that relapsed."""
        counts = at(self._card, "figures.counts") or {}
        return counts["positives"] / counts["rows"] if counts.get("rows") else None

    def measures(self) -> str:
        """By what a model is judged."""
        return self.joined(self._texts["all_measures"].values())

    def measured(self) -> str:
        """Every measure of the model, with intervals."""
        figures = at(self._card, "figures.models.lightgbm") or {}
        return self.joined(
            f"{self._texts['all_measures'][name]} {shown(each, digits=3)}" for name, each in figures.items()
        )

    def paired(self) -> str:
        """The model less each other on AUROC, with intervals."""
        others = at(self._card, "figures.paired") or {}
        return self.joined(
            f"{self._texts['models'].get(name, name)} {shown(each['auroc'], digits=3)}" for name, each in others.items()
        )

    def by_age(self) -> str:
        """AUROC by the age of the model."""
        ages = at(self._card, "figures.by_age_days") or {}
        if not ages:
            return str(self._texts["phrases"]["no_age"])
        return self.joined(
            str(self._texts["phrases"]["age"]).format(days=days, auroc=shown(each["auroc"]))
            for days, each in ages.items()
        )

    def characteristics(self) -> str:
        """Persons of each group that is told of."""
        return self.joined(
            f"{name} {group['persons']:,}" for _, name, group in self._groups() if group.get("persons") is not None
        )

    def protected(self) -> str:
        """The protected attributes the model reads."""
        read = at(self._card, "protected_attributes_used")
        return self.format("{protected_attributes_used:attributes}") if read else str(self._texts["none"])

    def off(self) -> str:
        """Groups whose risks surely are too low or too high, with the log-odds."""
        return self._surely("intercept")

    def found(self) -> str:
        """Groups that surely are found more or less than their risk, relative to everyone."""
        return self._surely("found_relative")

    def districts(self) -> str:
        """The log-odds by which risks are too low, by district."""
        return self.joined(
            f"{name} {shown(group['figures']['intercept'])}"
            for attribute, name, group in self._groups()
            if attribute == "district" and group["figures"]
        )

    def stations(self) -> str:
        """What is known of single stations."""
        told = at(self._card, "figures.stations")
        return self.format(self._texts["phrases"]["stations"]) if told else str(self._texts["phrases"]["no_stations"])

    def _surely(self, figure: str) -> str:
        told = [
            f"{name} {shown(each)}"
            for _, name, group in self._groups()
            if (each := group["figures"].get(figure)) and not _holds(each, OFF[figure])
        ]
        return self.joined(told) if told else str(self._texts["phrases"]["none_surely"])

    def _groups(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        for attribute, of in (at(self._card, "figures.fairness.attributes") or {}).items():
            for group, told in (of or {}).items():
                name = group_name(self._card, self._texts, attribute, group, self._language)
                told_as = self._texts["of_group"].format(attribute=self._texts["attributes"][attribute], group=name)
                yield attribute, told_as, told


PHRASES = {
    each.__name__: each
    for each in (
        _Filled.cohort,
        _Filled.as_of,
        _Filled.split,
        _Filled.protocol,
        _Filled.asked,
        _Filled.share,
        _Filled.measures,
        _Filled.measured,
        _Filled.paired,
        _Filled.by_age,
        _Filled.characteristics,
        _Filled.protected,
        _Filled.off,
        _Filled.found,
        _Filled.districts,
        _Filled.stations,
    )
}


def _holds(estimate: Mapping[str, float | None], value: float) -> bool:
    low, high = estimate["low"], estimate["high"]
    return low is None or high is None or low <= value <= high
