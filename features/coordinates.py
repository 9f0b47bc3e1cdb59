"""In which coordinates a delivery came: WGS 84, or GCJ-02 to be converted; by what is said, never by a guess."""

from dataclasses import replace

from features.errors import ConfigError
from features.gcj02 import WGS84, check_coordinates, rows_in_wgs84
from features.schema import Conformed

PLACES = {"longitude", "latitude", "geometry"}


def agreed(declared: str, asked: str | None) -> str:
    """The coordinates to read places by; ConfigError where what a mapping declares is not what is asked for."""
    given = asked or WGS84
    check_coordinates(given)
    if declared in {given, WGS84}:
        return given
    raise ConfigError(
        f"the mapping declares coordinates `{declared}`, which are converted only when asked for: "
        f"add `--coordinates {declared}`."
    )


def has_places(conformed: Conformed) -> bool:
    """Whether a table holds points or outlines."""
    return not PLACES.isdisjoint(conformed.frame.columns)


def converted(conformed: Conformed, coordinates: str) -> Conformed:
    """The rows without fault in WGS 84; the others go to quarantine as they came."""
    frame, sound = conformed.frame, ~conformed.faults.bad
    moved = rows_in_wgs84(frame[sound], coordinates=coordinates)
    names = [name for name in frame.columns if name in PLACES]
    return replace(conformed, frame=frame.assign(**{name: moved[name].reindex(frame.index) for name in names}))
