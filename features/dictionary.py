"""The dictionary of the features: what each column means, in what unit, from which source, on what legal basis.

English is what stands at the functions; Chinese stands beside this file, with the functions' names as keys.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from features.catalogue import CATALOGUE, Definition, Feature, spelled
from features.errors import ConfigError
from features.languages import LANGUAGES
from features.vocabulary import SOURCES

BETWEEN = " · "
ENGLISH = {"not_chosen": "not chosen", "changeable": "changeable"}


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


@dataclass(frozen=True)
class FunctionEntry(Entry):
    """One function of the catalogue, in words: its arguments, and the columns some features have of it."""

    arguments: tuple[str, ...]
    lookbacks: tuple[str, ...]
    columns: tuple[str, ...]


def dictionary(features: Iterable[Feature], language: str) -> tuple[Entry, ...]:
    """One entry for each feature, in their order."""
    _check(language)
    return tuple(_told(feature.name, feature.definition, feature.changeable, language) for feature in features)


def functions(features: Sequence[Feature], language: str) -> tuple[FunctionEntry, ...]:
    """One entry for each function of the catalogue, family by family, whether or not a feature is made with it."""
    _check(language)
    families = tuple(chinese()["families"])  # in the order they are told in
    catalogue = sorted(CATALOGUE.items(), key=lambda item: families.index(item[1].family))
    made = {code: [feature for feature in features if feature.code == code] for code in CATALOGUE}
    return tuple(
        FunctionEntry(
            **asdict(_told(code, definition, definition.changeable, language)),
            arguments=definition.parameters,
            lookbacks=_lookbacks(made[code]),
            columns=tuple(feature.name for feature in made[code]),
        )
        for code, definition in catalogue
    )


def cells(entry: Entry, language: str) -> tuple[str, str, str]:
    """An entry as the three cells of a table for people: name, meaning, and what else is to be known."""
    name = [entry.name]
    if isinstance(entry, FunctionEntry):
        chosen = " ".join(entry.lookbacks) if entry.columns else _word("not_chosen", language)
        name += [f"  {line}" for line in (", ".join(entry.arguments), chosen) if line]
    changeable = [_word("changeable", language)] if entry.changeable == _answer("yes", language) else []
    facts = [BETWEEN.join([entry.unit, entry.family, *changeable]), entry.source, entry.legal_basis]
    return "\n".join(name), entry.meaning, "\n".join(fact for fact in facts if fact)


def widest_name(entries: Iterable[Entry]) -> int:
    """The width the first cell needs, so that no name is broken."""
    return max((len(entry.name) for entry in entries), default=0)


def cell_heads(language: str) -> tuple[str, str, str]:
    """What stands over the three cells."""
    name, meaning, *facts = asdict(heads(language)).values()
    return name, meaning, BETWEEN.join(facts)


def heads(language: str) -> Entry:
    """What stands over the columns of the dictionary."""
    names = tuple(Entry.__annotations__)
    words = chinese()["heads"] if language == "zh-CN" else {name: name.replace("_", " ") for name in names}
    return Entry(*(words[name] for name in names))


@cache
def chinese() -> Mapping[str, Any]:
    """The Chinese words of the dictionary; their file is read once."""
    return tomllib.loads(files("features").joinpath("dictionary.zh-CN.toml").read_text(encoding="utf-8"))


def _told(name: str, definition: Definition, changeable: bool, language: str) -> Entry:
    """The entry of a function, or of a feature made of it, under a name."""
    write = _in_chinese if language == "zh-CN" else _in_english
    return write(name, definition, "yes" if changeable else "no")


def _in_english(name: str, definition: Definition, changeable: str) -> Entry:
    return Entry(
        name=name,
        meaning=definition.meaning,
        unit=definition.unit,
        family=definition.family,
        changeable=changeable,
        source=", ".join(definition.sources) or "registration",
        legal_basis=definition.legal_basis,
    )


def _in_chinese(name: str, definition: Definition, changeable: str) -> Entry:
    words = chinese()
    return Entry(
        name=name,
        meaning=words["meanings"][definition.code],
        unit=words["units"][definition.unit],
        family=words["families"][definition.family],
        changeable=words["answers"][changeable],
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


def _check(language: str) -> None:
    if language not in LANGUAGES:
        raise ConfigError(f"features: the dictionary is written in {' and '.join(LANGUAGES)}, in no other language.")


def _lookbacks(features: Iterable[Feature]) -> tuple[str, ...]:
    """The lookbacks of some features of one function, each once, as their names spell them."""
    asked = (argument for feature in features for argument in feature.arguments if argument[0] == "days")
    return tuple(dict.fromkeys(spelled(*argument) for argument in asked))


def _word(word: str, language: str) -> str:
    return str(chinese()["words"][word]) if language == "zh-CN" else ENGLISH[word]


def _answer(answer: str, language: str) -> str:
    return str(chinese()["answers"][answer]) if language == "zh-CN" else answer
