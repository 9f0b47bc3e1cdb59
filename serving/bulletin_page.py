"""The bulletin as a page to print: a table of colours with their names, and a funnel plot for each kind of work."""

from collections.abc import Mapping
from html import escape
from importlib.resources import files

from markupsafe import Markup

from serving.bulletin import (
    COLOURS,
    FEW,
    NOT_KNOWN,
    ORANGE_BELOW,
    TOO_FEW,
    YELLOW_BELOW,
    Bulletin,
    Cell,
    Line,
    lower_limit,
    upper_limit,
)
from serving.bulletin_dues import INDICATORS
from serving.histories import STOPPED_DAYS
from serving.html import environment
from serving.spot_names import Placed, Spot, placed
from serving.support import CASES_A_WORKER
from serving.wording import Wording

LOOKS: Mapping[str, str] = {"green": "#1b7837", "yellow": "#e0b400", "orange": "#d95f02", "red": "#b2182b"}
QUIET, GRID, LINE = "#4b5b63", "#cfd8dc", "#0b4f5c"
WIDTH, HEIGHT, LEFT, BASE = 640, 240, 52, 216
STEPS = 120


def page_of(made: Bulletin, names: Mapping[str, str], wording: Wording) -> str:
    """The bulletin as a page that stands for itself; everything in it is escaped."""
    look = files("serving.ui").joinpath("static/bulletin.css").read_text(encoding="utf-8")
    return (
        environment()
        .get_template("bulletin.html")
        .render(
            title=wording.text("bulletin", "title"),
            until=wording.day(made.until),
            language=wording.language,
            look=Markup(look),  # noqa: S704 (our own sheet)
            body=body_of(made, names, wording),
        )
    )


def body_of(made: Bulletin, names: Mapping[str, str], wording: Wording) -> Markup:
    """The content of such a page, for a page of any frame. `names`: of the stations, where they have one."""

    def text(key: str, **slots: object) -> str:
        return wording.text("bulletin", key, **slots)

    body = (
        environment()
        .get_template("bulletin_body.html")
        .render(
            made=made,
            names=names,
            text=text,
            told=lambda cell: _told(cell, wording),
            twice=2 * CASES_A_WORKER,
            percent=percent,
            note=text("note"),
            indicators=INDICATORS,
            colours=COLOURS,
            no_colours=(FEW, NOT_KNOWN),
            too_few=TOO_FEW,
            stopped_days=STOPPED_DAYS,
            cases_a_worker=CASES_A_WORKER,
            silent={code: _silent(made, names, code) for code in INDICATORS},
            funnel={code: funnel(made, names, code, text(f"{code}_title")) for code in INDICATORS},
        )
    )
    return Markup(body)  # noqa: S704 (a template of ours, which escapes)


def cells_of(line: Line, wording: Wording) -> list[tuple[str, str, str]]:
    """What a station's line tells of each kind of work: its title, the state, and the cell in words."""
    return [
        (wording.text("bulletin", f"{code}_title"), line.cells[code].state, _told(line.cells[code], wording))
        for code in INDICATORS
    ]


def percent(share: float | None) -> str:
    """A share as a percentage, rounded down, so that 100 % is all; a dash where it is not told."""
    return "—" if share is None else f"{int(100 * share + 1e-9)}%"


def funnel(made: Bulletin, names: Mapping[str, str], code: str, title: str) -> Markup:
    """Shares by how much was due, with the limits around the city's; empty where no station has a colour.

    SVG without style or script: a spot for each station, its name in the spot's title, and beside it where it lies
    under a limit.
    """
    spots = [(names.get(line.station_id, line.station_id), line.cells[code]) for line in made.lines]
    told = [(name, cell, cell.due) for name, cell in spots if cell.due is not None]
    share = made.city[code]
    if not told or share is None:
        return Markup()
    most = max(due for _, _, due in told)
    parts = [_rule(part) for part in (0.0, 0.25, 0.5, 0.75, 1.0)]
    parts += [_limit(share, below, most, dash) for below, dash in ((YELLOW_BELOW, "5 4"), (ORANGE_BELOW, ""))]
    parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{_y(share):.1f}" y2="{_y(share):.1f}" stroke="{QUIET}"/>')
    for name, cell, due in told:
        x, y = _x(due, most), _y(_height(cell, share))
        spot = f'cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{LOOKS[cell.state]}" stroke="#fff"'
        parts.append(f"<g><title>{escape(name)}: {percent(cell.share)} ({due})</title><circle {spot}/></g>")
    outside = [Spot(_x(due, most), _y(_height(cell, share)), name) for name, cell, due in told if cell.state != "green"]
    parts += [_named(each) for each in placed(outside, width=WIDTH, lowest=BASE - 4)]
    for due, anchor in ((0, "middle"), (most, "end")):
        x = _x(due, most)
        parts.append(f'<text x="{x:.1f}" y="{BASE + 18}" text-anchor="{anchor}" fill="{QUIET}">{due}</text>')
    label = escape(title)
    return Markup(  # noqa: S704 (our own words and names of stations, escaped, and numbers)
        f'<svg role="img" viewBox="0 0 {WIDTH} {HEIGHT}" aria-label="{label}" font-size="12">{"".join(parts)}</svg>'
    )


def _named(name: Placed) -> str:
    look = f'text-anchor="{"end" if name.ends else "start"}" stroke="#fff" stroke-width="3" paint-order="stroke"'
    return f'<text x="{name.x:.1f}" y="{name.y:.1f}" {look}>{escape(name.name)}</text>'


def _limit(share: float, below: float, most: int, dash: str) -> str:
    """Both limits over how much was due."""
    dues = sorted({max(1, round(most * step / STEPS)) for step in range(1, STEPS + 1)})
    look = f'fill="none" stroke="{LINE}" stroke-dasharray="{dash}"' if dash else f'fill="none" stroke="{LINE}"'
    lines = []
    for limit in (lower_limit, upper_limit):
        points = " ".join(f"{_x(due, most):.1f},{_y(limit(due, share, below)):.1f}" for due in dues)
        lines.append(f'<polyline points="{points}" {look}/>')
    return "".join(lines)


def _rule(part: float) -> str:
    y = _y(part)
    return (
        f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="{QUIET}">{percent(part)}</text>'
    )


def _x(due: int, most: int) -> float:
    return LEFT + (WIDTH - 20 - LEFT) * due / most


def _y(share: float) -> float:
    return BASE - 200 * share


def _told(cell: Cell, wording: Wording) -> str:
    """A cell in words: its colour, and beside one the numbers, and the share it was held to where not the city's."""
    told = wording.text("bulletin", cell.state)
    if cell.due is None:
        return told
    held_to = "" if cell.held_to is None else wording.text("bulletin", "held_to", percent=percent(cell.held_to))
    return f"{told} {percent(cell.share)} ({cell.due}){held_to}"


def _height(cell: Cell, city: float) -> float:
    """Where a spot is drawn: the share, moved by what its workload takes from the city's."""
    share = cell.share or 0.0
    return share if cell.held_to is None else min(1.0, max(0.0, share - cell.held_to + city))


def _silent(made: Bulletin, names: Mapping[str, str], code: str) -> list[str]:
    """The stations of which nothing is known; none named where the records of all had stopped, as the head says."""
    if made.stopped:
        return []
    return [names.get(line.station_id, line.station_id) for line in made.lines if line.cells[code].state == NOT_KNOWN]
