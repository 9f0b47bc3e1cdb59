"""A person's scores over time as a small chart: each with its interval, and where another model began to answer."""

from collections.abc import Sequence
from datetime import date
from html import escape

from markupsafe import Markup

from serving.history_messages import GivenScore
from serving.ui.charts import DEEP, QUIET, rule
from serving.ui.texts import Texts

WIDTH, BASE, TALL, LEFT = 560.0, 150.0, 130.0, 44.0
LEAST = 0.1  # of the scale: small risks are not drawn as large ones
MODEL_DIGITS = 8


def risks_chart(scores: Sequence[GivenScore], texts: Texts) -> Markup:
    """Risks over time, the oldest first: a point and an interval for each, a dashed line where the model changed."""
    if not scores:
        return Markup()
    most = max(LEAST, *(each.high or each.risk for each in scores))
    first, last = scores[0].as_of, scores[-1].as_of
    span = max(1, (last - first).days)
    parts = [rule(LEFT, WIDTH, BASE - TALL * part, texts.percent(most * part)) for part in (0.0, 0.5, 1.0)]
    spots = [(LEFT + 26 + (WIDTH - LEFT - 46) * (each.as_of - first).days / span, each) for each in scores]
    line = " ".join(f"{x:.1f},{_y(each.risk, most):.1f}" for x, each in spots)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{DEEP}" stroke-width="1.5"/>')
    parts += [_change(x, each, texts) for x, each in spots if each.model_changed]
    parts += [_risk(x, most, each, texts) for x, each in spots]
    parts += [_end(spots[0][0], first, "start", texts)] + [_end(spots[-1][0], last, "end", texts)] * (last > first)
    label = escape(texts("person.risks_label"))
    return Markup(  # noqa: S704 (our own words, escaped, and numbers)
        f'<svg role="img" viewBox="0 0 {WIDTH:.0f} 175" aria-label="{label}" font-size="13">{"".join(parts)}</svg>'
    )


def told(score: GivenScore, texts: Texts) -> str:
    """A score in words: day, risk, interval and model."""
    slots = {"day": texts.day(score.as_of), "risk": texts.percent(score.risk), "model": model_of(score)}
    if score.low is None or score.high is None:
        return texts("person.score_told", **slots)
    ends = {"low": texts.percent(score.low), "high": texts.percent(score.high)}
    return texts("person.score_interval", **slots, **ends)


def model_of(score: GivenScore) -> str:
    """The version of the model that gave a score, as far as people tell it."""
    return score.model.digest[:MODEL_DIGITS]


def _y(risk: float, most: float) -> float:
    return BASE - TALL * risk / most


def _risk(x: float, most: float, score: GivenScore, texts: Texts) -> str:
    drawn = f'<circle cx="{x:.1f}" cy="{_y(score.risk, most):.1f}" r="4" fill="{DEEP}"/>'
    if score.low is not None and score.high is not None:
        low, high = (_y(end, most) for end in (score.low, score.high))
        look = f'stroke="{DEEP}" stroke-opacity=".4" stroke-width="6"'
        drawn = f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" {look}/>{drawn}'
    space = f'<rect x="{x - 7:.1f}" y="{BASE - TALL:.0f}" width="14" height="{TALL:.0f}" fill-opacity="0"/>'
    return f"<g><title>{escape(told(score, texts))}</title>{space}{drawn}</g>"


def _change(x: float, score: GivenScore, texts: Texts) -> str:
    """A line before the first score of another model."""
    at, title = x - 9, escape(texts("person.model_from", day=texts.day(score.as_of), model=model_of(score)))
    drawn = f'<line x1="{at:.1f}" x2="{at:.1f}" y1="14" y2="{BASE}" stroke="{QUIET}" stroke-dasharray="4 3"/>'
    word = f'<text x="{at:.1f}" y="10" text-anchor="middle" fill="{QUIET}">{escape(texts("person.model_new"))}</text>'
    return f"<g><title>{title}</title>{drawn}{word}</g>"


def _end(x: float, day: date, anchor: str, texts: Texts) -> str:
    at = x - 16 if anchor == "start" else x + 16
    return f'<text x="{at:.1f}" y="{BASE + 18}" text-anchor="{anchor}" fill="{QUIET}">{escape(texts.day(day))}</text>'
