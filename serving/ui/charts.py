"""Small charts made here, as SVG without style or script, so that they need nothing but the page they stand in."""

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from serving.ui.map_record import Month
from serving.ui.texts import Texts

DEEP, QUIET, GRID = "#0b4f5c", "#4b5b63", "#cfd8dc"


def months_chart(months: Sequence[Month], texts: Texts) -> Markup:
    """A bar a month; a month of which no number may be told is an empty dashed one. Empty without months."""
    if not months:
        return Markup()
    width, height, base = 26 * len(months) + 60, 190, 150
    most = max([each.observed or 0 for each in months] + [10])
    parts = [_rule(40, width, base - 120 * part, f"{most * part:.0f}") for part in (0.0, 0.5, 1.0)]
    for place, month in enumerate(months):
        parts.append(_bar(48 + 26 * place, base, month, most, texts))
    title = escape(texts("map.months_title"))
    return Markup(  # noqa: S704 (made of our own words and numbers, each escaped)
        f'<svg role="img" viewBox="0 0 {width} {height}" aria-label="{title}" font-size="11">{"".join(parts)}</svg>'
    )


def _bar(x: float, base: float, month: Month, most: int, texts: Texts) -> str:
    label = escape(texts(f"months.{month.first.month}"))
    tick = f'<text x="{x + 9}" y="{base + 14}" text-anchor="middle" fill="{QUIET}" font-size="9">{label}</text>'
    if month.first.month == 1:
        tick += f'<text x="{x}" y="{base + 30}" fill="{QUIET}">{month.first.year}</text>'
    if month.observed is None:
        look = f'fill="none" stroke="{QUIET}" stroke-dasharray="2 2"'
        shape = f'<rect x="{x}" y="{base - 12}" width="18" height="12" {look}/>'
        told = texts("map.not_told")
    else:
        tall = 120 * month.observed / most
        shape = f'<rect x="{x}" y="{base - tall:.1f}" width="18" height="{tall:.1f}" fill="{DEEP}"/>'
        told = str(month.observed)
    return f"<g><title>{label} {month.first.year}: {escape(told)}</title>{shape}{tick}</g>"


def _rule(left: float, right: float, y: float, label: str) -> str:
    return (
        f'<line x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" fill="{QUIET}">{label}</text>'
    )
