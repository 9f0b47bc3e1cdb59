"""The map as a picture made here (SVG): for readers without JavaScript, and to keep."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import cos, radians, sqrt
from typing import Any

from serving.ui.map_areas import MapArea, MapForecast, Outline

FILLS = ("#f3f6ea", "#c9e4bf", "#75bfae", "#2c7f9e", "#22386f")  # darker is more; told apart by lightness alone
OF_TESTING = ("#fbf3e4", "#f3d3a2", "#dd9f63", "#ab6536", "#5c3317", "#e4e7e9")  # another hue; the last: not told
WIDTH, MARGIN = 900.0, 12.0
SMALLEST, LARGEST = 6.0, 26.0  # sides of the squares of what came, in units of the picture
CAME_FILL, CAME_INK = "#f2a900", "#7a3b00"
SOLID = f'fill="{CAME_FILL}" stroke="{CAME_INK}" stroke-width="1.5"'
DASHED = f'fill="#fff" fill-opacity=".7" stroke="{CAME_INK}" stroke-dasharray="2 2"'
HATCH = (
    '<defs><pattern id="little" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path d="M0 0V6" stroke="#607d8b" stroke-opacity=".45" stroke-width="1"/></pattern></defs>'
)
Point = Sequence[float]


@dataclass(frozen=True)
class Mark:
    """A square for what came: where its middle is (longitude, latitude), its label and the incidents, at least so many.

    None where they may not be told.
    """

    at: Point
    label: str
    at_least: int | None


def picture(forecast: MapForecast, marks: Sequence[Mark], *, colour: str, title: str) -> str:
    """The map as an SVG document of 900 units across: the highest areas darkest, what may not be told hatched."""
    rings = [point for area in forecast.areas for ring in rings_of(area.outline) for point in ring]
    rings += [point for each in forecast.outlines for ring in rings_of(each.shape) for point in ring]
    if not rings:
        return _document(WIDTH, 40.0, title, "")
    frame = _Frame.around(rings)
    fills = fills_of(colour)
    by_class: list[list[MapArea]] = [[] for _ in fills]
    for area in forecast.areas:
        by_class[area.of_colour(colour)].append(area)
    parts = [
        _path(frame, areas, f'fill="{fill}" stroke="#90a4ae" stroke-width=".4"')
        for fill, areas in zip(fills, by_class, strict=True)
    ]
    parts.append(_path(frame, [each for each in forecast.areas if each.is_hatched(colour)], 'fill="url(#little)"'))
    parts += [_outline(frame, each) for each in forecast.outlines]
    most = max((each.at_least or 0 for each in marks), default=0)
    parts += [_mark(frame, each, most) for each in marks]
    return _document(WIDTH, frame.height, title, HATCH + "".join(parts))


def fills_of(colour: str) -> tuple[str, ...]:
    """The fill of each class, the lowest first."""
    return OF_TESTING if colour == "testing" else FILLS


def rings_of(shape: Mapping[str, Any] | None) -> Iterator[Sequence[Point]]:
    """Every ring of a GeoJSON polygon or multipolygon."""
    if shape is None:
        return
    polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    for polygon in polygons:
        yield from polygon


class _Frame:
    """From degrees to the units of the picture: flat, true to scale in the middle."""

    def __init__(self, west: float, north: float, scale_x: float, scale_y: float, height: float) -> None:
        self.west, self.north, self.scale_x, self.scale_y, self.height = west, north, scale_x, scale_y, height

    @classmethod
    def around(cls, points: Sequence[Point]) -> "_Frame":
        easts, norths = [point[0] for point in points], [point[1] for point in points]
        across = max(max(easts) - min(easts), 1e-6)
        scale_x = (WIDTH - 2 * MARGIN) / across
        scale_y = scale_x / max(0.2, cos(radians((max(norths) + min(norths)) / 2)))
        return cls(min(easts), max(norths), scale_x, scale_y, (max(norths) - min(norths)) * scale_y + 2 * MARGIN)

    def at(self, point: Point) -> str:
        x, y = (point[0] - self.west) * self.scale_x, (self.north - point[1]) * self.scale_y
        return f"{MARGIN + x:.1f} {MARGIN + y:.1f}"


def _path(frame: _Frame, areas: Sequence[MapArea], look: str) -> str:
    drawn = "".join(_ring(frame, ring) for area in areas for ring in rings_of(area.outline))
    return f'<path {look} fill-rule="evenodd" d="{drawn}"/>' if drawn else ""


def _ring(frame: _Frame, ring: Sequence[Point]) -> str:
    return "M" + "L".join(frame.at(point) for point in ring) + "Z"


def _outline(frame: _Frame, district: Outline) -> str:
    rings = list(rings_of(district.shape))
    x, _, y = frame.at(middle_of_ring(max(rings, key=len))).partition(" ")
    drawn = "".join(_ring(frame, ring) for ring in rings)
    path = f'<path fill="none" stroke="#16242b" stroke-width="1.4" d="{drawn}"/>'
    return path + _text(x, y, district.name, 'font-size="15" fill="#16242b"')


def middle_of_ring(points: Sequence[Point]) -> Point:
    """The mean of the points of a ring: where the name of what it encloses is written."""
    return sum(point[0] for point in points) / len(points), sum(point[1] for point in points) / len(points)


def _mark(frame: _Frame, mark: Mark, most: int) -> str:
    """A square below the name, as large in area as the count beside the others; an empty dashed one without a count."""
    x, y = (float(each) for each in frame.at(mark.at).split())
    side = SMALLEST + (LARGEST - SMALLEST) * sqrt((mark.at_least or 0) / most) if most else SMALLEST
    look = DASHED if mark.at_least is None else SOLID
    square = f'<rect x="{x - side / 2:.1f}" y="{y + 8:.1f}" width="{side:.1f}" height="{side:.1f}" {look}/>'
    return square + _text(f"{x:.1f}", f"{y + side + 23:.1f}", mark.label, f'font-size="14" fill="{CAME_INK}"')


def _text(x: str, y: str, text: str, look: str) -> str:
    halo = 'text-anchor="middle" stroke="#fff" stroke-width="3" paint-order="stroke"'
    return f'<text x="{x}" y="{y}" {halo} {look}>{escape(text)}</text>'


def _document(width: float, height: float, title: str, inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img">'
        f"<title>{escape(title)}</title>{inside}</svg>"
    )
