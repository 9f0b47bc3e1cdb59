"""The texts of the pages, from `texts/ui.*.toml`, by dotted key; the same keys in both languages."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

LANGUAGES = {"zh-CN": "中文", "en": "English"}
DEFAULT_LANGUAGE = "zh-CN"


@dataclass(frozen=True, eq=False)
class Texts:
    """The texts of one language."""

    language: str
    by_key: Mapping[str, str]

    def __call__(self, key: str, **slots: object) -> str:
        """The text of a key, its slots filled."""
        return self.by_key[key].format_map(slots) if slots else self.by_key[key]

    def under(self, section: str) -> list[str]:
        """The names of the texts of a section, in order."""
        return [key.rpartition(".")[2] for key in self.by_key if key.rpartition(".")[0] == section]

    def day(self, day: date | str | None) -> str:
        """A day as people write it; a dash where there is none."""
        if day is None:
            return self("words.none")
        when = date.fromisoformat(day) if isinstance(day, str) else day
        return self(
            "words.day", year=when.year, month=when.month, day=when.day, month_name=self(f"months.{when.month}")
        )

    def day_of_year(self, day: date) -> str:
        """A day without its year, where that stands beside it."""
        return self("words.day_of_year", day=day.day, month_name=self(f"months.{day.month}"))

    def percent(self, share: float | None) -> str:
        """A share as a whole percentage; a dash where there is none."""
        return self("words.none") if share is None else f"{100 * share:.0f}%"


@cache
def texts(language: str) -> Texts:
    """The texts of a language; its file is read once."""
    text = files("serving").joinpath("texts", f"ui.{language}.toml").read_text(encoding="utf-8")
    return Texts(language, dict(_leaves(tomllib.loads(text))))


def _leaves(tree: Mapping[str, object], path: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in tree.items():
        found += _leaves(value, f"{path}{name}.") if isinstance(value, Mapping) else [(f"{path}{name}", str(value))]
    return found
