"""Small charts made here, as SVG without style or script, so that they need nothing but the page they stand in."""

import math
from collections.abc import Sequence
from datetime import date
from html import escape

from markupsafe import Markup

from models.track_record import Total
from serving.ui.map_record import Month
from serving.ui.texts import Texts

SharePoint = tuple[str, float | None, tuple[float, float] | None]  # of when, the share, its interval
ENDS = (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10)  # of a scale, in powers of ten
DEEP, QUIET, GRID, WARM = "#0b4f5c", "#4b5b63", "#cfd8dc", "#d98e04"


def months_chart(months: Sequence[Month], texts: Texts) -> Markup:
    """A bar a month; a month of which no number may be told is an empty dashed one. Empty without months."""
    if not months:
        return Markup()
    width, height, base = 26 * len(months) + 60, 190, 150
    most = round_top(max([each.observed or 0 for each in months] + [10]))
    parts = [rule(40, width, base - 120 * part, f"{most * part:.0f}") for part in (0.0, 0.5, 1.0)]
    for place, month in enumerate(months):
        parts.append(_bar(48 + 26 * place, base, month, most, texts))
    title = escape(texts("map.months_title"))
    return Markup(  # noqa: S704 (made of our own words and numbers, each escaped)
        f'<svg role="img" viewBox="0 0 {width} {height}" aria-label="{title}" font-size="14">{"".join(parts)}</svg>'
    )


def shares_chart(points: Sequence[SharePoint], label: str) -> Markup:
    """Shares over time, the oldest first: a point and its interval for each; a gap where none may be told."""
    if all(share is None for _, share, _ in points):
        return Markup()
    step, base, tall = 70.0, 130.0, 110.0
    width = 70 + step * len(points)
    parts = [rule(44, width, base - tall * part, f"{100 * part:.0f}%") for part in (0.0, 0.5, 1.0)]
    for place, (name, share, interval) in enumerate(points):
        x = 80 + step * place
        parts.append(f'<text x="{x}" y="{base + 18}" text-anchor="middle" fill="{QUIET}">{escape(name)}</text>')
        if share is not None and interval is not None:
            parts.append(_share(x, [base - tall * part for part in (share, *interval)], f"{name}: {100 * share:.1f}%"))
    told = escape(label)
    return Markup(  # noqa: S704 (our own words, escaped, and numbers)
        f'<svg role="img" viewBox="0 0 {width:.0f} 155" aria-label="{told}" font-size="13">{"".join(parts)}</svg>'
    )


def totals_chart(totals: Sequence[Total], label: str, texts: Texts) -> Markup:
    """Forecasts, the oldest first: a point with its interval, and beside it a box as high as what came is known to.

    What came is told in tens; where it may not be told there is no box.
    """
    step, base, tall, ten = 62.0, 170.0, 140.0, 10
    years = [date.fromisoformat(each.first).year for each in totals]
    width = 70 + step * len(totals)
    most = round_top(max([10.0, *(each.high for each in totals), *((each.observed or 0) + ten for each in totals)]))
    parts = [rule(44, width, base - tall * part, f"{most * part:.0f}") for part in (0.0, 0.5, 1.0)]
    for place, each in enumerate(totals):
        x = 75 + step * place
        first = date.fromisoformat(each.first)
        parts.append(_when(x, base, first, texts, with_year=not place or first.year > years[place - 1]))
        if each.observed is not None:
            top, high = base - tall * (each.observed + ten) / most, tall * ten / most
            shape = f'<rect x="{x + 4}" y="{top:.1f}" width="16" height="{high:.1f}" fill="{WARM}"/>'
            came = texts("map.tens", low=each.observed, high=each.observed + ten - 1)
            parts.append(f"<g><title>{escape(_of_days(each, came, texts))}</title>{shape}</g>")
        heights = [base - tall * end / most for end in (each.expected, each.low, each.high)]
        ends = {name: f"{getattr(each, name):g}" for name in ("low", "high")}
        told = texts("map.forecast_interval", value=f"{each.expected:g}", **ends)
        parts.append(_share(x - 6, heights, _of_days(each, told, texts)))
    told = escape(label)
    return Markup(  # noqa: S704 (our own words, escaped, and numbers)
        f'<svg role="img" viewBox="0 0 {width:.0f} 205" aria-label="{told}" font-size="13">{"".join(parts)}</svg>'
    )


def _of_days(total: Total, told: str, texts: Texts) -> str:
    """What is told of the days of a forecast."""
    return texts("map.of_days", first=texts.day(total.first), last=texts.day(total.last), told=told)


def _when(x: float, base: float, day: date, texts: Texts, *, with_year: bool) -> str:
    """A day below a chart, its year where that is another than before."""
    lines = [texts.day_of_year(day), *([str(day.year)] if with_year else [])]
    look = f'text-anchor="middle" fill="{QUIET}" font-size="12"'
    return "".join(
        f'<text x="{x}" y="{base + 16 + 13 * line}" {look}>{escape(text)}</text>' for line, text in enumerate(lines)
    )


def _share(x: float, heights: Sequence[float], title: str) -> str:
    y, low, high = heights
    look = f'stroke="{DEEP}" stroke-opacity=".4" stroke-width="6"'
    drawn = f'<line x1="{x}" x2="{x}" y1="{low:.1f}" y2="{high:.1f}" {look}/>'
    return f'<g><title>{escape(title)}</title>{drawn}<circle cx="{x}" cy="{y:.1f}" r="4" fill="{DEEP}"/></g>'


def _bar(x: float, base: float, month: Month, most: float, texts: Texts) -> str:
    label = escape(texts(f"months.{month.first.month}"))
    tick = f'<text x="{x + 9}" y="{base + 16}" text-anchor="middle" fill="{QUIET}">{label}</text>'
    tick = tick if month.first.month % 3 == 1 else ""  # names of all twelve would be too small to read
    if month.first.month == 1:
        tick += f'<text x="{x}" y="{base + 34}" fill="{QUIET}">{month.first.year}</text>'
    if month.observed is None:
        look = f'fill="none" stroke="{QUIET}" stroke-dasharray="2 2"'
        shape = f'<rect x="{x}" y="{base - 12}" width="18" height="12" {look}/>'
        told = texts("map.not_told")
    else:
        tall = 120 * month.observed / most
        shape = f'<rect x="{x}" y="{base - tall:.1f}" width="18" height="{tall:.1f}" fill="{DEEP}"/>'
        told = str(month.observed)
    return f"<g><title>{label} {month.first.year}: {escape(told)}</title>{shape}{tick}</g>"


def round_top(most: float) -> float:
    """The end of a scale from zero that holds `most`, ten or more: a round number, and so is its half.

    >>> [round_top(each) for each in (10, 132, 160, 161, 263)]
    [10.0, 160.0, 160.0, 200.0, 300.0]
    """
    power = 10.0 ** math.floor(math.log10(most))
    return next(end * power for end in ENDS if end * power >= most)


def rule(left: float, right: float, y: float, label: str) -> str:
    """A line of the scale, and what it stands for."""
    return (
        f'<line x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" fill="{QUIET}">{label}</text>'
    )
