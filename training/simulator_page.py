"""docs/simulator.md kept true: its table of assumptions and its figures are written by the code they speak of.

The prose stands in the page itself; between two marks stands what is made here. `python -m training.simulator_page`
makes all of it anew, plots too; a test compares the assumptions, and asks that the figures were made under the same.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from training import city
from training.city.assume import Assumption
from training.city.assume import assumptions as assumptions_of
from training.city.check import HEADS, check
from training.city.figures import Figures
from training.city.oracle import Question, ask
from training.city.presets import PRESETS
from training.simulator_plots import draw, tenths

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "simulator.md"
PLAN = city.plan("guiyang", persons=3000, years=5, seed=7, until=date(2025, 12, 31))
QUESTION = Question((date(2025, 3, 9), date(2025, 6, 8)), draws=200)


def write_page() -> None:
    """Make the marked parts of the page and its plots anew; a minute or two."""
    built = city.build(preset=PLAN.preset, persons=PLAN.persons, years=PLAN.years, seed=PLAN.seed, until=PLAN.until)
    answer = ask(PLAN, QUESTION)
    draw(built, answer, DOCS)
    page = PAGE.read_text(encoding="utf-8")
    for name, text in (("assumptions", assumptions()), ("figures", _figures(built, answer))):
        page = put(page, name, text)
    PAGE.write_text(page, encoding="utf-8")


def part(page: str, name: str) -> str:
    """What stands between the marks of a name."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end of {name} -->", page, re.DOTALL)
    return found.group(1) if found else ""


def put(page: str, name: str, text: str) -> str:
    r"""The page with another text between the marks of a name.

    >>> put("<!-- a -->\nold\n<!-- end of a -->", "a", "new\n")
    '<!-- a -->\nnew\n<!-- end of a -->'
    """
    return page.replace(f"<!-- {name} -->\n{part(page, name)}<!-- end", f"<!-- {name} -->\n{text}<!-- end")


def assumptions() -> str:
    """Every assumption as Markdown: the common ones by what they are about, then where each preset differs."""
    common = {each.name: each for each in assumptions_of(Figures())}
    blocks = [_group(group.name, common) for group in fields(Figures)]
    for preset in PRESETS.values():
        own = [each for each in preset.assumptions() if each != common.get(each.name)]
        blocks.append(f"### Preset `{preset.name}`\n\n{_table(own)}")
    return "\n" + "\n".join(blocks) + "\n"


def _group(group: str, common: dict[str, Assumption]) -> str:
    """The figures of a group under their name and the first line of what is said of them."""
    about = str(getattr(Figures(), group).__doc__).split("\n", maxsplit=1)[0]
    mine = [each for name, each in common.items() if name.startswith(f"{group}.")]
    return f"### `{group}`\n\n{about}\n\n{_table(mine)}"


def _table(these: Iterable[Assumption]) -> str:
    rows = [(f"`{each.name}`", _shown(each.value), each.unit, each.source) for each in these]
    return markdown(("name", "value", "unit", "source"), rows)


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_shown(each) for each in value)
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown.

    >>> print(markdown(("a", "b"), [("1", "2")]), end="")
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = ["| " + " | ".join(cells) + " |" for cells in (heads, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(heads), *lines[1:]]) + "\n"


def digest() -> str:
    """A short digest of all assumptions: figures made under others are out of date."""
    return hashlib.sha256(assumptions().encode()).hexdigest()[:12]


def _figures(built: city.City, answer: pd.DataFrame) -> str:
    """What the city of PLAN came to, and how right its oracle was."""
    known = markdown(HEADS, [each.line() for each in check(PLAN)])
    right = [tuple(f"{value:.3f}" for value in row) for row in tenths(built, answer).itertuples(index=False)]
    made = f"Made with `{PLAN.preset}`, {PLAN.persons:,} persons, {PLAN.years} years, seed {PLAN.seed}; assumptions"
    oracle = markdown(("used: said", "came true", "detected: said", "came true"), right)
    dates = " and ".join(str(each) for each in QUESTION.as_of)
    return (
        f"\n{made} {digest()}.\n\n{known}\nThe oracle on {dates}, {QUESTION.horizon_days} days ahead, "
        f"{QUESTION.draws} draws a person, by tenths of persons in the order of their hidden hazard:\n\n{oracle}\n"
    )


if __name__ == "__main__":
    write_page()
