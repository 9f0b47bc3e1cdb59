"""A score taken apart: from the risk everyone starts with, reason by reason, to the person's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, fsum

from markupsafe import Markup

from features.catalogue import CATALOGUE
from serving.messages import Reason, Score
from serving.ui.texts import Texts

WIDTH, HEIGHT = 300.0, 20.0
RAISES, LOWERS, START = "#b8641d", "#2c7f9e", "#4b5b63"


LISTED, NAMED = 8, 3  # reasons told one by one; and the strongest of those that are told together


@dataclass(frozen=True)
class Step:
    """One line: its words, what it does, by how much in log-odds, where it leads, and the bar from there to here.

    `inside` are the strongest of the reasons that a line tells together; empty where it tells one.
    """

    text: str
    effect: str
    direction: str
    contribution: float
    changeable: bool
    risk_after: float
    bar: Markup
    inside: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class _Part:
    text: str
    effect: str
    contribution: float
    changeable: bool = False
    inside: tuple[Reason, ...] = ()


def steps(score: Score, texts: Texts) -> list[Step]:
    """A line for each of the strongest reasons, then the others family by family; the last leads to the score's risk.

    A family stands by itself where it adds as much as the weakest reason told alone; the rest are one line.
    """
    parts = [_Part(each.text, each.effect, each.contribution, each.changeable) for each in score.reasons[:LISTED]]
    parts += _together(score, texts)
    ends = [score.base]
    for part in parts:
        ends.append(ends[-1] + part.contribution)
    least, most = _frame(ends)
    return [
        Step(
            part.text, part.effect, "raises" if part.contribution > 0 else "lowers", part.contribution,
            part.changeable, risk_of(end), _bar(begin, end, least, most), part.inside,
        )
        for part, (begin, end) in zip(parts, pairwise(ends), strict=True)
    ]  # fmt: skip


def _together(score: Score, texts: Texts) -> list[_Part]:
    """What is not told one by one: the families that matter, the strongest first, and all the rest."""
    families: dict[str, list[Reason]] = {}
    for each in score.reasons[LISTED:]:
        families.setdefault(_family(each.code), []).append(each)
    weakest = min((abs(each.contribution) for each in score.reasons[:LISTED]), default=0.0)
    strong = {name: told for name, told in families.items() if name and abs(_sum(told)) >= weakest}
    parts = [_of_family(told, name, texts) for name, told in strong.items()]
    rest = [each for each in score.reasons[LISTED:] if _family(each.code) not in strong]
    count = len(rest) + score.others.count
    last = _Part(texts("person.rest", count=count), "", _sum(rest) + score.others.contribution, inside=_named(rest))
    return [*sorted(parts, key=lambda part: -abs(part.contribution)), *([last] if count else [])]


def _of_family(reasons: Sequence[Reason], name: str, texts: Texts) -> _Part:
    told = texts("person.family_rest", family=texts(f"person.families.{name}"), count=len(reasons))
    return _Part(told, "", _sum(reasons), inside=_named(reasons))


def _named(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    return tuple(reasons[:NAMED])


def _sum(reasons: Sequence[Reason]) -> float:
    return fsum(each.contribution for each in reasons)


def _family(code: str) -> str:
    """The family of a reason as its text is named; empty for what is no feature, as the calibration."""
    return CATALOGUE[code].family.replace("-", "_").replace(" ", "_") if code in CATALOGUE else ""


def risk_of(log_odds: float) -> float:
    """The risk of some log-odds."""
    return 1 / (1 + exp(-log_odds))


def _frame(ends: Sequence[float]) -> tuple[float, float]:
    least, most = min(ends), max(ends)
    room = 0.05 * (most - least) or 1.0
    return least - room, most + room


def _bar(begin: float, end: float, least: float, most: float) -> Markup:
    """The step from one log-odds to the next, as SVG on the scale of all."""
    x0, x1 = (WIDTH * (each - least) / (most - least) for each in (begin, end))
    look = RAISES if end > begin else LOWERS
    left, wide = min(x0, x1), max(1.5, abs(x1 - x0))
    return Markup(  # noqa: S704 (numbers alone)
        f'<svg class="step" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" preserveAspectRatio="none" aria-hidden="true">'
        f'<line x1="{x0:.1f}" x2="{x0:.1f}" y1="0" y2="{HEIGHT:.0f}" stroke="#90a4ae"/>'
        f'<rect x="{left:.1f}" y="3" width="{wide:.1f}" height="{HEIGHT - 6:.0f}" fill="{look}"/></svg>'
    )
