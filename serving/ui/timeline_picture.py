"""The last two years of a person as a picture: a lane for each sort, and marks that lead to the words of a record."""

from collections.abc import Sequence
from datetime import date, timedelta
from html import escape

from markupsafe import Markup

from serving.ui.texts import Texts
from serving.ui.timeline import FAILED, FOUND, KEPT, LANES, Entry, Year

SHOWN_DAYS = 730
WIDTH, LANE_TALL, NAMES = 868.0, 34.0, 92.0  # of the marks, of a lane, and of the column of its names
MARGIN = 18.0  # half the width of a year's number
TALL = LANE_TALL * len(LANES) + 26


def drawing(years: Sequence[Year], as_of: date, texts: Texts) -> Markup:
    """The last two years as SVG: a lane for each sort, a mark for each event.

    The names of the lanes are a picture of their own, which stays in sight when the marks are scrolled.
    """
    first = as_of - timedelta(days=SHOWN_DAYS)
    names = "".join(_name(place, texts(f"person.lane_{lane}")) for place, lane in enumerate(LANES))
    parts = [_ground(place, WIDTH) for place in range(len(LANES))]
    parts += [_quarter(day, first, texts) for day in _quarters(first, as_of)]
    shown = [each for year in years for each in year.entries if each.event.occurred_on > first]
    parts += [_mark(each, first, texts) for each in reversed(shown)]
    label = escape(texts("person.timeline_label"))
    return Markup(  # noqa: S704 (our own words, escaped, and numbers)
        f'<div class="timeline"><svg class="lanes" viewBox="0 0 {NAMES:.0f} {TALL:.0f}" font-size="13">{names}</svg>'
        f'<svg class="marks" role="group" aria-label="{label}" viewBox="0 0 {WIDTH:.0f} {TALL:.0f}" font-size="13">'
        f"{''.join(parts)}</svg></div>"
    )


def _name(place: int, name: str) -> str:
    y = LANE_TALL * place + 22
    return f'{_ground(place, NAMES)}<text x="0" y="{y}" fill="#16242b">{escape(name)}</text>'


def _ground(place: int, width: float) -> str:
    """What tells a lane from the next."""
    y = LANE_TALL * place
    return f'<rect x="0" y="{y}" width="{width:.0f}" height="{LANE_TALL}" fill="#f5f7f8"/>' if place % 2 else ""


def _x(day: date, first: date) -> float:
    return MARGIN + (WIDTH - 2 * MARGIN) * (day - first).days / SHOWN_DAYS


def _quarters(first: date, last: date) -> list[date]:
    days = [date(year, month, 1) for year in range(first.year, last.year + 1) for month in (1, 4, 7, 10)]
    return [day for day in days if first <= day <= last]


def _quarter(day: date, first: date, texts: Texts) -> str:
    x = _x(day, first)
    label = str(day.year) if day.month == 1 else texts(f"months.{day.month}")
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{TALL - 22:.0f}" stroke="#cfd8dc"/>'
        f'<text x="{x:.1f}" y="{TALL - 6:.0f}" text-anchor="middle" fill="#4b5b63">{escape(label)}</text>'
    )


def _mark(entry: Entry, first: date, texts: Texts) -> str:
    """A link to the words of a record; they show as well when it is pointed at."""
    event = entry.event
    x, y = _x(event.occurred_on, first), LANE_TALL * list(LANES).index(event.lane) + LANE_TALL / 2
    ring = f'<circle cx="{x:.1f}" cy="{y}" r="9" fill="none" stroke="#9a4a00" stroke-dasharray="2 2"/>'
    shapes = {
        FOUND: f'<path d="M{x:.1f} {y - 7}l7 7-7 7-7-7z" fill="#16242b"/>',
        FAILED: f'<path d="M{x - 5:.1f} {y - 5}l10 10m0-10l-10 10" stroke="#9a4a00" stroke-width="2.5"/>',
        KEPT: f'<circle cx="{x:.1f}" cy="{y}" r="4" fill="#fff" stroke="#0b4f5c" stroke-width="2"/>',
    }
    drawn = shapes[event.sign] + (ring if entry.notes else "")
    space = f'<rect x="{x - 9:.1f}" y="{y - 9}" width="18" height="18" fill-opacity="0"/>'  # to point at
    told = escape(" · ".join((texts.day(event.occurred_on), entry.words, *entry.notes)))
    return f'<a href="#record-{entry.place}"><title>{told}</title>{space}{drawn}</a>'
