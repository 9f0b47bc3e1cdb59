"""Which help fits the reasons that help can change: a table that the operator may edit, read once at the start."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from features import relapse  # noqa: F401 (it fills the catalogue that codes refer to)
from features.catalogue import CATALOGUE
from features.errors import ConfigError
from features.languages import LANGUAGES
from features.plain import toml_of
from features.words import nearest, unheard

FILE = "services.toml"


@dataclass(frozen=True)
class HelpOffer:
    """One service: its name in each language, and the codes of the reasons it may change."""

    names: dict[str, str]
    codes: frozenset[str]


@dataclass(frozen=True)
class Services:
    """The table."""

    offers: tuple[HelpOffer, ...]

    @classmethod
    def of_home(cls, home: Path) -> "Services":
        """The table in the home, else the one that comes with the product; ConfigError when it cannot be read."""
        own = home / FILE
        table = toml_of(own if own.exists() else Path(str(files("serving").joinpath(FILE))))
        rows = table.get("service", [])
        wrong = "; ".join(unheard(f"services: {FILE}", table, ["service"]))
        if wrong or not isinstance(rows, list):
            raise ConfigError(
                f"services: {FILE}: each row is headed [[service]], and nothing else is. {wrong}".rstrip()
            )
        return cls(tuple(_offer(row, place) for place, row in enumerate(rows, 1)))

    def fitting(self, codes: Iterable[str], language: str) -> list[str]:
        """The names of the services that fit some reasons, those of the first reason first."""
        found = [offer.names[language] for code in codes for offer in self.offers if code in offer.codes]
        return list(dict.fromkeys(found))


def _offer(row: dict[str, Any], place: int) -> HelpOffer:
    names, codes = {each: row.get(each) for each in LANGUAGES}, row.get("codes")
    wrong = [*unheard(f"services: row {place} of {FILE}", row, [*LANGUAGES, "codes"])]
    if not all(isinstance(name, str) and name for name in names.values()) or not isinstance(codes, list):
        wrong.append(f"services: row {place} of {FILE} should have zh-CN, en and codes; see the file that comes along")
    elif unknown := [str(code) for code in codes if str(code) not in CATALOGUE]:
        wrong.append(
            f"services: row {place} of {FILE} names reasons that do not exist: {', '.join(unknown)}"
            f"{nearest(unknown, CATALOGUE)}; `waystation features --dictionary` lists those that do"
        )
    if wrong or not isinstance(codes, list):
        raise ConfigError("; ".join(wrong) + ".")
    return HelpOffer({each: str(name) for each, name in names.items()}, frozenset(codes))
