"""The dictionary of the features: what each column means, in what unit, from which source, on what legal basis.

English is what stands at the functions; Chinese stands beside this file, with the functions' names as keys.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from features.catalogue import Feature
from features.errors import ConfigError
from features.vocabulary import SOURCES

LANGUAGES = ("zh-CN", "en")


@dataclass(frozen=True)
class Entry:
    """One column, in words. `meaning` says at its end what absence gives; `source` names all that tell of it."""

    name: str
    meaning: str
    unit: str
    family: str
    changeable: str
    source: str
    legal_basis: str


def dictionary(features: Iterable[Feature], language: str) -> tuple[Entry, ...]:
    """One entry for each feature, in their order."""
    if language not in LANGUAGES:
        raise ConfigError(f"features: the dictionary is written in {' and '.join(LANGUAGES)}, in no other language.")
    told = _in_chinese if language == "zh-CN" else _in_english
    return tuple(told(feature) for feature in features)


def heads(language: str) -> Entry:
    """What stands over the columns of the dictionary."""
    names = tuple(Entry.__annotations__)
    words = chinese()["heads"] if language == "zh-CN" else {name: name.replace("_", " ") for name in names}
    return Entry(*(words[name] for name in names))


@cache
def chinese() -> Mapping[str, Any]:
    """The Chinese words of the dictionary; their file is read once."""
    return tomllib.loads(files("features").joinpath("dictionary.zh-CN.toml").read_text(encoding="utf-8"))


def _in_english(feature: Feature) -> Entry:
    definition = feature.definition
    return Entry(
        name=feature.name,
        meaning=definition.meaning,
        unit=definition.unit,
        family=definition.family,
        changeable="yes" if definition.changeable else "no",
        source=", ".join(definition.sources) or "registration",
        legal_basis=definition.legal_basis,
    )


def _in_chinese(feature: Feature) -> Entry:
    definition, words = feature.definition, chinese()
    return Entry(
        name=feature.name,
        meaning=words["meanings"][feature.code],
        unit=words["units"][definition.unit],
        family=words["families"][definition.family],
        changeable=words["answers"]["yes" if definition.changeable else "no"],
        source="、".join(SOURCES[source] for source in definition.sources) or words["words"]["registration"],
        legal_basis=articles_in_chinese(definition.legal_basis),
    )


def articles_in_chinese(articles: str) -> str:
    """Articles as Chinese law is cited.

    >>> articles_in_chinese("Anti-Drug Law art. 47; Drug Rehabilitation Regulation art. 7, 43")
    '《禁毒法》第47条；《戒毒条例》第7、43条'
    """
    if not articles:
        return ""
    cited = [article.split(" art. ") for article in articles.split("; ")]
    return "；".join(
        chinese()["words"]["article"].format(law=chinese()["laws"][law], number=number.replace(", ", "、"))
        for law, number in cited
    )
