"""A score taken apart: from the risk everyone starts with, reason by reason, to the person's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from markupsafe import Markup

from serving.messages import Score

WIDTH, HEIGHT = 300.0, 20.0
RAISES, LOWERS, START = "#b8641d", "#2c7f9e", "#4b5b63"


@dataclass(frozen=True)
class Step:
    """One line: its words, what it does, by how much in log-odds, where it leads, and the bar from there to here."""

    text: str
    effect: str
    direction: str
    contribution: float
    changeable: bool
    risk_after: float
    bar: Markup
    code: str = ""


def steps(score: Score) -> list[Step]:
    """A line for each reason told and one for all the others; the last leads to the risk of the score."""
    parts = [(each.text, each.effect, each.contribution, each.changeable, each.code) for each in score.reasons]
    parts.append((score.others.text, "", score.others.contribution, False, ""))
    ends = [score.base]
    for _, _, contribution, _, _ in parts:
        ends.append(ends[-1] + contribution)
    least, most = _frame(ends)
    return [
        Step(
            text, effect, "raises" if by > 0 else "lowers", by, changeable, risk_of(ends[place + 1]),
            _bar(ends[place], ends[place + 1], least, most), code,
        )
        for place, (text, effect, by, changeable, code) in enumerate(parts)
    ]  # fmt: skip


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
