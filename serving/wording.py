"""Every sentence for people, from `texts/*.toml`: reasons, refusals, problems, in the language asked for.

A feature is a function with arguments; its sentence is a template of the function with slots for the arguments. The
slots are filled once for each feature, so that only the value is put in when an answer is made.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from math import ceil, expm1
from typing import Any

import numpy as np

from features.catalogue import Argument, Feature
from features.languages import DEFAULT_LANGUAGE
from features.vocabulary import KINDS
from models.curves import BEND
from serving.disclosure import STEPS, AreaReason, Band
from serving.ui.texts import texts

VALUE = "{value}"
ALL = 100  # the latest so many tests of a person are all of them


@dataclass(frozen=True, eq=False)
class Wording:
    """The texts of one language."""

    language: str
    texts: Mapping[str, Any]

    def reason(self, feature: Feature, value: float) -> str:
        """What a feature says of a person, in words; of the calibration, what it does."""
        if feature.code == BEND.code:
            return str(self.texts["score"][feature.code])
        spelled = self._spelled(feature)
        if np.isnan(value):
            return spelled["missing"]
        if "yes" in spelled:
            return spelled["yes"] if value else spelled["no"]
        if "up" not in spelled:
            variant = _variant(spelled, value)
            return spelled[variant].replace(VALUE, self._amount(feature, abs(value) if variant == "below" else value))
        change = abs(100 * value) if feature.unit == "share" else abs(value)
        direction = "up" if value > 0 else "down" if value < 0 else "same"
        return spelled[direction].replace(VALUE, _rounded(change, 0 if feature.unit == "share" else 1))

    def missing(self, feature: Feature) -> str:
        """What is not known, in words."""
        return self.reason(feature, np.nan)

    def others(self, count: int) -> str:
        """The line for all reasons that are not listed."""
        return str(self.texts["score"]["others"]).format(count=count)

    def effect(self, direction: str) -> str:
        """What a reason does to the estimate: `raises` or `lowers`."""
        return str(self.texts["score"][direction])

    @property
    def note(self) -> str:
        """What a score is good for, and what it is not."""
        return str(self.texts["score"]["note"])

    def stopped(self, days: int) -> str:
        """That so long before the day of a score nothing was recorded any more."""
        return str(self.texts["score"]["stopped"]).format(days=days)

    @property
    def age_unknown(self) -> str:
        """That a score was given though the age is not known."""
        return str(self.texts["score"]["age_unknown"])

    def refusal(self, reason: str) -> str:
        """Why no score is given."""
        return str(self.texts["refusal"][reason])

    def problem(self, code: str, slots: Mapping[str, object]) -> tuple[str, str]:
        """Title and detail of a problem."""
        entry = self.texts["problems"][code]
        return entry["title"], entry["detail"].format_map(slots)

    def rule(self, rule: str, expected: str | None) -> str:
        """What a field of a request did wrong."""
        return str(self.texts["rules"][rule]).format(expected=expected or "")

    def area_reason(self, reason: AreaReason) -> str:
        """What a family of features says of an area, in words; a number that may not be told is not."""
        label = self.family(reason.code)
        if reason.suppressed:
            return self.text("areas", "hidden", text=label)
        if reason.value is None:
            return label
        return str(self.texts["areas"]["families"][reason.code]["value"]).format(value=_rounded(reason.value, 0))

    def family(self, code: str) -> str:
        """The name of a family of features of areas."""
        return str(self.texts["areas"]["families"][code]["label"])

    def area_effect(self, reason: AreaReason) -> str | None:
        """What a family does to the expected count of an area, or how much less than it may be; None where not told."""
        if reason.direction is None or reason.step is None:
            return None
        if reason.direction != "none":
            return self.effect(reason.direction)
        percent = ceil(100 * expm1(reason.step / 2))  # up to half a step is rounded to nothing
        return self.text("areas", "hardly" if reason.step == STEPS[0] else "less", percent=percent)

    def area_band(self, band: Band, *, weeks: int, after: date, of: int) -> str:
        """What is expected of an area in the weeks after a day, and how high that is among so many areas, in words."""
        texts = self.texts["areas"]
        expected = self.band(at_least=band.at_least, below=band.below)
        ends = {"low": _rounded(band.low, 0), "high": _rounded(band.high, 0)}
        period = self.text("areas", "one_week" if weeks == 1 else "weeks", count=weeks)
        told = self.text("areas", "interval", period=period, day=after, expected=expected, **ends)
        if band.among_highest == 1:
            return told
        if band.among_highest * of < 1:  # a share of less than one area is held by the highest alone
            return str(texts["highest_one"]).format(text=told, count=of)
        return str(texts["highest"]).format(text=told, percent=_rounded(100 * band.among_highest, 0))

    def cell(self, *, latitude: float, longitude: float) -> str:
        """What a cell is called: where its middle lies, in degrees, by hemisphere."""
        north = self.text("areas", "north" if latitude >= 0 else "south", value=f"{abs(latitude):.4f}")
        east = self.text("areas", "east" if longitude >= 0 else "west", value=f"{abs(longitude):.4f}")
        return self.text("areas", "cell", latitude=north, longitude=east)

    def band(self, *, at_least: float, below: float) -> str:
        """What is expected, as far as it may be told, in words."""
        slots = {"below": _rounded(below, 1), "at_least": _rounded(at_least, 1)}
        return str(self.texts["areas"]["band" if at_least else "lowest_band"]).format_map(slots)

    def warning(self, part: str, **slots: object) -> str:
        """A part of a warning in words: the whole `text`, its place (`around`, `city`), what was `observed`, ..."""
        return str(self.texts["warnings"][part]).format_map(self._written(slots))

    def text(self, section: str, key: str, **slots: object) -> str:
        """The text of a key in a section, its slots filled."""
        return str(self.texts[section][key]).format_map(self._written(slots))

    def day(self, day: date | str) -> str:
        """A day, given as one or as its ISO text, as it is written on all pages."""
        return texts(self.language).day(day)

    def _written(self, slots: Mapping[str, object]) -> dict[str, object]:
        """The slots of a sentence, days among them as people write them."""
        return {name: self.day(each) if isinstance(each, date) else each for name, each in slots.items()}

    def observed_note(self, *, settled_days: int, epsilon: float | None = None) -> str:
        """What a table of observed counts is of, why some are not told, and that there is noise on them, if so."""
        told = str(self.texts["observed"]["note"]).format(days=settled_days)
        return told + self._noise("observed", epsilon)

    def indicator(self, code: str) -> str:
        """The name of a city indicator; with `_is` its definition; `note` what holds for all of them."""
        return str(self.texts["indicators"][code])

    def fact(self, column: str) -> str:
        """The name of a fact of the registration; of a column nobody named, the column's."""
        return str(self.texts["facts"].get(column, self.texts["report"].get(column, column)))

    def event(self, kind: str, outcome: str | None, substance: str | None, value: float | None = None) -> str:
        """A record in words: what it was, of what, how it ended, and its value in the unit of its kind."""
        told = self._what(kind, outcome, substance)
        unit = KINDS[kind].value_unit if kind in KINDS else None
        return told if value is None else told + self.text("units", unit or "none", value=f"{value:g}")

    def area_note(self, epsilon: float | None = None, *, at_equal_effort: bool = False) -> str:
        """That what is told of areas is rounded, and why; and that it is at equal testing or with noise, if so."""
        equalised = self.text("areas", "equalised") if at_equal_effort else ""
        return self.text("areas", "note") + equalised + self._noise("areas", epsilon)

    def _noise(self, section: str, epsilon: float | None) -> str:
        return "" if epsilon is None else str(self.texts[section]["noise"]).format(epsilon=f"{epsilon:g}")

    @cache  # noqa: B019 (there are two wordings, and they live as long as the process)
    def _spelled(self, feature: Feature) -> dict[str, str]:
        slots = self._slots(dict(feature.arguments))
        return {key: text.format_map(slots) for key, text in self.texts["features"][feature.code].items()}

    def _slots(self, arguments: Mapping[str, Argument]) -> dict[str, str]:
        slots = {name: "" if value is None else str(value) for name, value in arguments.items()} | {"value": VALUE}
        for name, section in (("kind", "kinds"), ("programme", "programmes"), ("column", "facts")):
            if name in arguments:
                slots[name] = self._word(section, arguments[name])
        if "days" in arguments:
            slots["window"] = self._say("ever") if arguments["days"] is None else self._say("window", **slots)
        slots["substance"] = self._substance(arguments)
        slots["drug"] = self._named("drug", arguments.get("substance"))
        if "kind" in arguments:
            slots["what"] = self._what(*(arguments.get(each) for each in ("kind", "outcome", "substance")))
            slots["missed"] = self._happened(arguments["kind"], "missed")
        slots["expected"] = self._word("substances", arguments.get("value"))
        if "back" in arguments:
            slots["which"] = self._say("latest") if arguments["back"] == 0 else self._say("back", **slots)
        if "last" in arguments:
            slots["latest_ones"] = self._say(
                "all_ones" if int(arguments["last"] or 0) >= ALL else "latest_ones", **slots
            )
        if "length_days" in arguments and "back" in arguments:
            slots["length"] = slots["length_days"]
            slots["period"] = self._say("latest_period" if arguments["back"] == 0 else "back_period", **slots)
        slots["length"] = slots.get("length_days", "")
        return slots

    def _substance(self, arguments: Mapping[str, Argument]) -> str:
        code = arguments.get("substance")
        return self._say("substance", name=self._word("substances", code)) if code else ""

    def _what(self, kind: Argument, outcome: Argument, substance: Argument) -> str:
        """A kind of record with its outcome, and the substance where it names one."""
        return self._named("what", substance, happened=self._happened(kind, outcome))

    def _happened(self, kind: Argument, outcome: Argument) -> str:
        """What a record of this kind and outcome says; of a kind beyond the vocabulary, kind and outcome in turn."""
        said = self.texts["events"].get(kind, {})
        if outcome in said:
            return str(said[outcome])
        if outcome in self.texts["programmes"] and "programme" in said:
            return str(said["programme"]).format(name=self._word("programmes", outcome))
        word = self._word("kinds", kind)
        return self._say("other_ending", kind=word, name=self._word("outcomes", outcome)) if outcome else word

    def _named(self, slot: str, substance: Argument, **slots: str) -> str:
        """A slot with the substance in it, or its form without one."""
        return (
            self._say(f"{slot}_of", name=self._word("substances", substance), **slots)
            if substance
            else self._say(slot, **slots)
        )

    def _word(self, section: str, code: Argument) -> str:
        """The word for a code; a code beyond the vocabulary stands for itself."""
        return str(self.texts[section].get(code, code)) if code else ""

    def _say(self, slot: str, **slots: str) -> str:
        return str(self.texts["slots"][slot]).format_map(slots)

    def _amount(self, feature: Feature, value: float) -> str:
        if feature.unit == "share":
            return self._say("percent", value=_rounded(100 * value, 0))
        return _rounded(value, 1)


@cache
def wording(language: str) -> Wording:
    """The wording of a language; its file is read once."""
    text = files("serving").joinpath("texts", f"{language}.toml").read_text(encoding="utf-8")
    return Wording(language, tomllib.loads(text))


def preferred(accept_language: str) -> str:
    """The language of ours that an Accept-Language header likes best; zh-CN when it names none.

    >>> preferred("fr, en;q=0.8, zh;q=0.3"), preferred(""), preferred("zh-TW;q=oops")
    ('en', 'zh-CN', 'zh-CN')
    """
    liked = [(_quality(part), -place, part) for place, part in enumerate(accept_language[:200].split(","))]
    for quality, _, part in sorted(liked, reverse=True):
        primary = part.partition(";")[0].strip().lower().partition("-")[0]
        if quality > 0 and primary in {"zh", "en"}:
            return "en" if primary == "en" else DEFAULT_LANGUAGE
    return DEFAULT_LANGUAGE


def _quality(part: str) -> float:
    _, _, text = part.partition("q=")
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def _variant(spelled: Mapping[str, str], value: float) -> str:
    """Which sentence tells a number: `zero`, `below` zero, `over` a whole, where there is one; else `value`."""
    if value == 0 and "zero" in spelled:
        return "zero"
    if value < 0 and "below" in spelled:
        return "below"
    return "over" if "over" in spelled and round(value, 2) > 1 else "value"


def _rounded(value: float, digits: int) -> str:
    """The number as people write it: rounded, without empty decimals."""
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
